//! The server side: the protocol interpreter of one control connection.

mod ask;
mod config;
mod notice;

pub use ask::*;
pub use config::{ConfigError, Limits, ServerConfig, Timeouts, TlsPolicy};
pub use notice::{CloseReason, Notice};

use crate::data::{Admission, DataEvent, DataId, DataPolicy, TransferId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine, Deadline, Step};
use crate::time::Instant;
use alloc::sync::Arc;
use core::net::SocketAddr;

/// What the application gets.
#[derive(Debug)]
pub enum ServerOutput {
    /// A question, to be answered by [`ServerConnection::decide`].
    Ask(Ask),
    /// The answer is no longer wanted (ABOR, peer gone, timer): stop the work; an answer would be [`Outcome::Stale`].
    Withdrawn(AskId),
    /// Something happened.
    Notice(Notice),
}

/// Whether an answer came in time; if not, the application frees what it opened for that transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It was used.
    Used,
    /// It came too late, or was the second.
    Stale(Option<TransferId>),
}

/// How a session is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutDown {
    /// A transfer in service is finished first; an idle session gets 421 at once.
    AfterTransfer,
    /// A transfer in service is cut.
    Now,
}

/// The protocol interpreter of one control connection, server side.
#[derive(Debug)]
pub struct ServerConnection {
    _config: Arc<ServerConfig>,
}

impl ServerConnection {
    /// A connection that was just accepted; the greeting is pending. `config` has been
    /// [validated](ServerConfig::validate).
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, endpoints: ControlEndpoints, now: Instant) -> Self {
        todo!()
    }

    /// The application answers.
    pub fn decide(&mut self, decision: Decision, now: Instant) -> Outcome {
        todo!()
    }

    /// The external address was learned anew: used from the next PASV, EPSV, PORT or EPRT on.
    pub fn set_data_policy(&mut self, policy: Arc<DataPolicy>) {
        todo!()
    }

    /// Ends the session with 421.
    pub fn shut_down(&mut self, how: ShutDown, now: Instant) {
        todo!()
    }
}

impl ControlMachine for ServerConnection {
    type Output = ServerOutput;
    fn wants_input(&self) -> bool {
        todo!()
    }
    fn receive(&mut self, octets: &[u8], now: Instant) -> usize {
        todo!()
    }
    fn pending_output(&self) -> &[u8] {
        todo!()
    }
    fn output_written(&mut self, octets: usize, now: Instant) {
        todo!()
    }
    fn handle_control(&mut self, event: ControlEvent, now: Instant) {
        todo!()
    }
    fn admit(&mut self, id: DataId, peer: SocketAddr, now: Instant) -> Admission {
        todo!()
    }
    fn handle_data(&mut self, id: DataId, event: DataEvent, now: Instant) {
        todo!()
    }
    fn deadline(&self) -> Option<Deadline> {
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }
    fn poll(&mut self) -> Option<Step<ServerOutput>> {
        todo!()
    }
    fn is_finished(&self) -> bool {
        todo!()
    }
}
