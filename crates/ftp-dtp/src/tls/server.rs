//! The server's TLS: its certificates, and for each control connection sessions of its own.

use super::identity::Chooser;
use super::{ClientCertificates, Fingerprint, ForeignNames, TlsIdentity, TlsStream};
use core::sync::atomic::{AtomicU64, Ordering};
use ftp_proto::io::Flow;
use rustls::crypto::CryptoProvider;
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};
use rustls::{ServerConfig, ServerConnection};
use std::path::Path;
use std::sync::Arc;

/// How many TLS 1.2 sessions are kept for clients that do not know tickets.
const SESSIONS: usize = 4096;

/// Tickets that a TLS 1.3 client gets at a time: some clients use each once, and get more on data connections.
const TICKETS: usize = 2;

/// Octets of a control connection's name in its tickets.
const NAME: usize = 8;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: Box<Path>,
        /// What is wrong with it.
        why: rustls::pki_types::pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{}: there is no certificate in it", .0.display())]
    NoCertificate(Box<Path>),
    /// A server needs a certificate.
    #[error("no certificate was given")]
    NoIdentity,
    /// The certificate, the key or the settings cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// What a server shows to its clients, and what its sessions need. Made once; replaced when the certificate changes.
#[derive(Debug)]
pub struct ServerTls {
    base: Arc<ServerConfig>,
    tickets: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
    names: AtomicU64,
    fingerprint: Fingerprint,
}

impl ServerTls {
    /// With these certificates, the first for clients that ask for no name.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(
        identities: Vec<TlsIdentity>,
        foreign: ForeignNames,
        clients: &ClientCertificates,
    ) -> Result<Self, TlsError> {
        let fingerprint = identities.first().ok_or(TlsError::NoIdentity)?.fingerprint();
        let mut base = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients.verifier()?)
            .with_cert_resolver(Arc::new(Chooser { identities, foreign }));
        // RFC 7301, as registered: what speaks another protocol is turned away in the handshake (ALPACA).
        base.alpn_protocols = vec![b"ftp".to_vec()];
        base.send_tls13_tickets = TICKETS;
        Ok(Self {
            base: Arc::new(base),
            tickets: rustls::crypto::aws_lc_rs::Ticketer::new()?,
            sessions: ServerSessionMemoryCache::new(SESSIONS),
            names: AtomicU64::new(1),
            fingerprint,
        })
    }

    /// Of the first certificate.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What one control connection and its data connections use.
    #[must_use]
    pub fn session(&self) -> ServerTlsSession {
        let name = self.names.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        ServerTlsSession {
            base: Arc::clone(&self.base),
            tickets: Arc::new(NamedTickets { inner: Arc::clone(&self.tickets), name }),
            sessions: Arc::clone(&self.sessions),
            name,
        }
    }
}

/// The TLS of one control connection. Its data connections can resume it and no other, so that a resumed handshake shows
/// that both have the same client; this holds for TLS 1.2 and 1.3.
#[derive(Debug)]
pub struct ServerTlsSession {
    pub(super) base: Arc<ServerConfig>,
    tickets: Arc<NamedTickets>,
    sessions: Arc<dyn StoresServerSessions>,
    name: [u8; NAME],
}

impl ServerTlsSession {
    /// For the control connection.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn control(&self) -> Result<TlsStream, TlsError> {
        let config = self.config(true);
        Ok(TlsStream::new(ServerConnection::new(Arc::new(config))?, false))
    }

    /// For a data connection. With `must_resume`, whoever does not resume the control connection's session is turned away
    /// before the handshake's end.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn data(&self, flow: Flow, must_resume: bool) -> Result<TlsStream, TlsError> {
        let mut config = self.config(false);
        config.alpn_protocols = vec![b"ftp-data".to_vec(), b"ftp".to_vec()];
        // A client that uploads does not read: tickets would make its close a reset, which cuts the file.
        config.send_tls13_tickets = if flow == Flow::ToPeer { TICKETS } else { 0 };
        Ok(TlsStream::new(ServerConnection::new(Arc::new(config))?, must_resume))
    }

    fn config(&self, stores: bool) -> ServerConfig {
        let mut config = (*self.base).clone();
        config.ticketer = Arc::clone(&self.tickets) as _;
        config.session_storage =
            Arc::new(NamedSessions { inner: Arc::clone(&self.sessions), name: self.name, stores });
        config
    }
}

/// Tickets that only one control connection gives and takes.
#[derive(Debug)]
struct NamedTickets {
    inner: Arc<dyn ProducesTickets>,
    name: [u8; NAME],
}

impl ProducesTickets for NamedTickets {
    fn enabled(&self) -> bool {
        self.inner.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.inner.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.inner.encrypt(&[plain, &self.name].concat())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let mut plain = self.inner.decrypt(cipher)?;
        let length = plain.strip_suffix(&self.name[..])?.len();
        plain.truncate(length);
        Some(plain)
    }
}

/// Sessions that only one control connection stores and finds.
#[derive(Debug)]
struct NamedSessions {
    inner: Arc<dyn StoresServerSessions>,
    name: [u8; NAME],
    stores: bool,
}

impl NamedSessions {
    fn key(&self, key: &[u8]) -> Vec<u8> {
        [&self.name, key].concat()
    }
}

impl StoresServerSessions for NamedSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.stores && self.inner.put(self.key(&key), value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.get(&self.key(key))
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.take(&self.key(key))
    }

    fn can_cache(&self) -> bool {
        self.stores
    }
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
