//! A server that does what somebody's choices say: some of what a good server would do, some of what none does.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// Connections that are taken; whoever comes back more often is not let in.
const CONNECTIONS: usize = 6;
/// Commands on one connection: a client that asks for ever is cut off.
const COMMANDS: usize = 400;
/// After something that a client may wait at for ever.
const IMPATIENCE: Duration = Duration::from_millis(20);
/// For a data connection that the client may never make.
const DATA: Duration = Duration::from_millis(100);

/// What remains of the choices. When there are none left, the server is good.
struct Choices {
    octets: Vec<u8>,
    at: usize,
}

impl Choices {
    fn octet(&mut self) -> u8 {
        let octet = self.octets.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        octet
    }

    /// So many octets as the next one says.
    fn some(&mut self) -> Vec<u8> {
        let length = usize::from(self.octet());
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let some = rest.get(..length).unwrap_or(rest).to_vec();
        self.at += length;
        some
    }
}

/// A running one.
pub(super) struct Hostile {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Hostile {
    pub(super) fn start(choices: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let choices = Arc::new(Mutex::new(Choices { octets: choices.to_vec(), at: 0 }));
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let serve = move || {
            std::thread::scope(|scope| {
                for control in listener.incoming().flatten().take(CONNECTIONS) {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let choices = &choices;
                    scope.spawn(move || Session::new(control, choices).serve());
                }
                drop(listener);
            });
        };
        Self { address, over, thread: std::thread::spawn(serve) }
    }

    pub(super) fn url(&self) -> String {
        format!("ftp://joe:secret@{}", self.address)
    }

    /// The client has ended, and with it every connection.
    pub(super) fn stop(self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes who waits for a connection; nobody may be there any more.
        drop(TcpStream::connect(self.address));
        self.thread.join().expect("it does not panic");
    }
}

struct Session<'a> {
    control: TcpStream,
    choices: &'a Mutex<Choices>,
    listener: Option<TcpListener>,
}

/// What a good server answers to what needs no more than an answer.
const ANSWERS: &[(&str, &str)] = &[
    ("USER", "331 password"),
    ("PASS", "230 in"),
    ("FEAT", "211-\r\n MLST type*;size*;modify*;\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n211 end"),
    ("PWD", "257 \"/\""),
    ("SIZE", "213 18"),
    ("MDTM", "213 20200101000000"),
    ("REST", "350 go on"),
    ("MKD", "257 \"x\" made"),
    ("RNFR", "350 to what"),
    ("QUIT", "221 bye"),
    ("ABOR", "226 nothing to abort"),
    ("MLST", "250-\r\n type=dir; d\r\n250 end"),
];

impl<'a> Session<'a> {
    fn new(control: TcpStream, choices: &'a Mutex<Choices>) -> Self {
        Self { control, choices, listener: None }
    }

    fn choose<T>(&self, choice: impl FnOnce(&mut Choices) -> T) -> T {
        choice(&mut self.choices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn serve(mut self) -> Option<()> {
        self.control.set_nodelay(true).ok()?;
        self.say("220 hello")?;
        let mut lines = BufReader::new(self.control.try_clone().ok()?);
        for _ in 0..COMMANDS {
            let mut line = Vec::new();
            if lines.read_until(b'\n', &mut line).ok()? == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            self.answer(&verb)?;
        }
        None
    }

    fn answer(&mut self, verb: &str) -> Option<()> {
        match verb {
            "EPSV" => {
                let listener = TcpListener::bind("127.0.0.1:0").ok()?;
                let port = listener.local_addr().ok()?.port();
                self.listener = Some(listener);
                self.say(&format!("229 here (|||{port}|)"))
            }
            "MLSD" | "LIST" | "NLST" => {
                let listing = self.listing();
                self.send(&listing)
            }
            "RETR" => {
                let contents = self.choose(Choices::some);
                self.send(&contents)
            }
            "STOR" | "APPE" => self.take(),
            _ => {
                let known = ANSWERS.iter().find(|(other, _)| *other == verb);
                self.say(known.map_or("200 fine", |(_, answer)| answer))
            }
        }
    }

    /// The reply, or something else; `None` when the connection is closed.
    fn say(&mut self, reply: &str) -> Option<()> {
        let how = self.choose(Choices::octet) % 16;
        let patience = (how >= 10).then_some(IMPATIENCE);
        self.control.set_read_timeout(patience).ok()?;
        let reply = match how {
            // Another code, which may mean anything.
            10 => {
                let digits = self.choose(|choices| [choices.octet(), choices.octet(), choices.octet()]);
                let code: String = digits.iter().map(|digit| char::from(b'0' + digit % 6)).collect();
                format!("{code} {}\r\n", reply.get(4..).unwrap_or_default()).into_bytes()
            }
            // With something before it.
            11 => [&self.choose(Choices::some)[..], b"\r\n", reply.as_bytes(), b"\r\n"].concat(),
            12 => [&self.choose(Choices::some)[..], b"\r\n"].concat(),
            13 => self.choose(Choices::some),
            // Twice.
            14 => format!("{reply}\r\n").repeat(2).into_bytes(),
            15 => return None,
            _ => format!("{reply}\r\n").into_bytes(),
        };
        self.control.write_all(&reply).ok()
    }

    /// Octets as they come, or entries with names as they come.
    fn listing(&self) -> Vec<u8> {
        self.choose(|choices| {
            let entries = choices.octet();
            if entries >= 128 {
                return choices.some();
            }
            let mut listing = Vec::new();
            for _ in 0..entries % 16 {
                let kind = ["file", "dir", "cdir", "OS.unix=slink:/tmp"][usize::from(choices.octet() % 4)];
                listing.extend_from_slice(format!("type={kind};size={}; ", choices.octet()).as_bytes());
                listing.extend(choices.some());
                listing.extend_from_slice(b"\r\n");
            }
            listing
        })
    }

    fn data(&mut self) -> Option<TcpStream> {
        let listener = self.listener.take()?;
        listener.set_nonblocking(true).ok()?;
        let started = Instant::now();
        while started.elapsed() < DATA {
            if let Ok((data, _)) = listener.accept() {
                data.set_nonblocking(false).ok()?;
                data.set_read_timeout(Some(DATA)).ok()?;
                return Some(data);
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        None
    }

    fn send(&mut self, octets: &[u8]) -> Option<()> {
        self.say("150 here it comes")?;
        if let Some(mut data) = self.data() {
            let _ = data.write_all(octets);
        }
        self.say("226 done")
    }

    fn take(&mut self) -> Option<()> {
        self.say("150 go on")?;
        if let Some(mut data) = self.data() {
            let _ = data.read_to_end(&mut Vec::new());
        }
        self.say("226 done")
    }
}
