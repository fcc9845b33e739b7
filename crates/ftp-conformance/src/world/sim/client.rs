//! The client side: our own client machine, told what to do from outside.

use super::driver::{Application, Driver};
use bytes::{Bytes, BytesMut};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::storage::{ChunkSink, Sink, Source};
use ftp_proto::client::{
    ClientConfig, ClientConnection, ClientEvent, Misuse, OpId, Operation, OperationError,
};
use ftp_proto::data::{StorageFailure, TransferId};
use ftp_proto::io::ControlEndpoints;
use ftp_proto::reply::Reply;
use ftp_proto::time::Instant;
use ftp_sim::{Actor, Host, SocketId, Status};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A client on a simulated host. It does what it is told by [`start`](Self::start).
pub struct ClientActor {
    config: Arc<ClientConfig>,
    server: SocketAddr,
    state: State,
}

enum State {
    Fresh,
    Connecting(SocketId),
    Connected(Box<Driver<ClientConnection, Script>>),
    /// The session is given up, and another one is wanted.
    Leaving(Box<Driver<ClientConnection, Script>>),
    /// The control connection could not be had.
    Failed(io::ErrorKind),
}

impl core::fmt::Debug for ClientActor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClientActor").field("server", &self.server).finish_non_exhaustive()
    }
}

impl ClientActor {
    /// A client that will connect to `server`.
    #[must_use]
    pub fn new(config: ClientConfig, server: SocketAddr) -> Self {
        Self { config: Arc::new(config), server, state: State::Fresh }
    }

    /// Starts an operation, with what it moves if it moves something.
    ///
    /// # Errors
    /// When the machine refuses it, or is not connected.
    pub fn start(
        &mut self,
        operation: Operation,
        end: Option<LocalEnd>,
        now: Instant,
    ) -> Result<OpId, Misuse> {
        let driver = self.driver_mut().ok_or(Misuse::WrongState)?;
        let op = driver.machine.start(operation, now)?;
        if let Some(end) = end {
            driver.application.ends.insert(op, end);
        }
        Ok(op)
    }

    /// Aborts an operation.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn abort(&mut self, op: OpId, now: Instant) -> Result<(), Misuse> {
        self.driver_mut().ok_or(Misuse::WrongState)?.machine.abort(op, now)
    }

    /// Gives the session up, whatever it does, and connects anew. Operations of the old one are forgotten.
    pub fn reconnect(&mut self) {
        self.state = match core::mem::replace(&mut self.state, State::Fresh) {
            State::Connected(driver) => State::Leaving(driver),
            State::Fresh | State::Connecting(_) | State::Leaving(_) | State::Failed(_) => State::Fresh,
        };
    }

    /// Whether there is a session that operations can be given to.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.driver().is_some_and(|driver| !driver.is_finished())
    }

    /// How long the server's fastest reply took.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.driver()?.machine().round_trip()
    }

    /// Whether the control connection is there; `Err` when it could not be had.
    ///
    /// # Errors
    /// Why it could not.
    pub fn connected(&self) -> io::Result<bool> {
        match self.state {
            State::Fresh | State::Connecting(_) | State::Leaving(_) => Ok(false),
            State::Connected(_) => Ok(true),
            State::Failed(kind) => Err(kind.into()),
        }
    }

    /// How an operation has ended.
    #[must_use]
    pub fn ending(&self, op: OpId) -> Option<&Ending> {
        self.driver()?.application.endings.get(&op)
    }

    /// What is wrong about what was said to the client's application, if anything is.
    #[must_use]
    pub fn wrong(&self) -> Option<&str> {
        self.driver()?.application.wrong.as_deref()
    }

    fn driver(&self) -> Option<&Driver<ClientConnection, Script>> {
        match &self.state {
            State::Connected(driver) => Some(driver),
            _ => None,
        }
    }

    fn driver_mut(&mut self) -> Option<&mut Driver<ClientConnection, Script>> {
        match &mut self.state {
            State::Connected(driver) => Some(driver),
            _ => None,
        }
    }

    fn connect(&self, host: &mut Host<'_>) -> State {
        let any = if self.server.is_ipv4() {
            SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)
        } else {
            SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0)
        };
        match host.connect(any, self.server) {
            Ok(socket) => State::Connecting(socket),
            Err(error) => State::Failed(error.kind()),
        }
    }

    fn begin(&self, socket: SocketId, host: &Host<'_>) -> Option<State> {
        match host.status(socket) {
            Status::Connecting => None,
            Status::Failed(kind) => Some(State::Failed(kind)),
            Status::Connected => {
                let (local, peer) = host.endpoints(socket)?;
                let endpoints = ControlEndpoints { local, peer, dialled: None };
                let machine = ClientConnection::new(Arc::clone(&self.config), endpoints, host.now());
                Some(State::Connected(Box::new(Driver::new(machine, Script::default(), socket))))
            }
        }
    }
}

impl Actor for ClientActor {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        let next = match &mut self.state {
            State::Fresh => Some(self.connect(host)),
            State::Connecting(socket) => {
                let socket = *socket;
                self.begin(socket, host)
            }
            State::Connected(driver) => return driver.step(host),
            State::Leaving(driver) => {
                driver.abandon(host);
                Some(State::Fresh)
            }
            State::Failed(_) => None,
        };
        next.map(|next| self.state = next).is_some()
    }

    fn deadline(&self) -> Option<Instant> {
        self.driver()?.deadline()
    }
}

/// How an operation ended.
pub type Ending = Result<Reply, OperationError>;

/// What the operations move, and what became of them.
#[derive(Default)]
struct Script {
    ends: BTreeMap<OpId, LocalEnd>,
    transfers: BTreeMap<TransferId, OpId>,
    endings: BTreeMap<OpId, Ending>,
    /// An operation ended twice, or one that was never begun did.
    wrong: Option<String>,
}

impl Script {
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

/// To upload from.
#[must_use]
pub fn octets(content: impl Into<Bytes>) -> LocalEnd {
    LocalEnd::Source(Source::octets(content))
}
