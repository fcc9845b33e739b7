//! Who a server is: certificates, and which of them a client is shown.

use super::server::provider;
use super::{Fingerprint, TlsError};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;

/// A certificate, with those that it leads to, and its key.
#[derive(Debug, Clone)]
pub struct TlsIdentity(Arc<CertifiedKey>);

impl TlsIdentity {
    /// From files in PEM.
    ///
    /// # Errors
    /// When a file cannot be read, or what is in it cannot be used.
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let file = |path: &Path| {
            let path: Box<Path> = path.into();
            move |why| TlsError::File { path, why }
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificates)
            .and_then(Iterator::collect)
            .map_err(file(certificates))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(certificates.into()));
        }
        Self::new(chain, PrivateKeyDer::from_pem_file(key).map_err(file(key))?)
    }

    /// From what such files hold.
    ///
    /// # Errors
    /// When they cannot be used, or do not fit each other.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(CertifiedKey::from_der(chain, key, &provider())?)))
    }

    /// Of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.0.cert.first().map_or(&[], |first| &first[..]))
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }

    /// Whether it is one for this name.
    fn is_for(&self, name: &ServerName<'_>) -> bool {
        let certificate = self.0.cert.first().map(ParsedCertificate::try_from);
        certificate
            .is_some_and(|certificate| certificate.is_ok_and(|own| verify_server_name(&own, name).is_ok()))
    }
}

/// What becomes of clients that ask for a name that no certificate has (SNI).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignNames {
    /// They are shown the first certificate: for certificates that nobody verifies by the name.
    Welcome,
    /// They are turned away: they want somebody else, or somebody on the way has sent them here (ALPACA).
    Refused,
}

/// Chooses by the name that the client asks for.
#[derive(Debug)]
pub(super) struct Chooser {
    pub(super) identities: Vec<TlsIdentity>,
    pub(super) foreign: ForeignNames,
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let first = || self.identities.first();
        let chosen = match hello.server_name() {
            None => first(),
            Some(name) => {
                let name = ServerName::try_from(name).ok();
                let own =
                    name.and_then(|name| self.identities.iter().find(|identity| identity.is_for(&name)));
                own.or_else(|| first().filter(|_| self.foreign == ForeignNames::Welcome))
            }
        };
        chosen.map(TlsIdentity::key)
    }
}
