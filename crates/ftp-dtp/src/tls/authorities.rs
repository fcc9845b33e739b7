//! Who vouches for certificates, and which clients must have one.

use super::TlsError;
use super::server::provider;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::path::Path;
use std::sync::Arc;

/// Certificates that vouch for others.
#[derive(Debug, Clone)]
pub struct Authorities(pub(super) Arc<RootCertStore>);

impl Authorities {
    /// From a file in PEM.
    ///
    /// # Errors
    /// When it cannot be read, or has none.
    pub fn from_file(path: &Path) -> Result<Self, TlsError> {
        let file = |why| TlsError::File { path: path.into(), why };
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(file)? {
            store.add(certificate.map_err(file)?)?;
        }
        if store.is_empty() {
            return Err(TlsError::NoCertificate(path.into()));
        }
        Ok(Self(Arc::new(store)))
    }

    /// Those of this system; none, where it has none.
    #[must_use]
    pub(super) fn of_system() -> Self {
        let mut store = RootCertStore::empty();
        // A system's store may hold what rustls does not understand; what it does is enough, or the error says so.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self(Arc::new(store))
    }
}

/// Whether a server asks its clients for a certificate. Who logs in by it is the backend's to say.
#[derive(Debug, Clone, Default)]
pub enum ClientCertificates {
    /// Nobody is asked.
    #[default]
    NotAsked,
    /// Who shows one must have it from one of these.
    Optional(Authorities),
    /// Who has none from one of these is turned away in the handshake.
    Required(Authorities),
}

impl ClientCertificates {
    pub(super) fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let from = |authorities: &Authorities| {
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&authorities.0), provider())
        };
        let builder = match self {
            Self::NotAsked => return Ok(WebPkiClientVerifier::no_client_auth()),
            Self::Optional(authorities) => from(authorities).allow_unauthenticated(),
            Self::Required(authorities) => from(authorities),
        };
        builder.build().map_err(|error| TlsError::Setup(rustls::Error::General(error.to_string())))
    }
}
