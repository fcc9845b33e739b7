//! One control connection: carries out what the machine says until an operation has ended.

use super::{AbortHandle, Event, Observer, Resources};
use crate::clock::{now, to_tokio};
use crate::event_loop::TaskLoop;
use core::future::{pending, poll_fn};
use core::time::Duration;
use ftp_dtp::control::{ControlPipe, Filled, Flushed};
use ftp_dtp::data::DataConnections;
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::sockets::endpoints;
use ftp_proto::client::{
    ClientConfig, ClientConnection, ClientEvent, Features, Misuse, OpId, Operation, OperationError,
};
use ftp_proto::data::{DataEvent, DataId, TransferTotals};
use ftp_proto::io::{ControlEvent, ControlMachine as _, IoAction, Step, Timer};
use ftp_proto::reply::Reply;
use std::io;
use std::sync::Arc;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// How often the observer hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// One control connection and its data connections.
#[derive(Debug)]
pub(super) struct Session {
    machine: ClientConnection,
    /// `None` once it is closed.
    control: Option<TcpStream>,
    pipe: ControlPipe,
    /// The peer's end of stream, or an error, has come: nothing more to read.
    ended: bool,
    event_loop: TaskLoop,
    data: DataConnections<TaskLoop>,
    /// The operation under way; still there when the caller has dropped its future.
    current: Option<OpId>,
    /// Where the octets of the transfer go, until it has begun.
    local: Option<LocalEnd>,
    observer: Observer,
}

/// How an operation ended.
#[derive(Debug)]
pub(super) struct Done {
    /// What was moved, if octets could move.
    pub(super) totals: Option<TransferTotals>,
    pub(super) result: Result<Reply, OperationError>,
    /// The local end, when the transfer has not begun: it can be used again.
    pub(super) local: Option<LocalEnd>,
}

/// What the session waited for.
enum Woken {
    Control,
    Data(DataId, DataEvent),
    Deadline,
    Abort,
    Progress,
}

impl Session {
    pub(super) fn new(
        control: TcpStream,
        config: Arc<ClientConfig>,
        resources: Resources,
        observer: Observer,
    ) -> io::Result<Self> {
        let raw_local = control.local_addr()?;
        let addresses = endpoints_of(&control)?;
        Ok(Self {
            machine: ClientConnection::new(config, addresses, now()),
            event_loop: TaskLoop::new(resources.blocking),
            data: DataConnections::new(resources.data, raw_local, addresses.peer.ip()),
            control: Some(control),
            pipe: ControlPipe::new(),
            ended: false,
            current: None,
            local: None,
            observer,
        })
    }

    pub(super) fn features(&self) -> Option<&Features> {
        self.machine.features()
    }

    /// Whether operations can still be started.
    pub(super) fn is_over(&self) -> bool {
        self.control.is_none() || self.machine.is_finished()
    }

    /// Does one operation, from its start to its end.
    pub(super) async fn run(
        &mut self,
        operation: Operation,
        local: Option<LocalEnd>,
        abort: &AbortHandle,
    ) -> Result<Done, Misuse> {
        self.end_what_was_dropped().await;
        let id = match self.machine.start(operation, now()) {
            Ok(id) => id,
            Err(_) if self.is_over() => return Ok(Done::closed(local)),
            Err(misuse) => return Err(misuse),
        };
        self.current = Some(id);
        self.local = local;
        let (totals, result) = self.drive(id, Some(abort)).await;
        Ok(Done { totals, result, local: self.local.take() })
    }

    /// A future that was dropped has left its operation under way: it is aborted, so that the next begins in step with
    /// the server.
    async fn end_what_was_dropped(&mut self) {
        if let Some(id) = self.current {
            if self.machine.abort(id, now()).is_ok() {
                let _ = self.drive(id, None).await;
            }
            self.current = None;
            self.local = None;
        }
    }

    async fn drive(
        &mut self,
        id: OpId,
        abort: Option<&AbortHandle>,
    ) -> (Option<TransferTotals>, Result<Reply, OperationError>) {
        let mut abort = abort;
        let mut progress = Instant::now() + PROGRESS_EVERY;
        loop {
            if let Some(done) = self.turn(id) {
                self.current = None;
                return done;
            }
            if self.machine.is_finished() {
                self.current = None;
                return (None, Err(OperationError::Closed));
            }
            match self.wait(abort, progress).await {
                Woken::Control => self.fill(),
                Woken::Data(id, event) => self.machine.handle_data(id, event, now()),
                Woken::Deadline => self.time_has_come(),
                Woken::Progress => {
                    progress = Instant::now() + PROGRESS_EVERY;
                    self.tell_progress();
                }
                Woken::Abort => {
                    // It may have ended in this moment; then its end is polled next.
                    let _ = self.machine.abort(id, now());
                    abort = None;
                }
            }
        }
    }

