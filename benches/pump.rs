//! The octets of a transfer over loopback: by sendfile, through a buffer, and into a file.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

use core::net::Ipv4Addr;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_dtp::buffers::BufferPool;
use ftp_dtp::pump::{FilePath, LocalEnd, Pump, PumpStep};
use ftp_dtp::storage::{Sink, Source};
use ftp_dtp::stream::DataSocket;
use ftp_proto::io::{Flow, OnEnd, StreamEncoding, TransferPlan};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

const OCTETS: usize = 64 * 1024 * 1024;

/// Octets through memory before others get their turn.
const BUDGET: usize = 256 * 1024;

/// Our end, and the peer's.
fn connected() -> (DataSocket, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let peer = TcpStream::connect(listener.local_addr().expect("an address")).expect("loopback");
    let (ours, _) = listener.accept().expect("the peer");
    ours.set_nonblocking(true).expect("a socket");
    (DataSocket::new(ours), peer)
}

/// A driver that waits where it stands.
fn drive(mut pump: Pump, mut socket: DataSocket) {
    let wait = |socket: &DataSocket, what| poll(&mut [PollFd::new(socket, what)], None).map(drop);
    loop {
        match pump.step(&mut socket, BUDGET) {
            PumpStep::Storage(job) => pump.storage_done(job.run()),
            PumpStep::WantRead => wait(&socket, PollFlags::IN).expect("poll"),
            PumpStep::WantWrite => wait(&socket, PollFlags::OUT).expect("poll"),
            PumpStep::Again | PumpStep::InStorage | PumpStep::Checkpoint { .. } => {}
            PumpStep::Ended { totals, result } => {
                assert_eq!((totals.wire, result), (OCTETS as u64, Ok(())));
                return;
            }
        }
    }
}

fn plan(flow: Flow) -> TransferPlan {
    TransferPlan { flow, encoding: StreamEncoding::PLAIN, limit: None, on_end: OnEnd::Close }
}

fn reads_away(mut peer: TcpStream) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut room = vec![0; BUDGET];
        while peer.read(&mut room).is_ok_and(|read| read > 0) {}
    })
}

fn pump(c: &mut Criterion) {
    let mut group = c.benchmark_group("pump");
    group.throughput(Throughput::Bytes(OCTETS as u64)).sample_size(10);
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&vec![42; OCTETS]).expect("a file");
    let (file, buffers) = (Arc::new(file), BufferPool::default());
    for (name, path) in [("sendfile", FilePath::Sendfile), ("buffer", FilePath::Copy)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let (socket, peer) = connected();
                let reader = reads_away(peer);
                let source = Source::File { file: Arc::clone(&file), offset: 0, length: Some(OCTETS as u64) };
                drive(Pump::with_path(&plan(Flow::ToPeer), LocalEnd::Source(source), &buffers, path), socket);
                reader.join().expect("the peer");
            });
        });
    }
    group.bench_function("receive", |b| {
        let target: Arc<File> = Arc::new(tempfile::tempfile().expect("a file"));
        b.iter(|| {
            let (socket, mut peer) = connected();
            let writer = std::thread::spawn(move || peer.write_all(&vec![42; OCTETS]));
            let sink = Sink::File { file: Arc::clone(&target), offset: 0 };
            drive(Pump::new(&plan(Flow::FromPeer), LocalEnd::Sink(sink), &buffers), socket);
            writer.join().expect("the peer").expect("all is taken");
        });
    });
    group.finish();
}

criterion_group!(benches, pump);
criterion_main!(benches);
