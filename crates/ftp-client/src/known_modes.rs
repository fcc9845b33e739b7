//! Which data port mode has worked with a server from this network: a file in the user's state directory.
//!
//! A line is host, port, our own network, mode, and until when it is believed, in seconds since 1970. Only what differs from
//! what would be tried first anyway is written.

use core::net::IpAddr;
use core::time::Duration;
use ftp_proto::data::DataMode;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

/// Networks change: what is older is not believed.
const BELIEVED: Duration = Duration::from_secs(7 * 24 * 3600);

/// Lines that are kept; when there are more, the older half goes.
const MOST: usize = 1000;

/// The modes that are remembered.
const MODES: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];

/// The file; `None` when this user has no place for it.
#[derive(Debug)]
pub(crate) struct KnownModes(Option<PathBuf>);

/// A server, and the network from which it is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Our own address.
    pub(crate) local: IpAddr,
}

impl Way<'_> {
    /// As the lines begin: addresses of one network lead the same way.
    fn key(&self) -> String {
        let network = match self.local {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                format!("{a}.{b}.{c}.0")
            }
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::")
            }
        };
        format!("{} {} {network} ", self.host.to_ascii_lowercase(), self.port)
    }
}

impl KnownModes {
    pub(crate) fn of_user() -> Self {
        Self(crate::known_hosts::state_folder().map(|folder| folder.join("known-modes")))
    }

    /// What has worked last, if that is not too long ago.
    pub(crate) fn find(&self, way: Way<'_>, now: SystemTime) -> Option<DataMode> {
        let text = fs::read_to_string(self.0.as_ref()?).ok()?;
        let key = way.key();
        let line = text.lines().rfind(|line| line.starts_with(&key))?;
        let (mode, until) = line[key.len()..].split_once(' ')?;
        let until: u64 = until.parse().ok()?;
        MODES.into_iter().find(|known| until > seconds(now) && known.to_string() == mode)
    }

    /// Notes what works now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note(&self, way: Way<'_>, mode: DataMode, now: SystemTime) -> io::Result<()> {
        let known = self.find(way, now);
        let (Some(path), true) =
            (&self.0, known != Some(mode) && (known.is_some() || mode != DataMode::EPSV))
        else {
            return Ok(());
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        self.shorten(path)?;
        let until = seconds(now + BELIEVED);
        // In one write, so that lines of programs that run at the same time do not mix.
        let line = format!("{}{mode} {until}\n", way.key());
        OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
    }

    fn shorten(&self, path: &PathBuf) -> io::Result<()> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        if lines.len() < MOST {
            return Ok(());
        }
        let new = path.with_extension("new");
        fs::write(&new, lines[lines.len() / 2..].join("\n") + "\n")?;
        fs::rename(new, path)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_is_remembered_for_the_server_and_the_network_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownModes(Some(folder.path().join("state/known-modes")));
        let now = SystemTime::now();
        let way = |local: &str| Way { host: "ftp.example.com", port: 21, local: local.parse().unwrap() };
        // What is tried first anyway is no news.
        known.note(way("192.0.2.7"), DataMode::EPSV, now).unwrap();
        assert!(!folder.path().join("state/known-modes").exists());
        known.note(way("192.0.2.7"), DataMode::PORT, now).unwrap();
        assert_eq!(known.find(way("192.0.2.99"), now), Some(DataMode::PORT));
        assert_eq!(known.find(way("198.51.100.7"), now), None);
        assert_eq!(known.find(Way { port: 2121, ..way("192.0.2.7") }, now), None);
        assert_eq!(known.find(way("192.0.2.7"), now + BELIEVED), None);
        // EPSV works again.
        known.note(way("192.0.2.7"), DataMode::EPSV, now).unwrap();
        assert_eq!(known.find(way("192.0.2.7"), now), Some(DataMode::EPSV));
    }

    #[test]
    fn the_file_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known-modes");
        let known = KnownModes(Some(path.clone()));
        for port in 1..=1500 {
            let way = Way { host: "h", port, local: "192.0.2.7".parse().unwrap() };
            known.note(way, DataMode::PASV, SystemTime::now()).unwrap();
        }
        assert!(fs::read_to_string(path).unwrap().lines().count() <= MOST);
    }
}
