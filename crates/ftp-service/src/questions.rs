//! The application's side of a session: questions on their way to an answer.

use core::task::Poll;
use ftp_backend::{Application, Cleanup, Done};
use ftp_dtp::event_loop::EventLoop;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::data::TransferId;
use ftp_proto::server::{Ask, AskId, Decision, Notice, Outcome};

/// Runs the questions of one session where they may block.
#[derive(Debug)]
pub(super) struct Questions<L: EventLoop> {
    application: Application,
    running: Vec<L::Job<Done>>,
    /// What was answered at once; apart, so that an idle session is small.
    answered: Option<Box<Done>>,
}

impl<L: EventLoop> Questions<L> {
    pub(super) const fn new(application: Application) -> Self {
        Self { application, running: Vec::new(), answered: None }
    }

    /// Whether nothing is on its way.
    pub(super) const fn is_idle(&self) -> bool {
        self.running.is_empty() && self.answered.is_none()
    }

    pub(super) fn ask(&mut self, event_loop: &mut L, ask: Ask) {
        let work = self.application.prepare(ask);
        match if self.answered.is_none() { work.at_once() } else { Err(work) } {
            Ok(done) => self.answered = Some(Box::new(done)),
            Err(work) => self.running.push(event_loop.run(move || work.run())),
        }
    }

    pub(super) fn withdraw(&mut self, ask: AskId) {
        self.application.withdraw(ask);
    }

    pub(super) fn notice(&mut self, notice: &Notice) {
        self.application.notice(notice);
    }

    /// What the application opened for this transfer.
    pub(super) fn take_handle(&mut self, transfer: TransferId) -> Option<LocalEnd> {
        Some(match self.application.take_handle(transfer)? {
            ftp_backend::Handle::Source(source) => LocalEnd::Source(source),
            ftp_backend::Handle::Sink(sink) => LocalEnd::Sink(sink),
        })
    }

    pub(super) fn cancel(&mut self, event_loop: &mut L, transfer: TransferId) {
        clean_up(event_loop, self.application.cancel(transfer));
    }

    /// The next answer, which `decide` gives to the machine. Ready also when a question was lost.
    pub(super) fn poll(&mut self, event_loop: &mut L, decide: impl FnOnce(Decision) -> Outcome) -> Poll<()> {
        if let Some(done) = self.answered.take() {
            let cleanup = self.application.finish(*done, decide);
            clean_up(event_loop, cleanup);
            return Poll::Ready(());
        }
        let mut running = self.running.iter_mut().enumerate();
        let Some((index, result)) = running.find_map(|(index, work)| match event_loop.poll_job(work) {
            Poll::Ready(result) => Some((index, result)),
            Poll::Pending => None,
        }) else {
            return Poll::Pending;
        };
        drop(self.running.swap_remove(index));
        if self.running.is_empty() {
            // An idle session holds no memory for questions.
            self.running = Vec::new();
        }
        match result {
            Ok(done) => {
                let cleanup = self.application.finish(done, decide);
                clean_up(event_loop, cleanup);
            }
            // The core's timer for decisions ends the wait.
            Err(_lost) => tracing::error!("the application failed to answer a question"),
        }
        Poll::Ready(())
    }
}

/// Freeing may block too; nobody waits for it.
fn clean_up(event_loop: &mut impl EventLoop, cleanup: Option<Cleanup>) {
    if let Some(cleanup) = cleanup {
        drop(event_loop.run(move || cleanup.run()));
    }
}
