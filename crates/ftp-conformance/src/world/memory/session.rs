//! The server side: the machine's questions go to the real backend.

use super::driver::{Application, Driver};
use super::pipe::Connection;
use ftp_backend::{Application as Answers, Backend, Handle};
use ftp_dtp::pump::LocalEnd;
use ftp_proto::data::TransferId;
use ftp_proto::io::ControlEndpoints;
use ftp_proto::server::{ServerConfig, ServerConnection, ServerOutput};
use ftp_proto::time::Instant;
use std::sync::Arc;

pub(super) type Session = Driver<ServerConnection, Answers>;

/// A session of a server with this configuration and backend.
pub(super) fn serve(
    config: Arc<ServerConfig>,
    backend: Arc<dyn Backend>,
    endpoints: ControlEndpoints,
    control: Connection,
    now: Instant,
) -> Session {
    Driver::new(ServerConnection::new(config, endpoints, now), Answers::new(backend, endpoints), control)
}

impl Application<ServerConnection> for Answers {
    fn tell(&mut self, machine: &mut ServerConnection, output: ServerOutput, now: Instant) {
        match output {
            ServerOutput::Ask(ask) => {
                let done = self.prepare(ask).run();
                if let Some(cleanup) = self.finish(done, |decision| machine.decide(decision, now)) {
                    cleanup.run();
                }
            }
            ServerOutput::Withdrawn(ask) => self.withdraw(ask),
            ServerOutput::Notice(notice) => self.notice(&notice),
        }
    }

    fn take(&mut self, transfer: TransferId) -> Option<LocalEnd> {
        self.take_handle(transfer).map(|handle| match handle {
            Handle::Source(source) => LocalEnd::Source(source),
            Handle::Sink(sink) => LocalEnd::Sink(sink),
        })
    }

    fn cancel(&mut self, transfer: TransferId) {
        if let Some(cleanup) = Self::cancel(self, transfer) {
            cleanup.run();
        }
    }
}
