//! Servers that were seen under TLS, and the certificates that the user has accepted: a file in the user's state directory.
//!
//! A line is host, port, and how its certificate is believed: `authorities`, or a fingerprint.

use crate::driver::Fingerprint;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Lines that are looked at: far more servers than anybody has.
const MOST: usize = 100_000;

/// The file; `None` when this user has no place for it.
#[derive(Debug)]
pub(crate) struct KnownHosts(Option<PathBuf>);

/// How a server that was seen under TLS is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// By its certificate's authority.
    Authorities,
    /// By this certificate, which the user has accepted.
    Accepted(Fingerprint),
}

/// Where this program keeps what it learns; `None` when this user has no place for it.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
    state.map(|state| state.join("ftp-client"))
}

impl KnownHosts {
    pub(crate) fn of_user() -> Self {
        Self(state_folder().map(|folder| folder.join("known-hosts")))
    }

    /// The file's name, for people.
    pub(crate) fn name(&self) -> String {
        self.0.as_ref().map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string())
    }

    /// What is known of this server; the last line that tells is right.
    pub(crate) fn find(&self, host: &str, port: u16) -> Option<Known> {
        let text = fs::read_to_string(self.0.as_ref()?).ok()?;
        let lines = text.lines().take(MOST).filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let is_it = words.next()?.eq_ignore_ascii_case(host) && words.next()?.parse() == Ok(port);
            is_it.then_some(words.next()?)
        });
        match lines.last()? {
            "authorities" => Some(Known::Authorities),
            fingerprint => fingerprint.parse().ok().map(Known::Accepted),
        }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn add(&self, host: &str, port: u16, known: Known) -> io::Result<()> {
        let path = self.0.as_ref().ok_or(io::ErrorKind::NotFound)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let how = match known {
            Known::Authorities => "authorities".to_owned(),
            Known::Accepted(fingerprint) => fingerprint.to_string(),
        };
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // In one write, so that lines of programs that run at the same time do not mix.
        file.write_all(format!("{host} {port} {how}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_last_is_found_whatever_the_case_of_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownHosts(Some(folder.path().join("state/known-hosts")));
        assert_eq!(known.find("ftp.example.com", 21), None);
        known.add("ftp.example.com", 21, Known::Authorities).unwrap();
        let accepted = Known::Accepted(Fingerprint::of(b"a certificate"));
        known.add("ftp.example.com", 990, accepted).unwrap();
        assert_eq!(known.find("FTP.example.com", 21), Some(Known::Authorities));
        assert_eq!(known.find("ftp.example.com", 990), Some(accepted));
        known.add("ftp.example.com", 21, accepted).unwrap();
        assert_eq!(known.find("ftp.example.com", 21), Some(accepted));
        assert_eq!(known.find("ftp.example.com", 22), None);
    }
}
