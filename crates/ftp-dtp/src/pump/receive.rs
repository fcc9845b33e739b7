//! From the peer to storage.

use super::coder::Coder;
use super::job::{Done, FLOW_MOST, FlowStop, Payload, StorageDone, StorageJob, Work, write_warm};
use super::{PumpStep, at_most, reduce};
use crate::buffers::{Buffer, BufferPool, Size};
use crate::errors::failure;
use crate::storage::{ChunkSink, Sink};
use crate::stream::{DataSocket, DataStream};
use bytes::{Bytes, BytesMut};
use core::fmt;
use ftp_proto::data::{StorageFailure, StreamEnd, TransferFailure, TransferTotals};
use ftp_proto::io::{TransferPlan, TransmissionMode};
use ftp_proto::transform::State;
use std::fs::File;
use std::io;
use std::sync::Arc;

pub(super) struct Receiving {
    sink: To,
    /// Octets that storage still takes, if there is a limit.
    left: Option<u64>,
    coder: Coder,
    /// The peer marks the end of the file: the connection goes on after it.
    in_blocks: bool,
    /// What was read and not yet stored, nor transformed: `from..to` of the buffer.
    buffer: Option<Buffer>,
    from: usize,
    to: usize,
    /// What the transform made, to be stored next.
    coded: BytesMut,
    size: Size,
    buffers: BufferPool,
    /// Why no more is read; the transfer ends so once all that was read is stored.
    stop: Option<Result<(), TransferFailure>>,
    /// The transform has given what it held back.
    finished: bool,
    /// A restart marker that is to be reported once what came before it is stored.
    marker: Option<Bytes>,
    phase: Phase,
    totals: TransferTotals,
}

enum To {
    File {
        file: Arc<File>,
        offset: u64,
    },
    /// `None` while a job has it.
    Chunks(Option<Box<dyn ChunkSink>>),
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Read more.
    Read,
    /// Store what was read.
    Store,
    /// A storage job is out.
    InStorage,
    Ended(Result<(), TransferFailure>),
}

