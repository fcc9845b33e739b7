//! What the operations share: the control connection's outgoing side, and what is known of the server.

use super::expect::Expected;
use super::in_force::InForce;
use super::security::{Security, SecurityInput};
use super::{ClientConfig, ClientEvent, CloseReason, Features, OperationError};
use crate::command::{Command, Text};
use crate::data::link::DataLink;
use crate::data::{DataId, TransferId};
use crate::io::{ControlEndpoints, IoAction, Step, Timer};
use crate::output::Output;
use crate::reply::Reply;
use crate::time::Instant;
use crate::timers::Timers;
use crate::wire::{CommandView, Encode as _, ReplyDecoder, put_doubled};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use bytes::{Bytes, BytesMut};
use core::time::Duration;

/// Telnet IP, then Synch (RFC 959 §4.1.3, RFC 854).
const INTERRUPT: &[u8] = &[0xFF, 0xF4, 0xFF, 0xF2];

/// What became of an operation.
#[derive(Debug)]
#[must_use]
pub(super) enum Fate {
    /// It goes on.
    GoesOn,
    /// It has ended.
    Ended(Result<Reply, OperationError>),
    /// The control connection cannot be used any longer, and it ends because of that.
    Lost(CloseReason, OperationError),
}

/// Shared by the operations.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) config: Arc<ClientConfig>,
    pub(super) endpoints: ControlEndpoints,
    /// The time of the call in hand.
    pub(super) now: Instant,
    pub(super) decoder: ReplyDecoder,
    /// The driver holds octets that were received and not yet taken.
    pub(super) unread: bool,
    pub(super) output: Output,
    pub(super) steps: VecDeque<Step<ClientEvent>>,
    pub(super) timers: Timers,
    pub(super) expected: Expected,
    pub(super) link: DataLink,
    pub(super) in_force: InForce,
    pub(super) features: Option<Features>,
    pub(super) security: Security,
    /// PBSZ was accepted in this TLS session.
    pub(super) buffer_size_set: bool,
    /// PROT P is in force.
    pub(super) private: bool,
    /// When the command in service was sent.
    asked: Option<Instant>,
    /// The fastest reply so far.
    pub(super) round_trip: Option<Duration>,
    transfers: u32,
    /// The data connection whose pump was told to stop and has not yet reported its end.
    dropped: Option<DataId>,
}

impl Control {
    pub(super) fn new(config: Arc<ClientConfig>, endpoints: ControlEndpoints, now: Instant) -> Self {
        let mut decoder = ReplyDecoder::new(config.limits.reply);
        decoder.set_quirks(config.quirks);
        Self {
            endpoints: endpoints.normalised(),
            now,
            decoder,
            unread: false,
            output: Output::default(),
            steps: VecDeque::new(),
            timers: Timers::default(),
            expected: Expected::default(),
            link: DataLink::new(),
            in_force: InForce::default(),
            features: None,
            security: Security::default(),
            buffer_size_set: false,
            private: false,
            asked: None,
            round_trip: None,
            transfers: 0,
            dropped: None,
            config,
        }
    }

    pub(super) fn act(&mut self, action: IoAction) {
        self.steps.push_back(Step::Io(action));
    }

    pub(super) fn tell(&mut self, event: ClientEvent) {
        self.steps.push_back(Step::App(event));
    }

    pub(super) fn set_timer(&mut self, timer: Timer, after: Duration) {
        if after == Duration::MAX {
            self.timers.clear(timer);
        } else {
            self.timers.set(timer, self.now + after);
        }
    }

    /// Sends the command that the operation in hand waits for.
    pub(super) fn send(&mut self, command: &Command) {
        self.send_within(command, self.config.timeouts.reply);
    }

    /// Likewise, with another limit for the reply.
    pub(super) fn send_within(&mut self, command: &Command, limit: Duration) {
        self.in_force.sent(command);
        self.put(command);
        self.asked = Some(self.now);
        self.expected.command_sent();
        self.set_timer(Timer::ReplyWait, limit);
    }

    /// Sends a line as the user wrote it. The argument of PASS and ACCT is not shown.
    pub(super) fn send_raw(&mut self, line: &Text) {
        let mut octets = BytesMut::new();
        put_doubled(line.as_bytes(), &mut octets);
        octets.extend_from_slice(b"\r\n");
        self.output.push_octets(&octets);
        let verb = CommandView::parse(line.as_bytes()).map(|view| view.verb().to_ascii_uppercase());
        let shown = match verb.as_deref() {
            Ok(b"PASS") => Bytes::from_static(b"PASS ****"),
            Ok(b"ACCT") => Bytes::from_static(b"ACCT ****"),
            Ok(_) | Err(_) => Bytes::copy_from_slice(line.as_bytes()),
        };
        self.tell(ClientEvent::Sent(shown));
        self.expected.command_sent();
        self.set_timer(Timer::ReplyWait, self.config.timeouts.reply);
    }

    /// Sends a command whose reply is not the operation's.
    pub(super) fn put(&mut self, command: &Command) {
        let mut octets = BytesMut::new();
        command.encode(&mut octets);
        self.output.push_octets(&octets);
        self.tell(ClientEvent::Sent(command.redacted()));
        self.alive();
    }

    /// ABOR, with what the configuration puts before it.
    pub(super) fn put_abort(&mut self) {
        if self.config.telnet_abort {
            self.output.push_octets(INTERRUPT);
        }
        self.put(&Command::Abor);
    }

    /// The first reply to the command in service has come.
    pub(super) fn answered(&mut self) {
        if let Some(asked) = self.asked.take() {
            let took = self.now.duration_since(asked);
            self.round_trip = Some(self.round_trip.map_or(took, |fastest| fastest.min(took)));
        }
    }

    /// The control connection was used: no NAT forgets it for a while.
    pub(super) fn alive(&mut self) {
        if self.timers.is_set(Timer::KeepAlive) {
            self.set_timer(Timer::KeepAlive, self.config.timeouts.keep_alive);
        }
    }

    /// Drops whatever there is of a data connection, once. A pump answers with `Ended`.
    pub(super) fn drop_data(&mut self) {
        if let Some(id) = self.link.drop_link()
            && self.dropped != Some(id)
        {
            self.dropped = Some(id);
            self.act(IoAction::DropData { id });
        }
    }

    pub(super) const fn new_transfer(&mut self) -> TransferId {
        self.transfers = self.transfers.wrapping_add(1);
        TransferId(self.transfers)
    }

    /// Changes where the control connection stands; an input that does not fit changes nothing.
    pub(super) fn secure(&mut self, input: SecurityInput) -> bool {
        match self.security.next(input) {
            Some(next) => {
                self.security = next;
                true
            }
            None => false,
        }
    }

    /// Whether octets were received that are not yet part of a reply that was used.
    pub(super) fn holds_octets(&self) -> bool {
        self.unread || !self.decoder.is_empty()
    }
}
