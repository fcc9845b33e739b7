//! From storage to the peer.

use super::coder::Coder;
use super::job::{Done, SENDFILE_MOST, SendStop, StorageDone, StorageJob, Work, read_warm};
use super::{FilePath, PumpStep, at_most, reduce};
use crate::buffers::{Buffer, BufferPool, Size};
use crate::errors::failure;
use crate::storage::{ChunkSource, Source};
use crate::stream::{DataSocket, DataStream};
use bytes::{Buf, Bytes, BytesMut};
use core::fmt;
use ftp_proto::data::{Failure, StorageFailure, StreamEnd, TransferFailure, TransferTotals};
use ftp_proto::io::{OnEnd, TransferPlan};
use ftp_proto::transform::block::MARKED;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// What a transfer that waits for its peer may hold.
const PIECE: Size = Size::Small;

/// A file up to this size is copied instead: that takes no storage job when it is in memory.
const COPIED: u64 = PIECE.octets() as u64;

/// How many octets a chunk may have: each costs a storage job.
const CHUNK: usize = 64 * 1024;

/// How many octets that the peer sent against the flow are read away before the connection is closed. Closing with
/// unread octets is a reset, which would take away what the peer has not read yet.
const DRAINED: usize = 64 * 1024;

pub(super) struct Sending {
    source: From,
    /// Octets of storage still to send, if that is known.
    left: Option<u64>,
    /// The source must not end while octets are left.
    exact: bool,
    coder: Coder,
    raw: Raw,
    /// What the transform made of `raw`, and how much of that is written.
    coded: BytesMut,
    written: usize,
    /// The next restart marker is due at this offset in the file.
    marker_at: u64,
    /// The transform has given what it held back.
    finished: bool,
    buffers: BufferPool,
    on_end: OnEnd,
    phase: Phase,
    totals: TransferTotals,
}

enum From {
    File {
        file: Arc<File>,
        offset: u64,
        sendfile: bool,
    },
    /// `None` while a job has it.
    Chunks(Option<Box<dyn ChunkSource>>),
}

/// Octets of storage that are not yet written, nor transformed.
enum Raw {
    None,
    Buffer { buffer: Buffer, from: usize, to: usize },
    Chunk(Bytes),
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Nothing is in hand.
    Fetch,
    /// A storage job is out.
    InStorage,
    /// A storage job has filled the socket.
    Blocked,
    /// Octets are in hand; they are the last when `last`.
    Write {
        last: bool,
    },
    /// All are written: tell the peer.
    Finish,
    /// Read away what the peer sent.
    Drain,
    Ended(Result<(), TransferFailure>),
}

impl Sending {
    pub(super) fn new(
        plan: &TransferPlan,
        source: Source,
        coder: Coder,
        buffers: &BufferPool,
        path: FilePath,
    ) -> Self {
        let (source, length) = match source {
            Source::File { file, offset, length } => {
                let sendfile = coder.is_unchanged() && path == FilePath::Sendfile;
                (From::File { file, offset, sendfile }, length)
            }
            Source::Chunks(source) => (From::Chunks(Some(source)), None),
        };
        let begins = if let From::File { offset, .. } = &source { *offset } else { 0 };
        Self {
            source,
            left: [plan.limit, length].into_iter().flatten().min(),
            exact: length.is_some(),
            coder,
            raw: Raw::None,
            coded: BytesMut::new(),
            written: 0,
            marker_at: begins.saturating_add(MARKED),
            finished: false,
            buffers: buffers.clone(),
            on_end: plan.on_end,
            phase: Phase::Fetch,
            totals: TransferTotals::NONE,
        }
    }

    pub(super) const fn totals(&self) -> &TransferTotals {
        &self.totals
    }

    pub(super) const fn is_in_storage(&self) -> bool {
        matches!(self.phase, Phase::InStorage)
    }

