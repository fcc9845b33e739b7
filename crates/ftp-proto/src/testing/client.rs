//! A client machine among a hostile server, a driver that keeps its contract, and a caller that asks for anything.

use super::books::{Held, Holdings, ended, late, tls};
use crate::client::{
    ClientConfig, ClientConnection, ClientEvent, DataPlan, OpId, Operation, PassiveAddress, Rung,
};
use crate::command::{Command, PathName, Secret, Text};
use crate::data::{DataEvent, DataId, DataMode, TransferFailure, TransferId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine as _, IoAction, Step, StreamEncoding};
use crate::server::{OctetSpan, TransferVerb};
use crate::time::Instant;
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use bytes::Bytes;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

/// What servers say, and what they should not say.
const LINES: [&[u8]; 24] = [
    b"220 ready\r\n",
    b"120 wait\r\n",
    b"230 in\r\n",
    b"331 password\r\n",
    b"332 account\r\n",
    b"200 ok\r\n",
    b"211-Features:\r\n UTF8\r\n211 End\r\n",
    b"229 (|||50000|)\r\n",
    b"227 (192,0,2,1,195,80)\r\n",
    b"227 (0,0,0,0,0,0)\r\n",
    b"350 go on\r\n",
    b"150 here\r\n",
    b"125 here\r\n",
    b"226 done\r\n",
    b"226-done\r\n226 done\r\n",
    b"225 ok\r\n",
    b"426 cut\r\n",
    b"425 cannot\r\n",
    b"421 bye\r\n",
    b"500 what\r\n",
    b"530 no\r\n",
    b"550 no\r\n",
    b"234 go on\r\n",
    b"631 protected\r\n",
];

/// What a server should say: the verb, and the reply by choice.
const APT: [(&[u8], [&[u8]; 2]); 15] = [
    (b"USER", [b"331 password\r\n", b"230 in\r\n"]),
    (b"PASS", [b"230 in\r\n", b"332 account\r\n"]),
    (b"FEAT", [b"211-Features:\r\n UTF8\r\n211 End\r\n", b"502 no\r\n"]),
    (b"EPSV", [b"229 (|||50000|)\r\n", b"229 (|||0|)\r\n"]),
    (b"PASV", [b"227 (192,0,2,1,195,80)\r\n", b"425 no\r\n"]),
    (b"REST", [b"350 go on\r\n", b"502 no\r\n"]),
    (b"RETR", [b"150 here\r\n", b"226 done\r\n"]),
    (b"STOR", [b"150 here\r\n", b"226 done\r\n"]),
    (b"ABOR", [b"426 cut\r\n", b"226 done\r\n"]),
    (b"QUIT", [b"221 bye\r\n", b"500 what\r\n"]),
    (b"AUTH", [b"234 go on\r\n", b"534 no\r\n"]),
    (b"TYPE", [b"200 ok\r\n", b"504 no\r\n"]),
    (b"EPRT", [b"200 ok\r\n", b"522 no (1)\r\n"]),
    (b"PORT", [b"200 ok\r\n", b"500 no\r\n"]),
    (b"", [b"200 ok\r\n", b"220 ready\r\n"]),
];

/// The machine and the books that are kept about it.
#[derive(Debug)]
struct Books {
    client: ClientConnection,
    now: Instant,
    data: Holdings,
    handshaking: bool,
    clearing: bool,
    /// Started and not done.
    open: BTreeSet<OpId>,
    /// Announced, and neither started nor cancelled.
    resources: BTreeSet<TransferId>,
    closed: bool,
    lost: bool,
    steps: usize,
    /// The line that the client sent last.
    sent: Bytes,
}

/// Plays `data` as a script and checks that every operation ends once, every resource is started or cancelled once,
/// and nothing grows without bound.
pub fn client_session(data: &[u8]) {
    let mut script = data.iter().copied();
    let mut books = Books::new(script.next().unwrap_or(0));
    while let Some(what) = script.next() {
        let with = script.next().unwrap_or(0);
        books.act(what, with);
        books.look();
    }
    books.close();
}

