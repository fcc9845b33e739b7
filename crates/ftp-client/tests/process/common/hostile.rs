//! A server that does as it likes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it does. The defaults are those of a plain old server.
#[derive(Clone)]
pub(crate) struct Script {
    /// Feature lines; none: FEAT is not known.
    pub(crate) features: &'static [&'static str],
    /// The reply to SIZE.
    pub(crate) size: &'static str,
    /// The reply to MDTM.
    pub(crate) mdtm: &'static str,
    /// What MLSD or LIST of a path gives.
    pub(crate) listing: fn(path: &str) -> Vec<u8>,
    /// The contents of every file.
    pub(crate) contents: &'static [u8],
    /// Downloads end after so many octets.
    pub(crate) cut: usize,
    /// REST is accepted and not obeyed.
    pub(crate) ignores_rest: bool,
    /// What was cut is neither sent nor given up.
    pub(crate) stalls: bool,
    /// What follows the data of a download; empty: the control connection is closed.
    pub(crate) download_end: &'static str,
    pub(crate) upload: Upload,
}

/// What becomes of uploads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upload {
    Good,
    /// 226 before anything was read, and nothing is read.
    EarlyFinal,
    /// 552 after the first octets.
    NoSpace,
    /// Everything is read, and the control connection is closed.
    NoFinal,
}

impl Script {
    /// One file, which comes whole; no listing, no FEAT.
    pub(crate) const PLAIN: Self = Self {
        features: &[],
        size: "550 no",
        mdtm: "550 no",
        listing: |_| Vec::new(),
        contents: b"0123456789",
        cut: usize::MAX,
        ignores_rest: false,
        stalls: false,
        download_end: "226 done",
        upload: Upload::Good,
    };
}

impl Default for Script {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// A running one.
pub(crate) struct Hostile {
    pub(crate) port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    pub(crate) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for control in listener.incoming().flatten() {
                let (script, heard) = (script.clone(), Arc::clone(&heard));
                std::thread::spawn(move || Session::new(control, script, heard).serve());
            }
        });
        Self { port, said }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ftp://127.0.0.1:{}/{path}", self.port)
    }

    /// The commands that came.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.said.lock().expect("nobody panicked").clone()
    }
}

struct Session {
    control: TcpStream,
    script: Script,
    heard: Arc<Mutex<Vec<String>>>,
    listener: Option<TcpListener>,
    rest: usize,
    /// The data connection of a download that has stalled.
    stalled: Option<TcpStream>,
}

impl Session {
    fn new(control: TcpStream, script: Script, heard: Arc<Mutex<Vec<String>>>) -> Self {
        Self { control, script, heard, listener: None, rest: 0, stalled: None }
    }

    fn say(&mut self, line: &str) {
        let _ = self.control.write_all(format!("{line}\r\n").as_bytes());
    }

    fn serve(mut self) {
        self.say("220 hello");
        let mut lines = BufReader::new(self.control.try_clone().expect("a clone"));
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|octets| octets > 0) {
            let command = line.trim_end().to_owned();
            line.clear();
            self.heard.lock().expect("nobody panicked").push(command.clone());
            let (verb, argument) = command.split_once(' ').unwrap_or((&command, ""));
            if !self.answer(verb, argument) {
                let _ = self.control.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// Whether the connection goes on.
    fn answer(&mut self, verb: &str, argument: &str) -> bool {
        match verb {
            "USER" => self.say("331 password"),
            "PASS" => self.say("230 in"),
            "FEAT" if !self.script.features.is_empty() => {
                self.say(&format!("211-\r\n {}\r\n211 end", self.script.features.join("\r\n ")));
            }
            "TYPE" | "MFMT" => self.say("200 ok"),
            "SIZE" => self.say(self.script.size),
            "MDTM" => self.say(self.script.mdtm),
            "REST" => {
                self.rest = if self.script.ignores_rest { 0 } else { argument.parse().unwrap_or(0) };
                self.say("350 ok");
            }
            "EPSV" => {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                let port = listener.local_addr().expect("an address").port();
                self.listener = Some(listener);
                self.say(&format!("229 here (|||{port}|)"));
            }
            "MLSD" | "LIST" => {
                let listing = (self.script.listing)(argument);
                self.send(&listing, "226 done");
            }
            "RETR" => {
                let all = &self.script.contents[self.rest.min(self.script.contents.len())..];
                let end = self.script.download_end;
                let octets = &all[..all.len().min(self.script.cut)];
                if self.script.stalls {
                    self.say("150 here it comes");
                    self.stalled = self.data();
                    let _ = self.stalled.as_ref().map(|mut data| data.write_all(octets));
                    return true;
                }
                self.send(octets, end);
                self.rest = 0;
                return !end.is_empty();
            }
            "STOR" => return self.store(),
            "PWD" => self.say("257 \"/\""),
            "ABOR" => {
                self.stalled = None;
                self.say("426 aborted");
                self.say("226 abort done");
            }
            "QUIT" => {
                self.say("221 bye");
                return false;
            }
            _ => self.say("500 what?"),
        }
        true
    }

    fn data(&mut self) -> Option<TcpStream> {
        let listener = self.listener.take()?;
        Some(listener.accept().ok()?.0)
    }

    fn send(&mut self, octets: &[u8], end: &str) {
        self.say("150 here it comes");
        if let Some(mut data) = self.data() {
            let _ = data.write_all(octets);
        }
        if !end.is_empty() {
            self.say(end);
        }
    }

    fn store(&mut self) -> bool {
        self.say("150 go on");
        let Some(mut data) = self.data() else { return false };
        let mut octets = Vec::new();
        match self.script.upload {
            Upload::Good => {
                let _ = data.read_to_end(&mut octets);
                self.say("226 done");
            }
            Upload::EarlyFinal => {
                self.say("226 done");
                // The client is the one to end it.
                let mut end = [0];
                let _ = data.set_nonblocking(false);
                let _ = self.control.peek(&mut end);
            }
            Upload::NoSpace => {
                let _ = data.read(&mut [0; 16]);
                self.say("552 no room");
                let _ = data.shutdown(Shutdown::Both);
            }
            Upload::NoFinal => {
                let _ = data.read_to_end(&mut octets);
                return false;
            }
        }
        true
    }
}