    pub(super) fn step(&mut self, stream: &mut impl DataStream, budget: usize) -> PumpStep {
        let mut budget = budget.max(1);
        loop {
            let step = match self.phase {
                Phase::Fetch => self.fetch(stream),
                Phase::InStorage => Some(PumpStep::InStorage),
                Phase::Blocked => {
                    self.phase = Phase::Fetch;
                    Some(PumpStep::WantWrite)
                }
                Phase::Write { last } => self.write(stream, last, &mut budget),
                Phase::Finish => self.finish(stream),
                Phase::Drain => self.drain(stream),
                Phase::Ended(result) => Some(PumpStep::Ended { totals: self.totals, result }),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    pub(super) fn storage_done(&mut self, done: StorageDone) {
        match done.0 {
            Done::Sent { octets, stop } => self.sent(octets, stop),
            Done::Read { buffer, result: Ok(octets) } => self.have_read(buffer, octets),
            Done::Next { source, result } => {
                self.source = From::Chunks(Some(source));
                match result {
                    Ok(Some(chunk)) => self.have_chunk(chunk),
                    Ok(None) => self.source_ended(),
                    Err(why) => self.fail(TransferFailure::Storage(why)),
                }
            }
            Done::Read { result: Err(why), .. } => self.fail(TransferFailure::Storage(why)),
            // Another pump's; ours waits for ever, which its stall timer ends.
            Done::Stored { .. } | Done::Flowed { .. } => {}
        }
    }

    pub(super) fn fail(&mut self, why: TransferFailure) {
        if !matches!(self.phase, Phase::Ended(_)) {
            self.end(Err(why));
        }
    }

    /// Frees what is not needed any more.
    fn end(&mut self, result: Result<(), TransferFailure>) {
        self.raw = Raw::None;
        self.coded = BytesMut::new();
        self.phase = Phase::Ended(result);
    }

    fn fetch(&mut self, stream: &impl DataStream) -> Option<PumpStep> {
        if self.left == Some(0) {
            self.source_ended();
            return None;
        }
        let work = match &mut self.source {
            From::Chunks(source) => {
                let Some(source) = source.take() else {
                    self.fail(TransferFailure::Storage(StorageFailure::Local));
                    return None;
                };
                Work::Next { source, max: at_most(CHUNK, self.left) }
            }
            From::File { file, offset, sendfile } => {
                let wanted = *sendfile && self.left.is_none_or(|left| left > COPIED);
                let (file, offset) = (Arc::clone(file), *offset);
                match wanted.then(|| stream.socket()).flatten() {
                    Some(socket) => self.send_file(file, offset, socket),
                    None => self.read(file, offset)?,
                }
            }
        };
        self.phase = Phase::InStorage;
        Some(PumpStep::Storage(StorageJob(work)))
    }

    fn send_file(&self, file: Arc<File>, offset: u64, socket: DataSocket) -> Work {
        let most = self.left.unwrap_or(u64::MAX).min(SENDFILE_MOST);
        Work::SendFile { file, offset, most, socket }
    }

    /// `None` when the octets were in memory and are in hand now.
    fn read(&mut self, file: Arc<File>, offset: u64) -> Option<Work> {
        let most = at_most(PIECE.octets(), self.left);
        let mut buffer = self.buffers.take(PIECE);
        match read_warm(&file, offset, buffer.get_mut(..most).unwrap_or_default()) {
            Ok(octets) => {
                self.have_read(buffer, octets);
                None
            }
            Err(_) => Some(Work::Read { file, offset, most, buffer }),
        }
    }

    fn have_read(&mut self, buffer: Buffer, octets: usize) {
        if octets == 0 {
            return self.source_ended();
        }
        self.taken_from_storage(octets as u64);
        self.raw = Raw::Buffer { buffer, from: 0, to: octets };
        self.phase = Phase::Write { last: false };
    }

    fn have_chunk(&mut self, mut chunk: Bytes) {
        chunk.truncate(at_most(chunk.len(), self.left));
        self.taken_from_storage(chunk.len() as u64);
        self.raw = Raw::Chunk(chunk);
        self.phase = Phase::Write { last: false };
    }

    fn sent(&mut self, octets: u64, stop: SendStop) {
        self.taken_from_storage(octets);
        self.totals.wire += octets;
        match stop {
            SendStop::Blocked => self.phase = Phase::Blocked,
            SendStop::Enough => self.phase = Phase::Fetch,
            SendStop::EndOfFile => self.source_ended(),
            SendStop::Unsupported => {
                if let From::File { sendfile, .. } = &mut self.source {
                    *sendfile = false;
                }
                self.phase = Phase::Fetch;
            }
            SendStop::Network(why) => self.fail(TransferFailure::Connection(why)),
            SendStop::Storage(why) => self.fail(TransferFailure::Storage(why)),
        }
    }

    fn taken_from_storage(&mut self, octets: u64) {
        self.totals.stored += octets;
        reduce(&mut self.left, octets);
        if let From::File { offset, .. } = &mut self.source {
            *offset = offset.saturating_add(octets);
        }
    }

    /// There is no more, or no more is wanted.
    fn source_ended(&mut self) {
        if self.exact && self.left != Some(0) {
            return self.fail(TransferFailure::Storage(StorageFailure::Changed));
        }
        self.phase = Phase::Write { last: true };
    }

    fn write(&mut self, stream: &mut impl DataStream, last: bool, budget: &mut usize) -> Option<PumpStep> {
        let octets = self.encode(last);
        *budget = budget.saturating_sub(octets);
        if self.in_hand().is_empty() && (last || !self.mark()) {
            self.raw = Raw::None;
            self.phase = if last { Phase::Finish } else { Phase::Fetch };
            // What shrinks to nothing is work too.
            return (*budget == 0).then_some(PumpStep::Again);
        }
        if *budget == 0 {
            return Some(PumpStep::Again);
        }
        match stream.write(self.in_hand()) {
            Ok(0) => self.cannot_write(&io::ErrorKind::WriteZero.into()),
            Ok(octets) => {
                *budget = budget.saturating_sub(octets);
                self.have_written(octets);
                None
            }
            Err(error) => self.cannot_write(&error),
        }
    }

    fn have_written(&mut self, octets: usize) {
        self.totals.wire += octets as u64;
        if self.coder.is_unchanged() {
            self.raw.advance(octets);
        } else {
            self.written += octets;
        }
    }

    fn cannot_write(&mut self, error: &io::Error) -> Option<PumpStep> {
        match error.kind() {
            io::ErrorKind::Interrupted => None,
            io::ErrorKind::WouldBlock => Some(PumpStep::WantWrite),
            _ => {
                self.fail(TransferFailure::Connection(failure(error)));
                None
            }
        }
    }

    /// Transforms more once all that was transformed is written. Returns how much was taken that gave nothing to write.
    fn encode(&mut self, last: bool) -> usize {
        let Coder::Changed(coder) = &mut self.coder else { return 0 };
        if self.written < self.coded.len() {
            return 0;
        }
        self.coded.clear();
        self.written = 0;
        self.coded.reserve(PIECE.octets());
        let mut swallowed = 0;
        while self.coded.is_empty() && !self.raw.octets().is_empty() {
            let taken = coder.push(self.raw.octets(), &mut self.coded);
            self.raw.advance(taken);
            swallowed += taken;
        }
        if last && self.coded.is_empty() && !self.finished {
            self.finished = coder.finish(&mut self.coded);
        }
        if self.coded.is_empty() { swallowed } else { 0 }
    }

    /// Puts a restart marker, if the mode has such and one is due: the offset in the file, which a REST can go back to.
    /// What comes in chunks may be a listing, which has no places to go back to.
    fn mark(&mut self) -> bool {
        let (From::File { offset, .. }, Coder::Changed(coder)) = (&self.source, &mut self.coder) else {
            return false;
        };
        if *offset < self.marker_at || !self.raw.octets().is_empty() {
            return false;
        }
        self.marker_at = offset.saturating_add(MARKED);
        coder.put_marker(format!("{offset}").as_bytes(), &mut self.coded)
    }

    fn in_hand(&self) -> &[u8] {
        if self.coder.is_unchanged() {
            self.raw.octets()
        } else {
            self.coded.get(self.written..).unwrap_or_default()
        }
    }

    fn finish(&mut self, stream: &mut impl DataStream) -> Option<PumpStep> {
        let keeps = self.on_end == OnEnd::Keep;
        match if keeps { stream.flush() } else { stream.finish_writing() } {
            Ok(()) if keeps => {
                self.end(Ok(()));
                None
            }
            Ok(()) => {
                self.phase = Phase::Drain;
                None
            }
            // All octets are written, and the client, which knows the size, has not waited for TLS's end.
            Err(error) if !keeps && is_reset(&error) && stream.proper_end() == StreamEnd::CloseNotify => {
                self.end(Ok(()));
                None
            }
            Err(error) => self.cannot_write(&error),
        }
    }

    /// Nothing is waited for: a peer that closes only once it has read the reply must get it. But a reset that is here
    /// already tells that the peer did not get all. Under TLS a client waits, see [`DataStream::awaits_peers_end`].
    fn drain(&mut self, stream: &mut impl DataStream) -> Option<PumpStep> {
        let mut waste = [0; 4096];
        for _ in 0..DRAINED / waste.len() {
            match stream.read(&mut waste) {
                Ok(0) => {
                    self.totals.end = stream.proper_end();
                    break;
                }
                Ok(_) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock if stream.awaits_peers_end() => {
                        return Some(PumpStep::WantRead);
                    }
                    io::ErrorKind::WouldBlock => break,
                    io::ErrorKind::UnexpectedEof => {
                        self.totals.end = StreamEnd::Unclean;
                        break;
                    }
                    // A client that knows the size closes when it has all, over tickets and close_notify that it did not
                    // read, and that is a reset, too.
                    _ if is_reset(&error) && stream.proper_end() == StreamEnd::CloseNotify => break,
                    _ => {
                        self.fail(TransferFailure::Connection(failure(&error)));
                        return None;
                    }
                },
            }
        }
        self.end(Ok(()));
        None
    }
}

fn is_reset(error: &io::Error) -> bool {
    failure(error) == Failure::Reset
}

impl Raw {
    fn octets(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Buffer { buffer, from, to } => buffer.get(*from..*to).unwrap_or_default(),
            Self::Chunk(chunk) => chunk,
        }
    }

    fn advance(&mut self, octets: usize) {
        match self {
            Self::None => {}
            Self::Buffer { from, .. } => *from += octets,
            Self::Chunk(chunk) => chunk.advance(octets.min(chunk.len())),
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending")
            .field("phase", &self.phase)
            .field("left", &self.left)
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}
