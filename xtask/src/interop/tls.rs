//! The certificate that every server shows under TLS.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A certificate for both loopback addresses, which signs itself: clients take it for an authority, too.
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Both in one file.
    pub(crate) both: PathBuf,
}

impl Identity {
    /// Makes one in `directory`; the one that is there is used again.
    pub(crate) fn make(directory: &Path) -> Result<Self, String> {
        let path = |name: &str| directory.join(name);
        let identity =
            Self { certificate: path("certificate.pem"), key: path("key.pem"), both: path("both.pem") };
        if !identity.both.exists() {
            identity.write().map_err(|error| format!("cannot make a certificate: {error}"))?;
        }
        Ok(identity)
    }

    fn write(&self) -> std::io::Result<()> {
        let names = ["127.0.0.1", "::1", "localhost"].map(str::to_owned);
        let own = rcgen::generate_simple_self_signed(names).map_err(std::io::Error::other)?;
        let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        for (path, text) in [
            (&self.certificate, certificate.clone()),
            (&self.key, key.clone()),
            (&self.both, format!("{key}{certificate}")),
        ] {
            std::fs::write(path, text)?;
            // Some servers insist on that.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        }
        // Clients may be anybody.
        std::fs::set_permissions(&self.certificate, std::fs::Permissions::from_mode(0o644))
    }
}
