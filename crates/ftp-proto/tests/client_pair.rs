//! Both machines back to back in memory: every script ends, in every order in which the network may deliver.

mod client_common;

use client_common::{login, rung, socket};
use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::{Command, PathName};
use ftp_proto::data::*;
use ftp_proto::io::*;
use ftp_proto::server::*;
use ftp_proto::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;

const OCTETS: u64 = 1000;

/// One end of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Client,
    Server,
}

impl End {
    fn address(self, port: u16) -> SocketAddr {
        let host = if self == Self::Client { "192.0.2.7:0" } else { "192.0.2.1:0" };
        SocketAddr::new(socket(host).ip(), port)
    }
}

type Name = (End, DataId);

struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    now: Instant,
    chance: u64,
    /// Octets on their way, by the end that they go to.
    wire: BTreeMap<End, Vec<u8>>,
    /// Data events on their way.
    events: Vec<(Name, DataEvent)>,
    listeners: BTreeMap<SocketAddr, Name>,
    /// Which two data connections are one.
    joined: BTreeMap<Name, Name>,
    moving: BTreeMap<Name, Flow>,
    ports: u16,
    done: Vec<(OpId, Option<TransferTotals>, Result<ftp_proto::reply::Reply, OperationError>)>,
    unsolicited: usize,
    lost: bool,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let now = Instant::ORIGIN;
        let (here, there) = (End::Client.address(40_000), End::Server.address(21));
        let server_ends = ControlEndpoints { local: there, peer: here, dialled: None };
        let client_ends = ControlEndpoints { local: here, peer: there, dialled: None };
        Self {
            client: ClientConnection::new(Arc::default(), client_ends, now),
            server: ServerConnection::new(Arc::new(ServerConfig::default()), server_ends, now),
            now,
            chance: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            wire: BTreeMap::from([(End::Client, Vec::new()), (End::Server, Vec::new())]),
            events: Vec::new(),
            listeners: BTreeMap::new(),
            joined: BTreeMap::new(),
            moving: BTreeMap::new(),
            ports: 50_000,
            done: Vec::new(),
            unsolicited: 0,
            lost: false,
        }
    }

    /// A number below `bound`.
    fn random(&mut self, bound: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance % bound.max(1) as u64) as usize
    }

    fn start(&mut self, operation: Operation) -> OpId {
        self.client.start(operation, self.now).unwrap()
    }

    /// Delivers one thing, chosen by chance; false when nothing is on its way.
    fn step(&mut self) -> bool {
        self.collect();
        let mut choices = Vec::new();
        for end in [End::Client, End::Server] {
            let takes = match end {
                End::Client => self.client.wants_input(),
                End::Server => self.server.wants_input(),
            };
            if takes && !self.wire[&end].is_empty() {
                choices.push(Some(end));
            }
        }
        if !self.events.is_empty() {
            choices.push(None);
        }
        if choices.is_empty() {
            return false;
        }
        let choice = self.random(choices.len());
        match choices[choice] {
            Some(end) => self.deliver_octets(end),
            None => self.deliver_event(),
        }
        true
    }

    fn deliver_octets(&mut self, end: End) {
        let length = 1 + self.random(self.wire[&end].len());
        let octets: Vec<u8> = self.wire[&end][..length].to_vec();
        let taken = match end {
            End::Client => self.client.receive(&octets, self.now),
            End::Server => self.server.receive(&octets, self.now),
        };
        self.wire.get_mut(&end).unwrap().drain(..taken);
    }

    /// The first event of one of the data connections: those of one keep their order.
    fn deliver_event(&mut self) {
        let at = self.random(self.events.len());
        let name = self.events[at].0;
        let first = self.events.iter().position(|(of, _)| *of == name).unwrap();
        let ((end, id), event) = self.events.remove(first);
        match end {
            End::Client => self.client.handle_data(id, event, self.now),
            End::Server => self.server.handle_data(id, event, self.now),
        }
    }

    /// Takes what the machines have to say.
    fn collect(&mut self) {
        for _ in 0..2 {
            let sent = self.client.pending_output().to_vec();
            self.wire.get_mut(&End::Server).unwrap().extend_from_slice(&sent);
            self.client.output_written(sent.len(), self.now);
            while let Some(step) = self.client.poll() {
                match step {
                    Step::Io(action) => self.carry_out(End::Client, action),
                    Step::App(ClientEvent::Done { op, totals, result }) => {
                        self.done.push((op, totals, result))
                    }
                    Step::App(ClientEvent::Unsolicited(_)) => self.unsolicited += 1,
                    Step::App(ClientEvent::Lost(_)) => self.lost = true,
                    Step::App(_) => {}
                }
            }
            let sent = self.server.pending_output().to_vec();
            self.wire.get_mut(&End::Client).unwrap().extend_from_slice(&sent);
            self.server.output_written(sent.len(), self.now);
            while let Some(step) = self.server.poll() {
                match step {
                    Step::Io(action) => self.carry_out(End::Server, action),
                    Step::App(ServerOutput::Ask(ask)) => self.answer(ask),
                    Step::App(ServerOutput::Withdrawn(_) | ServerOutput::Notice(_)) => {}
                }
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        let decision = match ask {
            Ask::Login(login) => match login.stage() {
                LoginStage::User => login.need_password(),
                LoginStage::Password(_) | LoginStage::Account(_) => login.accept(Grant::default()),
            },
            Ask::Name(name) => match name.query() {
                Query::Pwd => name.answer(Answer::Path(PathName::root())),
                _ => name.answer(Answer::Done),
            },
            Ask::Transfer(transfer) => match &transfer.request().path {
                Some(path) if path.as_bytes() == b"/missing" => transfer.fail(StorageFailure::NotFound),
                _ => transfer.ready(Some(OCTETS)),
            },
            Ask::Settle(settle) => settle.done(),
            Ask::Host(host) => host.accept(),
            Ask::Site(site) => site.unknown(),
        };
        let _ = self.server.decide(decision, self.now);
    }

    fn carry_out(&mut self, end: End, action: IoAction) {
        match action {
            IoAction::Listen { id, .. } => {
                self.ports += 1;
                let local = end.address(self.ports);
                self.listeners.insert(local, (end, id));
                self.events.push(((end, id), DataEvent::Listening { local }));
            }
            IoAction::Connect { id, target, .. } => self.connect((end, id), target),
            IoAction::StartTransfer { id, plan, .. } => self.start_pump((end, id), plan.flow),
            IoAction::DropData { id } => self.drop_data((end, id)),
            IoAction::CancelTransfer { .. } | IoAction::CloseControl => {}
            IoAction::StartControlTls(_) | IoAction::StopControlTls | IoAction::StartDataTls { .. } => {
                panic!("no TLS was asked for")
            }
        }
    }

    fn connect(&mut self, name: Name, target: SocketAddr) {
        self.ports += 1;
        let source = name.0.address(self.ports);
        let Some(&listener) = self.listeners.get(&target) else {
            let event = DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused };
            return self.events.push((name, event));
        };
        let admission = match listener.0 {
            End::Client => self.client.admit(listener.1, source, self.now),
            End::Server => self.server.admit(listener.1, source, self.now),
        };
        assert_eq!(admission, Admission::Take, "{name:?} at {target}");
        self.listeners.remove(&target);
        self.joined.insert(name, listener);
        self.joined.insert(listener, name);
        self.events.push((name, DataEvent::Connected { local: source, peer: target, tls: None }));
        self.events.push((listener, DataEvent::Connected { local: target, peer: source, tls: None }));
    }

    fn start_pump(&mut self, name: Name, flow: Flow) {
        self.moving.insert(name, flow);
        match self.joined.get(&name).copied() {
            None => self.stop_pump(name, Err(TransferFailure::Connection(Failure::Reset))),
            Some(other) if self.moving.contains_key(&other) => {
                assert_ne!(self.moving[&other], flow, "both ends must agree on who sends");
                self.stop_pump(name, Ok(()));
                self.stop_pump(other, Ok(()));
            }
            Some(_) => {}
        }
    }

    fn stop_pump(&mut self, name: Name, result: Result<(), TransferFailure>) {
        self.moving.remove(&name);
        let octets = if result.is_ok() { OCTETS } else { 0 };
        let totals = TransferTotals { wire: octets, stored: octets, end: StreamEnd::Fin };
        self.events.push((name, DataEvent::Ended { totals, result }));
    }

    fn drop_data(&mut self, name: Name) {
        self.listeners.retain(|_, listener| *listener != name);
        let pumped = self.moving.contains_key(&name);
        self.events.retain(|(of, event)| *of != name || matches!(event, DataEvent::Ended { .. }));
        if let Some(other) = self.joined.remove(&name) {
            self.joined.remove(&other);
            if self.moving.contains_key(&other) {
                self.stop_pump(other, Err(TransferFailure::Connection(Failure::Reset)));
            }
        }
        if pumped {
            self.stop_pump(name, Err(TransferFailure::Aborted));
        }
    }

    /// Until nothing is on its way and no timer of a transfer is left.
    fn run(&mut self) {
        for _ in 0..20_000 {
            if self.step() {
                continue;
            }
            // Silence: the client's next timer, if it waits for something.
            match self.client.deadline() {
                Some(deadline) if !self.client.is_finished() => {
                    self.now = deadline.at.max(self.now);
                    self.client.handle_timeout(self.now);
                    self.server.handle_timeout(self.now);
                }
                Some(_) | None => return,
            }
        }
        panic!("it does not end: {:?}", self.client);
    }

    fn result(&self, op: OpId) -> &Result<ftp_proto::reply::Reply, OperationError> {
        let mut results = self.done.iter().filter(|(of, ..)| *of == op).map(|(_, _, result)| result);
        let result = results.next().expect("it has ended");
        assert!(results.next().is_none(), "it has ended twice");
        result
    }
}

