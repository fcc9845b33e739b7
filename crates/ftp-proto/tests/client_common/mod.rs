//! A server played from a script, in memory: what the client says is looked at, what the server says is given.
#![allow(dead_code, reason = "each test file uses its own part")]

use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::{PathName, Secret, Text};
use ftp_proto::data::*;
use ftp_proto::io::*;
use ftp_proto::server::{OctetSpan, TransferVerb};
use ftp_proto::time::Instant;
use std::sync::Arc;

pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

/// A client and everything that it has said.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) client: ClientConnection,
    pub(crate) now: Instant,
    /// Actions, in order, that no test has taken yet.
    pub(crate) actions: Vec<IoAction>,
    /// Events, in order, that no test has taken yet; without `Sent` and `Received`.
    pub(crate) events: Vec<ClientEvent>,
    /// Octets written and not yet looked at.
    pub(crate) written: Vec<u8>,
}

pub(crate) fn endpoints(peer: &str, local: &str) -> ControlEndpoints {
    ControlEndpoints { local: local.parse().unwrap(), peer: peer.parse().unwrap(), dialled: None }
}

impl Play {
    /// Connected; nothing was said.
    pub(crate) fn silent(config: ClientConfig) -> Self {
        Self::between(config, "192.0.2.1:21", "192.0.2.7:40000")
    }

    pub(crate) fn between(config: ClientConfig, peer: &str, local: &str) -> Self {
        let now = Instant::from_origin(Duration::from_secs(1000));
        let client = ClientConnection::new(Arc::new(config), endpoints(peer, local), now);
        let mut play = Self { client, now, actions: Vec::new(), events: Vec::new(), written: Vec::new() };
        play.run();
        play
    }

    /// Greeted.
    pub(crate) fn greeted() -> Self {
        Self::greeted_with(ClientConfig::default())
    }

    pub(crate) fn greeted_with(config: ClientConfig) -> Self {
        let mut play = Self::silent(config);
        play.say("220 ready");
        play.events.clear();
        play
    }

    /// With TYPE I in force, so that a transfer begins with its data connection.
    pub(crate) fn ready() -> Self {
        Self::ready_with(ClientConfig::default())
    }

    pub(crate) fn ready_with(config: ClientConfig) -> Self {
        let mut play = Self::greeted_with(config);
        play.start(Operation::Command(ftp_proto::command::Command::Type(ftp_proto::params::DataType::Image)));
        play.expect("TYPE I");
        play.say("200 ok");
        play.events.clear();
        play
    }

    /// Takes what the machine has to say.
    pub(crate) fn run(&mut self) {
        loop {
            let output = self.client.pending_output().to_vec();
            if !output.is_empty() {
                self.written.extend_from_slice(&output);
                self.client.output_written(output.len(), self.now);
            }
            match self.client.poll() {
                Some(Step::Io(action)) => self.actions.push(action),
                Some(Step::App(ClientEvent::Sent(_) | ClientEvent::Received(_))) => {}
                Some(Step::App(event)) => self.events.push(event),
                None if self.client.pending_output().is_empty() => break,
                None => {}
            }
        }
    }

    pub(crate) fn start(&mut self, operation: Operation) -> OpId {
        let op = self.client.start(operation, self.now).expect("it may be started");
        self.run();
        op
    }

    /// Server lines; CR LF is added to each.
    pub(crate) fn say(&mut self, lines: &str) {
        for line in lines.split('\n') {
            self.octets(format!("{line}\r\n").as_bytes());
        }
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() {
            let taken = self.client.receive(rest, self.now);
            self.run();
            rest = &rest[taken..];
        }
    }

