//! Talking to a server: what every case is written with.

mod tls;

use crate::world::{Family, Host, Listener, Login, Wire, World};
use bytes::BytesMut;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use ftp_dtp::tls::ClientTlsSession;
use ftp_proto::address::{extended, host_port};
use ftp_proto::reply::Reply;
use ftp_proto::wire::{ReplyDecoder, ReplyLimits};
use std::io;

/// Why a case failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// What a case returns.
pub type Verdict = Result<(), Failed>;

/// The user that our own servers have, with every right.
pub const USER: &str = "case";
/// Its password.
pub const PASSWORD: &str = "secret of the case";

/// A data port mode, as a case asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// PASV.
    Pasv,
    /// EPSV.
    Epsv,
    /// PORT.
    Port,
    /// EPRT.
    Eprt,
}

/// A data connection that is there or will be.
pub enum Data {
    /// We connected.
    Linked(Box<dyn Wire>),
    /// We listen.
    Waiting(Box<dyn Listener>),
}

impl Data {
    /// The connection; waits for it if we listen.
    pub fn wire(self) -> Result<Box<dyn Wire>, Failed> {
        match self {
            Self::Linked(wire) => Ok(wire),
            Self::Waiting(mut listener) => {
                listener.accept().map_err(|error| Failed(format!("no data connection came: {error}")))
            }
        }
    }
}

impl core::fmt::Debug for Data {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Linked(_) => "Linked",
            Self::Waiting(_) => "Waiting",
        })
    }
}

/// A control connection.
pub struct Control {
    wire: Box<dyn Wire>,
    replies: ReplyDecoder,
    unread: BytesMut,
    /// Everything that came since the last command, as it came.
    raw: Vec<u8>,
    family: Family,
    login: Login,
    /// After AUTH TLS.
    tls: Option<ClientTlsSession>,
    /// PROT P is in force.
    private: bool,
}

impl core::fmt::Debug for Control {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Control").field("family", &self.family).finish_non_exhaustive()
    }
}

impl Control {
    /// Connects, and reads the greeting.
    pub fn greeted(world: &mut dyn World) -> Result<Self, Failed> {
        let mut control = Self::dial(world, Family::V4)?;
        control.expect(&[220])?;
        Ok(control)
    }

    /// Connects, reads the greeting and logs in.
    pub fn logged_in(world: &mut dyn World) -> Result<Self, Failed> {
        Self::logged_in_over(world, Family::V4)
    }

    /// [`logged_in`](Self::logged_in) over a family.
    pub fn logged_in_over(world: &mut dyn World, family: Family) -> Result<Self, Failed> {
        let mut control = Self::dial(world, family)?;
        control.expect(&[220])?;
        control.log_in()?;
        Ok(control)
    }

    /// Connects.
    pub fn dial(world: &mut dyn World, family: Family) -> Result<Self, Failed> {
        let wire = world
            .connect(Host::Client, world.server(family))
            .map_err(|e| Failed(format!("cannot connect: {e}")))?;
        Ok(Self {
            wire,
            replies: ReplyDecoder::new(ReplyLimits::default()),
            unread: BytesMut::new(),
            raw: Vec::new(),
            family,
            login: world.login(),
            tls: None,
            private: false,
        })
    }

    /// USER and PASS of the world's user.
    pub fn log_in(&mut self) -> Verdict {
        if self.cmd(&self.user_line())?.code.get() == 331 {
            self.ok(&self.pass_line())?;
        }
        if let Some(directory) = self.login.directory.clone() {
            self.ok(&format!("CWD {directory}"))?;
        }
        Ok(())
    }

    /// `USER` with the world's user.
    #[must_use]
    pub fn user_line(&self) -> String {
        format!("USER {}", self.login.user)
    }

    /// `PASS` with its password.
    #[must_use]
    pub fn pass_line(&self) -> String {
        format!("PASS {}", self.login.password)
    }

    /// Sends octets as they are.
    pub fn send(&mut self, octets: &[u8]) -> Verdict {
        self.wire.write(octets).map_err(|error| Failed(format!("cannot write: {error}")))
    }

