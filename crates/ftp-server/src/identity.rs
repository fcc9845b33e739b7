//! The certificate: from files that are read again when they change, or one of our own making.

use crate::Failure;
use crate::config::{TlsMode, TlsSettings};
use core::time::Duration;
use ftp_dtp::tls::{ForeignNames, ServerTls, TlsError, TlsIdentity};
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
    /// Certificates and their keys.
    files: Vec<(PathBuf, PathBuf)>,
    foreign: ForeignNames,
    changed: Changed,
}

/// When the files were last changed.
type Changed = Vec<Option<SystemTime>>;

impl Identity {
    /// What the settings name; `None` without TLS.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Option<Self>, Failure> {
        if settings.mode == TlsMode::Off {
            return Ok(None);
        }
        let (files, foreign) = if settings.files.is_empty() {
            let own = own_file()?;
            // Nobody verifies it by the name.
            (vec![(own.clone(), own)], ForeignNames::Welcome)
        } else {
            (settings.files.clone(), ForeignNames::Refused)
        };
        let changed = changed(&files);
        let tls = read(&files, foreign).map_err(|error| {
            Failure::Settings(format!("{error}; give others with --tls-cert and --tls-key, or say --tls off"))
        })?;
        Ok(Some(Self { tls: Arc::new(tls), files, foreign, changed }))
    }

    /// Where that stands which is read again when it changes: files are replaced by renaming, so the directories have the new
    /// ones.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let folder = |path: &PathBuf| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        self.files.iter().flat_map(|(certificate, key)| [certificate, key]).map(folder).collect()
    }

    pub(crate) fn tls(&self) -> Arc<ServerTls> {
        Arc::clone(&self.tls)
    }

    /// For people who are asked by their client whether this is the server.
    pub(crate) fn describe(&self) -> String {
        let first = self.files.first().map(|(certificate, _)| certificate.display().to_string());
        format!("certificate {} (SHA-256 {})", first.unwrap_or_default(), self.tls.fingerprint())
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
            let now = changed(&self.files);
            if told || now != self.changed {
                self.changed = now;
                self.read_again(&server);
            }
        }
    }

    fn read_again(&self, server: &ServerHandle) {
        match read(&self.files, self.foreign) {
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

fn read(files: &[(PathBuf, PathBuf)], foreign: ForeignNames) -> Result<ServerTls, TlsError> {
    let identities = files.iter().map(|(certificate, key)| TlsIdentity::from_files(certificate, key));
    ServerTls::new(identities.collect::<Result<_, _>>()?, foreign)
}

fn changed(files: &[(PathBuf, PathBuf)]) -> Changed {
    let time = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    files.iter().flat_map(|(certificate, key)| [certificate, key]).map(time).collect()
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
