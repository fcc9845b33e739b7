//! A server machine among a peer that says anything, a driver that keeps its contract, and an application that answers
//! anything, or too late.

use super::books::{Held, Holdings, ended, late, tls};
use crate::command::PathName;
use crate::data::{DataEvent, DataId, Failure, StorageFailure, TransferFailure, TransferId};
use crate::facts::{Entry, EntryKind, TimeVal};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine as _, IoAction, Step, Timer};
use crate::reply::{Reply, ReplyCode};
use crate::server::{
    Answer, Ask, AskId, Decision, Grant, LoginRefusal, LoginStage, Notice, Outcome, Query, ServerConfig,
    ServerConnection, ServerOutput, ShutDown, TlsPolicy,
};
use crate::time::Instant;
use crate::wire::{ReplyDecoder, ReplyLimits};
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

/// What a peer says, and what it should not say. Each line is one command.
const LINES: [&[u8]; 64] = [
    b"USER u\r\n",
    b"PASS p\r\n",
    b"ACCT a\r\n",
    b"REIN\r\n",
    b"QUIT\r\n",
    b"AUTH TLS\r\n",
    b"PBSZ 0\r\n",
    b"PROT P\r\n",
    b"PROT C\r\n",
    b"CCC\r\n",
    b"HOST h\r\n",
    b"EPSV\r\n",
    b"EPSV ALL\r\n",
    b"PASV\r\n",
    b"EPRT |1|192.0.2.7|45000|\r\n",
    b"PORT 192,0,2,7,175,200\r\n",
    b"PORT 192,0,2,9,175,200\r\n",
    b"PORT 0,0,0,0,0,256\r\n",
    b"RETR f\r\n",
    b"STOR f\r\n",
    b"APPE f\r\n",
    b"STOU\r\n",
    b"LIST\r\n",
    b"NLST d\r\n",
    b"MLSD d\r\n",
    b"REST 5\r\n",
    b"RANG 1 4\r\n",
    b"ALLO 9\r\n",
    b"ABOR\r\n",
    b"\xff\xf4\xff\xf2ABOR\r\n",
    b"STAT\r\n",
    b"STAT d\r\n",
    b"NOOP\r\n",
    b"TYPE I\r\n",
    b"TYPE A\r\n",
    b"TYPE E\r\n",
    b"MODE S\r\n",
    b"MODE B\r\n",
    b"MODE Z\r\n",
    b"STRU F\r\n",
    b"STRU R\r\n",
    b"CWD d\r\n",
    b"CDUP\r\n",
    b"PWD\r\n",
    b"MKD d\r\n",
    b"RMD d\r\n",
    b"DELE f\r\n",
    b"RNFR f\r\n",
    b"RNTO g\r\n",
    b"SIZE f\r\n",
    b"MDTM f\r\n",
    b"MFMT 20010909014640 f\r\n",
    b"MFF Modify=20010909014640; f\r\n",
    b"MLST f\r\n",
    b"HASH f\r\n",
    b"XCRC f\r\n",
    b"AVBL\r\n",
    b"FEAT\r\n",
    b"OPTS UTF8 ON\r\n",
    b"OPTS MLST size;\r\n",
    b"SITE CHMOD 644 f\r\n",
    b"SITE HELLO\r\n",
    b"HELP\r\n",
    b"SYST\r\n",
];

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
    server: ServerConnection,
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
/// every resource started or cancelled once, every transfer settled once, and that nothing grows without bound.
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
            server: ServerConnection::new(Arc::new(config), endpoints, now),
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

    /// Answers as an application may; by 0 as it should.
    fn decide(&mut self, ask: Ask, how: u8) {
        let id = ask.id();
        let mut opened = None;
        let decision = match ask {
            Ask::Host(ask) => match how {
                0..=7 => ask.accept(),
                8..=11 => ask.unknown(),
                _ => ask.unavailable(),
            },
            Ask::Login(ask) => match (ask.stage(), how) {
                (LoginStage::User, 0..=9) => ask.need_password(),
                (_, 10) => ask.need_account(),
                (_, 11..=13) => ask.refuse(LoginRefusal::Credentials, Duration::from_secs(1)),
                (_, 14) => ask.refuse(LoginRefusal::Banned, Duration::ZERO),
                _ => ask.accept(Grant::default()),
            },
            Ask::Name(ask) => match how {
                0..=7 => {
                    let answer = apt(how, ask.query());
                    ask.answer(answer)
                }
                8..=11 => ask.answer(Answer::Octets(3)),
                _ => ask.fail(StorageFailure::NotFound),
            },
            Ask::Transfer(ask) if how < 12 => {
                opened = Some(ask.id());
                ask.ready((how & 1 == 0).then_some(9))
            }
            Ask::Transfer(ask) => ask.fail(StorageFailure::NotFound),
            Ask::Settle(ask) if how < 12 => ask.done(),
            Ask::Settle(ask) => ask.fail(StorageFailure::NoSpace),
            Ask::Site(ask) if how < 12 => ask.unknown(),
            Ask::Site(ask) => ask.answer(Reply::new(ReplyCode::COMMAND_OKAY, "Hello.")),
        };
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
        let Some((id, held)) = self.data.newest() else { return };
        let (next, event) = match held {
            Held::Opening => (Some(Held::Listener), DataEvent::Listening { local: at(1, 50_000) }),
            Held::Listener | Held::Connecting => (
                Some(Held::Open),
                DataEvent::Connected { local: at(1, 50_000), peer: at(7, 45_000), tls: None },
            ),
            Held::Securing => (Some(Held::Open), DataEvent::Secured(tls())),
            Held::Moving => (self.data.left(id), ended(Ok(()))),
            Held::Open => return,
        };
        self.report(id, next, event);
    }

    fn data_goes_wrong(&mut self, with: u8) {
        let Some((id, held)) = self.data.newest() else { return };
        let why = if with & 1 == 0 { Failure::Refused } else { Failure::Tls };
        match held.phase() {
            // Nothing is done with it that could fail.
            _ if held == Held::Open => {}
            Some(during) => self.report(id, None, DataEvent::Failed { during, why }),
            None if with & 2 == 0 => {
                self.report(id, Some(held), DataEvent::Progress { octets: with.into() });
            }
            None => self.report(id, None, ended(Err(TransferFailure::Connection(why)))),
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
}

/// The right kind of answer, with names that should not be in a reply.
fn apt(how: u8, query: &Query) -> Answer {
    match query {
        Query::Pwd | Query::Mkd(_) => Answer::Path(PathName::root()),
        Query::Size { .. } | Query::Available { .. } => Answer::Octets(how.into()),
        Query::Modified(_) => Answer::Time(TimeVal::from_seconds(1_719_835_200)),
        Query::SetFacts { facts, .. } => Answer::Facts(facts.clone()),
        Query::Facts { .. } => Answer::Entry(entry(how)),
        Query::List { .. } => Answer::Entries {
            entries: (0..how).map(entry).collect(),
            now: TimeVal::from_seconds(1_719_835_200),
        },
        Query::Hash { .. } => Answer::Digest { digest: Bytes::from_static(b"digest"), span: (0, how.into()) },
        _ => Answer::Done,
    }
}

fn entry(how: u8) -> Entry {
    const NAMES: [&[u8]; 5] = [b"f", b"two words", b"\xff\xf4", b"a\r\n226 b", b""];
    let name = NAMES.get(usize::from(how) % NAMES.len()).copied().unwrap_or_default();
    let kind = if how & 1 == 0 { EntryKind::File } else { EntryKind::Directory };
    Entry {
        name: Bytes::from_static(name),
        kind,
        owner: Some(Bytes::from_static(b"a\nb")),
        ..Entry::default()
    }
}

const fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}
