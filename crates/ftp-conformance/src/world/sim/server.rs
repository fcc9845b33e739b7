//! The server side: the machine's questions go to the real backend.

use super::driver::{Application, Driver};
use core::net::SocketAddr;
use ftp_backend::{Application as Answers, Backend, Handle};
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::tls::{ServerTls, ServerTlsSession, TlsStream};
use ftp_proto::data::{FailureId, TransferId};
use ftp_proto::io::{ControlEndpoints, Flow};
use ftp_proto::server::{Notice, ServerConfig, ServerConnection, ServerOutput};
use ftp_proto::time::Instant;
use ftp_sim::{Actor, Host, ListenerId};
use std::sync::Arc;

/// A server on a simulated host.
pub struct ServerActor {
    config: Arc<ServerConfig>,
    backend: Arc<dyn Backend>,
    tls: Option<Arc<ServerTls>>,
    /// Where to listen, until it does.
    addresses: Vec<SocketAddr>,
    listeners: Vec<ListenerId>,
    sessions: Vec<Driver<ServerConnection, Session>>,
    failures: Vec<FailureId>,
}

impl core::fmt::Debug for ServerActor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ServerActor").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

struct Session {
    answers: Answers,
    tls: Option<ServerTlsSession>,
    /// What went wrong with data connections, not yet told to the server.
    failures: Vec<FailureId>,
}

impl ServerActor {
    /// A server that will listen there.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, backend: Arc<dyn Backend>, addresses: &[SocketAddr]) -> Self {
        Self {
            config,
            backend,
            tls: None,
            addresses: addresses.to_vec(),
            listeners: Vec::new(),
            sessions: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// With TLS, if the configuration says so, too.
    #[must_use]
    pub fn with_tls(self, tls: Arc<ServerTls>) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// The data connections that could not be had, the oldest first.
    #[must_use]
    pub fn failures(&self) -> &[FailureId] {
        &self.failures
    }

    /// How many sessions there are.
    #[must_use]
    pub const fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn listen(&mut self, host: &mut Host<'_>) {
        for address in self.addresses.drain(..) {
            match host.listen(address, 16) {
                Ok(listener) => self.listeners.push(listener),
                Err(error) => host.note(format_args!("cannot listen on {address}: {error}")),
            }
        }
    }

    fn accept(&mut self, host: &mut Host<'_>) -> bool {
        let mut accepted = false;
        for &listener in &self.listeners {
            while let Some(control) = host.accept(listener) {
                accepted = true;
                let Some((local, peer)) = host.endpoints(control) else { continue };
                let endpoints = ControlEndpoints { local, peer, dialled: None };
                let machine = ServerConnection::new(Arc::clone(&self.config), endpoints, host.now());
                let answers = Answers::new(Arc::clone(&self.backend), endpoints);
                let session = Session {
                    answers,
                    tls: self.tls.as_ref().map(|tls| tls.session()),
                    failures: Vec::new(),
                };
                self.sessions.push(Driver::new(machine, session, control));
            }
        }
        accepted
    }
}

impl Actor for ServerActor {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        self.listen(host);
        let mut moved = self.accept(host);
        for session in &mut self.sessions {
            moved |= session.step(host);
            for failure in session.application.failures.drain(..) {
                host.note(failure);
                self.failures.push(failure);
            }
        }
        self.sessions.retain(|session| !session.is_finished());
        moved
    }

    fn deadline(&self) -> Option<Instant> {
        self.sessions.iter().filter_map(Driver::deadline).min()
    }
}

impl Application<ServerConnection> for Session {
    fn tell(&mut self, machine: &mut ServerConnection, output: ServerOutput, now: Instant) {
        match output {
            ServerOutput::Ask(ask) => {
                let done = self.answers.prepare(ask).run();
                if let Some(cleanup) = self.answers.finish(done, |decision| machine.decide(decision, now)) {
                    cleanup.run();
                }
            }
            ServerOutput::Withdrawn(ask) => self.answers.withdraw(ask),
            ServerOutput::Notice(notice) => {
                if let Notice::DataFailed { named, .. } = notice {
                    self.failures.push(named);
                }
                self.answers.notice(&notice);
            }
        }
    }

    fn take(&mut self, transfer: TransferId) -> Option<LocalEnd> {
        self.answers.take_handle(transfer).map(|handle| match handle {
            Handle::Source(source) => LocalEnd::Source(source),
            Handle::Sink(sink) => LocalEnd::Sink(sink),
        })
    }

    fn control_tls(&mut self) -> Option<TlsStream> {
        self.tls.as_ref()?.control().ok()
    }

    fn data_tls(&mut self, flow: Flow, must_resume: bool) -> Option<TlsStream> {
        self.tls.as_ref()?.data(flow, must_resume).ok()
    }

    fn cancel(&mut self, transfer: TransferId) {
        if let Some(cleanup) = self.answers.cancel(transfer) {
            cleanup.run();
        }
    }
}