fn transfer(verb: TransferVerb, path: &str, mode: DataMode, command_first: bool) -> Operation {
    Operation::Transfer {
        verb,
        path: Some(PathName::new(path.to_owned()).unwrap()),
        span: OctetSpan::default(),
        encoding: StreamEncoding::PLAIN,
        size: (verb == TransferVerb::Retr).then_some(OCTETS),
        data: DataPlan::Own(Rung { command_first, ..rung(mode) }),
    }
}

const MODES: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];

#[test]
fn every_script_ends_well_in_every_mode_and_every_order_of_delivery() {
    for seed in 1..200 {
        for command_first in [false, true] {
            let mut pair = Pair::new(seed);
            let mut good = vec![pair.start(login("u", Some("p")))];
            let mut bad = Vec::new();
            for mode in MODES {
                for verb in [TransferVerb::Retr, TransferVerb::Stor, TransferVerb::Mlsd] {
                    good.push(pair.start(transfer(verb, "/f", mode, command_first)));
                }
                bad.push(pair.start(transfer(TransferVerb::Retr, "/missing", mode, command_first)));
                good.push(pair.start(Operation::Command(Command::Pwd)));
            }
            good.push(pair.start(Operation::Quit));
            pair.run();
            for op in good {
                assert!(pair.result(op).is_ok(), "seed {seed}: {op:?} {:?}", pair.result(op));
            }
            for op in bad {
                let refused = matches!(pair.result(op), Err(OperationError::Refused { .. }));
                assert!(refused, "seed {seed}: {op:?} {:?}", pair.result(op));
            }
            assert_eq!(pair.unsolicited, 0, "seed {seed}");
            assert!(pair.lost && pair.client.is_finished() && pair.server.is_finished(), "seed {seed}");
        }
    }
}

