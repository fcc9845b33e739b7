//! A sparse file of many gigabytes goes both ways, and neither the server nor the client takes more memory for it.
//!
//! Alone in its program, since it measures the memory of its own process. The short form moves 256 MiB each way. The long
//! form, 5 GiB, more than 32 bits can count, is ignored unless asked for; it needs as much room in the temporary directory,
//! for some seconds.

use bytes::Bytes;
use core::sync::atomic::{AtomicU64, Ordering};
use ftp_dtp::storage::{ChunkSink, Sink, Source};
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_tokio::client::{Client, ClientOptions, Download, Login, Upload};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// What a process may grow by, in kB: buffers of one transfer are a hundredth of it.
const MOST: u64 = 64 * 1024;

/// What stands at the end of the file, which else is a hole.
const MARK: &[u8] = b"the end";

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Counts, and sums up what is not zero by where it is.
struct Counter(Arc<[AtomicU64; 2]>);

impl ChunkSink for Counter {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        let at = self.0[0].fetch_add(chunk.len() as u64, Ordering::Relaxed);
        if chunk.iter().any(|&octet| octet != 0) {
            self.0[1].fetch_add(checksum(at, &chunk), Ordering::Relaxed);
        }
        Ok(())
    }
}

fn checksum(at: u64, octets: &[u8]) -> u64 {
    (at..).zip(octets).fold(0, |sum, (at, &octet)| sum.wrapping_add(at.wrapping_mul(octet.into())))
}

/// The peak of resident memory, in kB.
fn peak(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn sparse(path: &Path, size: u64) -> File {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, MARK, size - MARK.len() as u64).unwrap();
    file
}

async fn both_ways(size: u64) {
    let root = tempfile::tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        // Sessions are not root's: they are of whom owns the directory.
        std::os::unix::fs::chown(root.path(), Some(65_534), Some(65_534)).unwrap();
    }
    sparse(&root.path().join("large"), size);
    let sum = checksum(size - MARK.len() as u64, MARK);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ftp-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--anonymous", "--writable"])
        .arg(root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let _server = Server(child);
    let port = url.trim().trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap();
    let mut client = Client::connect("127.0.0.1", port, ClientOptions::default()).await.unwrap();
    client.login(Login::anonymous()).await.unwrap();
    let before = [peak(&pid), peak("self")];

    let counts = Arc::new([const { AtomicU64::new(0) }; 2]);
    let started = Instant::now();
    let sink = Sink::Chunks(Box::new(Counter(Arc::clone(&counts))));
    let large = PathName::new("large").unwrap();
    let down = client.retr(&large, Download::default(), sink).await.unwrap();
    let (downloaded, counts) =
        (started.elapsed(), counts.each_ref().map(|count| count.load(Ordering::Relaxed)));
    assert_eq!((down.totals.wire, counts), (size, [size, sum]));

    let started = Instant::now();
    let file = Arc::new(File::open(root.path().join("large")).unwrap());
    let source = Source::File { file, offset: 0, length: Some(size) };
    let copy = PathName::new("copy").unwrap();
    let up = client.stor(&copy, Upload::default(), source).await.unwrap();
    let uploaded = started.elapsed();
    assert_eq!((up.totals.wire, client.size(&copy).await.unwrap()), (size, size));
    let mut end = vec![0; MARK.len() + 1];
    let stored = File::open(root.path().join("copy")).unwrap();
    std::os::unix::fs::FileExt::read_exact_at(&stored, &mut end, size - MARK.len() as u64 - 1).unwrap();
    assert_eq!(end, [&[0], MARK].concat());
    client.dele(&copy).await.unwrap();

    let grown = [peak(&pid) - before[0], peak("self") - before[1]];
    let _ = writeln!(
        std::io::stderr(),
        "{} MiB down in {downloaded:.1?}, up in {uploaded:.1?}; at their peaks the server had grown by {} kB (to {} kB), \
         the client by {} kB",
        size >> 20,
        grown[0],
        peak(&pid),
        grown[1],
    );
    assert!(grown.iter().all(|&grown| grown < MOST), "{grown:?}");
}

#[tokio::test]
async fn a_large_file_goes_both_ways_with_flat_memory() {
    both_ways(256 << 20).await;
}

#[tokio::test]
#[ignore = "moves 10 GiB and takes 5 GiB of disk; run by `cargo xtask ci --full`"]
async fn five_gibibytes_go_both_ways_with_flat_memory() {
    both_ways(5 << 30).await;
}
