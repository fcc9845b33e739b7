//! A server with one file, that does as an ordinary one does but for what a case twists.

use bytes::BytesMut;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use ftp_proto::address::{extended, host_port};
use socket2::SockRef;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// What the file holds: more than one line, with octets that TYPE A and Telnet would spoil.
pub(super) const CONTENT: &[u8] = b"first\nsecond\r\n\xff\xf4third\0";

/// How long the client is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a held greeting is held: nothing may come meanwhile.
const HELD: Duration = Duration::from_millis(300);

/// How the server differs from an ordinary one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twist {
    /// Its name in the URL.
    pub(super) file: &'static str,
    pub(super) greeting: &'static str,
    pub(super) holds_greeting: bool,
    /// Replies to these verbs, instead of the ordinary.
    pub(super) answers: &'static [(&'static str, &'static str)],
    pub(super) preliminary: &'static str,
    /// The reply after the file; when it is empty the control connection is lost instead.
    pub(super) finally: &'static str,
    pub(super) data: Data,
    pub(super) octet_by_octet: bool,
    pub(super) bare_227: bool,
    /// 227 names a host that is not there (RFC 5737).
    pub(super) foreign_227: bool,
}

/// How the file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    Whole,
    Half,
    /// The last reply, then the file.
    ReplyFirst,
}

impl Twist {
    pub(super) const NONE: Self = Self {
        file: "file",
        greeting: "220 Ready.\r\n",
        holds_greeting: false,
        answers: &[],
        preliminary: "150 Here it comes.\r\n",
        finally: "226 Sent.\r\n",
        data: Data::Whole,
        octet_by_octet: false,
        bare_227: false,
        foreign_227: false,
    };
}

/// What clients have sent, over all control connections.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) lines: Vec<String>,
    pub(super) before_greeting: bool,
}

impl Heard {
    pub(super) fn verbs(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.split(' ').next().unwrap_or_default())
    }
}

/// A server that runs until it is stopped.
pub(super) struct FakeServer {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    heard: Arc<Mutex<Heard>>,
    acceptor: JoinHandle<()>,
}

