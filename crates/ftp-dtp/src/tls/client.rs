//! The client's TLS: whom it believes, and for each control connection sessions of its own.

use super::server::provider;
use super::sessions::Sessions;
use super::{Authorities, Fingerprint, TlsError, TlsIdentity, TlsStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const OTHER_CERTIFICATE: &str = "the data connection shows another certificate than the control connection";
const NOT_PINNED: &str = "the server shows another certificate than the one that it is known by";

/// Whom a client believes. The default is whom the system believes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Who has a certificate for the server's name from one of the system's authorities.
    #[default]
    System,
    /// Likewise, from one of the authorities in this PEM file.
    Authorities(PathBuf),
    /// Who has this very certificate, whoever made it.
    Pinned(Vec<Fingerprint>),
    /// Anybody. Whoever is on the way can read and change everything.
    Anybody,
}

/// The newest version that is spoken. Older ones than TLS 1.2 are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersion {
    /// TLS 1.2: some servers give no tickets for data connections under TLS 1.3.
    V12,
    /// TLS 1.3.
    #[default]
    V13,
}

/// What a client needs for TLS with one server. Each control connection has a [`ClientTlsSession`].
#[derive(Debug, Clone)]
pub struct ClientTls {
    name: ServerName<'static>,
    provider: Arc<CryptoProvider>,
    judge: Judge,
    newest: TlsVersion,
    own: Option<TlsIdentity>,
}

#[derive(Debug, Clone)]
enum Judge {
    Authorities(Arc<WebPkiServerVerifier>),
    Pins(Arc<[Fingerprint]>),
    Nobody,
}

impl ClientTls {
    /// For the server that is called `host`: a name, or an address.
    ///
    /// # Errors
    /// When there is no such name, or the authorities cannot be read.
    pub fn new(host: &str, trust: &Trust) -> Result<Self, TlsError> {
        // The zone of a link-local address is this machine's.
        let host = host.split('%').next().unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TlsError::Setup(Error::General(format!("{host:?} is no name for a server"))))?;
        let provider = provider();
        let judge = match trust {
            Trust::System => Judge::authorities(Authorities::of_system(), &provider)?,
            Trust::Authorities(path) => Judge::authorities(Authorities::from_file(path)?, &provider)?,
            Trust::Pinned(pins) => Judge::Pins(pins.clone().into()),
            Trust::Anybody => Judge::Nobody,
        };
        Ok(Self { name, provider, judge, newest: TlsVersion::default(), own: None })
    }

    /// No newer version than this one is spoken.
    #[must_use]
    pub fn at_most(self, newest: TlsVersion) -> Self {
        Self { newest, ..self }
    }

    /// Servers that ask for a certificate are shown this one.
    #[must_use]
    pub fn showing(self, own: TlsIdentity) -> Self {
        Self { own: Some(own), ..self }
    }

    /// What one control connection and its data connections use.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn session(&self) -> Result<ClientTlsSession, TlsError> {
        let verifier = Arc::new(Verifier {
            judge: self.judge.clone(),
            provider: Arc::clone(&self.provider),
            seen: Mutex::default(),
        });
        let versions: &[_] = match self.newest {
            TlsVersion::V12 => &[&rustls::version::TLS12],
            TlsVersion::V13 => rustls::DEFAULT_VERSIONS,
        };
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let mut config = match &self.own {
            Some(own) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own.key()))),
            None => config.with_no_client_auth(),
        };
        let sessions = Arc::new(Sessions::default());
        config.resumption = Resumption::store(Arc::clone(&sessions) as _);
        Ok(ClientTlsSession { config: Arc::new(config), name: self.name.clone(), verifier, sessions })
    }
}

/// The TLS of one control connection: its data connections resume its sessions, and have the same server.
#[derive(Debug, Clone)]
pub struct ClientTlsSession {
    pub(super) config: Arc<ClientConfig>,
    name: ServerName<'static>,
    pub(super) verifier: Arc<Verifier>,
    sessions: Arc<Sessions>,
}

impl ClientTlsSession {
    /// For the control connection, or for a data connection of it.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn stream(&self) -> Result<TlsStream, TlsError> {
        let connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        Ok(TlsStream::new(connection, false))
    }

    /// Tickets of TLS 1.3 that data connections can still use, each once. Some servers give none on uploads; when there are
    /// none left, a new control connection has new ones.
    #[must_use]
    pub fn tickets(&self) -> usize {
        self.sessions.tickets()
    }

    /// The server's certificate, once it was believed.
    #[must_use]
    pub fn believed(&self) -> Option<Fingerprint> {
        self.verifier.seen().believed.as_ref().map(|certificate| Fingerprint::of(certificate))
    }

    /// The certificate that was not believed.
    #[must_use]
    pub fn rejected(&self) -> Option<Fingerprint> {
        self.verifier.seen().rejected
    }
}

impl Judge {
    fn authorities(authorities: Authorities, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        if authorities.0.is_empty() {
            let why = "this system has no certificate authorities; name some, or the certificate itself";
            return Err(TlsError::Setup(Error::General(why.to_owned())));
        }
        WebPkiServerVerifier::builder_with_provider(authorities.0, Arc::clone(provider))
            .build()
            .map(Self::Authorities)
            .map_err(|error| TlsError::Setup(Error::General(error.to_string())))
    }
}

/// Judges the control connection's certificate; data connections must show the same one.
#[derive(Debug)]
pub(super) struct Verifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The control connection's.
    believed: Option<CertificateDer<'static>>,
    rejected: Option<Fingerprint>,
}

impl Verifier {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut seen = self.seen();
        let verdict = match (&seen.believed, &self.judge) {
            (Some(believed), _) if believed == certificate => Ok(ServerCertVerified::assertion()),
            (Some(_), _) => Err(Error::General(OTHER_CERTIFICATE.to_owned())),
            (None, Judge::Authorities(authorities)) => {
                authorities.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            (None, Judge::Pins(pins)) if !pins.contains(&Fingerprint::of(certificate)) => {
                Err(Error::General(NOT_PINNED.to_owned()))
            }
            (None, Judge::Pins(_) | Judge::Nobody) => Ok(ServerCertVerified::assertion()),
        };
        match verdict {
            Ok(_) => seen.believed = Some(certificate.clone().into_owned()),
            Err(_) => seen.rejected = Some(Fingerprint::of(certificate)),
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
