//! `cargo xtask idle`: what an idle session costs, on each driver.
//!
//! A release build of the server, many clients that log in and then say nothing, and the difference in resident memory
//! between the first hundred and all of them.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_dtp::tls::{ClientTls, Handshake, TlsStream, Trust};
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::workspace;

/// Sessions before the first look: by then all that is shared is there.
const WARM: usize = 100;
/// Descriptors that are not sessions'.
const SPARE: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(20);

/// Prints a line for each driver.
#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
pub(crate) fn run(sessions: usize) -> Result<(), String> {
    let sessions = sessions.max(WARM + 1);
    allow_descriptors(sessions)?;
    let build = workspace::cargo().args(["build", "--release", "--quiet", "-p", "ftp-server"]).status();
    if !build.is_ok_and(|status| status.success()) {
        return Err("the server does not build".to_owned());
    }
    println!(
        "{:<14}{:>10}{:>14}{:>14}{:>20}",
        "driver", "sessions", "KiB at first", "KiB at last", "octets a session"
    );
    for (driver, tls) in [("tokio", false), ("mio", false), ("tokio", true), ("mio", true)] {
        let (first, last) = measure(driver, tls, sessions).map_err(|error| format!("{driver}: {error}"))?;
        let each = last.saturating_sub(first) * 1024 / (sessions - WARM) as u64;
        let name = format!("{driver}{}", if tls { ", TLS" } else { "" });
        println!("{name:<14}{sessions:>10}{first:>14}{last:>14}{each:>20}");
    }
    Ok(())
}

/// The server inherits the limit.
pub(crate) fn allow_descriptors(sessions: usize) -> Result<(), String> {
    let needed = sessions as u64 + SPARE;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!("{needed} descriptors are needed; raise the hard limit (ulimit -Hn)"));
    }
    limit.current = Some(limit.current.map_or(needed, |current| current.max(needed)));
    setrlimit(Resource::Nofile, limit)
        .map_err(|error| format!("the limit of descriptors cannot be raised: {error}"))
}

/// Resident memory after the first sessions and after all, in KiB.
fn measure(driver: &str, tls: bool, sessions: usize) -> io::Result<(u64, u64)> {
    let server = Server::start(driver)?;
    let mut idle = Vec::with_capacity(sessions);
    while idle.len() < WARM {
        idle.push(log_in(server.address, tls)?);
    }
    let first = server.resident()?;
    while idle.len() < sessions {
        idle.push(log_in(server.address, tls)?);
    }
    Ok((first, server.resident()?))
}

/// A client that is logged in and says nothing more.
struct Idle {
    stream: TcpStream,
    tls: Option<TlsStream>,
}

impl Read for Idle {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut &self.stream, room),
            None => (&self.stream).read(room),
        }
    }
}

impl Idle {
    fn say(&mut self, line: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.write(&mut &self.stream, line).map(drop),
            None => (&self.stream).write_all(line),
        }
    }

    /// Reads replies until one begins so.
    fn hear(&mut self, wanted: &str) -> io::Result<()> {
        let mut replies = BufReader::with_capacity(512, self);
        let mut line = String::new();
        while !line.starts_with(wanted) {
            line.clear();
            if replies.read_line(&mut line)? == 0 || line.starts_with('5') || line.starts_with('4') {
                return Err(io::Error::other(format!("the login fails: {}", line.trim_end())));
            }
        }
        Ok(())
    }

    fn secure(&mut self) -> io::Result<()> {
        self.say(b"AUTH TLS\r\n")?;
        self.hear("234 ")?;
        let session = ClientTls::new("localhost", &Trust::Anybody).and_then(|tls| tls.session());
        let mut tls = session.and_then(|session| session.stream()).map_err(io::Error::other)?;
        match tls.handshake(&mut &self.stream) {
            Ok(Handshake::Done(_)) => self.tls = Some(tls),
            other => return Err(io::Error::other(format!("no TLS: {other:?}"))),
        }
        Ok(())
    }
}

fn log_in(server: SocketAddr, tls: bool) -> io::Result<Idle> {
    let stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut client = Idle { stream, tls: None };
    if tls {
        client.secure()?;
    }
    client.say(b"USER anonymous\r\nPASS idle@\r\nPWD\r\n")?;
    client.hear("257 ")?;
    Ok(client)
}

/// A server process, ended when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(driver: &str) -> io::Result<Self> {
        let binary = workspace::root().join("target/release/ftp-server");
        let unlimited = ["--max-sessions", "0", "--max-sessions-per-ip", "0", "--log-file", "/dev/null"];
        let mut process = Command::new(binary)
            .args(["serve", "--driver", driver, "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(unlimited)
            .arg(workspace::root().join("xtask"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        // {"listen":["127.0.0.1:34567"],...}
        let address = line.split('"').find_map(|text| text.parse().ok());
        match address {
            Some(address) => Ok(Self { process, address }),
            None => {
                let _ = process.kill();
                Err(io::Error::other(format!("the server does not say where it listens: {line:?}")))
            }
        }
    }

    /// VmRSS.
    fn resident(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| io::Error::other("the system does not tell how much memory is resident"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