#[test]
fn rfc1123_31_an_abort_at_any_moment_leaves_both_in_step() {
    for seed in 1..400 {
        let mut pair = Pair::new(seed);
        pair.start(login("u", Some("p")));
        let mode = MODES[pair.random(MODES.len())];
        let verb = if seed % 2 == 0 { TransferVerb::Retr } else { TransferVerb::Stor };
        let op = pair.start(transfer(verb, "/f", mode, seed % 3 == 0));
        let after = pair.start(Operation::Command(Command::Pwd));
        for _ in 0..pair.random(60) {
            pair.step();
        }
        let aborted = pair.client.abort(op, pair.now).is_ok();
        pair.run();
        match pair.result(op) {
            Ok(_) => assert!(!aborted, "seed {seed}: an operation that was aborted has not succeeded"),
            Err(error) => assert!(matches!(error, OperationError::Aborted), "seed {seed} {mode}: {error:?}"),
        }
        let reply =
            pair.result(after).as_ref().unwrap_or_else(|error| panic!("seed {seed} {mode}: {error:?}"));
        assert_eq!(reply.code.get(), 257, "seed {seed}: the reply of something else");
        assert_eq!(pair.unsolicited, 0, "seed {seed}");
        assert!(pair.now.duration_since(Instant::ORIGIN) < Duration::from_secs(60) || !aborted);
    }
}
