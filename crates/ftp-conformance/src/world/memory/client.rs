//! The client side: our own client machine, told what to do by a script.

use super::driver::{Application, Driver};
use super::pipe::Connection;
use bytes::{Bytes, BytesMut};
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::storage::{ChunkSink, ChunkSource, Sink, Source};
use ftp_proto::client::{ClientConfig, ClientConnection, ClientEvent, OpId, OperationError};
use ftp_proto::data::{StorageFailure, TransferId};
use ftp_proto::io::ControlEndpoints;
use ftp_proto::reply::Reply;
use ftp_proto::time::Instant;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) type Client = Driver<ClientConnection, Script>;

/// A client with this configuration.
pub(super) fn client(
    config: ClientConfig,
    endpoints: ControlEndpoints,
    control: Connection,
    now: Instant,
) -> Client {
    Driver::new(ClientConnection::new(Arc::new(config), endpoints, now), Script::default(), control)
}

/// How an operation ended.
pub type Ending = Result<Reply, OperationError>;

/// What the operations move, and what became of them.
#[derive(Default)]
pub(super) struct Script {
    ends: BTreeMap<OpId, LocalEnd>,
    transfers: BTreeMap<TransferId, OpId>,
    pub(super) endings: BTreeMap<OpId, Ending>,
    /// An operation ended twice, or one that was never begun did.
    pub(super) wrong: Option<String>,
}

impl Script {
    pub(super) fn give(&mut self, op: OpId, end: LocalEnd) {
        self.ends.insert(op, end);
    }

    fn ended(&mut self, op: OpId, ending: Ending) {
        if self.endings.insert(op, ending).is_some() {
            self.wrong = Some(format!("{op:?} ended twice"));
        }
    }
}

impl Application<ClientConnection> for Script {
    fn tell(&mut self, _machine: &mut ClientConnection, event: ClientEvent, _now: Instant) {
        match event {
            ClientEvent::TransferStarting { op, id } => {
                self.transfers.insert(id, op);
            }
            ClientEvent::Done { op, result, .. } => self.ended(op, result),
            _ => {}
        }
    }

    fn take(&mut self, transfer: TransferId) -> Option<LocalEnd> {
        self.ends.remove(self.transfers.get(&transfer)?)
    }

    fn cancel(&mut self, transfer: TransferId) {
        if self.transfers.remove(&transfer).is_none() {
            self.wrong = Some(format!("{transfer:?} was cancelled and never begun"));
        }
    }
}

/// A file of the client's, in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<BytesMut>>);

impl Shared {
    /// What has been put into it.
    #[must_use]
    pub fn contents(&self) -> Bytes {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().freeze()
    }

    /// To download into.
    #[must_use]
    pub fn sink(&self) -> LocalEnd {
        LocalEnd::Sink(Sink::Chunks(Box::new(self.clone())))
    }
}

impl ChunkSink for Shared {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk);
        Ok(())
    }
}

struct Octets(Bytes);

impl ChunkSource for Octets {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        let chunk = self.0.split_to(max.min(self.0.len()));
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

/// To upload from.
#[must_use]
pub fn octets(content: impl Into<Bytes>) -> LocalEnd {
    LocalEnd::Source(Source::Chunks(Box::new(Octets(content.into()))))
}