impl FakeServer {
    pub(super) fn start(twist: &Twist) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (stopped, heard) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Heard>>::default());
        let (stop, ears, twist) = (Arc::clone(&stopped), Arc::clone(&heard), *twist);
        let acceptor = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stop.load(Ordering::Acquire) {
                    break;
                }
                let ears = Arc::clone(&ears);
                // A client that goes away ends its session; what it was told and has done is judged from outside.
                thread::spawn(move || Session::begin(stream, twist, ears).and_then(Session::serve));
            }
        });
        Ok(Self { address, stopped, heard, acceptor })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn stop(self) -> Heard {
        self.stopped.store(true, Ordering::Release);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        let _ = self.acceptor.join();
        core::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Session {
    lines: BufReader<TcpStream>,
    twist: Twist,
    heard: Arc<Mutex<Heard>>,
    data: Option<Place>,
    restart: usize,
}

/// Where the data connection comes from.
enum Place {
    Listens(TcpListener),
    At(SocketAddr),
}

impl Session {
    fn begin(stream: TcpStream, twist: Twist, heard: Arc<Mutex<Heard>>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let session = Self { lines: BufReader::new(stream), twist, heard, data: None, restart: 0 };
        if twist.holds_greeting {
            session.stream().set_read_timeout(Some(HELD))?;
            let early = session.stream().read(&mut [0]).is_ok();
            session.heard.lock().unwrap_or_else(PoisonError::into_inner).before_greeting |= early;
        }
        session.stream().set_read_timeout(Some(PATIENCE))?;
        session.say(twist.greeting)?;
        Ok(session)
    }

    fn stream(&self) -> &TcpStream {
        self.lines.get_ref()
    }

    fn say(&self, reply: &str) -> io::Result<()> {
        let mut stream = self.stream();
        let size = if self.twist.octet_by_octet { 1 } else { reply.len().max(1) };
        reply.as_bytes().chunks(size).try_for_each(|piece| stream.write_all(piece))
    }

    /// Until the client goes.
    fn serve(mut self) -> io::Result<()> {
        loop {
            let mut line = Vec::new();
            if self.lines.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).lines.push(line.clone());
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            if let Some((_, reply)) = self.twist.answers.iter().find(|(twisted, _)| *twisted == verb) {
                self.say(reply)?;
            } else if verb == "RETR" {
                self.retrieve()?;
            } else {
                let reply = self.answer(&verb, argument)?;
                self.say(&reply)?;
            }
        }
    }

    fn answer(&mut self, verb: &str, argument: &str) -> io::Result<String> {
        Ok(match verb {
            "USER" => "331 Password?\r\n".to_owned(),
            "PASS" => "230 In.\r\n".to_owned(),
            "SYST" => "215 UNIX Type: L8\r\n".to_owned(),
            "FEAT" => "211-Features\r\n EPSV\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n211 End\r\n".to_owned(),
            "PWD" => "257 \"/\"\r\n".to_owned(),
            "TYPE" | "MODE" | "STRU" | "NOOP" | "OPTS" | "CLNT" => "200 Fine.\r\n".to_owned(),
            "CWD" | "CDUP" => "250 There.\r\n".to_owned(),
            "SIZE" => format!("213 {}\r\n", CONTENT.len()),
            "MDTM" => "213 20260102030405\r\n".to_owned(),
            "REST" => {
                self.restart = argument.parse().unwrap_or_default();
                format!("350 From {}.\r\n", self.restart)
            }
            "EPSV" => format!("229 Extended (|||{}|)\r\n", self.listen()?.port()),
            "PASV" => self.passive()?,
            "PORT" => self.connects(host_port::parse_argument(argument.as_bytes()).ok().map(SocketAddr::V4)),
            "EPRT" => self.connects(extended::parse_eprt(argument.as_bytes()).ok()),
            "ABOR" => "226 Nothing to abort.\r\n".to_owned(),
            "QUIT" => "221 Bye.\r\n".to_owned(),
            _ => "502 Not here.\r\n".to_owned(),
        })
    }

    fn listen(&mut self) -> io::Result<SocketAddrV4> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // For accept, too.
        SockRef::from(&listener).set_read_timeout(Some(PATIENCE))?;
        let port = listener.local_addr()?.port();
        self.data = Some(Place::Listens(listener));
        Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
    }

    fn passive(&mut self) -> io::Result<String> {
        let mut address = self.listen()?;
        if self.twist.foreign_227 {
            address.set_ip(Ipv4Addr::new(192, 0, 2, 1));
        }
        let mut numbers = BytesMut::new();
        host_port::write(address, &mut numbers);
        let numbers = String::from_utf8_lossy(&numbers);
        Ok(if self.twist.bare_227 {
            format!("227 Passive ={numbers}\r\n")
        } else {
            format!("227 Passive ({numbers}).\r\n")
        })
    }

    fn connects(&mut self, target: Option<SocketAddr>) -> String {
        let reply = if target.is_some() { "200 Fine.\r\n" } else { "501 Where?\r\n" };
        self.data = target.map(Place::At);
        reply.to_owned()
    }

    fn retrieve(&mut self) -> io::Result<()> {
        let Some(place) = self.data.take() else { return self.say("425 Where to?\r\n") };
        self.say(self.twist.preliminary)?;
        let mut data = match place {
            Place::Listens(listener) => listener.accept()?.0,
            Place::At(target) => TcpStream::connect_timeout(&target, PATIENCE)?,
        };
        let content = CONTENT.get(core::mem::take(&mut self.restart)..).unwrap_or_default();
        match self.twist.data {
            Data::Whole => data.write_all(content)?,
            Data::Half => data.write_all(&content[..content.len() / 2])?,
            Data::ReplyFirst => {
                self.say(self.twist.finally)?;
                data.write_all(content)?;
                return Ok(());
            }
        }
        drop(data);
        if self.twist.finally.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.say(self.twist.finally)
    }
}
