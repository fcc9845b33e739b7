//! The certificate: from files that are read again when they change, or one of our own making.

use crate::Failure;
use crate::config::{TlsMode, TlsSettings};
use core::time::Duration;
use ftp_dtp::tls::ServerTls;
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
    certificates: PathBuf,
    key: PathBuf,
    changed: Changed,
}

/// When the two files were last changed.
type Changed = [Option<SystemTime>; 2];

impl Identity {
    /// What the settings name; `None` without TLS.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Option<Self>, Failure> {
        if settings.mode == TlsMode::Off {
            return Ok(None);
        }
        let (certificates, key) = match &settings.files {
            Some(files) => files.clone(),
            None => {
                let own = own_file()?;
                (own.clone(), own)
            }
        };
        let changed = changed(&certificates, &key);
        let tls = ServerTls::from_files(&certificates, &key).map_err(|error| {
            Failure::Settings(format!("{error}; give others with --tls-cert and --tls-key, or say --tls off"))
        })?;
        Ok(Some(Self { tls: Arc::new(tls), certificates, key, changed }))
    }

    /// What is read again when it changes.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        // Files are replaced by renaming: the directories have the new ones.
        let folder =
            |path: &Path| path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
        [&self.certificates, &self.key]
            .into_iter()
            .map(|path| folder(path).unwrap_or_else(|| ".".into()))
            .collect()
    }

    pub(crate) fn tls(&self) -> Arc<ServerTls> {
        Arc::clone(&self.tls)
    }

    /// For people who are asked by their client whether this is the server.
    pub(crate) fn describe(&self) -> String {
        format!("certificate {} (SHA-256 {})", self.certificates.display(), self.tls.fingerprint())
    }

    /// Reads the files again when they have changed, and at SIGHUP. Sessions that are keep what they have.
    pub(crate) async fn keep_up(mut self, server: ServerHandle) {
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
            let now = changed(&self.certificates, &self.key);
            if told || now != self.changed {
                self.changed = now;
                self.read_again(&server);
            }
        }
    }

    fn read_again(&self, server: &ServerHandle) {
        match ServerTls::from_files(&self.certificates, &self.key) {
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

fn changed(certificates: &Path, key: &Path) -> Changed {
    [certificates, key].map(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}

/// The file of our own certificate; makes it when it is not there.
fn own_file() -> Result<PathBuf, Failure> {
    let folder = state_folder();
    let path = folder.join(OWN_FILE);
    if !path.exists() {
        make_own(&folder, &path).map_err(|error| {
            Failure::Settings(format!(
                "cannot make a certificate in {}: {error}; give one with --tls-cert and --tls-key, or say --tls off",
                folder.display()
            ))
        })?;
    }
    Ok(path)
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

/// Whole or not at all, and readable by nobody else. When somebody else has made it meanwhile, theirs is used.
fn make_own(folder: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let names =
        vec![rustix::system::uname().nodename().to_string_lossy().into_owned(), "localhost".to_owned()];
    let own = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write!(file, "{}{}", own.cert.pem(), own.signing_key.serialize_pem())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}
