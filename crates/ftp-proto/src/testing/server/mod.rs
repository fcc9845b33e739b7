//! A server machine among a peer that says anything, a driver that keeps its contract, and an application that answers
//! anything, or too late.

mod answers;
mod lines;

use super::books::{Held, Holdings, ended, late, tls};
use crate::data::{DataEvent, DataId, TransferFailure, TransferId};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine as _, IoAction, Step, Timer};
use crate::reply::ReplyCode;
use crate::server::transcript::{Entry, Recording, replay};
use crate::server::{Ask, AskId, Decision, Notice, Outcome, ServerConfig, ServerOutput, ShutDown, TlsPolicy};
use crate::time::Instant;
use crate::wire::{ReplyDecoder, ReplyLimits};
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use answers::answer;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use lines::LINES;

/// What an attacker puts in front of the client's TLS is about this.
const INJECTED: &[u8] = b"injected";

/// So many replies to HELP are more than may be pending.
const FLOOD: usize = 300;

/// What a session begins with, so that it comes further than noise would.
const LOGIN: [&[u8]; 2] = [b"USER u\r\n", b"PASS p\r\n"];

/// More output than this is never pending: the configured bound, and the reply that reached it.
const MOST_OUTPUT: usize = 64 * 1024 + 128 * 1024;

/// The machine and the books that are kept about it.
#[derive(Debug)]
struct Books {
    server: Recording,
    now: Instant,
    data: Holdings,
    replies: ReplyDecoder,
    handshaking: bool,
    clearing: bool,
    /// Questions that wait.
    asks: Vec<Ask>,
    /// Whose answer is not wanted any more.
    withdrawn: BTreeSet<AskId>,
    /// Opened, and neither started nor cancelled.
    resources: BTreeSet<TransferId>,
    /// Started, and not settled.
    started: BTreeSet<TransferId>,
    /// Whole lines that the machine took.
    commands: usize,
    /// Final replies, and the greeting.
    finals: Vec<ReplyCode>,
    /// The same, as the machine tells the application, without the greeting.
    served: Vec<(&'static str, ReplyCode)>,
    /// The verbs of `commands`, where they are known.
    verbs: Vec<Vec<u8>>,
    /// Each line was a command of [`LINES`], so that replies can be counted exactly.
    countable: bool,
    /// AUTH was accepted after the last injection: nothing of it may act any more.
    secured_from_here: bool,
    /// The peer does not read.
    stuck: bool,
    closed: bool,
    over: bool,
    steps: usize,
}

/// Plays `data` as a script and checks that commands have one final reply each, that every question is used or stale,
/// every resource started or cancelled once, every transfer settled once, that nothing grows without bound, and that a
/// transcript of it, played again, is the same.
///
/// # Panics
/// When one of these is not so.
pub fn server_session(data: &[u8]) {
    let mut script = data.iter().copied();
    let flags = script.next().unwrap_or(0);
    let mut books = Books::new(flags);
    if flags & 1 != 0 {
        LOGIN.into_iter().for_each(|line| books.hear(line));
        books.oblige();
    }
    while let Some(what) = script.next() {
        let with = script.next().unwrap_or(0);
        books.act(what, with);
        books.look();
    }
    books.count();
    books.close();
    books.play_again();
}

impl Books {
    fn new(flags: u8) -> Self {
        let config = ServerConfig {
            tls: if flags & 2 != 0 { TlsPolicy::Offer } else { TlsPolicy::Off },
            allow_ccc: flags & 4 != 0,
            implicit_tls: flags & 10 == 10,
            default_data_port: flags & 16 != 0,
            ..ServerConfig::default()
        };
        let endpoints = ControlEndpoints { local: at(1, 21), peer: at(7, 40_000), dialled: None };
        let now = Instant::ORIGIN;
        let mut books = Self {
            server: Recording::new(Arc::new(config), endpoints, now, true),
            now,
            data: Holdings::default(),
            replies: ReplyDecoder::new(ReplyLimits::default()),
            handshaking: false,
            clearing: false,
            asks: Vec::new(),
            withdrawn: BTreeSet::new(),
            resources: BTreeSet::new(),
            started: BTreeSet::new(),
            commands: 0,
            finals: Vec::new(),
            served: Vec::new(),
            verbs: Vec::new(),
            countable: true,
            secured_from_here: false,
            stuck: false,
            closed: false,
            over: false,
            steps: 0,
        };
        books.look();
        books
    }

