//! The connection as its driver sees it: what comes in goes to the machine that it concerns.

use super::access::Access;
use super::ask::{Ask, Verdict};
use super::gate::{Gate, Service};
use super::names::Asked;
use super::parameters::Parameters;
use super::ports::DataSide;
use super::security::Security;
use super::{AskId, CloseReason, Decision, Notice, Outcome, ServerConfig, ServerOutput, ShutDown};
use crate::data::{Admission, DataEvent, DataId, DataPolicy, TransferId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine, Deadline, IoAction, Step, Timer};
use crate::output::Output;
use crate::reply::{Reply, ReplyCode};
use crate::time::Instant;
use crate::timers::Timers;
use crate::wire::{LineBuffer, LineLimits};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;

/// The protocol interpreter of one control connection, server side.
#[derive(Debug)]
pub struct ServerConnection {
    pub(super) config: Arc<ServerConfig>,
    pub(super) endpoints: ControlEndpoints,
    /// The time of the call in hand.
    pub(super) now: Instant,
    pub(super) lines: LineBuffer,
    pub(super) output: Output,
    pub(super) steps: VecDeque<Step<ServerOutput>>,
    pub(super) timers: Timers,
    pub(super) gate: Gate,
    pub(super) access: Access,
    pub(super) security: Security,
    pub(super) parameters: Parameters,
    pub(super) data: DataSide,
    /// The question about names that is in service.
    pub(super) names: Option<Asked>,
    pub(super) ids: Ids,
    pub(super) life: Life,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Commands are served.
    Open,
    /// 421 follows the transfer in service.
    Draining,
    /// Nothing more is served; the last octets are being written.
    Closing(CloseReason),
    /// The control connection is gone; a transfer may still have to settle.
    Gone(CloseReason),
    /// All is said.
    Over,
}

/// Names for questions and transfers.
#[derive(Debug, Default)]
pub(super) struct Ids {
    asks: u64,
    transfers: u32,
}

impl Ids {
    pub(super) const fn ask(&mut self) -> AskId {
        self.asks += 1;
        AskId(self.asks)
    }

    pub(super) const fn transfer(&mut self) -> TransferId {
        self.transfers = self.transfers.wrapping_add(1);
        TransferId(self.transfers)
    }
}

impl ServerConnection {
    /// A connection that was just accepted; the greeting is pending (under implicit TLS, after the handshake). `config`
    /// has been [validated](ServerConfig::validate).
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, endpoints: ControlEndpoints, now: Instant) -> Self {
        let limits =
            LineLimits { max_line: config.limits.line_before_login, max_buffered: config.limits.buffered };
        let mut connection = Self {
            endpoints: endpoints.normalised(),
            now,
            lines: LineBuffer::new(limits),
            output: Output::default(),
            steps: VecDeque::new(),
            timers: Timers::default(),
            gate: Gate::default(),
            access: Access::default(),
            security: Security::default(),
            parameters: Parameters::new(&config),
            data: DataSide::new(Arc::clone(&config.data)),
            names: None,
            ids: Ids::default(),
            life: Life::Open,
            config,
        };
        connection.set_timer(Timer::Login, connection.config.timeouts.login);
        if connection.config.implicit_tls {
            connection.start_implicit_tls();
        } else {
            connection.greet();
        }
        connection.settle_accounts();
        connection
    }

    /// The application answers.
    pub fn decide(&mut self, decision: Decision, now: Instant) -> Outcome {
        self.now = now;
        let Decision { ask, verdict } = decision;
        let outcome = match verdict {
            Verdict::Host(verdict) => self.host_decided(ask, verdict),
            Verdict::Login(verdict) => self.login_decided(ask, verdict),
            Verdict::Name(result) => self.name_decided(ask, result),
            Verdict::Site(reply) => self.site_decided(ask, reply),
            Verdict::Transfer { id, result } => self.transfer_decided(ask, id, result),
            Verdict::Settle(result) => self.settle_decided(ask, result),
        };
        self.settle_accounts();
        outcome
    }

    /// The external address was learned anew: used from the next PASV, EPSV, PORT or EPRT on.
    pub fn set_data_policy(&mut self, policy: Arc<DataPolicy>) {
        self.data.set_policy(policy);
    }

    /// Ends the session with 421.
    pub fn shut_down(&mut self, how: ShutDown, now: Instant) {
        self.now = now;
        let busy = matches!(self.gate.service, Service::Transfer(_));
        match (self.life, how) {
            (Life::Open, ShutDown::AfterTransfer) if busy => self.life = Life::Draining,
            (Life::Open | Life::Draining, ShutDown::AfterTransfer | ShutDown::Now) => {
                self.close_with(CloseReason::Shutdown, "The server is going down.");
            }
            (Life::Closing(_) | Life::Gone(_) | Life::Over, _) => {}
        }
        self.settle_accounts();
    }

    /// Turns the peer away with 421 before anything else: there are too many sessions already.
    pub fn turn_away(&mut self, now: Instant) {
        self.now = now;
        self.output.clear();
        self.close_with(CloseReason::Refused, "Too many connections; try again later.");
        self.settle_accounts();
    }

    pub(super) fn greet(&mut self) {
        self.say(&Reply::new(ReplyCode::SERVICE_READY, self.config.greeting.clone()));
    }

    /// Queues a reply. Nothing is said after the one that closes the session.
    pub(super) fn say(&mut self, reply: &Reply) {
        if matches!(self.life, Life::Open | Life::Draining) {
            self.output.push(reply);
        }
    }

    pub(super) fn act(&mut self, action: IoAction) {
        self.steps.push_back(Step::Io(action));
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.steps.push_back(Step::App(ServerOutput::Ask(ask)));
    }

    pub(super) fn withdraw(&mut self, ask: AskId) {
        self.steps.push_back(Step::App(ServerOutput::Withdrawn(ask)));
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.steps.push_back(Step::App(ServerOutput::Notice(notice)));
    }

    pub(super) fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.timers.set(timer, self.now + after);
    }

    /// 421, then close once it is written.
    pub(super) fn close_with(&mut self, reason: CloseReason, text: &'static str) {
        self.say(&Reply::new(ReplyCode::SERVICE_NOT_AVAILABLE, text));
        self.close(reason);
    }

    /// Serves nothing more, and closes once what is pending is written.
    pub(super) fn close(&mut self, reason: CloseReason) {
        if matches!(self.life, Life::Open | Life::Draining) {
            self.life = Life::Closing(reason);
            self.gate.forget_lines();
            self.lines.discard();
            self.end_service();
            self.timers.clear_all();
            self.set_timer(Timer::Linger, self.config.timeouts.linger);
        }
    }

    /// The control connection is gone: nothing can be written any more.
    fn lose(&mut self, reason: CloseReason) {
        self.close(reason);
        self.output.clear();
    }

    /// What every call ends with: serve what can be served, then see which timers and closing steps follow from it.
    fn settle_accounts(&mut self) {
        self.serve_lines();
        self.watch_writing();
        self.finish_closing();
    }

    /// The peer must read some of its replies now and then.
    fn watch_writing(&mut self) {
        if self.output.is_empty() {
            self.timers.clear(Timer::ControlWrite);
        } else if !self.timers.is_set(Timer::ControlWrite) {
            self.set_timer(Timer::ControlWrite, self.config.timeouts.control_write);
        }
    }

    fn finish_closing(&mut self) {
        if let Life::Closing(reason) = self.life
            && self.output.is_empty()
        {
            self.act(IoAction::CloseControl);
            self.timers.clear_all();
            self.life = Life::Gone(reason);
        }
        if let Life::Gone(reason) = self.life
            && matches!(self.gate.service, Service::Idle)
        {
            self.notice(Notice::Closed(reason));
            self.timers.clear_all();
            self.life = Life::Over;
        }
    }

    fn time_out(&mut self, timer: Timer) {
        match timer {
            Timer::Login => self.close_with(CloseReason::TimedOut(timer), "Login takes too long."),
            Timer::Idle => self.close_with(CloseReason::TimedOut(timer), "Idle for too long."),
            Timer::Decision => self.question_timed_out(),
            Timer::Penalty => self.penalty_is_over(),
            Timer::ControlTls => self.lose(CloseReason::TimedOut(timer)),
            Timer::ControlWrite | Timer::Linger => {
                self.output.clear();
                self.close(CloseReason::TimedOut(timer));
            }
            Timer::DataOpen | Timer::DataTls => self.data_timed_out(timer),
            Timer::TransferStall => self.transfer_stalled(),
            // The client's.
            Timer::Greeting | Timer::AbortGrace | Timer::ReplyWait | Timer::KeepAlive => {}
        }
    }
}

