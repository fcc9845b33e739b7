//! The certificate: from files that are read again when they change, or one of our own making.

use crate::Failure;
use crate::config::{ClientCertificate, TlsMode, TlsSettings};
use core::fmt;
use core::time::Duration;
use ftp_dtp::tls::{Authorities, ClientCertificates, ForeignNames, ServerTls, TlsError, TlsIdentity};
use ftp_service::ServerHandle;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Certificate and key of our own making, in one file.
const OWN_FILE: &str = "self-signed.pem";

/// Who the server is under TLS.
pub(crate) struct Identity {
    tls: Arc<ServerTls>,
    source: Source,
    changed: Changed,
    /// Why our own certificate is new at each start.
    not_kept: Option<String>,
}

/// What TLS is read from, and read again.
struct Source {
    /// Certificates and their keys; none, when the certificate is for this run.
    files: Vec<(PathBuf, PathBuf)>,
    foreign: ForeignNames,
    /// Who vouches for clients.
    clients: Option<(PathBuf, ClientCertificate)>,
}

/// When the files were last changed.
type Changed = Vec<Option<SystemTime>>;

impl Identity {
    /// What the settings name; `None` without TLS.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Option<Self>, Failure> {
        if settings.mode == TlsMode::Off {
            return Ok(None);
        }
        let (files, clients) = (settings.files.clone(), settings.clients.clone());
        if files.is_empty() {
            return Self::own(clients).map(Some);
        }
        Self::read(Source { files, foreign: ForeignNames::Refused, clients }).map(Some)
    }

    fn read(source: Source) -> Result<Self, Failure> {
        let changed = source.changed();
        let tls = source.read().map_err(unusable)?;
        Ok(Self { tls: Arc::new(tls), source, changed, not_kept: None })
    }

    /// Of our own making: what was kept, or, where nothing can be kept, something for this run.
    fn own(clients: Option<(PathBuf, ClientCertificate)>) -> Result<Self, Failure> {
        let folder = state_folder();
        let path = folder.join(OWN_FILE);
        let kept = if path.exists() { Ok(()) } else { keep_own(&folder, &path) };
        // Nobody verifies it by the name.
        let source = |files| Source { files, foreign: ForeignNames::Welcome, clients };
        match kept {
            Ok(()) => Self::read(source(vec![(path.clone(), path)])),
            Err(error) => {
                let source = source(Vec::new());
                let tls = source.for_this_run().map_err(unusable)?;
                let not_kept = Some(format!("it cannot be kept in {}: {error}", folder.display()));
                Ok(Self { tls: Arc::new(tls), source, changed: Vec::new(), not_kept })
            }
        }
    }

    /// Where that stands which is read again when it changes: files are replaced by renaming, so the directories have the new
    /// ones.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let folder = |path: &Path| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        self.source.paths().map(folder).collect()
    }

    pub(crate) fn tls(&self) -> Arc<ServerTls> {
        Arc::clone(&self.tls)
    }

    /// For people who are asked by their client whether this is the server.
    pub(crate) fn describe(&self) -> String {
        let fingerprint = self.tls.fingerprint();
        match (&self.not_kept, self.source.files.first()) {
            (None, Some((file, _))) => format!("certificate {} (SHA-256 {fingerprint})", file.display()),
            (why, _) => {
                let why = why.as_deref().unwrap_or_default();
                format!("certificate for this run only (SHA-256 {fingerprint}): {why}")
            }
        }
    }

    /// Reads the files again when they have changed, and at SIGHUP. Sessions that are keep what they have.
    pub(crate) async fn keep_up(mut self, server: ServerHandle) {
        if self.source.files.is_empty() {
            return;
        }
        let Ok(mut hang_up) = signal(SignalKind::hangup()) else {
            tracing::warn!("SIGHUP cannot be handled");
            return;
        };
        let mut clock = tokio::time::interval(LOOK_EVERY);
        loop {
            let told = tokio::select! {
                _ = hang_up.recv() => true,
                _ = clock.tick() => false,
            };
            let now = self.source.changed();
            if told || now != self.changed {
                self.changed = now;
                self.read_again(&server);
            }
        }
    }

    fn read_again(&self, server: &ServerHandle) {
        match self.source.read() {
            Ok(tls) => {
                tracing::info!(fingerprint = %tls.fingerprint(), "the certificate was read again");
                server.set_tls(Arc::new(tls));
            }
            // Perhaps one file is new and the other not yet.
            Err(error) => {
                tracing::error!(%error, "the certificate cannot be read again: the old one stays in use")
            }
        }
    }
}

impl Source {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let identities = self.files.iter().flat_map(|(certificate, key)| [certificate, key]);
        identities.chain(self.clients.as_ref().map(|(authorities, _)| authorities)).map(PathBuf::as_path)
    }

    fn changed(&self) -> Changed {
        let time = |path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        self.paths().map(time).collect()
    }

    fn read(&self) -> Result<ServerTls, TlsError> {
        let identity = |(certificate, key): &(PathBuf, PathBuf)| TlsIdentity::from_files(certificate, key);
        let identities = self.files.iter().map(identity).collect::<Result<_, _>>()?;
        ServerTls::new(identities, self.foreign, &self.client_certificates()?)
    }

    fn client_certificates(&self) -> Result<ClientCertificates, TlsError> {
        let Some((authorities, needed)) = &self.clients else { return Ok(ClientCertificates::NotAsked) };
        let authorities = Authorities::from_file(authorities)?;
        Ok(match needed {
            ClientCertificate::Optional => ClientCertificates::Optional(authorities),
            ClientCertificate::Require => ClientCertificates::Required(authorities),
        })
    }

    /// With a certificate that is kept nowhere.
    fn for_this_run(&self) -> Result<ServerTls, String> {
        let own = make_own().map_err(|error| error.to_string())?;
        let key = own.signing_key.serialize_der().try_into().map_err(str::to_owned)?;
        let text = |error: TlsError| error.to_string();
        let identity = TlsIdentity::new(vec![own.cert.der().clone()], key).map_err(text)?;
        let clients = self.client_certificates().map_err(text)?;
        ServerTls::new(vec![identity], self.foreign, &clients).map_err(text)
    }
}

/// Where this program may keep something: what systemd gives it, else where root's or a user's programs keep their state.
fn state_folder() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = || {
        variable("XDG_STATE_HOME")
            .or_else(|| {
                variable("HOME")
                    .filter(|_| !rustix::process::geteuid().is_root())
                    .map(|home| home.join(".local/state"))
            })
            .unwrap_or_else(|| PathBuf::from("/var/lib"))
            .join("ftp-server")
    };
    variable("STATE_DIRECTORY").unwrap_or_else(state)
}

fn make_own() -> Result<rcgen::CertifiedKey<rcgen::KeyPair>, rcgen::Error> {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    rcgen::generate_simple_self_signed([machine, "localhost".to_owned()])
}

/// Whole or not at all, and readable by nobody else. When somebody else has made it meanwhile, theirs is used.
fn keep_own(folder: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let own = make_own().map_err(io::Error::other)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write!(file, "{}{}", own.cert.pem(), own.signing_key.serialize_pem())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

fn unusable(why: impl fmt::Display) -> Failure {
    Failure::Settings(format!("{why}; give others with --tls-cert and --tls-key, or say --tls off"))
}