    fn act(&mut self, what: u8, with: u8) {
        match what % 12 {
            0..=4 => self.hear(LINES.get(usize::from(with) % LINES.len()).copied().unwrap_or_default()),
            5 if with >= 250 => self.flood(),
            5 if with >= 240 => self.inject(),
            5 => self.say_anything(with),
            6 | 7 => self.answer(with),
            8 => self.data_goes_well(),
            9 => self.data_goes_wrong(with),
            10 => self.pass(with),
            _ => self.disturb(with),
        }
    }

    /// More is asked than is read of the answers.
    fn flood(&mut self) {
        self.stuck = true;
        (0..FLOOD).for_each(|_| self.hear(b"HELP\r\n"));
    }

    /// What is sent in the clear behind AUTH must not act once TLS is there (CVE-2011-0411).
    fn inject(&mut self) {
        self.countable = false;
        self.secured_from_here = false;
        self.stuck = true;
        // In one piece with AUTH, and after it while 234 is not yet written.
        self.hear(b"AUTH TLS\r\nUSER injected\r\n");
        self.hear(b"USER injected\r\n");
        self.stuck = false;
        self.look();
    }

    /// Part of a line, or what is none.
    fn say_anything(&mut self, with: u8) {
        self.countable = false;
        match with {
            0..=15 => self.hear(&[b'x'; 3000]),
            16..=31 => self.hear(&[0xff, with]),
            _ => self.hear(&[with]),
        }
    }

    fn hear(&mut self, mut octets: &[u8]) {
        let lines = octets.iter().filter(|octet| **octet == b'\n').count();
        let verb =
            octets.iter().copied().filter(|octet| octet.is_ascii()).take_while(u8::is_ascii_alphabetic);
        self.verbs.push(verb.collect());
        for _ in 0..64 {
            // What comes during a handshake is TLS's, not the machine's.
            if octets.is_empty() || !self.server.wants_input() || self.handshaking || self.closed {
                break;
            }
            let taken = self.server.receive(octets, self.now);
            assert!(taken <= octets.len());
            octets = octets.get(taken..).unwrap_or_default();
            self.look();
        }
        // What is dropped, and what is left out here, has no reply.
        self.countable &= octets.is_empty();
        self.commands += lines;
    }

    fn pass(&mut self, with: u8) {
        match self.server.deadline() {
            // Late, early, or in time.
            Some(deadline) if with.is_multiple_of(4) => self.now = deadline.at.max(self.now),
            Some(_) | None => self.now = self.now + Duration::from_millis(u64::from(with)),
        }
        self.server.handle_timeout(self.now);
    }

    fn answer(&mut self, with: u8) {
        if self.asks.is_empty() {
            return;
        }
        let ask = self.asks.swap_remove(usize::from(with >> 4) % self.asks.len());
        self.decide(ask, with % 16);
    }

    fn decide(&mut self, ask: Ask, how: u8) {
        let id = ask.id();
        let (decision, opened) = answer(ask, how);
        self.give(id, decision, opened);
    }

    fn give(&mut self, id: AskId, decision: Decision, opened: Option<TransferId>) {
        match self.server.decide(decision, self.now) {
            Outcome::Used => {
                assert!(!self.withdrawn.contains(&id), "a withdrawn question was used");
                assert!(opened.is_none_or(|transfer| self.resources.insert(transfer)));
            }
            Outcome::Stale(transfer) => {
                assert!(self.withdrawn.contains(&id), "an answer in time is stale");
                assert_eq!(transfer, opened, "what was opened would leak");
            }
        }
        self.look();
    }

