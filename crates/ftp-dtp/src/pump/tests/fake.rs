//! A stream that follows a script, storage in memory, and a driver that runs them.

use crate::buffers::BufferPool;
use crate::pump::{LocalEnd, Pump, PumpStep, StorageJob};
use crate::storage::{ChunkSink, ChunkSource, Sink, Source};
use crate::stream::DataStream;
use bytes::Bytes;
use ftp_proto::data::{StorageFailure, StreamEnd, TransferFailure, TransferTotals};
use ftp_proto::io::{Flow, OnEnd, StreamEncoding, TransferPlan};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};

pub(super) const BUDGET: usize = 1 << 20;

pub(super) const ASCII: StreamEncoding = StreamEncoding { ascii: true, ..StreamEncoding::PLAIN };

pub(super) fn plan(flow: Flow) -> TransferPlan {
    TransferPlan { flow, encoding: StreamEncoding::PLAIN, limit: None, on_end: OnEnd::Close }
}

/// One read of the peer's octets.
#[derive(Debug, Clone)]
pub(super) enum In {
    Octets(Vec<u8>),
    Fails(ErrorKind),
    End,
}

/// One write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Out {
    /// At most so many octets.
    Takes(usize),
    Fails(ErrorKind),
}

/// Follows its scripts; after them reads block for ever and writes take everything.
#[derive(Debug)]
pub(super) struct Fake {
    pub(super) reads: VecDeque<In>,
    pub(super) writes: VecDeque<Out>,
    pub(super) finishes: VecDeque<ErrorKind>,
    pub(super) wire: Vec<u8>,
    pub(super) finished: bool,
    pub(super) proper_end: StreamEnd,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            reads: VecDeque::new(),
            writes: VecDeque::new(),
            finishes: VecDeque::new(),
            wire: Vec::new(),
            finished: false,
            proper_end: StreamEnd::Fin,
        }
    }
}

impl Fake {
    pub(super) fn reading(reads: impl IntoIterator<Item = In>) -> Self {
        Self { reads: reads.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn writing(writes: impl IntoIterator<Item = Out>) -> Self {
        Self { writes: writes.into_iter().collect(), ..Self::default() }
    }
}

impl DataStream for Fake {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        assert!(!into.is_empty(), "a read of nothing looks like the end");
        match self.reads.pop_front() {
            None => Err(ErrorKind::WouldBlock.into()),
            Some(In::Fails(kind)) => Err(kind.into()),
            Some(In::End) => {
                self.reads.push_front(In::End);
                Ok(0)
            }
            Some(In::Octets(mut octets)) => {
                let taken = octets.len().min(into.len());
                let rest = octets.split_off(taken);
                into[..taken].copy_from_slice(&octets);
                if !rest.is_empty() {
                    self.reads.push_front(In::Octets(rest));
                }
                Ok(taken)
            }
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        assert!(!self.finished && !octets.is_empty());
        let taken = match self.writes.pop_front() {
            None => octets.len(),
            Some(Out::Takes(most)) => octets.len().min(most),
            Some(Out::Fails(kind)) => return Err(kind.into()),
        };
        self.wire.extend_from_slice(&octets[..taken]);
        Ok(taken)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        if let Some(kind) = self.finishes.pop_front() {
            return Err(kind.into());
        }
        self.finished = true;
        Ok(())
    }

    fn proper_end(&self) -> StreamEnd {
        self.proper_end
    }
}

/// Chunks that come as scripted.
pub(super) struct Script(pub(super) VecDeque<Result<Bytes, StorageFailure>>);

impl ChunkSource for Script {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        assert!(max > 0);
        let Some(chunk) = self.0.pop_front() else { return Ok(None) };
        let mut chunk = chunk?;
        let rest = chunk.split_off(chunk.len().min(max));
        if !rest.is_empty() {
            self.0.push_front(Ok(rest));
        }
        Ok(Some(chunk))
    }
}

pub(super) fn chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> LocalEnd {
    script(chunks.into_iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk))))
}

pub(super) fn script(chunks: impl IntoIterator<Item = Result<Bytes, StorageFailure>>) -> LocalEnd {
    LocalEnd::Source(Source::Chunks(Box::new(Script(chunks.into_iter().collect()))))
}

/// Keeps what it is given, up to so many octets; then the disk is full.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) octets: Arc<Mutex<Vec<u8>>>,
    room: usize,
}

impl Store {
    pub(super) fn with_room(room: usize) -> Self {
        Self { octets: Arc::default(), room }
    }

    pub(super) fn new() -> Self {
        Self::with_room(usize::MAX)
    }

    pub(super) fn end(&self) -> LocalEnd {
        LocalEnd::Sink(Sink::Chunks(Box::new(self.clone())))
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.octets.lock().unwrap().clone()
    }
}

impl ChunkSink for Store {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        assert!(!chunk.is_empty());
        let mut octets = self.octets.lock().unwrap();
        if octets.len() + chunk.len() > self.room {
            return Err(StorageFailure::NoSpace);
        }
        octets.extend_from_slice(&chunk);
        Ok(())
    }
}

/// A file of its own with that content.
pub(super) fn file(content: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

pub(super) fn file_source(content: &[u8]) -> LocalEnd {
    let length = Some(content.len() as u64);
    LocalEnd::Source(Source::File { file: file(content), offset: 0, length })
}

pub(super) type Outcome = (TransferTotals, Result<(), TransferFailure>);

pub(super) fn pump(plan: &TransferPlan, local: LocalEnd) -> Pump {
    Pump::new(plan, local, &BufferPool::default())
}

/// Steps until the end; storage jobs are run at once, waiting is left out.
pub(super) fn run(pump: &mut Pump, stream: &mut impl DataStream, budget: usize) -> Outcome {
    run_until(pump, stream, budget, |_| false).expect_err("it ends")
}

/// Steps until `wanted`, or the end.
pub(super) fn run_until(
    pump: &mut Pump,
    stream: &mut impl DataStream,
    budget: usize,
    wanted: impl Fn(&PumpStep) -> bool,
) -> Result<PumpStep, Outcome> {
    for _ in 0..1_000_000 {
        match pump.step(stream, budget) {
            step if wanted(&step) => return Ok(step),
            PumpStep::Ended { totals, result } => return Err((totals, result)),
            PumpStep::Storage(job) => pump.storage_done(job.run()),
            PumpStep::InStorage => panic!("no job is out"),
            PumpStep::Again | PumpStep::WantRead | PumpStep::WantWrite | PumpStep::Checkpoint { .. } => {}
        }
    }
    panic!("it does not end");
}

/// The first storage job.
pub(super) fn first_job(pump: &mut Pump, stream: &mut impl DataStream) -> StorageJob {
    match run_until(pump, stream, BUDGET, |step| matches!(step, PumpStep::Storage(_))) {
        Ok(PumpStep::Storage(job)) => job,
        other => panic!("{other:?}"),
    }
}

pub(super) const fn totals(wire: u64, stored: u64, end: StreamEnd) -> TransferTotals {
    TransferTotals { wire, stored, end }
}
