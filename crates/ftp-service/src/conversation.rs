//! One conversation: a control connection with its machine, its data connections and its questions.
//!
//! Everything that it waits for stands in one struct, so that an idle session is small, and nothing is shared, so that
//! nothing is locked.

use crate::log::Log;
use crate::questions::Questions;
use crate::server::Recorder;
use crate::session::Arrived;
use crate::shared::{Service, Signals};
use core::task::Poll;
use core::time::Duration;
use ftp_backend::Application;
use ftp_backend::limits::SessionPermit;
use ftp_dtp::control::ControlSocket;
use ftp_dtp::data::DataConnections;
use ftp_dtp::event_loop::EventLoop;
use ftp_dtp::tls::{ServerTlsSession, TlsError, TlsStream};
use ftp_proto::data::DataEvent;
use ftp_proto::io::{ControlMachine as _, IoAction, Step, Timer};
use ftp_proto::server::transcript::{Line, Recording};
use ftp_proto::server::{ServerOutput, ShutDown};
use ftp_proto::time::Instant;
use std::io;
use std::sync::Arc;

/// How often a session moves on before others get their turn.
const STEPS_A_TURN: usize = 16;

/// One session in an event loop `L`.
#[derive(Debug)]
pub(crate) struct Conversation<L: EventLoop> {
    machine: Recording,
    control: ControlSocket<L>,
    data: DataConnections<L>,
    questions: Questions<L>,
    /// Taken when it is first needed, and kept: data connections resume the control connection's session.
    tls: Option<ServerTlsSession>,
    service: Arc<Service>,
    number: u64,
    recorder: Option<Arc<dyn Recorder>>,
    /// Up to where it has heard what the service says.
    heard: u64,
    /// How long a closed control connection waits for the peer.
    linger: Duration,
    patience: Patience,
    log: Log,
    /// Its place among the sessions, or among the peers that are turned away.
    _permit: SessionPermit,
}

/// How long the end of the session is waited for.
#[derive(Debug, Clone, Copy)]
enum Patience {
    Endless,
    /// The server drains: then the transfer is cut.
    ForTransfer(Instant),
    /// Everything was cut: then nobody waits for storage that does not answer.
    ForStorage(Instant),
    Over,
}

impl Patience {
    const fn ends_at(self) -> Option<Instant> {
        match self {
            Self::ForTransfer(at) | Self::ForStorage(at) => Some(at),
            Self::Endless | Self::Over => None,
        }
    }
}

/// Something that a session may wait for. True when the machine was told something.
type Advance<L> = fn(&mut Conversation<L>, &mut L) -> bool;

impl<L: EventLoop> Conversation<L> {
    /// In this order: a control connection that is gone is seen before the end of an upload. A client that is killed closes
    /// both at once, and half a file must not pose as whole. Replies are sent last: those of a transfer that is over by then go
    /// out together.
    const ADVANCES: [Advance<L>; 7] = [
        Self::hear_signals,
        Self::fill,
        Self::move_data,
        Self::answer,
        Self::time,
        Self::flush,
        Self::finish_closing,
    ];

    /// Begins: its first turn is due at once.
    ///
    /// # Errors
    /// When it is one of too many that are turned away.
    pub(crate) fn open(event_loop: &L, arrived: Arrived<L>) -> io::Result<Self> {
        let Arrived { service, control, endpoints, own_address, implicit_tls } = arrived;
        let number = service.next_session();
        let log = Log::new(number, endpoints);
        let recorder = service.recorder();
        let config = if implicit_tls { &service.implicit } else { &service.config };
        let mut machine = Recording::new(Arc::clone(config), endpoints, event_loop.now(), recorder.is_some());
        let (permit, linger) = match service.sessions.admit(endpoints.peer.ip()) {
            Ok(permit) => (permit, service.config.timeouts.linger),
            Err(why) => {
                log.session().in_scope(|| tracing::warn!(%why, "turned away"));
                machine.turn_away(event_loop.now());
                (service.turned_away.admit(endpoints.peer.ip()).map_err(io::Error::other)?, Duration::ZERO)
            }
        };
        let application = Application::new(Arc::clone(&service.backend), endpoints);
        Ok(Self {
            machine,
            control,
            data: DataConnections::new(service.resources.clone(), own_address, endpoints.peer.ip()),
            questions: Questions::new(application),
            tls: None,
            service,
            number,
            recorder,
            heard: 0,
            linger,
            patience: Patience::Endless,
            log,
            _permit: permit,
        })
    }

    /// Does what can be done now. Ready when the session is over.
    pub(crate) fn turn(&mut self, event_loop: &mut L) -> Poll<()> {
        let span = self.log.session();
        let _inside = span.enter();
        let over = self.steps(event_loop);
        self.record();
        over
    }

    fn steps(&mut self, event_loop: &mut L) -> Poll<()> {
        for _ in 0..STEPS_A_TURN {
            self.carry_out(event_loop);
            if self.is_over() {
                return Poll::Ready(());
            }
            if !self.advance(event_loop) {
                return Poll::Pending;
            }
        }
        event_loop.again();
        Poll::Pending
    }

