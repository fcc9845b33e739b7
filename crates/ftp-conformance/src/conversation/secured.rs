//! The border between clear text and TLS on a control connection, among cuts, injections and corruption: the body of the fuzz
//! target `secured`.
//!
//! A client and our server machine with its control pipe, and somebody in between who cuts, adds and changes octets as the
//! fuzzer says. Whatever happens, what was put in by that somebody never acts, and under TLS the server says nothing that
//! is not a record.

use super::chance::Chance;
use crate::scene;
use core::net::SocketAddr;
use ftp_dtp::control::ControlPipe;
use ftp_dtp::tls::{ClientTls, Handshake, ServerTlsSession, TlsStream, Trust};
use ftp_proto::data::StorageFailure;
use ftp_proto::io::{ControlEndpoints, ControlMachine as _, IoAction, Step};
use ftp_proto::server::{
    Ask, Decision, Grant, LoginStage, Notice, ServerConfig, ServerConnection, ServerOutput, TlsPolicy,
};
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// What somebody on the way puts in, and nobody says: the user's name tells it.
const INJECTED: &[u8] = b"USER injected\r\n";

/// What a client says.
const LINES: [&[u8]; 8] = [
    b"AUTH TLS\r\n",
    b"USER u\r\n",
    b"PASS p\r\n",
    b"NOOP\r\n",
    b"CCC\r\n",
    b"REIN\r\n",
    b"PWD\r\n",
    b"PBSZ 0\r\n",
];

/// One end of the connection, as the other end's octets have come so far.
#[derive(Default)]
struct End {
    incoming: VecDeque<u8>,
    outgoing: VecDeque<u8>,
}

impl Read for End {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            self.incoming.read(room)
        }
    }
}

impl Write for End {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.outgoing.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Play {
    machine: ServerConnection,
    pipe: ControlPipe,
    tls: ServerTlsSession,
    server: End,
    client: End,
    secure: Option<TlsStream>,
    /// The server has begun TLS and not ended it: all that it says is records.
    under_tls: bool,
    /// Somebody has put clear text in while the connection was in the clear: then it may act, before TLS.
    injected_in_the_clear: bool,
    came_up: bool,
    closed: bool,
}

/// Plays what `octets` say.
///
/// # Panics
/// When what was put in acts, or the server leaves TLS unasked.
pub fn secured(octets: &[u8]) {
    comes_under_tls(octets);
}

/// Likewise; whether TLS came up.
///
/// # Panics
/// As [`secured`].
pub fn comes_under_tls(octets: &[u8]) -> bool {
    let mut chance = Chance::of_octets(octets);
    let mut play = Play::new();
    play.serve();
    while !chance.is_over() && !play.closed {
        match chance.number(0..8) {
            0..=3 => play.say(LINES[chance.size(0..LINES.len())]),
            4 => play.begin_tls(),
            5 => play.inject(&mut chance),
            6 => play.spoil(&mut chance),
            _ => play.deliver(chance.size(1..64)),
        }
        play.deliver(usize::MAX);
    }
    play.came_up
}

impl Play {
    fn new() -> Self {
        let config = ServerConfig { tls: TlsPolicy::Offer, allow_ccc: true, ..ServerConfig::default() };
        let at = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let endpoints = ControlEndpoints { local: at(21), peer: at(40_000), dialled: None };
        Self {
            machine: ServerConnection::new(Arc::new(config), endpoints, Instant::ORIGIN),
            pipe: ControlPipe::new(),
            tls: scene::tls().session(),
            server: End::default(),
            client: End::default(),
            secure: None,
            under_tls: false,
            injected_in_the_clear: false,
            came_up: false,
            closed: false,
        }
    }

    /// The client says a line, under TLS if it has it.
    fn say(&mut self, line: &[u8]) {
        let written = match &mut self.secure {
            Some(tls) => tls.write(&mut self.client, line).map(drop),
            None => self.client.write(line).map(drop),
        };
        // A TLS connection that is over takes nothing.
        let _ = written;
    }

