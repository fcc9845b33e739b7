//! Work on storage: the only part of a transfer that may block.

use crate::buffers::Buffer;
use crate::errors::failure;
use crate::storage::{ChunkSink, ChunkSource, storage_failure};
use crate::stream::DataSocket;
use bytes::{Bytes, BytesMut};
use core::fmt;
use core::ops::Range;
use ftp_proto::data::{Failure, StorageFailure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// How many octets one job sends at most, so that a fast peer does not keep a thread for itself.
pub(super) const SENDFILE_MOST: u64 = 8 * 1024 * 1024;

/// How many octets one job receives at most; an abort waits for its end.
pub(super) const FLOW_MOST: u64 = 4 * 1024 * 1024;

/// Work on storage that may block: run it on a thread of its own.
pub struct StorageJob(pub(super) Work);

/// What a [`StorageJob`] came to, for [`Pump::storage_done`](super::Pump::storage_done).
pub struct StorageDone(pub(super) Done);

pub(super) enum Work {
    /// From the file straight to the socket.
    SendFile { file: Arc<File>, offset: u64, most: u64, socket: DataSocket },
    /// The next `most` octets of the file.
    Read { file: Arc<File>, offset: u64, most: usize, buffer: Buffer },
    /// The next chunk.
    Next { source: Box<dyn ChunkSource>, max: usize },
    /// Store all of these but the first `from`.
    Write { file: Arc<File>, offset: u64, octets: Payload, from: usize },
    /// Store all of these but the first `from`, then what comes on the socket, up to `most` octets in all.
    Flow {
        file: Arc<File>,
        offset: u64,
        buffer: Buffer,
        filled: usize,
        from: usize,
        socket: DataSocket,
        most: u64,
    },
    /// Store all of these.
    Put { sink: Box<dyn ChunkSink>, octets: Payload },
}

pub(super) enum Done {
    Sent {
        octets: u64,
        stop: SendStop,
    },
    Read {
        buffer: Buffer,
        result: Result<usize, StorageFailure>,
    },
    Next {
        source: Box<dyn ChunkSource>,
        result: Result<Option<Bytes>, StorageFailure>,
    },
    /// `received` octets came besides those that were given, `stored` are in storage.
    Flowed {
        buffer: Buffer,
        received: u64,
        stored: u64,
        stop: FlowStop,
    },
    /// `octets` were stored, of all that were to be when there is no failure.
    Stored {
        sink: Option<Box<dyn ChunkSink>>,
        octets: u64,
        back: Payload,
        failure: Option<StorageFailure>,
    },
}

/// Octets on their way to storage, in memory that is used again.
#[derive(Debug)]
pub(super) enum Payload {
    /// The first so many of a buffer.
    Plain(Buffer, usize),
    /// What a transform made.
    Coded(BytesMut),
}

impl Payload {
    pub(super) fn octets(&self) -> &[u8] {
        match self {
            Self::Plain(buffer, filled) => buffer.get(..*filled).unwrap_or_default(),
            Self::Coded(octets) => octets,
        }
    }
}

/// Why sendfile stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendStop {
    /// The socket is full.
    Blocked,
    /// As much as was asked for.
    Enough,
    /// The file ended.
    EndOfFile,
    /// Not for this file or socket; nothing was sent by this call.
    Unsupported,
    Network(Failure),
    Storage(StorageFailure),
}

/// Why no more was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowStop {
    /// Nothing comes just now.
    Blocked,
    /// As much as was asked for.
    Enough,
    /// The peer's end of stream.
    EndOfStream,
    Network(Failure),
    Storage(StorageFailure),
}