    fn data_goes_well(&mut self) {
        if let Some((id, next, event)) = self.data.good_news(at(1, 50_000), at(7, 45_000)) {
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
        self.server.handle_data(id, event, self.now);
        self.look();
    }

    /// An event of a data connection that is gone changes nothing.
    fn late(&mut self, which: u8) {
        if let Some(id) = self.data.gone() {
            let said = self.server.pending_output().len();
            self.server.handle_data(id, late(which), self.now);
            let step = self.server.poll();
            assert!(step.is_none(), "{step:?} after {:?} of {id:?}, which is gone: {self:?}", late(which));
            assert_eq!(self.server.pending_output().len(), said);
        }
    }

    fn disturb(&mut self, with: u8) {
        match with % 16 {
            0 => self.server.handle_control(ControlEvent::Reset, self.now),
            1 => self.server.handle_control(ControlEvent::PeerClosed, self.now),
            2..=5 if self.handshaking => {
                self.handshaking = false;
                self.server.handle_control(ControlEvent::Secured(tls()), self.now);
            }
            6 if self.handshaking => {
                self.handshaking = false;
                self.server.handle_control(ControlEvent::SecureFailed, self.now);
            }
            7 | 8 if self.clearing => {
                self.clearing = false;
                self.server.handle_control(ControlEvent::Cleared, self.now);
            }
            9 => self.server.shut_down(ShutDown::AfterTransfer, self.now),
            10 => self.server.shut_down(ShutDown::Now, self.now),
            11 | 12 => self.stuck = !self.stuck,
            13 => self.late(with >> 4),
            _ => {
                if let Some((id, _)) = self.data.newest() {
                    let _ = self.server.admit(id, at(with >> 4, 45_000), self.now);
                }
            }
        }
        self.countable &= with % 16 > 10;
    }

    /// Takes what the machine has to say and checks it.
    fn look(&mut self) {
        loop {
            self.read_replies();
            let Some(step) = self.server.poll() else { break };
            self.steps += 1;
            assert!(self.steps < 1_000_000, "steps without end");
            assert!(!self.over, "{step:?} after the last word");
            match step {
                Step::Io(action) => self.carry_out(action),
                Step::App(ServerOutput::Ask(ask)) => self.note(ask),
                Step::App(ServerOutput::Withdrawn(ask)) => assert!(self.withdrawn.insert(ask)),
                Step::App(ServerOutput::Notice(Notice::Served { verb, code, .. })) => {
                    self.secured_from_here |= code == ReplyCode::SECURITY_EXCHANGE_COMPLETE;
                    self.served.push((verb, code));
                }
                Step::App(ServerOutput::Notice(_)) => {}
            }
        }
        self.over = self.server.is_finished();
    }

    fn read_replies(&mut self) {
        let pending = self.server.pending_output();
        assert!(pending.len() < MOST_OUTPUT, "output grows without bound: {} octets", pending.len());
        if self.stuck || pending.is_empty() {
            return;
        }
        assert!(!self.closed, "octets for a closed connection");
        let taken = self.replies.push(pending);
        self.server.output_written(taken, self.now);
        while let Some(reply) = self.replies.next_reply() {
            let reply = reply.expect("a reply of ours is well formed");
            self.finals.extend(Some(reply.code).filter(|code| !code.is_preliminary()));
        }
    }

    fn note(&mut self, ask: Ask) {
        if let Ask::Settle(settle) = &ask {
            assert!(self.started.remove(&settle.transfer()), "{settle:?} for what was not started");
        } else {
            assert!(!self.handshaking, "{ask:?} between AUTH and the handshake's end");
        }
        if matches!(&ask, Ask::Login(login) if login.user() == INJECTED) {
            assert!(!self.secured_from_here, "what was sent in the clear acts: {ask:?}");
        }
        self.asks.push(ask);
    }

    fn carry_out(&mut self, action: IoAction) {
        let fits = match action {
            IoAction::StartControlTls(_) => !core::mem::replace(&mut self.handshaking, true),
            IoAction::StopControlTls => !core::mem::replace(&mut self.clearing, true),
            IoAction::CloseControl => !core::mem::replace(&mut self.closed, true),
            IoAction::StartTransfer { id, transfer, ref plan } => {
                self.data.starts(id, plan.on_end)
                    && self.resources.remove(&transfer)
                    && self.started.insert(transfer)
            }
            IoAction::CancelTransfer { transfer } => self.resources.remove(&transfer),
            ref other => self.data.carry_out(other),
        };
        assert!(fits, "{action:?} does not fit: {self:?}");
    }

    /// Everybody does what is expected, until nothing is left to do.
    fn oblige(&mut self) {
        for _ in 0..1000 {
            self.look();
            if let Some(ask) = self.asks.pop() {
                self.decide(ask, 0);
            } else if self.data.newest().is_some_and(|(_, held)| held != Held::Open) {
                self.data_goes_well();
            } else if self.server.deadline().is_some_and(|deadline| deadline.why == Timer::Penalty) {
                self.pass(0);
            } else {
                return;
            }
        }
    }

    /// In the end, each command has had one final reply.
    fn count(&mut self) {
        self.stuck = false;
        self.oblige();
        // A transfer whose data connection does not come waits for it.
        let waits = self.server.deadline().is_some_and(|deadline| deadline.why == Timer::DataOpen);
        if self.countable
            && !waits
            && !self.handshaking
            && !self.clearing
            && !self.closed
            && self.server.wants_input()
        {
            assert_eq!(self.finals.len(), self.commands + 1, "replies and commands: {self:?}");
        }
        // A line that is too long is refused before its end.
        let begun = usize::from(!self.countable);
        assert!(self.finals.len() <= self.commands + begun + 2, "more replies than commands: {self:?}");
        if self.countable {
            self.in_order();
        }
    }

    /// Final replies are in the order of the commands; only STAT may overtake a transfer.
    fn in_order(&self) {
        let said = self.finals.iter().skip(1);
        let told = self.served.iter().map(|(_, code)| code);
        assert!(said.zip(told).all(|(said, told)| said == told), "replies for other commands: {self:?}");
        let sent = self.verbs.iter().map(Vec::as_slice).filter(|verb| *verb != b"STAT");
        let served = self.served.iter().map(|(verb, _)| verb.as_bytes()).filter(|verb| *verb != b"STAT");
        assert!(sent.zip(served).all(|(sent, served)| sent == served), "out of order: {self:?}");
    }

    /// The connection is reset and every pump stops: everything must have ended.
    fn close(&mut self) {
        self.server.handle_control(ControlEvent::Reset, self.now);
        self.look();
        for id in self.data.moving() {
            self.report(id, None, ended(Err(TransferFailure::Aborted)));
        }
        while let Some(ask) = self.asks.pop() {
            self.decide(ask, 0);
        }
        assert!(self.server.is_finished(), "{self:?}");
        assert!(self.closed && self.data.is_empty(), "{self:?}");
        assert!(self.resources.is_empty() && self.started.is_empty(), "{self:?}");
        assert_eq!(self.server.deadline(), None);
    }

    /// What was noted, played again, is the same: words that are masked mean as much as those that were sent.
    fn play_again(mut self) {
        self.server.finish();
        let entries: Vec<Entry> = core::iter::from_fn(|| self.server.next_entry()).collect();
        if let Err(divergence) = replay(&entries) {
            panic!("{divergence}\n{entries:#?}");
        }
    }
}

const fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}