    /// The client begins TLS, whether that was agreed on or not.
    fn begin_tls(&mut self) {
        if self.secure.is_some() {
            return;
        }
        let session = ClientTls::new("localhost", &Trust::Anybody).and_then(|tls| tls.session());
        let Some(mut tls) = session.and_then(|session| session.stream()).ok() else { return };
        self.client.incoming.clear();
        for _ in 0..8 {
            match tls.handshake(&mut self.client) {
                Ok(Handshake::Done(_)) => break,
                Ok(_) => self.deliver(usize::MAX),
                Err(_) => return,
            }
        }
        self.secure = Some(tls);
    }

    /// Somebody in between adds a command, before or after what is on its way.
    fn inject(&mut self, chance: &mut Chance) {
        self.injected_in_the_clear |= !self.under_tls;
        if chance.one_in(2) {
            self.client.outgoing.extend(INJECTED);
        } else {
            INJECTED.iter().rev().for_each(|&octet| self.client.outgoing.push_front(octet));
        }
        self.deliver(chance.size(1..32));
    }

    /// Somebody in between changes an octet.
    fn spoil(&mut self, chance: &mut Chance) {
        let length = self.client.outgoing.len();
        if let Some(octet) = self.client.outgoing.get_mut(chance.size(0..length.max(1))) {
            *octet ^= 1 << chance.number(0..8);
        }
    }

    /// So many octets arrive at the server; everything that it says arrives at the client.
    fn deliver(&mut self, most: usize) {
        let count = most.min(self.client.outgoing.len());
        self.server.incoming.extend(self.client.outgoing.drain(..count));
        self.serve();
        self.client.incoming.extend(self.server.outgoing.drain(..));
        if let Some(tls) = &mut self.secure {
            let mut room = [0; 1024];
            while tls.read(&mut self.client, &mut room).is_ok_and(|octets| octets > 0) {}
        }
    }

    fn serve(&mut self) {
        for _ in 0..64 {
            let told = self.pipe.told();
            let before = self.server.outgoing.len();
            self.pipe.flush(&mut self.machine, Instant::ORIGIN, &mut self.server);
            self.check_said(before);
            self.carry_out();
            let before = self.server.outgoing.len();
            self.pipe.fill(&mut self.machine, Instant::ORIGIN, &mut self.server);
            self.check_said(before);
            self.carry_out();
            if self.pipe.told() == told {
                return;
            }
        }
    }

    /// Under TLS, what begins to be said begins a record.
    fn check_said(&self, before: usize) {
        if let (true, Some(first)) = (self.under_tls, self.server.outgoing.get(before)) {
            assert!((20..=24).contains(first), "the server says octet {first} under TLS");
        }
    }

    fn carry_out(&mut self) {
        while let Some(step) = self.machine.poll() {
            match step {
                Step::Io(IoAction::StartControlTls(_)) => {
                    self.under_tls = true;
                    self.pipe.start_tls(self.tls.control().ok());
                }
                Step::Io(IoAction::StopControlTls) => self.pipe.stop_tls(Instant::ORIGIN),
                Step::Io(IoAction::CloseControl) => self.closed = true,
                Step::App(ServerOutput::Ask(ask)) => self.answer(ask),
                Step::App(ServerOutput::Notice(Notice::ControlCleared)) => {
                    self.under_tls = false;
                    self.secure = None;
                    // Clear text can be put in again.
                    self.injected_in_the_clear = true;
                }
                Step::App(ServerOutput::Notice(Notice::ControlSecured(_))) => {
                    self.came_up = true;
                    // Nothing from before counts any more.
                    self.injected_in_the_clear = false;
                }
                Step::Io(_) | Step::App(_) => {}
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        let decision: Decision = match ask {
            Ask::Login(ask) => {
                let injected = ask.user() == b"injected";
                assert!(!injected || self.injected_in_the_clear, "what was put in acts under TLS");
                match ask.stage() {
                    LoginStage::User => ask.need_password(),
                    LoginStage::Password(_) | LoginStage::Account(_) => ask.accept(Grant::default()),
                }
            }
            Ask::Name(ask) => ask.fail(StorageFailure::NotFound),
            Ask::Transfer(ask) => ask.fail(StorageFailure::NotFound),
            Ask::Host(ask) => ask.unknown(),
            Ask::Settle(ask) => ask.done(),
            Ask::Site(ask) => ask.unknown(),
        };
        let _ = self.machine.decide(decision, Instant::ORIGIN);
    }
}