impl Books {
    fn new(flags: u8) -> Self {
        let config = ClientConfig {
            ask_features: flags & 1 != 0,
            opts_utf8: flags & 2 != 0,
            epsv_all: flags & 4 != 0,
            telnet_abort: flags & 8 != 0,
            implicit_tls: flags & 16 != 0,
            ..ClientConfig::default()
        };
        let endpoints = ControlEndpoints { local: at(7, 40_000), peer: at(1, 21), dialled: None };
        let now = Instant::ORIGIN;
        let mut books = Self {
            client: ClientConnection::new(Arc::new(config), endpoints, now),
            now,
            data: Holdings::default(),
            handshaking: false,
            clearing: false,
            open: BTreeSet::new(),
            resources: BTreeSet::new(),
            closed: false,
            lost: false,
            steps: 0,
            sent: Bytes::new(),
        };
        books.look();
        books
    }

    fn act(&mut self, what: u8, with: u8) {
        match what % 10 {
            0 => self.start(with),
            1..=3 => self.hear(self.apt(with)),
            4 => self.hear(LINES.get(usize::from(with) % LINES.len()).copied().unwrap_or_default()),
            5 => self.hear(&[what, with]),
            6 => self.pass(with),
            7 => self.data_goes_well(),
            8 => self.data_goes_wrong(with),
            _ => self.disturb(with),
        }
    }

    /// What a good server would say now, mostly.
    fn apt(&self, with: u8) -> &'static [u8] {
        let row = APT.iter().find(|(verb, _)| self.sent.starts_with(verb));
        let second = usize::from(with.is_multiple_of(8) || with & 64 != 0 && self.sent.starts_with(b"RETR"));
        row.and_then(|(_, replies)| replies.get(second)).copied().unwrap_or_default()
    }

    fn hear(&mut self, mut octets: &[u8]) {
        // What comes during a handshake is TLS's, not the machine's.
        if self.handshaking || self.closed {
            return;
        }
        for _ in 0..64 {
            if octets.is_empty() || !self.client.wants_input() || self.handshaking {
                break;
            }
            let taken = self.client.receive(octets, self.now);
            octets = octets.get(taken..).unwrap_or_default();
            self.look();
        }
    }

    fn pass(&mut self, with: u8) {
        match self.client.deadline() {
            // Late, early, or in time.
            Some(deadline) if with.is_multiple_of(4) => self.now = deadline.at.max(self.now),
            Some(_) | None => self.now = self.now + Duration::from_millis(u64::from(with)),
        }
        self.client.handle_timeout(self.now);
    }

    fn start(&mut self, with: u8) {
        let room = self.client.room();
        match self.client.start(operation(with), self.now) {
            Ok(op) => {
                assert!(room > 0 && !self.lost);
                assert!(self.open.insert(op), "{op:?} was given twice");
            }
            Err(_) => assert!(room == 0 || self.closed || self.lost || is_misuse(with)),
        }
    }

    fn data_goes_well(&mut self) {
        if let Some((id, next, event)) = self.data.good_news(at(7, 45_000), at(1, 20)) {
            self.report(id, next, event);
        }
    }

    fn data_goes_wrong(&mut self, with: u8) {
        if let Some((id, next, event)) = self.data.bad_news(with) {
            self.report(id, next, event);
        }
    }

    fn report(&mut self, id: DataId, next: Option<Held>, event: DataEvent) {
        self.data.becomes(id, next);
        self.client.handle_data(id, event, self.now);
    }

    /// An event of a data connection that is gone changes nothing.
    fn late(&mut self, which: u8) {
        if let Some(id) = self.data.gone() {
            let said = self.client.pending_output().len();
            self.client.handle_data(id, late(which), self.now);
            let step = self.client.poll();
            assert!(step.is_none(), "{step:?} after {:?} of {id:?}, which is gone: {self:?}", late(which));
            assert_eq!(self.client.pending_output().len(), said);
        }
    }

    fn disturb(&mut self, with: u8) {
        match with % 8 {
            0 if !self.closed => self.client.handle_control(ControlEvent::Reset, self.now),
            1 if self.handshaking => {
                self.handshaking = false;
                self.client.handle_control(ControlEvent::Secured(tls()), self.now);
            }
            2 if self.handshaking => {
                self.handshaking = false;
                self.client.handle_control(ControlEvent::SecureFailed, self.now);
            }
            3 if self.clearing => {
                self.clearing = false;
                self.client.handle_control(ControlEvent::Cleared, self.now);
            }
            4..=6 => {
                if let Some(&op) = self.open.iter().nth(usize::from(with >> 4)) {
                    let _ = self.client.abort(op, self.now);
                }
            }
            7 => self.late(with >> 3),
            _ => {
                if let Some(id) = self.data.oldest() {
                    let _ = self.client.admit(id, at(with, 20), self.now);
                }
            }
        }
    }

    /// Takes what the machine has to say and checks it.
    fn look(&mut self) {
        loop {
            let pending = self.client.pending_output().len();
            assert!(pending < 64 * 1024, "output grows without bound");
            self.client.output_written(pending, self.now);
            let Some(step) = self.client.poll() else { break };
            self.steps += 1;
            assert!(self.steps < 1_000_000, "steps without end");
            assert!(!self.lost, "{step:?} after the last word");
            match step {
                Step::Io(action) => self.carry_out(action),
                Step::App(event) => self.note(event),
            }
        }
        if self.client.is_finished() {
            assert!(self.lost);
        }
    }

    fn carry_out(&mut self, action: IoAction) {
        let fits = match action {
            IoAction::StartControlTls(_) => !core::mem::replace(&mut self.handshaking, true),
            IoAction::StopControlTls => !core::mem::replace(&mut self.clearing, true),
            IoAction::CloseControl => !core::mem::replace(&mut self.closed, true),
            IoAction::StartTransfer { id, transfer, ref plan } => {
                self.data.starts(id, plan.on_end) && self.resources.remove(&transfer)
            }
            IoAction::CancelTransfer { transfer } => self.resources.remove(&transfer),
            ref other => self.data.carry_out(other),
        };
        assert!(fits, "{action:?} does not fit: {self:?}");
    }

    fn note(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Done { op, .. } => assert!(self.open.remove(&op), "{op:?} ended twice"),
            ClientEvent::Sent(line) => self.sent = line,
            ClientEvent::TransferStarting { id, .. } => assert!(self.resources.insert(id)),
            ClientEvent::Lost(_) => {
                assert!(self.open.is_empty(), "{:?} did not end", self.open);
                assert!(self.resources.is_empty(), "{:?} were forgotten", self.resources);
                self.lost = true;
            }
            _ => {}
        }
    }

    /// The connection is reset and every pump stops: everything must have ended.
    fn close(&mut self) {
        self.client.handle_control(ControlEvent::Reset, self.now);
        self.look();
        for id in self.data.moving() {
            self.report(id, None, ended(Err(TransferFailure::Aborted)));
            self.look();
        }
        assert!(self.client.is_finished(), "{self:?}");
        assert!(self.closed && self.lost && self.data.is_empty(), "{self:?}");
        assert_eq!(self.client.deadline(), None);
    }
}

const fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}

/// Whether the operation of this number is the one that may not be started.
const fn is_misuse(with: u8) -> bool {
    with % 16 == 9
}

fn operation(with: u8) -> Operation {
    let text = |text: &'static str| Text::new(text.as_bytes()).expect("no line end in it");
    match with % 16 {
        0 => Operation::Login {
            user: text("u"),
            password: Secret::new("p").ok().filter(|_| with & 16 != 0),
            account: Secret::new("a").ok().filter(|_| with & 32 != 0),
        },
        1 => Operation::Secure,
        2 => Operation::Protect(with & 16 != 0),
        3 => Operation::ClearControl,
        4 => Operation::Quit,
        5 => Operation::Command(Command::Feat),
        6 => Operation::Raw(text("TYPE A")),
        7 => transfer(with, DataPlan::ThirdPartyListens(PassiveAddress::Repair)),
        8 => transfer(with, DataPlan::ThirdPartyConnects(at(9, 2000))),
        9 => Operation::Raw(text("RETR x")),
        10 => own(with, DataMode::EPSV),
        11 => own(with, DataMode::PASV),
        12 => own(with, DataMode::EPRT),
        13 => own(with, DataMode::PORT),
        14 => own(with, DataMode::DefaultPort),
        _ => Operation::Command(Command::Noop),
    }
}

fn own(with: u8, mode: DataMode) -> Operation {
    let rung = Rung {
        mode,
        address: PassiveAddress::ControlPeer,
        listen: None,
        patience: Duration::from_secs(4),
        reply_patience: Duration::from_secs(4),
        command_first: with & 16 != 0,
    };
    transfer(with, DataPlan::Own(rung))
}

fn transfer(with: u8, data: DataPlan) -> Operation {
    Operation::Transfer {
        verb: if with & 32 == 0 { TransferVerb::Retr } else { TransferVerb::Stor },
        path: Some(PathName::root()),
        span: OctetSpan { start: u64::from(with >> 6 & 1), end: (with & 128 != 0).then_some(10) },
        encoding: StreamEncoding { ascii: with & 64 != 0, ..StreamEncoding::PLAIN },
        size: (with & 128 != 0).then_some(9),
        data,
    }
}