    fn is_over(&self) -> bool {
        matches!(self.patience, Patience::Over)
            || self.machine.is_finished() && self.control.is_closed() && self.questions.is_idle()
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
                Step::App(ServerOutput::Ask(ask)) => self.questions.ask(event_loop, ask),
                Step::App(ServerOutput::Withdrawn(ask)) => self.questions.withdraw(ask),
                Step::App(ServerOutput::Notice(notice)) => {
                    self.log.log(&notice);
                    if let Some(watcher) = &self.service.watcher {
                        watcher.notice(&notice);
                    }
                    self.questions.notice(&notice);
                }
            }
        }
    }

    fn act(&mut self, event_loop: &mut L, action: IoAction) {
        match action {
            IoAction::StartControlTls(_) => {
                self.tls = self.service.tls();
                let tls = self.tls.as_ref().and_then(|tls| usable(tls.control()));
                self.control.start_tls(tls);
            }
            IoAction::StopControlTls => self.control.stop_tls(event_loop.now()),
            IoAction::CloseControl => self.control.close(event_loop, event_loop.now() + self.linger),
            IoAction::Listen { id, bind, ports, expect, tls: _ } => {
                self.data.listen(event_loop, id, bind, ports, expect);
            }
            IoAction::Connect { id, source, target } => self.data.connect(id, source, target),
            IoAction::StartDataTls { id, role: _, flow, must_resume } => {
                let tls = self.tls.as_ref().and_then(|tls| usable(tls.data(flow, must_resume)));
                self.data.start_tls(id, tls);
            }
            IoAction::StartTransfer { id, transfer, plan } => {
                self.data.start(id, &plan, self.questions.take_handle(transfer));
            }
            IoAction::CancelTransfer { transfer } => self.questions.cancel(event_loop, transfer),
            IoAction::DropData { id } => self.data.drop_data(id),
        }
    }

    fn flush(&mut self, event_loop: &mut L) -> bool {
        self.control.flush(event_loop, &mut self.machine)
    }

    fn fill(&mut self, event_loop: &mut L) -> bool {
        let moved = self.control.fill(event_loop, &mut self.machine);
        if let Some(why) = self.control.tls_failure().filter(|_| moved) {
            tracing::warn!(why, "the TLS handshake failed");
        }
        moved
    }

    fn move_data(&mut self, event_loop: &mut L) -> bool {
        let (machine, now) = (&mut self.machine, event_loop.now());
        match self.data.poll(event_loop, |id, peer| machine.admit(id, peer, now)) {
            Poll::Ready((id, event)) => {
                machine.handle_data(id, event, now);
                true
            }
            // A stranger who was refused is a notice.
            Poll::Pending => {
                self.carry_out(event_loop);
                false
            }
        }
    }

    fn answer(&mut self, event_loop: &mut L) -> bool {
        let (machine, now) = (&mut self.machine, event_loop.now());
        self.questions.poll(event_loop, |decision| machine.decide(decision, now)).is_ready()
    }

    fn time(&mut self, event_loop: &mut L) -> bool {
        let deadline = self.machine.deadline();
        let machine_at = deadline.map(|deadline| deadline.at);
        let all = [machine_at, self.patience.ends_at(), self.control.deadline(), self.data.deadline()];
        let Some(first) = all.into_iter().flatten().min() else { return false };
        if !event_loop.poll_until(first) {
            return false;
        }
        let now = event_loop.now();
        if self.patience.ends_at().is_some_and(|at| at <= now) {
            self.lose_patience(now);
        }
        if let Some(deadline) = deadline.filter(|deadline| deadline.at <= now) {
            if deadline.why == Timer::TransferStall {
                self.report_progress(now);
            }
            self.machine.handle_timeout(now);
        }
        // The control and the data connections see for themselves, in their own steps.
        true
    }

    fn lose_patience(&mut self, now: Instant) {
        match self.patience {
            Patience::ForTransfer(_) => self.hurry(now),
            Patience::Endless | Patience::ForStorage(_) | Patience::Over => self.patience = Patience::Over,
        }
    }

    /// The end, now: neither transfers nor peers are waited for.
    fn hurry(&mut self, now: Instant) {
        if !matches!(self.patience, Patience::ForStorage(_)) {
            self.patience = Patience::ForStorage(now + self.service.config.timeouts.linger);
        }
        self.linger = Duration::ZERO;
        self.control.close_earlier(now);
        self.machine.shut_down(ShutDown::Now, now);
    }

    /// A transfer that moves has not stalled; how far it is is told when it matters.
    fn report_progress(&mut self, now: Instant) {
        for (id, octets) in self.data.progress() {
            self.machine.handle_data(id, DataEvent::Progress { octets }, now);
        }
    }

    fn hear_signals(&mut self, event_loop: &mut L) -> bool {
        let Some(Signals { stop, data_policy, .. }) = self.service.news(&mut self.heard) else {
            return false;
        };
        self.machine.set_data_policy(data_policy);
        let now = event_loop.now();
        match stop {
            Some(ShutDown::Now) => self.hurry(now),
            Some(ShutDown::AfterTransfer) => {
                if matches!(self.patience, Patience::Endless) {
                    self.patience = Patience::ForTransfer(now + self.service.drain);
                }
                self.machine.shut_down(ShutDown::AfterTransfer, now);
            }
            None => {}
        }
        true
    }

    fn finish_closing(&mut self, event_loop: &mut L) -> bool {
        self.control.poll_closed(event_loop)
    }

    /// What was noted since the last turn goes to who wants it.
    fn record(&mut self) {
        if let Some(recorder) = &self.recorder {
            while let Some(entry) = self.machine.next_entry() {
                recorder.record(Line { session: self.number, entry });
            }
        }
    }
}

/// What cannot be made is a failed handshake to the machine; here it is told why.
fn usable(tls: Result<TlsStream, TlsError>) -> Option<TlsStream> {
    tls.inspect_err(|error| tracing::error!(%error, "no TLS")).ok()
}

impl<L: EventLoop> Drop for Conversation<L> {
    fn drop(&mut self) {
        self.machine.finish();
        self.record();
    }
}
