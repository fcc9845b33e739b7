//! One control connection: carries out what the machine says until an operation has ended.

use crate::{AbortHandle, ClientOptions, Event, Observer, TlsFailure};
use core::net::SocketAddr;
use core::task::{Poll, Waker};
use core::time::Duration;
use ftp_dtp::control::ControlSocket;
use ftp_dtp::data::{DataConnections, DataResources};
use ftp_dtp::event_loop::EventLoop;
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::sockets::endpoints;
use ftp_dtp::tls::{ClientTlsSession, Fingerprint, TlsStream};
use ftp_proto::client::{ClientConnection, ClientEvent, Features, Misuse, OpId, Operation, OperationError};
use ftp_proto::data::{DataEvent, Resumption, TransferTotals};
use ftp_proto::io::{ControlMachine as _, IoAction, Step, Timer};
use ftp_proto::reply::Reply;
use ftp_proto::time::Instant;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

/// How often the observer hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How often a session moves on before others get their turn.
const STEPS_A_TURN: usize = 16;

/// One control connection and its data connections.
#[derive(Debug)]
pub(crate) struct Session<L: EventLoop> {
    machine: ClientConnection,
    /// `None` once it is closed.
    control: Option<ControlSocket<L>>,
    data: DataConnections<L>,
    /// The operation under way; still there when the caller has dropped its future.
    current: Option<Current>,
    observer: Observer,
    abort: AbortHandle,
    tls: Option<ClientTlsSession>,
    /// Why TLS failed on the control connection.
    tls_failure: Option<String>,
    /// The last data connection has resumed the control connection's session of TLS 1.3.
    resumes: bool,
}

#[derive(Debug)]
struct Current {
    id: OpId,
    /// Where the octets of the transfer go, until it has begun.
    local: Option<LocalEnd>,
    outcome: Option<Outcome>,
    /// An abort is not wanted any more: it has been begun.
    aborted: bool,
    /// When the observer hears of progress.
    progress_at: Instant,
}

type Outcome = (Option<TransferTotals>, Result<Reply, OperationError>);

/// How an operation ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// What was moved, if octets could move.
    pub(crate) totals: Option<TransferTotals>,
    pub(crate) result: Result<Reply, OperationError>,
    /// The local end, when the transfer has not begun: it can be used again.
    pub(crate) local: Option<LocalEnd>,
}

/// Something that a session may wait for. True when the machine was told something.
type Advance<L> = fn(&mut Session<L>, &mut L) -> bool;

impl<L: EventLoop> Session<L> {
    /// In this order, so that what is to be said is said before more is heard.
    const ADVANCES: [Advance<L>; 5] =
        [Self::flush, Self::move_data, Self::fill, Self::time, Self::tell_progress];

    pub(crate) fn new(
        event_loop: &mut L,
        control: TcpStream,
        resources: DataResources,
        options: &ClientOptions,
        tls: Option<ClientTlsSession>,
    ) -> io::Result<Self> {
        let (endpoints, own_address) = (endpoints(&control)?, control.local_addr()?);
        Ok(Self {
            machine: ClientConnection::new(Arc::clone(&options.protocol), endpoints, event_loop.now()),
            control: Some(ControlSocket::new(event_loop, control)?),
            data: DataConnections::new(resources, own_address, endpoints.peer.ip()),
            current: None,
            observer: options.observer.clone(),
            abort: options.abort.clone(),
            tls,
            tls_failure: None,
            resumes: false,
        })
    }

    pub(crate) fn features(&self) -> Option<&Features> {
        self.machine.features()
    }

