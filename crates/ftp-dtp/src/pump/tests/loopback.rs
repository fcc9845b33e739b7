//! Over real sockets, with sendfile.

use super::fake::{BUDGET, Outcome, Store, file, pump};
use crate::pump::{LocalEnd, Pump, PumpStep, StorageJob};
use crate::storage::{Sink, Source};
use crate::stream::DataSocket;
use crate::testing::{readable, socket_pair, writable};
use ftp_proto::data::{Failure, StorageFailure, StreamEnd, TransferFailure};
use ftp_proto::io::{Flow, TransferPlan};
use socket2::SockRef;
use std::io::{Read, Seek, Write};
use std::net::TcpStream;
use std::thread;

/// A driver that waits.
fn drive(pump: &mut Pump, mut socket: DataSocket, mut job: impl FnMut(&StorageJob)) -> Outcome {
    loop {
        match pump.step(&mut socket, BUDGET) {
            PumpStep::Ended { totals, result } => return (totals, result),
            PumpStep::Storage(work) => {
                job(&work);
                pump.storage_done(work.run());
            }
            PumpStep::WantRead => readable(&socket),
            PumpStep::WantWrite => writable(&socket),
            PumpStep::Again => {}
            PumpStep::InStorage | PumpStep::Checkpoint { .. } => unreachable!(),
        }
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n / 251) as u8).collect()
}

fn source(file: &std::sync::Arc<std::fs::File>, length: Option<u64>) -> LocalEnd {
    LocalEnd::Source(Source::File { file: file.clone(), offset: 0, length })
}

fn to_peer() -> TransferPlan {
    super::fake::plan(Flow::ToPeer)
}

fn read_all(mut peer: TcpStream) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        all
    })
}

#[test]
fn a_large_file_goes_out_by_sendfile() {
    let content = content(20_000_001);
    for length in [None, Some(content.len() as u64)] {
        let (ours, peer) = socket_pair();
        let reader = read_all(peer);
        let mut jobs = Vec::new();
        let mut pump = pump(&to_peer(), source(&file(&content), length));
        let (totals, result) = drive(&mut pump, ours, |job| jobs.push(format!("{job:?}")));
        assert_eq!((totals.wire, totals.stored, result), (20_000_001, 20_000_001, Ok(())));
        drop(pump);
        assert!(reader.join().unwrap() == content);
        assert!(jobs.contains(&"StorageJob::SendFile".to_owned()));
    }
}

#[test]
fn sendfile_begins_at_the_offset_and_stops_at_the_limit() {
    let content = content(500_000);
    let (ours, peer) = socket_pair();
    let reader = read_all(peer);
    let plan = TransferPlan { limit: Some(300_000), ..to_peer() };
    let source = Source::File { file: file(&content), offset: 100_000, length: Some(400_000) };
    let (totals, result) = drive(&mut pump(&plan, LocalEnd::Source(source)), ours, |_| {});
    assert_eq!((totals.wire, result), (300_000, Ok(())));
    assert!(reader.join().unwrap() == content[100_000..400_000]);
}

#[test]
fn s37_a_file_that_is_cut_while_it_is_sent_is_a_failure() {
    let file = file(&content(10_000_000));
    let (ours, mut peer) = socket_pair();
    let mut pump = pump(&to_peer(), source(&file, Some(10_000_000)));
    let mut cut = false;
    let reader = thread::spawn(move || {
        let mut total = 0;
        let mut room = vec![0; 65_536];
        while let Ok(octets @ 1..) = peer.read(&mut room) {
            total += octets as u64;
        }
        total
    });
    let outcome = drive(&mut pump, ours, |_| {
        if core::mem::replace(&mut cut, true) {
            file.set_len(1000).unwrap();
        }
    });
    let failure = Err(TransferFailure::Storage(StorageFailure::Changed));
    assert_eq!(outcome.1, failure);
    drop(pump);
    assert_eq!(reader.join().unwrap(), outcome.0.wire);
}

#[test]
fn s33_a_peer_that_resets_amid_a_download_is_a_failure() {
    let (ours, mut peer) = socket_pair();
    let reader = thread::spawn(move || {
        peer.read_exact(&mut [0; 1000]).unwrap();
        // Closing with octets unread is a reset.
    });
    let mut pump = pump(&to_peer(), source(&file(&content(20_000_000)), None));
    let (_, result) = drive(&mut pump, ours, |_| {});
    assert_eq!(result, Err(TransferFailure::Connection(Failure::Reset)));
    reader.join().unwrap();
}

