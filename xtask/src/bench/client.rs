//! The other side of the work: a client that does as little as it can, and waits where it stands.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_dtp::tls::{ClientTls, ClientTlsSession, Handshake, TlsStream, Trust};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::servers::Target;

const PATIENCE: Duration = Duration::from_secs(120);

/// How much is read and written at a time.
const PIECE: usize = 256 * 1024;

/// A connection, under TLS or not.
struct Wire {
    stream: TcpStream,
    tls: Option<TlsStream>,
}

impl Wire {
    fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, tls: None })
    }

    fn secure(&mut self, session: &ClientTlsSession) -> io::Result<()> {
        let mut tls = session.stream().map_err(io::Error::other)?;
        match tls.handshake(&mut &self.stream) {
            Ok(Handshake::Done(_)) => self.tls = Some(tls),
            other => return Err(io::Error::other(format!("no TLS: {other:?}"))),
        }
        Ok(())
    }

    /// Octets that are thrown away; 0 at the end.
    fn discard(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut &self.stream, room),
            None => self.stream.read(room),
        }
    }

    fn send(&mut self, mut octets: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.stream.write_all(octets) };
        while !octets.is_empty() {
            let sent = tls.write(&mut &self.stream, octets)?;
            octets = octets.get(sent..).unwrap_or_default();
        }
        tls.flush(&mut &self.stream)
    }

    /// Says that nothing more comes, and waits until the other side has heard it where that matters.
    fn finish(mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.close(&mut &self.stream)?;
        }
        self.stream.shutdown(Shutdown::Write)?;
        if self.tls.is_some() {
            // The other end of TLS: what is not read would become a reset, and cut the upload.
            let mut waste = [0; 4096];
            while self.stream.read(&mut waste).is_ok_and(|read| read > 0) {}
        }
        Ok(())
    }
}

/// A control connection that is logged in.
pub(super) struct Session {
    control: Wire,
    /// Replies that have come and are not used.
    held: Vec<u8>,
    tls: Option<ClientTlsSession>,
    room: Vec<u8>,
    /// Line ends in the last download, where they are counted.
    lines: Option<usize>,
}

impl Session {
    pub(super) fn open(target: &Target) -> io::Result<Self> {
        let control = Wire::connect(target.address)?;
        let mut session = Self { control, held: Vec::new(), tls: None, room: vec![0; PIECE], lines: None };
        session.expect(b'2')?;
        if target.tls {
            session.say("AUTH TLS")?;
            session.expect(b'2')?;
            let tls = ClientTls::new("localhost", &Trust::Anybody).and_then(|tls| tls.session());
            let tls = tls.map_err(io::Error::other)?;
            session.control.secure(&tls)?;
            session.tls = Some(tls);
        }
        let (user, password) = target.login;
        session.command(&format!("USER {user}"), b'3')?;
        session.command(&format!("PASS {password}"), b'2')?;
        Ok(session)
    }

    /// TYPE I, and PROT P under TLS.
    pub(super) fn ready(target: &Target) -> io::Result<Self> {
        let mut session = Self::open(target)?;
        session.command("TYPE I", b'2')?;
        if session.tls.is_some() {
            session.command("PBSZ 0", b'2')?;
            session.command("PROT P", b'2')?;
        }
        Ok(session)
    }

    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        self.control.send(format!("{line}\r\n").as_bytes())
    }

    pub(super) fn command(&mut self, line: &str, class: u8) -> io::Result<Vec<u8>> {
        self.say(line)?;
        self.expect(class)
    }

    /// The last line of the next reply.
    pub(super) fn expect(&mut self, class: u8) -> io::Result<Vec<u8>> {
        loop {
            let line = self.line()?;
            let is_last = line.len() > 3 && line[..3].iter().all(u8::is_ascii_digit) && line[3] == b' ';
            if is_last {
                return if line[0] == class {
                    Ok(line)
                } else {
                    Err(io::Error::other(String::from_utf8_lossy(&line).into_owned()))
                };
            }
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.held.iter().position(|&octet| octet == b'\n') {
                return Ok(self.held.drain(..=end).collect());
            }
            let mut room = [0; 8192];
            match self.control.discard(&mut room)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.held.extend_from_slice(&room[..read]),
            }
        }
    }

    fn passive(&mut self) -> io::Result<Wire> {
        let reply = self.command("EPSV", b'2')?;
        let text = String::from_utf8_lossy(&reply).into_owned();
        let port = text.split('|').nth(3).and_then(|port| port.parse().ok());
        let port: u16 = port.ok_or_else(|| io::Error::other(text))?;
        let server = self.control.stream.peer_addr()?.ip();
        Wire::connect(SocketAddr::new(server, port))
    }

    fn secured(&self, mut wire: Wire) -> io::Result<Wire> {
        if let Some(tls) = &self.tls {
            wire.secure(tls)?;
        }
        Ok(wire)
    }

    /// How many lines the last listing had.
    pub(super) fn lines(&self) -> usize {
        self.lines.unwrap_or_default()
    }

    /// How many octets came. Lines are counted in listings only.
    pub(super) fn download(&mut self, command: &str) -> io::Result<u64> {
        self.lines = (!command.starts_with("RETR")).then_some(0);
        let wire = self.passive()?;
        self.command(command, b'1')?;
        let mut wire = self.secured(wire)?;
        let mut total = 0;
        loop {
            match wire.discard(&mut self.room)? {
                0 => break,
                read => {
                    total += read as u64;
                    if let Some(lines) = &mut self.lines {
                        *lines += self.room[..read].iter().filter(|&&octet| octet == b'\n').count();
                    }
                }
            }
        }
        drop(wire);
        self.expect(b'2')?;
        Ok(total)
    }

    pub(super) fn upload(&mut self, command: &str, octets: usize) -> io::Result<()> {
        let wire = self.passive()?;
        self.command(command, b'1')?;
        let mut wire = self.secured(wire)?;
        let mut left = octets;
        while left > 0 {
            let piece = left.min(PIECE);
            wire.send(&self.room[..piece])?;
            left -= piece;
        }
        wire.finish()?;
        self.expect(b'2').map(drop)
    }
}