    /// The next reply.
    pub fn reply(&mut self) -> Result<Reply, Failed> {
        loop {
            let taken = self.replies.push(&self.unread);
            let _ = self.unread.split_to(taken);
            match self.replies.next_reply() {
                Some(Ok(reply)) => return Ok(reply),
                Some(Err(error)) => return Err(Failed(format!("not a reply: {error}"))),
                None => {}
            }
            let mut chunk = [0; 4096];
            match self.wire.read(&mut chunk) {
                Ok(0) => {
                    return Err(Failed("the server closed the control connection instead of a reply".into()));
                }
                Ok(octets) => {
                    self.unread.extend_from_slice(&chunk[..octets]);
                    self.raw.extend_from_slice(&chunk[..octets]);
                }
                Err(error) => return Err(Failed(format!("no reply: {error}"))),
            }
        }
    }

    /// The next reply, which must have one of these codes.
    pub fn expect(&mut self, codes: &[u16]) -> Result<Reply, Failed> {
        let reply = self.reply()?;
        if codes.contains(&reply.code.get()) {
            return Ok(reply);
        }
        Err(Failed(format!("expected {codes:?}, got {} {}", reply.code, text(&reply))))
    }

    /// Sends a command line and reads its reply.
    pub fn cmd(&mut self, line: &str) -> Result<Reply, Failed> {
        self.raw.clear();
        self.send(format!("{line}\r\n").as_bytes())?;
        self.reply().map_err(|Failed(why)| Failed(format!("{line}: {why}")))
    }

    /// Sends a command line; its reply must have one of these codes.
    pub fn cmd_expect(&mut self, line: &str, codes: &[u16]) -> Result<Reply, Failed> {
        let reply = self.cmd(line)?;
        if codes.contains(&reply.code.get()) {
            return Ok(reply);
        }
        Err(Failed(format!("{line}: expected {codes:?}, got {} {}", reply.code, text(&reply))))
    }

    /// Sends a command line; its reply must be 2yz.
    pub fn ok(&mut self, line: &str) -> Result<Reply, Failed> {
        let reply = self.cmd(line)?;
        if reply.code.is_completion() {
            return Ok(reply);
        }
        Err(Failed(format!("{line}: expected 2yz, got {} {}", reply.code, text(&reply))))
    }

    /// The lines between the first and the last of a multi-line reply to the last command, exactly as they came: the
    /// decoder takes off the space that they begin with.
    pub fn inner_lines(&self) -> Result<Vec<String>, Failed> {
        let raw = String::from_utf8_lossy(&self.raw).into_owned();
        let lines: Vec<&str> = raw.strip_suffix("\r\n").unwrap_or(&raw).split("\r\n").collect();
        match lines.as_slice() {
            [_, inner @ .., _] => Ok(inner.iter().map(|line| (*line).to_owned()).collect()),
            _ => Err(Failed(format!("not a multi-line reply: {raw:?}"))),
        }
    }