impl StorageJob {
    /// Does the work. May block.
    #[must_use = "the pump waits for it"]
    pub fn run(self) -> StorageDone {
        StorageDone(match self.0 {
            Work::SendFile { file, offset, most, socket } => {
                let mut at = offset;
                let stop = send_file(&file, &mut at, most, &socket);
                Done::Sent { octets: at - offset, stop }
            }
            Work::Read { file, offset, most, mut buffer } => {
                let room = buffer.get_mut(..most).unwrap_or_default();
                let result = retry(|| file.read_at(room, offset)).map_err(|error| of_open_file(&error));
                Done::Read { buffer, result }
            }
            Work::Next { mut source, max } => {
                let result = source.next_chunk(max);
                Done::Next { source, result }
            }
            Work::Write { file, offset, octets, from } => {
                let mut at = offset;
                let rest = octets.octets().get(from..).unwrap_or_default();
                let failure = write_all(&file, &mut at, rest).err();
                Done::Stored { sink: None, octets: at - offset, back: octets, failure }
            }
            Work::Flow { file, offset, mut buffer, filled, from, socket, most } => {
                let mut flow = Flow { file: &file, at: offset, received: 0, stored: 0 };
                let stop = flow.run(&mut buffer, from..filled, &socket, most);
                Done::Flowed { buffer, received: flow.received, stored: flow.stored, stop }
            }
            Work::Put { mut sink, octets } => {
                let length = octets.octets().len();
                let failure = sink.put(Bytes::copy_from_slice(octets.octets())).err();
                let stored = if failure.is_none() { length as u64 } else { 0 };
                Done::Stored { sink: Some(sink), octets: stored, back: octets, failure }
            }
        })
    }
}

/// A peer that has taken, or given, so many octets in one job is fast: it is waited for on the spot, which costs less than
/// to come back, but no longer than this.
const FAST: u64 = 128 * 1024;
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// Whether the socket is ready after a moment.
fn is_ready_soon(socket: &DataSocket, wanted: PollFlags) -> bool {
    let mut sockets = [PollFd::new(socket, wanted)];
    poll(&mut sockets, Some(&WAIT)).is_ok_and(|ready| ready > 0)
}

/// From a socket into a file, on one thread.
struct Flow<'a> {
    file: &'a File,
    at: u64,
    received: u64,
    stored: u64,
}

impl Flow<'_> {
    fn run(&mut self, buffer: &mut Buffer, given: Range<usize>, socket: &DataSocket, most: u64) -> FlowStop {
        let (mut octets, mut stop) = (given, None);
        loop {
            if let Err(why) = self.store(buffer.get(octets).unwrap_or_default()) {
                return FlowStop::Storage(why);
            }
            if let Some(stop) = stop {
                return stop;
            }
            let room = usize::try_from(most - self.stored.min(most)).unwrap_or(usize::MAX).min(buffer.len());
            let Some(room) = buffer.get_mut(..room).filter(|room| !room.is_empty()) else {
                return FlowStop::Enough;
            };
            let filled;
            (filled, stop) = self.fill(room, socket);
            octets = 0..filled;
        }
    }

    fn store(&mut self, octets: &[u8]) -> Result<(), StorageFailure> {
        let before = self.at;
        let stored = write_all(self.file, &mut self.at, octets);
        self.stored += self.at - before;
        stored
    }

    /// Reads until the room is full, or nothing more comes. An error is told with what came before it: a socket says it once, and
    /// then looks as if it had ended well.
    fn fill(&mut self, room: &mut [u8], socket: &DataSocket) -> (usize, Option<FlowStop>) {
        let (mut filled, mut waited) = (0, false);
        while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match (&**socket).read(rest) {
                Ok(0) => return (filled, Some(FlowStop::EndOfStream)),
                Ok(octets) => {
                    filled += octets;
                    self.received += octets as u64;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock if filled > 0 => break,
                    io::ErrorKind::WouldBlock
                        if self.is_fast() && !waited && is_ready_soon(socket, PollFlags::IN) =>
                    {
                        waited = true;
                    }
                    io::ErrorKind::WouldBlock => return (filled, Some(FlowStop::Blocked)),
                    _ => return (filled, Some(FlowStop::Network(failure(&error)))),
                },
            }
        }
        (filled, None)
    }

    const fn is_fast(&self) -> bool {
        self.received >= FAST
    }
}