impl ControlMachine for ServerConnection {
    type Output = ServerOutput;

    fn wants_input(&self) -> bool {
        matches!(self.life, Life::Open | Life::Draining)
            && !self.gate.peer_closed
            && (self.security.drops_input()
                || self.lines.residue() < self.config.limits.buffered && self.has_room_for_replies())
    }

    fn receive(&mut self, octets: &[u8], now: Instant) -> usize {
        self.now = now;
        let taken = match self.life {
            Life::Open | Life::Draining if self.security.drops_input() => self.drop_plaintext(octets.len()),
            Life::Open | Life::Draining => self.lines.push(octets),
            // Nobody will read it; not to take it would keep the driver busy.
            Life::Closing(_) | Life::Gone(_) | Life::Over => octets.len(),
        };
        self.settle_accounts();
        taken
    }

    fn pending_output(&self) -> &[u8] {
        self.output.pending()
    }

    fn output_written(&mut self, octets: usize, now: Instant) {
        self.now = now;
        self.output.written(octets);
        self.timers.clear(Timer::ControlWrite);
        if self.output.is_empty() {
            self.security_output_written();
        }
        self.settle_accounts();
    }

    fn handle_control(&mut self, event: ControlEvent, now: Instant) {
        self.now = now;
        if matches!(self.life, Life::Gone(_) | Life::Over) {
            // A handshake that ended when there was nothing left to secure.
            return;
        }
        match event {
            ControlEvent::Secured(facts) => self.control_secured(facts),
            ControlEvent::SecureFailed => self.lose(CloseReason::Protocol("the TLS handshake failed")),
            ControlEvent::Cleared => self.control_cleared(),
            ControlEvent::PeerClosed => self.peer_closed(),
            ControlEvent::Reset => self.lose(CloseReason::PeerReset),
        }
        self.settle_accounts();
    }

    fn admit(&mut self, id: DataId, peer: SocketAddr, now: Instant) -> Admission {
        self.now = now;
        self.admit_data(id, peer)
    }

    fn handle_data(&mut self, id: DataId, event: DataEvent, now: Instant) {
        self.now = now;
        if self.data.link.id() == id {
            self.data_event(event);
        }
        self.settle_accounts();
    }

    fn deadline(&self) -> Option<Deadline> {
        self.timers.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(timer) = self.timers.expired(now) {
            self.time_out(timer);
        }
        self.settle_accounts();
    }

    fn poll(&mut self) -> Option<Step<ServerOutput>> {
        let step = self.steps.pop_front();
        if step.is_none() {
            // An idle connection holds no memory for steps.
            self.steps = VecDeque::new();
        }
        step
    }

    fn is_finished(&self) -> bool {
        self.life == Life::Over && self.steps.is_empty()
    }
}