    /// Everything that came since the last command of [`cmd`](Self::cmd), as it came: Telnet commands, too.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.raw
    }

    /// What came up to now is not [`received`](Self::received) any more.
    pub fn forget_received(&mut self) {
        self.raw.clear();
    }

    /// The server must close the control connection, after what it has still to say.
    pub fn expect_closed(&mut self) -> Verdict {
        let mut chunk = [0; 4096];
        loop {
            match self.wire.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(Failed("the server did not close the control connection".into()));
                }
                Err(_) => return Ok(()),
            }
        }
    }

    /// Ends our direction of the control connection.
    pub fn finish(&mut self) {
        self.wire.finish();
    }

    /// Our address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.wire.local()
    }

    /// The server's passive port, by PASV or EPSV.
    pub fn passive_address(&mut self, mode: Mode) -> Result<SocketAddr, Failed> {
        if mode == Mode::Pasv {
            let reply = self.cmd_expect("PASV", &[227])?;
            let told = host_port::parse_reply(reply.text());
            return told
                .map(SocketAddr::from)
                .map_err(|_| Failed(format!("no address in 227 {}", text(&reply))));
        }
        let reply = self.cmd_expect("EPSV", &[229])?;
        let told = extended::parse_229(reply.text());
        let told = told.map_err(|_| Failed(format!("no port in 229 {}", text(&reply))))?;
        Ok(SocketAddr::new(self.wire.peer().ip(), told.port))
    }

    /// A data connection by this mode.
    pub fn data(&mut self, world: &mut dyn World, mode: Mode) -> Result<Data, Failed> {
        if matches!(mode, Mode::Pasv | Mode::Epsv) {
            let address = self.passive_address(mode)?;
            let wire = world.connect(Host::Client, address);
            return wire.map(Data::Linked).map_err(|e| Failed(format!("cannot connect to {address}: {e}")));
        }
        let listener = world
            .listen(Host::Client, self.family)
            .map_err(|error| Failed(format!("cannot listen: {error}")))?;
        let at = listener.local();
        let line = match (mode, at.ip()) {
            (Mode::Port, IpAddr::V4(ip)) => {
                let [a, b, c, d] = ip.octets();
                let [high, low] = at.port().to_be_bytes();
                format!("PORT {a},{b},{c},{d},{high},{low}")
            }
            (_, ip) => format!("EPRT |{}|{ip}|{}|", if ip.is_ipv4() { 1 } else { 2 }, at.port()),
        };
        self.ok(&line)?;
        Ok(Data::Waiting(listener))
    }

    /// Runs a command that sends data to us, over EPSV; returns the data and the final reply.
    pub fn fetch(&mut self, world: &mut dyn World, line: &str) -> Result<(Vec<u8>, Reply), Failed> {
        self.fetch_by(world, Mode::Epsv, line)
    }

    /// [`fetch`](Self::fetch) in a mode.
    pub fn fetch_by(
        &mut self,
        world: &mut dyn World,
        mode: Mode,
        line: &str,
    ) -> Result<(Vec<u8>, Reply), Failed> {
        let data = self.data(world, mode)?;
        self.cmd_expect(line, &[125, 150])?;
        let octets = read_to_end(&mut *self.open(data)?)?;
        Ok((octets, self.expect(&[226, 250])?))
    }

    /// Runs a command that takes data from us, over EPSV; returns the preliminary and the final reply.
    pub fn give(
        &mut self,
        world: &mut dyn World,
        line: &str,
        octets: &[u8],
    ) -> Result<(Reply, Reply), Failed> {
        self.give_by(world, Mode::Epsv, line, octets)
    }

    /// [`give`](Self::give) in a mode.
    pub fn give_by(
        &mut self,
        world: &mut dyn World,
        mode: Mode,
        line: &str,
        octets: &[u8],
    ) -> Result<(Reply, Reply), Failed> {
        let data = self.data(world, mode)?;
        let preliminary = self.cmd_expect(line, &[125, 150])?;
        let mut wire = self.open(data)?;
        wire.write(octets).map_err(|error| Failed(format!("cannot write data: {error}")))?;
        wire.finish();
        drop(wire);
        Ok((preliminary, self.expect(&[226, 250])?))
    }

    /// Makes a file with this content, in image type.
    pub fn make_file(&mut self, world: &mut dyn World, path: &str, octets: &[u8]) -> Verdict {
        self.ok("TYPE I")?;
        self.give(world, &format!("STOR {path}"), octets)?;
        Ok(())
    }
}

/// Reads a data connection to its end.
pub fn read_to_end(wire: &mut dyn Wire) -> Result<Vec<u8>, Failed> {
    let mut all = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match wire.read(&mut chunk) {
            Ok(0) => return Ok(all),
            Ok(octets) => all.extend_from_slice(&chunk[..octets]),
            Err(error) => return Err(Failed(format!("data connection after {} octets: {error}", all.len()))),
        }
    }
}

/// The lines of a reply, for messages.
#[must_use]
pub fn text(reply: &Reply) -> String {
    reply.lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join(" / ")
}

/// Fails the case unless `condition` holds.
pub fn check(condition: bool, why: impl FnOnce() -> String) -> Verdict {
    if condition { Ok(()) } else { Err(Failed(why())) }
}

/// Loopback of a family.
#[must_use]
pub const fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Family::V6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
    }
}
