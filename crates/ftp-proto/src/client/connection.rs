//! The connection as its driver sees it: what comes in goes to the part that it concerns.

use super::control::Control;
use super::dialogue::{self, Dialogue};
use super::login::Login;
use super::security::{Security, SecurityInput};
use super::transfer::{Request, Transfer, transfer_command};
use super::{ClientConfig, ClientEvent, CloseReason, Features, Misuse, OpId, Operation, OperationError};
use crate::data::{Admission, DataEvent, DataId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine, Deadline, Step, Timer};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::SocketAddr;

/// Steps that may wait for the driver before replies are left undecoded. One reply makes but a few.
pub(super) const MAX_STEPS: usize = 64;

/// The protocol interpreter of one control connection, client side.
///
/// ```
/// use ftp_proto::client::{ClientConfig, ClientConnection, Operation};
/// use ftp_proto::command::Text;
/// use ftp_proto::io::{ControlEndpoints, ControlMachine};
/// use ftp_proto::time::Instant;
///
/// let endpoints = ControlEndpoints {
///     local: "192.0.2.7:40000".parse().unwrap(),
///     peer: "192.0.2.1:21".parse().unwrap(),
///     dialled: None,
/// };
/// let now = Instant::ORIGIN;
/// let mut client = ClientConnection::new(Default::default(), endpoints, now);
/// let user = Text::new("anonymous").unwrap();
/// client.start(Operation::Login { user, password: None, account: None }, now).unwrap();
/// assert!(client.pending_output().is_empty(), "the greeting comes first");
///
/// let greeting = b"220 Welcome\r\n";
/// assert_eq!(client.receive(greeting, now), greeting.len());
/// assert_eq!(client.pending_output(), b"USER anonymous\r\n");
/// ```
#[derive(Debug)]
pub struct ClientConnection {
    pub(super) control: Control,
    pub(super) queue: VecDeque<Queued>,
    pub(super) current: Option<Current>,
    pub(super) life: Life,
    ids: u64,
    pub(super) unsolicited: u32,
    /// The server has closed its side; what it said before is still to be decoded.
    pub(super) peer_gone: Option<CloseReason>,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Nothing is said before the server has greeted (RFC 959 §5.4).
    Greeting,
    /// Operations are done.
    Open,
    /// The control connection is gone; our own data transfer process may still have to stop.
    Gone(CloseReason),
    /// All is said.
    Over,
}

#[derive(Debug)]
pub(super) struct Queued {
    pub(super) op: OpId,
    pub(super) task: Task,
}

/// The operation in service.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) op: OpId,
    pub(super) task: Task,
    pub(super) preliminaries: u32,
    /// The caller does not want it any more; its reply is still awaited.
    pub(super) aborted: bool,
}

#[derive(Debug)]
pub(super) enum Task {
    Dialogue(Dialogue),
    Transfer(Box<Transfer>),
}

impl Current {
    /// The transfer in service, if it is one. A function of the field, so that the rest of the connection stays free.
    pub(super) fn transfer(current: &mut Option<Self>) -> Option<&mut Transfer> {
        match current {
            Some(Self { task: Task::Transfer(transfer), .. }) => Some(transfer),
            Some(Self { task: Task::Dialogue(_), .. }) | None => None,
        }
    }
}

impl ClientConnection {
    /// A connection that was just made; the greeting is awaited. Operations may be started at once: nothing is sent
    /// before the greeting.
    #[must_use]
    pub fn new(config: Arc<ClientConfig>, endpoints: ControlEndpoints, now: Instant) -> Self {
        let mut control = Control::new(config, endpoints, now);
        if control.config.implicit_tls {
            control.secure(SecurityInput::Begin);
            dialogue::start_tls(&mut control);
        }
        control.set_timer(Timer::Greeting, control.config.timeouts.greeting);
        Self {
            control,
            queue: VecDeque::new(),
            current: None,
            life: Life::Greeting,
            ids: 0,
            unsolicited: 0,
            peer_gone: None,
        }
    }

    /// Queues an operation.
    ///
    /// Where [`Operation::Secure`] or [`Operation::Protect`] fails, what was queued behind it ends with
    /// [`OperationError::Tls`]: nothing is said in the clear because TLS failed.
    ///
    /// # Errors
    /// When it cannot be done here; nothing has changed then.
    pub fn start(&mut self, operation: Operation, now: Instant) -> Result<OpId, Misuse> {
        match self.life {
            Life::Greeting | Life::Open => {}
            Life::Gone(_) | Life::Over => return Err(Misuse::WrongState),
        }
        if self.room() == 0 {
            return Err(Misuse::Busy);
        }
        let op = OpId(self.ids + 1);
        let task = task(op, operation)?;
        self.ids += 1;
        self.queue.push_back(Queued { op, task });
        self.control.now = now;
        self.settle();
        Ok(op)
    }

    /// Ends an operation early. Its `Done` follows, with [`OperationError::Aborted`] unless it ended otherwise first.
    ///
    /// A transfer is cut by ABOR. A command cannot be called back: its reply is awaited for a moment, and if it does not
    /// come the connection is given up.
    ///
    /// # Errors
    /// When it has ended, or never was.
    pub fn abort(&mut self, op: OpId, now: Instant) -> Result<(), Misuse> {
        self.control.now = now;
        if let Some(index) = self.queue.iter().position(|queued| queued.op == op) {
            self.queue.remove(index);
            self.done(op, None, Err(OperationError::Aborted));
            return Ok(());
        }
        let current =
            self.current.as_mut().filter(|current| current.op == op).ok_or(Misuse::UnknownOperation(op))?;
        match &mut current.task {
            Task::Transfer(transfer) => {
                let fate = transfer.abort(&mut self.control);
                self.fated(fate);
            }
            Task::Dialogue(_) => {
                current.aborted = true;
                self.control.set_timer(Timer::AbortGrace, self.control.config.timeouts.abort_grace);
            }
        }
        self.settle();
        Ok(())
    }