    /// The client has written exactly this line, and nothing else.
    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        let written = core::mem::take(&mut self.written);
        assert_eq!(String::from_utf8_lossy(&written), format!("{line}\r\n"));
    }

    /// The client says this and is answered that.
    #[track_caller]
    pub(crate) fn exchange(&mut self, command: &str, reply: &str) {
        self.expect(command);
        self.say(reply);
    }

    #[track_caller]
    pub(crate) fn expect_silence(&self) {
        assert_eq!(String::from_utf8_lossy(&self.written), "", "the client must say nothing");
    }

    /// The next action.
    #[track_caller]
    pub(crate) fn action(&mut self) -> IoAction {
        assert!(!self.actions.is_empty(), "an action was expected; events: {:?}", self.events);
        self.actions.remove(0)
    }

    #[track_caller]
    pub(crate) fn expect_no_action(&self) {
        assert_eq!(self.actions, []);
    }

    pub(crate) fn data(&mut self, id: DataId, event: DataEvent) {
        self.client.handle_data(id, event, self.now);
        self.run();
    }

    pub(crate) fn connected(&mut self, id: DataId) {
        let local = "192.0.2.7:40001".parse().unwrap();
        let peer = "192.0.2.1:50000".parse().unwrap();
        self.data(id, DataEvent::Connected { local, peer, tls: None });
    }

    pub(crate) fn ended(&mut self, id: DataId, octets: u64) {
        let totals = TransferTotals { wire: octets, stored: octets, end: StreamEnd::Fin };
        self.data(id, DataEvent::Ended { totals, result: Ok(()) });
    }

    pub(crate) fn dropped(&mut self, id: DataId, octets: u64) {
        let totals = TransferTotals { wire: octets, stored: octets, end: StreamEnd::Open };
        self.data(id, DataEvent::Ended { totals, result: Err(TransferFailure::Aborted) });
    }

    /// Time passes; timers go off when they are due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.client.deadline().filter(|deadline| deadline.at <= end) {
            self.now = deadline.at.max(self.now);
            self.client.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    /// The only `Done` so far, which is taken.
    #[track_caller]
    pub(crate) fn done(
        &mut self,
    ) -> (OpId, Option<TransferTotals>, Result<ftp_proto::reply::Reply, OperationError>) {
        let at = self.events.iter().position(|event| matches!(event, ClientEvent::Done { .. }));
        let Some(at) = at else { panic!("the operation has not ended; {:?}", self.events) };
        let ClientEvent::Done { op, totals, result } = self.events.remove(at) else { unreachable!() };
        (op, totals, result)
    }

    #[track_caller]
    pub(crate) fn succeeded(&mut self) -> u16 {
        match self.done().2 {
            Ok(reply) => reply.code.get(),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn failed(&mut self) -> OperationError {
        self.done().2.expect_err("it should have failed")
    }

    #[track_caller]
    pub(crate) fn expect_not_done(&self) {
        assert!(
            !self.events.iter().any(|event| matches!(event, ClientEvent::Done { .. })),
            "{:?}",
            self.events
        );
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.events.iter().any(|event| matches!(event, ClientEvent::Lost(_)))
    }

    /// A passive transfer up to its connection: returns its name.
    #[track_caller]
    pub(crate) fn opened_by_epsv(&mut self) -> DataId {
        self.exchange("EPSV", "229 Entering Extended Passive Mode (|||50000|)");
        let IoAction::Connect { id, .. } = self.action() else { panic!("a connection was expected") };
        id
    }

    /// A passive download of `/f` up to its 1yz.
    #[track_caller]
    pub(crate) fn moving(&mut self, operation: Operation, command: &str) -> (OpId, DataId, TransferId) {
        let op = self.start(operation);
        let id = self.opened_by_epsv();
        self.connected(id);
        self.exchange(command, "150 here it comes");
        let IoAction::StartTransfer { id: of, transfer, .. } = self.action() else {
            panic!("a transfer was expected")
        };
        assert_eq!(of, id);
        (op, id, transfer)
    }
}

pub(crate) fn login(user: &str, password: Option<&str>) -> Operation {
    Operation::Login {
        user: Text::new(user.to_owned()).unwrap(),
        password: password.map(|password| Secret::new(password.to_owned()).unwrap()),
        account: None,
    }
}

pub(crate) fn rung(mode: DataMode) -> Rung {
    Rung {
        mode,
        address: PassiveAddress::ControlPeer,
        listen: None,
        patience: PATIENCE,
        reply_patience: PATIENCE,
        command_first: false,
    }
}

pub(crate) fn transfer(verb: TransferVerb, path: &str, mode: DataMode) -> Operation {
    Operation::Transfer {
        verb,
        path: (!path.is_empty()).then(|| PathName::new(path.to_owned()).unwrap()),
        span: OctetSpan::default(),
        encoding: StreamEncoding::PLAIN,
        size: None,
        data: DataPlan::Own(rung(mode)),
    }
}

pub(crate) fn retr() -> Operation {
    transfer(TransferVerb::Retr, "/f", DataMode::EPSV)
}

pub(crate) fn stor() -> Operation {
    transfer(TransferVerb::Stor, "/f", DataMode::EPSV)
}

pub(crate) fn sized(size: u64) -> Operation {
    let mut operation = retr();
    if let Operation::Transfer { size: of, .. } = &mut operation {
        *of = Some(size);
    }
    operation
}

pub(crate) fn from(start: u64, end: Option<u64>) -> Operation {
    let mut operation = retr();
    if let Operation::Transfer { span, .. } = &mut operation {
        *span = OctetSpan { start, end };
    }
    operation
}

pub(crate) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
