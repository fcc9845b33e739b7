//! The servers: how each is configured and started, on one loopback address and a port that is free.

mod ours;
mod proftpd;
mod pure_ftpd;
mod pyftpdlib;
mod vsftpd;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use super::case::{Column, Driver};
use super::process::Running;
use super::tls::Identity;

/// A name and a password.
pub(crate) type Login = (&'static str, &'static str);

pub(crate) const ANONYMOUS: Login = ("anonymous", "interop@example.org");
pub(crate) const NAMED: Login = ("interop", "secret");

/// The hash of the password of [`NAMED`], by `openssl passwd -6 -salt interop`.
const NAMED_HASH: &str =
    "$6$interop$x6IMPaNg.wYf47ZC6VrhGKHL2a7TAYYUj.97SBKfqC2CuGYspHC/llsBbgXVGt.GlNNMaiFQr/tfrVCsfunv70";

/// The user and the group as whom the servers that need root serve files: nobody, who exists everywhere.
const NOBODY: &str = "65534";

/// What a server is told when it is started.
pub(crate) struct Place<'a> {
    pub(crate) address: SocketAddr,
    /// What it serves.
    pub(crate) root: &'a Path,
    /// Where its configuration and its other files go.
    pub(crate) scratch: &'a Path,
    /// It insists on TLS, as this.
    pub(crate) tls: Option<&'a Identity>,
}

impl Place<'_> {
    /// Writes a file for the server and gives its path.
    fn file(&self, name: &str, content: &str) -> Result<String, String> {
        let path = self.scratch.join(name);
        std::fs::write(&path, content)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(path.display().to_string())
    }

    fn path(&self, name: &str) -> String {
        self.scratch.join(name).display().to_string()
    }
}

pub(crate) trait Server: Sync {
    fn name(&self) -> &'static str;

    fn version(&self) -> Result<String, String>;

    /// The program, ready to be started; it stays in the foreground.
    fn command(&self, place: &Place<'_>) -> Result<Command, String>;

    fn login(&self, _column: Column) -> Login {
        NAMED
    }

    /// The only directory that may be written to, where that is not the root itself.
    fn writable(&self) -> Option<&'static str> {
        None
    }

    /// How many sessions it can be trusted with at once.
    fn sessions_at_once(&self, _column: Column) -> u8 {
        2
    }
}

pub(crate) fn ours(driver: Driver) -> Box<dyn Server> {
    Box::new(ours::Ours(driver))
}

/// The servers of others.
pub(crate) fn foreign() -> Vec<Box<dyn Server>> {
    vec![
        Box::new(vsftpd::Vsftpd),
        Box::new(proftpd::Proftpd),
        Box::new(pure_ftpd::PureFtpd),
        Box::new(pyftpdlib::Pyftpdlib),
    ]
}

/// A server that has said its greeting.
pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    log: PathBuf,
    /// Ends the server when it goes.
    _running: Running,
}

/// What the server prints goes there.
const LOG: &str = "output.log";

impl Started {
    /// The last lines that the server has printed.
    pub(crate) fn last_lines(&self, count: usize) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}

const READY_WITHIN: Duration = Duration::from_secs(20);
const ATTEMPTS: usize = 3;

/// Starts a server. Between the choice of a port and its use another program may take it, hence the attempts.
pub(crate) fn start(
    server: &dyn Server,
    ip: core::net::IpAddr,
    root: &Path,
    scratch: &Path,
    tls: Option<&Identity>,
) -> Result<Started, String> {
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let address = free_port(ip)?;
        match start_at(server, &Place { address, root, scratch, tls }) {
            Ok(running) => {
                let log = scratch.join(LOG);
                return Ok(Started { address, log, _running: running });
            }
            Err(error) => last = error,
        }
    }
    Err(format!("{} cannot be started: {last}", server.name()))
}

fn free_port(ip: core::net::IpAddr) -> Result<SocketAddr, String> {
    TcpListener::bind((ip, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("no port can be had on {ip}: {error}"))
}

fn start_at(server: &dyn Server, place: &Place<'_>) -> Result<Running, String> {
    let log_path = place.scratch.join(LOG);
    let log = std::fs::File::create(&log_path).map_err(|error| format!("cannot write a log: {error}"))?;
    let too = log.try_clone().map_err(|error| format!("cannot write a log: {error}"))?;
    let mut command = server.command(place)?;
    command.stdin(Stdio::null()).stdout(log).stderr(too);
    let mut running = Running::start(&mut command)?;
    let until = Instant::now() + READY_WITHIN;
    while Instant::now() < until {
        if let Some(status) = running.ended() {
            let said = std::fs::read_to_string(&log_path).unwrap_or_default();
            return Err(format!("it ended at once ({status})\n{said}"));
        }
        if greets(place.address) {
            return Ok(running);
        }
        // Nothing tells us when a foreign program listens.
        thread::sleep(Duration::from_millis(20));
    }
    Err(format!("no greeting within {READY_WITHIN:?}"))
}

fn greets(address: SocketAddr) -> bool {
    let mut octet = [0];
    let greeting = TcpStream::connect(address).and_then(|mut stream| {
        stream.set_read_timeout(Some(READY_WITHIN))?;
        stream.read(&mut octet)
    });
    matches!(greeting, Ok(1..)) && octet == *b"2"
}
