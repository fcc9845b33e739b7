//! `serve --record`: what happens in sessions, one JSON object a line.

use super::writer::{self, LogGuard, LogQueue};
use core::sync::atomic::{AtomicU64, Ordering};
use ftp_proto::server::transcript::Line;
use ftp_service::Recorder;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

/// Octets after which nothing more is written: a transcript must not fill the disk.
const LIMIT: u64 = 256 * 1024 * 1024;

/// A file with the transcripts of all sessions.
#[derive(Debug)]
pub(crate) struct Transcript {
    queue: LogQueue,
    /// Writes what is queued before the last session is forgotten.
    _guard: Mutex<LogGuard>,
    written: AtomicU64,
    limit: u64,
}

impl Transcript {
    /// Makes the file, which only its owner may read.
    ///
    /// # Errors
    /// When it cannot be made, or is there already: neither is a transcript overwritten nor a link followed.
    pub(crate) fn create(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    /// Writes to it from now on.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(file: File) -> io::Result<Self> {
        let (queue, guard) = writer::start(file, lost)?;
        Ok(Self { queue, _guard: Mutex::new(guard), written: AtomicU64::new(0), limit: LIMIT })
    }
}

impl Recorder for Transcript {
    fn record(&self, line: Line) {
        if self.written.load(Ordering::Relaxed) > self.limit {
            return;
        }
        match serde_json::to_vec(&line) {
            Ok(mut text) => {
                text.push(b'\n');
                let length = text.len() as u64;
                let before = self.written.fetch_add(length, Ordering::Relaxed);
                if before + length <= self.limit {
                    self.queue.send(text);
                } else if before <= self.limit {
                    tracing::warn!(limit = self.limit, "the transcript has reached its limit and ends here");
                }
            }
            Err(error) => tracing::error!(%error, "an entry of the transcript is lost"),
        }
    }
}

fn lost(lines: u64) -> String {
    format!("{{\"lost\":{lines}}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_proto::server::transcript::{Entry, Event};
    use ftp_proto::time::Instant;
    use std::os::unix::fs::PermissionsExt as _;

    fn line() -> Line {
        Line { session: 1, entry: Entry { at: Instant::ORIGIN, event: Event::TimedOut } }
    }

    #[test]
    fn only_the_owner_may_read_it_and_it_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transcript");
        let transcript = Transcript::start(Transcript::create(&path).unwrap()).unwrap();
        transcript.record(line());
        drop(transcript);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Transcript::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let read: Line = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(read.session == 1 && matches!(read.entry.event, Event::TimedOut));
    }

    #[test]
    fn it_ends_at_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transcript");
        let mut transcript = Transcript::start(Transcript::create(&path).unwrap()).unwrap();
        transcript.limit = 1000;
        (0..1000).for_each(|_| transcript.record(line()));
        drop(transcript);
        let length = path.metadata().unwrap().len();
        assert!((900..=1000).contains(&length), "{length}");
    }
}