#[test]
fn s33_a_peer_that_resets_amid_an_upload_is_a_failure_and_what_came_is_stored() {
    let (ours, mut peer) = socket_pair();
    peer.write_all(b"abc").unwrap();
    let store = Store::new();
    let mut pump = pump(&super::fake::plan(Flow::FromPeer), store.end());
    let mut socket = ours.clone();
    assert!(matches!(pump.step(&mut socket, BUDGET), PumpStep::WantRead));
    SockRef::from(&peer).set_linger(Some(core::time::Duration::ZERO)).unwrap();
    drop(peer);
    let (totals, result) = drive(&mut pump, ours, |_| {});
    assert_eq!(result, Err(TransferFailure::Connection(Failure::Reset)));
    assert_eq!((totals.stored, totals.end), (3, StreamEnd::Open));
    assert_eq!(store.content(), b"abc");
}

#[test]
fn a_peer_that_sent_octets_against_the_flow_still_gets_the_whole_download() {
    let content = content(200_000);
    let (ours, mut peer) = socket_pair();
    peer.write_all(&[0; 5000]).unwrap();
    readable(&ours);
    let mut pump = pump(&to_peer(), source(&file(&content), Some(200_000)));
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).map(|_| all)
    });
    assert_eq!(drive(&mut pump, ours, |_| {}).1, Ok(()));
    drop(pump);
    assert!(reader.join().unwrap().unwrap() == content, "and no reset");
}

#[test]
fn an_upload_ends_with_the_end_of_stream() {
    let content = content(5_000_000);
    let (ours, mut peer) = socket_pair();
    let sent = content.clone();
    let writer = thread::spawn(move || peer.write_all(&sent).unwrap());
    let store = Store::new();
    let (totals, result) = drive(&mut pump(&super::fake::plan(Flow::FromPeer), store.end()), ours, |_| {});
    assert_eq!((totals.wire, totals.end, result), (5_000_000, StreamEnd::Fin, Ok(())));
    assert!(store.content() == content);
    writer.join().unwrap();
}

/// Into a file, where one job receives and stores.
fn sink(file: &std::sync::Arc<std::fs::File>) -> LocalEnd {
    LocalEnd::Sink(Sink::File { file: file.clone(), offset: 0 })
}

fn stored(mut file: &std::fs::File) -> Vec<u8> {
    let mut all = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut all).unwrap();
    all
}

#[test]
fn an_upload_that_flows_is_received_and_stored_by_one_job_at_a_time() {
    let content = content(20_000_003);
    for limit in [None, Some(15_000_001)] {
        let (ours, mut peer) = socket_pair();
        let sent = content.clone();
        // With a limit the peer's last octets are nobody's: whether the system takes them is its own matter.
        let writer = thread::spawn(move || peer.write_all(&sent).is_ok());
        let (file, mut jobs) = (file(b""), Vec::new());
        let plan = TransferPlan { limit, ..super::fake::plan(Flow::FromPeer) };
        let mut pump = pump(&plan, sink(&file));
        let (totals, result) = drive(&mut pump, ours, |job| jobs.push(format!("{job:?}")));
        let expected = limit.map_or(content.len(), |limit| limit as usize);
        assert_eq!((totals.stored, totals.wire, result), (expected as u64, expected as u64, Ok(())));
        assert!(stored(&file) == content[..expected]);
        assert!(jobs.contains(&"StorageJob::Flow".to_owned()), "{jobs:?}");
        drop(pump);
        assert!(writer.join().unwrap() || limit.is_some());
    }
}

#[test]
fn s33_a_peer_that_resets_an_upload_that_flows_is_a_failure_however_much_has_come() {
    for length in [300_000, 1_000_000, 3_000_001, 9_000_000] {
        let (ours, mut peer) = socket_pair();
        let sent = content(length);
        let writer = thread::spawn(move || {
            peer.write_all(&sent).unwrap();
            SockRef::from(&peer).set_linger(Some(core::time::Duration::ZERO)).unwrap();
        });
        let file = file(b"");
        let (totals, result) =
            drive(&mut pump(&super::fake::plan(Flow::FromPeer), sink(&file)), ours, |_| {});
        assert_eq!(result, Err(TransferFailure::Connection(Failure::Reset)), "{length}");
        assert_eq!(stored(&file).len() as u64, totals.stored);
        writer.join().unwrap();
    }
}

#[test]
fn a_full_socket_is_waited_for_after_each_job() {
    let (ours, _peer) = socket_pair();
    let mut socket = ours;
    let mut pump = pump(&to_peer(), source(&file(&content(40_000_000)), None));
    let mut jobs = 0;
    loop {
        match pump.step(&mut socket, BUDGET) {
            PumpStep::Storage(job) => pump.storage_done(job.run()),
            PumpStep::WantWrite => break,
            step => panic!("{step:?}"),
        }
        jobs += 1;
    }
    assert!(jobs >= 1);
    assert!(matches!(pump.step(&mut socket, BUDGET), PumpStep::Storage(_)), "called again, it tries again");
}