    /// Does everything that can be done without waiting.
    fn turn(&mut self, id: OpId) -> Option<(Option<TransferTotals>, Result<Reply, OperationError>)> {
        let mut done = None;
        loop {
            while let Some(step) = self.machine.poll() {
                match step {
                    Step::Io(action) => self.act(action),
                    Step::App(event) => done = self.hear(event, id).or(done),
                }
            }
            let more = if self.pipe.held() > 0 && self.machine.wants_input() {
                self.fill();
                true
            } else {
                !self.machine.pending_output().is_empty() && self.flush()
            };
            if !more {
                return done;
            }
        }
    }

    fn act(&mut self, action: IoAction) {
        match action {
            IoAction::StartControlTls(_) => self.machine.handle_control(ControlEvent::SecureFailed, now()),
            IoAction::StopControlTls => self.machine.handle_control(ControlEvent::Cleared, now()),
            IoAction::CloseControl => self.control = None,
            IoAction::Listen { id, bind, ports, expect, tls: _ } => {
                self.data.listen(&mut self.event_loop, id, bind, ports, expect);
            }
            IoAction::Connect { id, source, target } => self.data.connect(id, source, target),
            IoAction::StartDataTls { id, role: _ } => self.data.start_tls(id),
            IoAction::StartTransfer { id, transfer: _, plan } => {
                self.data.start(id, &plan, self.local.take());
            }
            // The local end stays here, for another try.
            IoAction::CancelTransfer { transfer: _ } => {}
            IoAction::DropData { id } => self.data.drop_data(id),
        }
    }

    fn hear(
        &self,
        event: ClientEvent,
        wanted: OpId,
    ) -> Option<(Option<TransferTotals>, Result<Reply, OperationError>)> {
        match event {
            ClientEvent::Done { op, totals, result } if op == wanted => return Some((totals, result)),
            ClientEvent::Sent(line) => self.observer.tell(&Event::Sent(line)),
            ClientEvent::Received(reply) => self.observer.tell(&Event::Received(reply)),
            _ => {}
        }
        None
    }

    fn fill(&mut self) {
        let Some(control) = &self.control else { return };
        let filled = self.pipe.fill(&mut self.machine, now(), |room| control.try_read(room));
        self.ended |= filled == Filled::Ended;
    }

    /// Whether all was written: then there may be more to do.
    fn flush(&mut self) -> bool {
        let Some(control) = &self.control else { return false };
        match self.pipe.flush(&mut self.machine, now(), |octets| control.try_write(octets)) {
            Flushed::All => true,
            Flushed::Blocked => false,
            Flushed::Ended => !core::mem::replace(&mut self.ended, true),
        }
    }

    fn time_has_come(&mut self) {
        if self.machine.deadline().is_some_and(|deadline| deadline.why == Timer::TransferStall) {
            self.report_progress();
        }
        self.machine.handle_timeout(now());
    }

    fn report_progress(&mut self) {
        let all: Vec<_> = self.data.progress().collect();
        for (id, octets) in all {
            self.machine.handle_data(id, DataEvent::Progress { octets }, now());
        }
    }

    fn tell_progress(&self) {
        if let Some((_, octets)) = self.data.progress().last() {
            self.observer.tell(&Event::Progress(octets));
        }
    }

    async fn wait(&mut self, abort: Option<&AbortHandle>, progress: Instant) -> Woken {
        let interest = self.interest();
        let deadlines = [self.machine.deadline().map(|deadline| deadline.at), self.data.deadline()];
        let deadline = deadlines.into_iter().flatten().min().and_then(to_tokio);
        let watched = self.observer.is_set() && self.data.progress().next().is_some();
        let Self { machine, control, data, event_loop, .. } = self;
        tokio::select! {
            _ = ready(control.as_ref(), interest) => Woken::Control,
            (id, event) = poll_fn(|cx| {
                event_loop.hear(cx);
                data.poll(event_loop, |id, peer| machine.admit(id, peer, now()))
            }) => Woken::Data(id, event),
            () = until(deadline) => Woken::Deadline,
            () = wish(abort) => Woken::Abort,
            () = sleep_until(progress), if watched => Woken::Progress,
        }
    }

    /// What the control connection is waited for.
    fn interest(&self) -> Option<Interest> {
        let read = !self.ended && self.machine.wants_input();
        match (read, !self.machine.pending_output().is_empty()) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }
}

impl Done {
    fn closed(local: Option<LocalEnd>) -> Self {
        Self { totals: None, result: Err(OperationError::Closed), local }
    }
}

async fn ready(control: Option<&TcpStream>, interest: Option<Interest>) {
    match (control, interest) {
        // An error of the event loop shows again in the read or write that follows.
        (Some(control), Some(interest)) => drop(control.ready(interest).await),
        _ => pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

async fn wish(abort: Option<&AbortHandle>) {
    match abort {
        Some(abort) => abort.wanted().await,
        None => pending().await,
    }
}

fn endpoints_of(control: &TcpStream) -> io::Result<ftp_proto::io::ControlEndpoints> {
    use std::os::fd::AsFd as _;
    let socket = std::net::TcpStream::from(control.as_fd().try_clone_to_owned()?);
    endpoints(&socket)
}