impl Receiving {
    pub(super) fn new(plan: &TransferPlan, sink: Sink, coder: Coder, buffers: &BufferPool) -> Self {
        Self {
            sink: match sink {
                Sink::File { file, offset } => To::File { file, offset },
                Sink::Chunks(sink) => To::Chunks(Some(sink)),
            },
            left: plan.limit,
            coder,
            in_blocks: plan.encoding.mode == TransmissionMode::Block,
            buffer: None,
            from: 0,
            to: 0,
            coded: BytesMut::new(),
            size: Size::Small,
            buffers: buffers.clone(),
            stop: None,
            finished: false,
            marker: None,
            phase: Phase::Read,
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
                Phase::Read => self.read(stream, &mut budget),
                Phase::Store => self.store(stream),
                Phase::InStorage => Some(PumpStep::InStorage),
                Phase::Ended(result) => Some(PumpStep::Ended { totals: self.totals, result }),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    pub(super) fn storage_done(&mut self, done: StorageDone) {
        match done.0 {
            Done::Stored { sink, octets, back, failure } => {
                if let To::Chunks(mine) = &mut self.sink {
                    *mine = sink;
                }
                self.count(octets);
                self.take_back(back);
                match failure {
                    Some(why) => self.fail(TransferFailure::Storage(why)),
                    None => self.phase = Phase::Store,
                }
            }
            Done::Flowed { buffer, received, stored, stop } => {
                self.totals.wire += received;
                self.count(stored);
                self.buffer = Some(buffer);
                self.flowed(stop);
            }
            // Another pump's; ours waits for ever, which its stall timer ends.
            Done::Sent { .. } | Done::Read { .. } | Done::Next { .. } => {}
        }
    }

    fn flowed(&mut self, stop: FlowStop) {
        self.phase = Phase::Read;
        match stop {
            FlowStop::Blocked | FlowStop::Enough => {}
            FlowStop::EndOfStream => {
                self.totals.end = StreamEnd::Fin;
                self.stop = Some(Ok(()));
            }
            FlowStop::Network(why) => self.stop = Some(Err(TransferFailure::Connection(why))),
            FlowStop::Storage(why) => self.fail(TransferFailure::Storage(why)),
        }
    }

    /// So many octets are in storage.
    fn count(&mut self, octets: u64) {
        if let To::File { offset, .. } = &mut self.sink {
            *offset = offset.saturating_add(octets);
        }
        self.totals.stored += octets;
        reduce(&mut self.left, octets);
    }

    fn take_back(&mut self, back: Payload) {
        match back {
            Payload::Plain(buffer, _) => self.buffer = Some(buffer),
            Payload::Coded(mut coded) => {
                coded.clear();
                self.coded = coded;
            }
        }
    }

    pub(super) fn fail(&mut self, why: TransferFailure) {
        if !matches!(self.phase, Phase::Ended(_)) {
            self.end(Err(why));
        }
    }

    /// Frees what is not needed any more.
    fn end(&mut self, result: Result<(), TransferFailure>) {
        self.buffer = None;
        self.coded = BytesMut::new();
        self.phase = Phase::Ended(result);
    }

    fn read(&mut self, stream: &mut impl DataStream, budget: &mut usize) -> Option<PumpStep> {
        if self.left == Some(0) {
            self.stop = Some(Ok(()));
        }
        // No more is read than storage takes: what follows is not ours.
        let most = if self.coder.is_unchanged() { self.left } else { None };
        let end = at_most(self.size.octets(), most);
        if self.stop.is_some() || self.to >= end {
            // A whole buffer came without waiting: larger ones pay.
            self.size = Size::Large;
            self.phase = Phase::Store;
            return None;
        }
        if *budget == 0 {
            return Some(PumpStep::Again);
        }
        match stream.read(self.room(end)) {
            Ok(0) => {
                self.totals.end = stream.proper_end();
                if self.totals.end == StreamEnd::CloseNotify {
                    // The peer may wait for ours (RFC 8446 §6.1 does not ask for it, clients do). There is room: nothing
                    // was written before.
                    let _ = stream.finish_writing();
                }
                self.stop = Some(Ok(()));
                None
            }
            Ok(octets) => {
                self.to += octets;
                self.totals.wire += octets as u64;
                *budget = budget.saturating_sub(octets);
                None
            }
            Err(error) => self.cannot_read(&error),
        }
    }

    /// The part of the buffer up to `end` that is still free; never empty.
    fn room(&mut self, end: usize) -> &mut [u8] {
        if self.buffer.as_ref().is_none_or(|buffer| buffer.size() != self.size) {
            // Only an empty buffer has another size.
            self.buffer = Some(self.buffers.take(self.size));
        }
        self.buffer.as_mut().and_then(|buffer| buffer.get_mut(self.to..end)).unwrap_or_default()
    }

    fn cannot_read(&mut self, error: &io::Error) -> Option<PumpStep> {
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            io::ErrorKind::WouldBlock if self.to >= self.worth_storing() => self.phase = Phase::Store,
            io::ErrorKind::WouldBlock => {
                self.wait_with_little();
                return Some(PumpStep::WantRead);
            }
            io::ErrorKind::UnexpectedEof => {
                self.totals.end = StreamEnd::Unclean;
                self.stop = Some(Ok(()));
            }
            _ => self.stop = Some(Err(TransferFailure::Connection(failure(error)))),
        }
        None
    }

    /// How many octets are not kept waiting for more to come. In blocks every octet may be the last.
    const fn worth_storing(&self) -> usize {
        if self.in_blocks { 1 } else { Size::Small.octets() / 2 }
    }

    /// A transfer that waits holds no large buffer, and none at all when nothing is in it.
    fn wait_with_little(&mut self) {
        self.size = Size::Small;
        let Some(buffer) = self.buffer.take_if(|buffer| self.to == 0 || buffer.size() == Size::Large) else {
            return;
        };
        if self.to == 0 {
            return;
        }
        let mut small = self.buffers.take(Size::Small);
        if let (Some(room), Some(octets)) = (small.get_mut(..self.to), buffer.get(..self.to)) {
            room.copy_from_slice(octets);
        }
        self.buffer = Some(small);
    }

    fn store(&mut self, stream: &impl DataStream) -> Option<PumpStep> {
        let payload = match self.coder {
            Coder::Unchanged => self.plain(),
            Coder::Changed(_) => self.decoded(),
        };
        let Some(octets) = payload else {
            if let Some(marker) = self.marker.take() {
                return Some(PumpStep::Checkpoint { marker, stored: self.totals.stored });
            }
            self.phase = Phase::Read;
            if let Some(result) = self.stop {
                self.end(result);
            }
            return None;
        };
        let work = match &mut self.sink {
            To::File { file, offset } => {
                let (file, offset) = (Arc::clone(file), *offset);
                let written = write_warm(&file, offset, octets.octets());
                self.count(written as u64);
                if written == octets.octets().len() {
                    self.take_back(octets);
                    return None;
                }
                let (offset, from) = (offset + written as u64, written);
                match (octets, self.flow(stream)) {
                    (Payload::Plain(buffer, filled), Some((socket, most))) => {
                        Work::Flow { file, offset, buffer, filled, from, socket, most }
                    }
                    (octets, _) => Work::Write { file, offset, octets, from },
                }
            }
            To::Chunks(sink) => match sink.take() {
                Some(sink) => Work::Put { sink, octets },
                None => {
                    self.fail(TransferFailure::Storage(StorageFailure::Local));
                    return None;
                }
            },
        };
        self.phase = Phase::InStorage;
        Some(PumpStep::Storage(StorageJob(work)))
    }

    /// Where octets come fast and as they are, one job receives and stores them: each is touched by one thread only.
    fn flow(&self, stream: &impl DataStream) -> Option<(DataSocket, u64)> {
        let flows = self.coder.is_unchanged() && self.size == Size::Large && self.stop.is_none();
        let most = self.left.map_or(FLOW_MOST, |left| left.min(FLOW_MOST));
        Some((flows.then(|| stream.socket()).flatten()?, most))
    }

    /// The buffer as it was read.
    fn plain(&mut self) -> Option<Payload> {
        let filled = core::mem::take(&mut self.to);
        if filled == 0 {
            return None;
        }
        Some(Payload::Plain(self.buffer.take()?, filled))
    }

    /// What becomes of the buffer, or of its next part.
    fn decoded(&mut self) -> Option<Payload> {
        let Coder::Changed(coder) = &mut self.coder else { return None };
        self.coded.reserve(Size::Small.octets());
        loop {
            let octets = self.buffer.as_ref().and_then(|buffer| buffer.get(self.from..self.to));
            let taken = coder.push(octets.unwrap_or_default(), &mut self.coded);
            self.from += taken;
            if taken == 0 || !self.coded.is_empty() {
                break;
            }
        }
        if self.coded.is_empty() {
            self.marker = coder.take_marker();
            if self.marker.is_none() {
                self.all_decoded();
            }
        }
        self.coded.truncate(at_most(self.coded.len(), self.left));
        if self.coded.is_empty() { None } else { Some(Payload::Coded(core::mem::take(&mut self.coded))) }
    }

    /// Nothing more can be made of what was read: is that all, and is it what it should be?
    fn all_decoded(&mut self) {
        let Coder::Changed(coder) = &mut self.coder else { return };
        let behind_the_end = core::mem::take(&mut self.from) < core::mem::take(&mut self.to);
        match coder.state() {
            State::Malformed => self.stop = Some(Err(TransferFailure::Malformed)),
            _ if behind_the_end => self.stop = Some(Err(TransferFailure::Malformed)),
            State::Ended if self.in_blocks => self.stop = self.stop.or(Some(Ok(()))),
            State::Unended if self.stop == Some(Ok(())) && self.left != Some(0) && !self.finished => {
                self.stop = Some(Err(TransferFailure::Truncated));
            }
            _ => {}
        }
        if self.stop.is_some() && !self.finished {
            self.finished = coder.finish(&mut self.coded);
        }
    }
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiving")
            .field("phase", &self.phase)
            .field("left", &self.left)
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}
