//! The application's side of a session: questions on their way to an answer.

use crate::blocking::{Blocking, BlockingPool};
use core::pin::Pin;
use core::task::{Context, Poll};
use ftp_backend::{Application, Cleanup, Done};
use ftp_dtp::pump::LocalEnd;
use ftp_proto::data::TransferId;
use ftp_proto::server::{Ask, AskId, Decision, Notice, Outcome};

/// Runs the questions of one session where they may block.
#[derive(Debug)]
pub(super) struct Questions {
    application: Application,
    running: Vec<Blocking<Done>>,
    blocking: BlockingPool,
}

impl Questions {
    pub(super) const fn new(application: Application, blocking: BlockingPool) -> Self {
        Self { application, running: Vec::new(), blocking }
    }

    /// Whether nothing is on its way.
    pub(super) const fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        let work = self.application.prepare(ask);
        self.running.push(self.blocking.run(move || work.run()));
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

    pub(super) fn cancel(&mut self, transfer: TransferId) {
        let cleanup = self.application.cancel(transfer);
        self.clean_up(cleanup);
    }

    /// The next answer, which `decide` gives to the machine. Ready also when a question was lost.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        decide: impl FnOnce(Decision) -> Outcome,
    ) -> Poll<()> {
        let mut running = self.running.iter_mut().enumerate();
        let Some((index, result)) = running.find_map(|(index, work)| match Pin::new(work).poll(cx) {
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
                self.clean_up(cleanup);
            }
            // The core's timer for decisions ends the wait.
            Err(error) => tracing::error!(%error, "the application failed to answer a question"),
        }
        Poll::Ready(())
    }

    /// Freeing may block too; nobody waits for it.
    fn clean_up(&self, cleanup: Option<Cleanup>) {
        if let Some(cleanup) = cleanup {
            drop(self.blocking.run(move || cleanup.run()));
        }
    }
}
