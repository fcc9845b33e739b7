//! One session: the task that owns a control connection, its machine, its data connections and its questions.
//!
//! It is a future written by hand. Everything it waits for stands in one struct, so that an idle session is small, and
//! nothing is shared, so that nothing is locked.

use super::control::Control;
use super::log::log;
use super::questions::Questions;
use super::signals::{Signals, Subscription};
use crate::clock;
use crate::data::DataConnections;
use crate::timer::Alarm;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use ftp_backend::limits::SessionPermit;
use ftp_proto::data::DataEvent;
use ftp_proto::io::{ControlEvent, ControlMachine as _, IoAction, Step, Timer};
use ftp_proto::server::{ServerConnection, ServerOutput};
use tokio::time::sleep;
use tracing::Span;

/// How often a session moves on before others get their turn.
const TURNS: usize = 16;

/// One session. Ready when it is over.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) machine: ServerConnection,
    pub(super) control: Control,
    pub(super) data: DataConnections,
    pub(super) questions: Questions,
    pub(super) alarm: Alarm,
    pub(super) signals: Subscription,
    /// How long a closed control connection waits for the peer.
    pub(super) linger: Duration,
    pub(super) span: Span,
    /// Its place among the sessions; a peer that is turned away has none.
    pub(super) _permit: Option<SessionPermit>,
}

/// Something that a session may wait for. True when the machine was told something.
type Advance = fn(&mut Session, &mut Context<'_>) -> bool;

/// In this order, so that what came is answered before more is asked for.
const ADVANCES: [Advance; 7] = [
    Session::flush,
    Session::move_data,
    Session::answer,
    Session::fill,
    Session::time,
    Session::hear_signals,
    Session::finish_closing,
];

impl Future for Session {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let session = &mut *self;
        for _ in 0..TURNS {
            session.carry_out();
            if session.is_over() {
                return Poll::Ready(());
            }
            if !session.advance(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Session {
    fn is_over(&self) -> bool {
        self.machine.is_finished() && self.control.is_closed() && self.questions.is_idle()
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        for advance in ADVANCES {
            if advance(self, cx) {
                self.carry_out();
                moved = true;
            }
        }
        moved
    }

    /// Does what the machine says until it says nothing more.
    fn carry_out(&mut self) {
        while let Some(step) = self.machine.poll() {
            match step {
                Step::Io(action) => self.act(action),
                Step::App(ServerOutput::Ask(ask)) => self.questions.ask(ask),
                Step::App(ServerOutput::Withdrawn(ask)) => self.questions.withdraw(ask),
                Step::App(ServerOutput::Notice(notice)) => {
                    log(&self.span, &notice);
                    self.questions.notice(&notice);
                }
            }
        }
    }

    fn act(&mut self, action: IoAction) {
        match action {
            // There is no TLS here yet, and the configuration is refused that would ask for it: see `Server::bind`.
            IoAction::StartControlTls(_) => self.tell(ControlEvent::SecureFailed),
            IoAction::StopControlTls => self.tell(ControlEvent::Cleared),
            IoAction::CloseControl => self.control.close(sleep(self.linger)),
            IoAction::Listen { id, bind, ports, expect, tls: _ } => self.data.listen(id, bind, ports, expect),
            IoAction::Connect { id, source, target } => self.data.connect(id, source, target),
            IoAction::StartDataTls { id, role: _ } => self.data.start_tls(id),
            IoAction::StartTransfer { id, transfer, plan } => {
                self.data.start(id, &plan, self.questions.take_handle(transfer));
            }
            IoAction::CancelTransfer { transfer } => self.questions.cancel(transfer),
            IoAction::DropData { id } => self.data.drop_data(id),
        }
    }

    fn tell(&mut self, event: ControlEvent) {
        self.machine.handle_control(event, clock::now());
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        self.control.flush(cx, &mut self.machine, clock::now())
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        self.control.fill(cx, &mut self.machine, clock::now())
    }

    fn move_data(&mut self, cx: &mut Context<'_>) -> bool {
        let machine = &mut self.machine;
        match self.data.poll(cx, |id, peer| machine.admit(id, peer, clock::now())) {
            Poll::Ready((id, event)) => {
                machine.handle_data(id, event, clock::now());
                true
            }
            // A stranger who was refused is a notice.
            Poll::Pending => {
                self.carry_out();
                false
            }
        }
    }

    fn answer(&mut self, cx: &mut Context<'_>) -> bool {
        let machine = &mut self.machine;
        self.questions.poll(cx, |decision| machine.decide(decision, clock::now())).is_ready()
    }

    fn time(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.machine.deadline() else { return false };
        if !self.alarm.poll(cx, deadline.at) {
            return false;
        }
        if deadline.why == Timer::TransferStall {
            self.report_progress();
        }
        self.machine.handle_timeout(clock::now());
        true
    }

    /// A transfer that moves has not stalled; how far it is is told when it matters.
    fn report_progress(&mut self) {
        for (id, octets) in self.data.progress() {
            self.machine.handle_data(id, DataEvent::Progress { octets }, clock::now());
        }
    }

    fn hear_signals(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(Signals { stop, data_policy }) = self.signals.poll(cx) else { return false };
        self.machine.set_data_policy(data_policy);
        if let Some(how) = stop {
            self.machine.shut_down(how, clock::now());
        }
        true
    }

    fn finish_closing(&mut self, cx: &mut Context<'_>) -> bool {
        self.control.poll_closed(cx)
    }
}
