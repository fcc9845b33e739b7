//! The client side: the user-PI of one control connection, and the ladder of data port modes.

mod config;
mod error;
mod event;
mod features;
mod ladder;
mod operation;

pub use config::{ClientConfig, ClientLimits, ClientTimeouts};
pub use error::{Attempt, Credential, Misuse, OperationError};
pub use event::ClientEvent;
pub use features::Features;
pub use ladder::{ActiveSettings, Ladder, LadderConfig, Modes, NextStep};
pub use operation::{DataPlan, ListenPlan, OpId, Operation, PassiveAddress, Rung};

use crate::data::{Admission, DataEvent, DataId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine, Deadline, Step};
use crate::time::Instant;
use alloc::sync::Arc;
use core::net::SocketAddr;

/// The protocol interpreter of one control connection, client side.
#[derive(Debug)]
pub struct ClientConnection {
    _config: Arc<ClientConfig>,
}

#[allow(unused_variables, clippy::todo, reason = "filled in by the next commit")]
impl ClientConnection {
    /// A connection that was just made; the greeting is awaited. Operations may be started at once: nothing is sent
    /// before the greeting.
    #[must_use]
    pub fn new(config: Arc<ClientConfig>, endpoints: ControlEndpoints, now: Instant) -> Self {
        todo!()
    }

    /// Queues an operation.
    ///
    /// # Errors
    /// When it cannot be done here; nothing has changed then.
    pub fn start(&mut self, op: Operation, now: Instant) -> Result<OpId, Misuse> {
        todo!()
    }

    /// Ends an operation early. Its `Done` follows, with [`OperationError::Aborted`] unless it ended otherwise first.
    ///
    /// # Errors
    /// When it has ended, or never was.
    pub fn abort(&mut self, op: OpId, now: Instant) -> Result<(), Misuse> {
        todo!()
    }

    /// How many more operations can be queued.
    #[must_use]
    pub fn room(&self) -> usize {
        todo!()
    }

    /// What the server said to FEAT, once it was asked after the login.
    #[must_use]
    pub fn features(&self) -> Option<&Features> {
        todo!()
    }

    /// Whether the control connection is under TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        todo!()
    }
}

#[allow(unused_variables, clippy::todo, reason = "filled in by the next commit")]
impl ControlMachine for ClientConnection {
    type Output = ClientEvent;
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
    fn poll(&mut self) -> Option<Step<ClientEvent>> {
        todo!()
    }
    fn is_finished(&self) -> bool {
        todo!()
    }
}
