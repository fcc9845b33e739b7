//! A server machine that is brought into a state and then watched.

use std::sync::Arc;

use ftp_proto::command::PathName;
use ftp_proto::data::{DataEvent, DataId, Resumption, StorageFailure, StreamEnd, TlsFacts, TransferTotals};
use ftp_proto::io::{ControlEndpoints, ControlEvent, ControlMachine as _, IoAction, Step};
use ftp_proto::server::{
    Answer, Ask, Grant, LoginStage, ServerConfig, ServerConnection, ServerOutput, TlsPolicy,
};
use ftp_proto::time::Instant;
use ftp_proto::wire::{ReplyDecoder, ReplyLimits};

/// Who is asked for an account instead of a password.
pub(super) const NEEDS_ACCOUNT: &str = "USER needs-account";

/// Its peer, its driver and its application.
pub(super) struct Probe {
    pub(super) server: ServerConnection,
    replies: ReplyDecoder,
    /// What was seen since the last [`seen`](Self::seen).
    events: Vec<String>,
    /// Questions about transfers, which wait until they are answered.
    pub(super) asks: Vec<Ask>,
    pub(super) data: Option<DataId>,
    /// Output is taken as soon as it is there.
    pub(super) reads: bool,
}

impl Probe {
    pub(super) fn new() -> Self {
        let config = ServerConfig { tls: TlsPolicy::Offer, allow_ccc: true, ..ServerConfig::default() };
        let at = |host, port| ([192, 0, 2, host], port).into();
        let endpoints = ControlEndpoints { local: at(1, 21), peer: at(7, 40_000), dialled: None };
        let mut probe = Self {
            server: ServerConnection::new(Arc::new(config), endpoints, Instant::ORIGIN),
            replies: ReplyDecoder::new(ReplyLimits::default()),
            events: Vec::new(),
            asks: Vec::new(),
            data: None,
            reads: true,
        };
        probe.turn();
        probe.seen();
        probe
    }

    /// In this state: after these lines.
    pub(super) fn after(lines: &[&str]) -> Self {
        let mut probe = Self::new();
        lines.iter().for_each(|line| probe.say(line));
        probe.seen();
        probe
    }

    /// Replies and actions since the last call, in order.
    pub(super) fn seen(&mut self) -> String {
        let seen = core::mem::take(&mut self.events);
        if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") }
    }

    pub(super) fn say(&mut self, line: &str) {
        let octets = format!("{line}\r\n");
        let taken = self.server.receive(octets.as_bytes(), Instant::ORIGIN);
        assert_eq!(taken, octets.len(), "it takes nothing more");
        self.turn();
    }

    pub(super) fn control(&mut self, event: ControlEvent) {
        self.server.handle_control(event, Instant::ORIGIN);
        self.turn();
    }

    /// The data connection goes on as it should.
    pub(super) fn data(&mut self, event: DataEvent) {
        let id = self.data.expect("there is a data connection");
        self.server.handle_data(id, event, Instant::ORIGIN);
        self.turn();
    }

    /// The application does what it is asked for.
    pub(super) fn answer(&mut self) {
        let decision = match self.asks.pop() {
            Some(Ask::Transfer(ask)) => ask.ready(None),
            Some(Ask::Settle(ask)) => ask.done(),
            other => panic!("no transfer waits for an answer: {other:?}"),
        };
        let _ = self.server.decide(decision, Instant::ORIGIN);
        self.turn();
    }

    /// It cannot.
    pub(super) fn refuse(&mut self) {
        let decision = match self.asks.pop() {
            Some(Ask::Transfer(ask)) => ask.fail(StorageFailure::NotFound),
            Some(Ask::Settle(ask)) => ask.fail(StorageFailure::NoSpace),
            other => panic!("no transfer waits for an answer: {other:?}"),
        };
        let _ = self.server.decide(decision, Instant::ORIGIN);
        self.turn();
    }

    pub(super) fn turn(&mut self) {
        loop {
            if self.reads {
                self.read();
            }
            let Some(step) = self.server.poll() else { return };
            match step {
                Step::Io(action) => self.act(&action),
                Step::App(ServerOutput::Ask(ask)) => self.ask(ask),
                Step::App(_) => {}
            }
        }
    }

    fn read(&mut self) {
        let taken = self.replies.push(self.server.pending_output());
        if taken > 0 {
            self.server.output_written(taken, Instant::ORIGIN);
        }
        while let Some(Ok(reply)) = self.replies.next_reply() {
            self.events.push(reply.code.to_string());
        }
    }

    fn act(&mut self, action: &IoAction) {
        let name = match action {
            IoAction::StartControlTls(_) => "TLS begins",
            IoAction::StopControlTls => "TLS ends",
            IoAction::CloseControl => "closed",
            IoAction::Listen { id, .. } => {
                self.data = Some(*id);
                return;
            }
            IoAction::StartTransfer { .. } => "octets move",
            IoAction::CancelTransfer { .. } => "what was opened is freed",
            IoAction::DropData { .. } => "data connection dropped",
            IoAction::StartDataTls { .. } => "TLS on the data connection",
            IoAction::Connect { .. } => return,
        };
        self.events.push(name.to_owned());
    }

    fn ask(&mut self, ask: Ask) {
        let decision = match ask {
            Ask::Login(login) => match login.stage() {
                LoginStage::User if login.user() == b"needs-account" => login.need_account(),
                LoginStage::User => login.need_password(),
                _ => login.accept(Grant::default()),
            },
            Ask::Host(host) => host.accept(),
            Ask::Name(name) => name.answer(Answer::Path(PathName::root())),
            other => {
                if matches!(other, Ask::Settle(_)) {
                    self.events.push("storage settles".to_owned());
                }
                return self.asks.push(other);
            }
        };
        let _ = self.server.decide(decision, Instant::ORIGIN);
    }
}

pub(super) const fn tls() -> TlsFacts {
    TlsFacts {
        resumption: Resumption::None,
        tls13: true,
        server_name: None,
        alpn: None,
        peer_certificate: None,
    }
}

pub(super) const fn ended() -> DataEvent {
    DataEvent::Ended { totals: TransferTotals { wire: 1, stored: 1, end: StreamEnd::Fin }, result: Ok(()) }
}
