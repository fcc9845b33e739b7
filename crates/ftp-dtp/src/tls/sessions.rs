//! The TLS sessions of one control connection, for its data connections.

use core::sync::atomic::{AtomicUsize, Ordering};
use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;

/// Servers and tickets that are kept; the server is one.
const KEPT: usize = 8;

/// Sessions with one server, and how many tickets of TLS 1.3 there are: each is used once.
#[derive(Debug)]
pub(super) struct Sessions {
    kept: ClientSessionMemoryCache,
    tickets: AtomicUsize,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { kept: ClientSessionMemoryCache::new(KEPT), tickets: AtomicUsize::new(0) }
    }
}

impl Sessions {
    /// Tickets of TLS 1.3 that were not used yet.
    pub(super) fn tickets(&self) -> usize {
        self.tickets.load(Ordering::Relaxed)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.kept.set_tls12_session(server, session);
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.kept.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.tickets.fetch_add(1, Ordering::Relaxed);
        self.kept.insert_tls13_ticket(server, ticket);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let ticket = self.kept.take_tls13_ticket(server);
        // Some are thrown away when there are too many: what is counted is right when there is none.
        let left = |tickets: usize| Some(if ticket.is_some() { tickets.saturating_sub(1) } else { 0 });
        let _ = self.tickets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        ticket
    }
}