/// Moves `at` on by what was sent.
fn send_file(file: &File, at: &mut u64, most: u64, socket: &DataSocket) -> SendStop {
    let (begin, end) = (*at, at.saturating_add(most));
    // Once without progress: a system that is short of memory for sockets calls one writable that takes nothing.
    let mut waited_at = None;
    while *at < end {
        let count = usize::try_from(end - *at).unwrap_or(usize::MAX);
        match rustix::fs::sendfile(socket, file, Some(at), count) {
            Ok(0) => return SendStop::EndOfFile,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN)
                if *at - begin >= FAST
                    && waited_at.replace(*at) != Some(*at)
                    && is_ready_soon(socket, PollFlags::OUT) => {}
            Err(Errno::AGAIN) => return SendStop::Blocked,
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return SendStop::Unsupported,
            Err(errno) => return whose_fault(&errno.into()),
        }
    }
    SendStop::Enough
}

/// sendfile does not say which end failed; the errors of sockets and of files are different ones.
fn whose_fault(error: &io::Error) -> SendStop {
    match failure(error) {
        Failure::Other => SendStop::Storage(of_open_file(error)),
        why => SendStop::Network(why),
    }
}

/// Moves `at` on by what was written, also when it fails.
fn write_all(file: &File, at: &mut u64, mut octets: &[u8]) -> Result<(), StorageFailure> {
    while !octets.is_empty() {
        let written = retry(|| file.write_at(octets, *at)).map_err(|error| of_open_file(&error))?;
        if written == 0 {
            return Err(StorageFailure::NoSpace);
        }
        *at = at.saturating_add(written as u64);
        octets = octets.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// What is in memory already, without waiting for a disk; an error, `WouldBlock` or other, leaves it to a job.
pub(super) fn read_warm(file: &File, offset: u64, room: &mut [u8]) -> io::Result<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};
    // To preadv2, an offset of -1 is the file's own position.
    if i64::try_from(offset).is_err() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let read = |room: &mut [u8], flags| preadv2(file, &mut [io::IoSliceMut::new(room)], offset, flags);
    match read(room, ReadWriteFlags::NOWAIT) {
        // It cannot say so, and need not: there is no disk.
        Err(Errno::OPNOTSUPP) if is_in_memory(file) => Ok(read(room, ReadWriteFlags::empty())?),
        read => Ok(read?),
    }
}

/// Writes at most so many octets without a job.
const WRITTEN_AT_ONCE: usize = 32 * 1024;

/// Writes as much of a small piece as needs no waiting for a disk: into memory. The rest is for a job.
pub(super) fn write_warm(file: &File, offset: u64, octets: &[u8]) -> usize {
    use rustix::io::{ReadWriteFlags, pwritev2};
    if octets.len() > WRITTEN_AT_ONCE || i64::try_from(offset).is_err() {
        return 0;
    }
    let write = |flags| pwritev2(file, &[io::IoSlice::new(octets)], offset, flags);
    match write(ReadWriteFlags::NOWAIT) {
        Err(Errno::OPNOTSUPP) if is_in_memory(file) => write(ReadWriteFlags::empty()).unwrap_or(0),
        written => written.unwrap_or(0),
    }
}

/// Whether a file is in a file system that is in memory as a whole (tmpfs).
fn is_in_memory(file: &File) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    rustix::fs::fstatfs(file).is_ok_and(|system| u64::try_from(system.f_type) == Ok(TMPFS))
}

/// An offset that cannot be is the only thing that is "invalid" about reading and writing an open file.
fn of_open_file(error: &io::Error) -> StorageFailure {
    match storage_failure(error) {
        StorageFailure::BadName => StorageFailure::BadOffset,
        failure => failure,
    }
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl fmt::Debug for StorageJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Work::SendFile { .. } => "StorageJob::SendFile",
            Work::Read { .. } => "StorageJob::Read",
            Work::Next { .. } => "StorageJob::Next",
            Work::Write { .. } => "StorageJob::Write",
            Work::Flow { .. } => "StorageJob::Flow",
            Work::Put { .. } => "StorageJob::Put",
        })
    }
}

impl fmt::Debug for StorageDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Done::Sent { .. } => "StorageDone::Sent",
            Done::Read { .. } => "StorageDone::Read",
            Done::Next { .. } => "StorageDone::Next",
            Done::Stored { .. } => "StorageDone::Stored",
            Done::Flowed { .. } => "StorageDone::Flowed",
        })
    }
}