    /// How many more operations can be queued.
    #[must_use]
    pub fn room(&self) -> usize {
        self.control.config.limits.queue.saturating_sub(self.queue.len())
    }

    /// What the server said to FEAT, once it was asked.
    #[must_use]
    pub const fn features(&self) -> Option<&Features> {
        self.control.features.as_ref()
    }

    /// How long the server's fastest reply took, for [`Ladder::set_round_trip`](super::Ladder::set_round_trip).
    #[must_use]
    pub const fn round_trip(&self) -> Option<core::time::Duration> {
        self.control.round_trip
    }

    /// Whether the control connection is under TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.control.security == Security::Protected
    }
}

/// The operation as a task; a mistake is told before anything is queued.
fn task(op: OpId, operation: Operation) -> Result<Task, Misuse> {
    Ok(Task::Dialogue(match operation {
        Operation::Secure => Dialogue::Secure(None),
        Operation::Login { user, password, account } => Dialogue::Login(Login::new(user, password, account)),
        Operation::Protect(private) => Dialogue::Protect { private, buffer_size: false },
        Operation::ClearControl => Dialogue::ClearControl(None),
        Operation::Command(command) => {
            dialogue::check_command(&command)?;
            Dialogue::Command(command)
        }
        Operation::Raw(line) => dialogue::check_raw(line)?,
        Operation::Quit => Dialogue::Quit,
        Operation::Transfer { verb, path, span, encoding, size, data } => {
            if transfer_command(verb, path.clone()).is_none() {
                return Err(Misuse::PathNeeded);
            }
            let request = Request { verb, path, span, encoding, size };
            return Ok(Task::Transfer(Box::new(Transfer::new(op, request, data))));
        }
    }))
}

impl ControlMachine for ClientConnection {
    type Output = ClientEvent;

    fn wants_input(&self) -> bool {
        matches!(self.life, Life::Greeting | Life::Open)
            && self.peer_gone.is_none()
            && self.control.steps.len() < MAX_STEPS
            // What comes while TLS begins or ends is not for this machine.
            && self.control.security.decodes()
    }

    fn receive(&mut self, octets: &[u8], now: Instant) -> usize {
        self.control.now = now;
        let mut taken = 0;
        while let Some(rest) = octets.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.life {
                // Nobody will read it; not to take it would keep the driver busy.
                Life::Gone(_) | Life::Over => return octets.len(),
                Life::Greeting | Life::Open => {}
            }
            match self.control.security {
                // The driver gives what comes to TLS; clear octets are somebody else's.
                Security::Handshaking => {
                    self.broken("octets in the clear while TLS was being set up");
                    self.settle();
                    continue;
                }
                // What was still under TLS belongs to nothing.
                Security::Clearing => return octets.len(),
                Security::Clear | Security::Offered | Security::Protected | Security::ClearedByCcc => {}
            }
            let more = self.control.decoder.push(rest);
            taken += more;
            self.control.unread = taken < octets.len();
            self.settle();
            if more == 0 {
                break;
            }
        }
        taken
    }

    fn pending_output(&self) -> &[u8] {
        self.control.output.pending()
    }

    fn output_written(&mut self, octets: usize, now: Instant) {
        self.control.now = now;
        self.control.output.written(octets);
        self.control.timers.clear(Timer::ControlWrite);
        self.settle();
    }

    fn handle_control(&mut self, event: ControlEvent, now: Instant) {
        self.control.now = now;
        if matches!(self.life, Life::Gone(_) | Life::Over) {
            return;
        }
        match event {
            ControlEvent::Secured(facts) => self.secured(facts),
            ControlEvent::SecureFailed => {
                self.lose(CloseReason::Protocol("the TLS handshake failed"), OperationError::Tls);
            }
            ControlEvent::Cleared => self.cleared(),
            ControlEvent::PeerClosed => self.peer_gone = Some(CloseReason::PeerClosed),
            ControlEvent::Reset => self.peer_gone = Some(CloseReason::PeerReset),
        }
        self.settle();
    }

    fn admit(&mut self, id: DataId, peer: SocketAddr, now: Instant) -> Admission {
        self.control.now = now;
        match Current::transfer(&mut self.current) {
            Some(transfer) if self.control.link.is_current(id) => transfer.admit(&self.control, peer),
            Some(_) | None => Admission::Drop,
        }
    }

    fn handle_data(&mut self, id: DataId, event: DataEvent, now: Instant) {
        self.control.now = now;
        if self.control.link.is_current(id)
            && let Some(transfer) = Current::transfer(&mut self.current)
        {
            let fate = transfer.data_event(&mut self.control, event);
            self.fated(fate);
        }
        self.settle();
    }

    fn deadline(&self) -> Option<Deadline> {
        self.control.timers.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.control.now = now;
        while let Some(timer) = self.control.timers.expired(now) {
            self.timed_out(timer);
        }
        self.settle();
    }

    fn poll(&mut self) -> Option<Step<ClientEvent>> {
        let step = self.control.steps.pop_front();
        if self.control.steps.len() == MAX_STEPS - 1 {
            // There is room again for what was left undecoded.
            self.settle();
        }
        step
    }

    fn is_finished(&self) -> bool {
        self.life == Life::Over && self.control.steps.is_empty()
    }
}