    /// How long the server's fastest reply took.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.machine.round_trip()
    }

    /// Why TLS failed on the control connection, if it did.
    pub(crate) fn tls_failure(&self) -> Option<TlsFailure> {
        let why = self.tls_failure.clone()?;
        Some(TlsFailure { why, rejected: self.tls.as_ref().and_then(ClientTlsSession::rejected) })
    }

    /// The server resumes sessions, and may insist on it, but no ticket is left.
    pub(crate) fn is_out_of_tickets(&self) -> bool {
        self.resumes && self.tls.as_ref().is_some_and(|tls| tls.tickets() == 0)
    }

    pub(crate) fn certificate(&self) -> Option<Fingerprint> {
        self.tls.as_ref().and_then(ClientTlsSession::believed)
    }

    /// Whether operations can still be started.
    pub(crate) fn is_over(&self) -> bool {
        self.control.is_none() || self.machine.is_finished()
    }

    /// Begins an operation; [`turn`](Self::turn) ends it.
    pub(crate) fn start(
        &mut self,
        event_loop: &L,
        operation: Operation,
        local: Option<LocalEnd>,
    ) -> Result<(), NotStarted> {
        let now = event_loop.now();
        match self.machine.start(operation, now) {
            Ok(id) => {
                let progress_at = now + PROGRESS_EVERY;
                self.current = Some(Current { id, local, outcome: None, aborted: false, progress_at });
                Ok(())
            }
            Err(_) if self.is_over() => Err(NotStarted::Over(local)),
            Err(misuse) => Err(NotStarted::Misuse(misuse)),
        }
    }

    /// A future that was dropped has left its operation under way: it is to be aborted, so that the next begins in step with
    /// the server. True when there is one, which [`turn`](Self::turn) ends.
    pub(crate) fn abort_what_was_dropped(&mut self, event_loop: &L) -> bool {
        let Some(current) = &mut self.current else { return false };
        current.aborted = true;
        let aborts = self.machine.abort(current.id, event_loop.now()).is_ok();
        if !aborts {
            self.current = None;
        }
        aborts
    }

    /// Does what can be done now. Ready when the operation has ended.
    pub(crate) fn turn(&mut self, event_loop: &mut L, waker: &Waker) -> Poll<Done> {
        for _ in 0..STEPS_A_TURN {
            self.hear_abort(event_loop, waker);
            self.carry_out(event_loop);
            if let Some(done) = self.done() {
                return Poll::Ready(done);
            }
            if !self.advance(event_loop) {
                return Poll::Pending;
            }
        }
        event_loop.again();
        Poll::Pending
    }

    fn done(&mut self) -> Option<Done> {
        let Some(current) = &mut self.current else { return Some(Done::closed(None)) };
        let closed = || self.machine.is_finished().then_some((None, Err(OperationError::Closed)));
        let (totals, result) = current.outcome.take().or_else(closed)?;
        let local = self.current.take().and_then(|current| current.local);
        Some(Done { totals, result, local })
    }

    fn advance(&mut self, event_loop: &mut L) -> bool {
        let mut moved = false;
        for advance in Self::ADVANCES {
            if advance(self, event_loop) {
                self.carry_out(event_loop);
                moved = true;
            }
        }
        moved
    }

    /// Does what the machine says until it says nothing more.
    fn carry_out(&mut self, event_loop: &mut L) {
        while let Some(step) = self.machine.poll() {
            match step {
                Step::Io(action) => self.act(event_loop, action),
                Step::App(event) => self.hear(event),
            }
        }
    }

    fn act(&mut self, event_loop: &mut L, action: IoAction) {
        match action {
            IoAction::StartControlTls(_) => {
                let tls = self.new_tls();
                if let Some(control) = &mut self.control {
                    control.start_tls(tls);
                }
            }
            IoAction::StopControlTls => {
                if let Some(control) = &mut self.control {
                    control.stop_tls(event_loop.now());
                }
            }
            IoAction::CloseControl => self.close_control(event_loop),
            IoAction::Listen { id, bind, ports, expect, tls: _ } => {
                self.data.listen(event_loop, id, bind, ports, expect);
            }
            IoAction::Connect { id, source, target } => self.data.connect(id, source, target),
            IoAction::StartDataTls { id, .. } => {
                let tls = self.new_tls();
                self.data.start_tls(id, tls);
            }
            IoAction::StartTransfer { id, transfer: _, plan } => {
                let local = self.current.as_mut().and_then(|current| current.local.take());
                self.data.start(id, &plan, local);
            }
            // The local end stays here, for another try.
            IoAction::CancelTransfer { transfer: _ } => {}
            IoAction::DropData { id } => self.data.drop_data(id),
        }
    }

    /// TLS for the control connection or for a data connection; they have one session.
    fn new_tls(&mut self) -> Option<TlsStream> {
        match self.tls.as_ref()?.stream() {
            Ok(stream) => Some(stream),
            Err(error) => {
                self.tls_failure = Some(error.to_string());
                None
            }
        }
    }

    fn close_control(&mut self, event_loop: &mut L) {
        if let Some(mut control) = self.control.take() {
            if let Some(why) = control.tls_failure() {
                self.tls_failure.get_or_insert(why);
            }
            // Nothing is waited for, but the server hears that this is the end.
            control.close(event_loop, event_loop.now());
        }
    }

    fn hear(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Done { op, totals, result } => {
                if let Some(current) = self.current.as_mut().filter(|current| current.id == op) {
                    current.outcome = Some((totals, result));
                }
            }
            ClientEvent::DataSecured { facts, .. } => {
                self.resumes = facts.tls13 && facts.resumption == Resumption::ControlSession;
            }
            ClientEvent::Sent(line) => self.observer.tell(&Event::Sent(line)),
            ClientEvent::Received(reply) => self.observer.tell(&Event::Received(reply)),
            _ => {}
        }
    }

    fn hear_abort(&mut self, event_loop: &L, waker: &Waker) {
        let wanted = self.abort.poll(waker);
        if let Some(current) = self.current.as_mut().filter(|current| wanted && !current.aborted) {
            current.aborted = true;
            // It may have ended in this moment; then its end is polled next.
            let _ = self.machine.abort(current.id, event_loop.now());
        }
    }

    fn flush(&mut self, event_loop: &mut L) -> bool {
        self.control.as_mut().is_some_and(|control| control.flush(event_loop, &mut self.machine))
    }

    fn fill(&mut self, event_loop: &mut L) -> bool {
        self.control.as_mut().is_some_and(|control| control.fill(event_loop, &mut self.machine))
    }

    fn move_data(&mut self, event_loop: &mut L) -> bool {
        let (machine, now) = (&mut self.machine, event_loop.now());
        match self.data.poll(event_loop, |id, peer| machine.admit(id, peer, now)) {
            Poll::Ready((id, event)) => {
                machine.handle_data(id, event, now);
                true
            }
            Poll::Pending => false,
        }
    }

    fn time(&mut self, event_loop: &mut L) -> bool {
        let deadline = self.machine.deadline();
        let control = self.control.as_ref().and_then(ControlSocket::deadline);
        let all = [deadline.map(|deadline| deadline.at), control, self.data.deadline(), self.progress_at()];
        let Some(first) = all.into_iter().flatten().min() else { return false };
        if !event_loop.poll_until(first) {
            return false;
        }
        let now = event_loop.now();
        if let Some(deadline) = deadline.filter(|deadline| deadline.at <= now) {
            if deadline.why == Timer::TransferStall {
                self.report_progress(now);
            }
            self.machine.handle_timeout(now);
        }
        // The data connections and the observer see for themselves, in their own steps.
        true
    }

    /// A transfer that moves has not stalled; how far it is is told when it matters.
    fn report_progress(&mut self, now: Instant) {
        for (id, octets) in self.data.progress() {
            self.machine.handle_data(id, DataEvent::Progress { octets }, now);
        }
    }

    /// When the observer is to hear of progress, if there is any.
    fn progress_at(&self) -> Option<Instant> {
        let watched = self.observer.is_set() && self.data.progress().next().is_some();
        self.current.as_ref().filter(|_| watched).map(|current| current.progress_at)
    }

    /// Never news for the machine.
    fn tell_progress(&mut self, event_loop: &mut L) -> bool {
        let now = event_loop.now();
        if self.progress_at().is_some_and(|at| at <= now)
            && let Some(current) = &mut self.current
            && let Some((_, octets)) = self.data.progress().last()
        {
            current.progress_at = now + PROGRESS_EVERY;
            self.observer.tell(&Event::Progress(octets));
        }
        false
    }
}

/// Why an operation was not begun.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// The connection is gone; the local end can be used again.
    Over(Option<LocalEnd>),
    /// The caller's fault.
    Misuse(Misuse),
}

impl Done {
    pub(crate) fn closed(local: Option<LocalEnd>) -> Self {
        Self { totals: None, result: Err(OperationError::Closed), local }
    }
}

/// Both ends of a new control connection, as the system gives them.
pub(crate) fn ends(control: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
    Ok((control.local_addr()?, control.peer_addr()?))
}
