//! A server machine with nothing around it: the test is its peer, its driver and its application.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of it")]

use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::command::PathName;
use ftp_proto::data::{
    Admission, DataEvent, DataId, StreamEnd, TlsFacts, TransferFailure, TransferId, TransferTotals,
};
use ftp_proto::io::{ControlEndpoints, ControlEvent, ControlMachine, IoAction, Step};
use ftp_proto::reply::Reply;
use ftp_proto::server::{
    Answer, Ask, AskId, Grant, LoginStage, Notice, Query, ServerConfig, ServerConnection, ServerOutput,
};
use ftp_proto::time::Instant;
use ftp_proto::wire::{ReplyDecoder, ReplyLimits};
use std::sync::Arc;

pub const SERVER: &str = "192.0.2.1:21";
pub const CLIENT: &str = "198.51.100.7:40000";
pub const LISTENER: &str = "192.0.2.1:50000";

pub fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub struct Rig {
    pub server: ServerConnection,
    pub now: Instant,
    replies: ReplyDecoder,
    pub actions: Vec<IoAction>,
    pub asks: Vec<Ask>,
    pub withdrawn: Vec<AskId>,
    pub notices: Vec<Notice>,
    /// Answer questions of logins and names by themselves.
    pub obliging: bool,
}

impl Rig {
    pub fn new(config: ServerConfig) -> Self {
        config.validate().unwrap();
        let endpoints = ControlEndpoints { local: at(SERVER), peer: at(CLIENT), dialled: None };
        Self::with_endpoints(config, endpoints)
    }

    pub fn with_endpoints(config: ServerConfig, endpoints: ControlEndpoints) -> Self {
        let now = Instant::ORIGIN;
        let mut rig = Self {
            server: ServerConnection::new(Arc::new(config), endpoints, now),
            now,
            replies: ReplyDecoder::new(ReplyLimits::default()),
            actions: Vec::new(),
            asks: Vec::new(),
            withdrawn: Vec::new(),
            notices: Vec::new(),
            obliging: true,
        };
        rig.turn();
        rig
    }

    /// Greeted and logged in.
    pub fn logged_in() -> Self {
        Self::logged_in_with(ServerConfig::default())
    }

    pub fn logged_in_with(config: ServerConfig) -> Self {
        let mut rig = Self::new(config);
        rig.codes();
        rig.send("USER u\r\nPASS p\r\n");
        assert_eq!(rig.codes(), [331, 230]);
        rig.notices.clear();
        rig
    }

    /// Carries out everything that can be.
    pub fn turn(&mut self) {
        loop {
            let written = self.server.pending_output().to_vec();
            assert_eq!(
                self.replies.push(&written),
                written.len(),
                "more output than a decoder takes at once"
            );
            if !written.is_empty() {
                self.server.output_written(written.len(), self.now);
            }
            match self.server.poll() {
                Some(Step::Io(action)) => self.actions.push(action),
                Some(Step::App(ServerOutput::Ask(ask))) => self.asked(ask),
                Some(Step::App(ServerOutput::Withdrawn(ask))) => self.withdrawn.push(ask),
                Some(Step::App(ServerOutput::Notice(notice))) => self.notices.push(notice),
                None if self.server.pending_output().is_empty() => return,
                None => {}
            }
        }
    }

    fn asked(&mut self, ask: Ask) {
        let decision = match ask {
            Ask::Login(login) if self.obliging => match login.stage() {
                LoginStage::User => login.need_password(),
                LoginStage::Password(_) | LoginStage::Account(_) => login.accept(Grant::default()),
            },
            Ask::Name(name) if self.obliging => {
                let answer = oblige(name.query());
                name.answer(answer)
            }
            other => return self.asks.push(other),
        };
        let _ = self.server.decide(decision, self.now);
    }

    /// Sends octets; all of them must be taken.
    pub fn send(&mut self, octets: &str) {
        let mut rest = octets.as_bytes();
        while !rest.is_empty() {
            let taken = self.server.receive(rest, self.now);
            rest = &rest[taken..];
            self.turn();
            assert!(taken > 0 || rest.is_empty(), "the server takes nothing more");
        }
    }

    pub fn replies(&mut self) -> Vec<Reply> {
        let mut all = Vec::new();
        while let Some(reply) = self.replies.next_reply() {
            all.push(reply.expect("a well-formed reply"));
        }
        all
    }

    /// The codes of the replies that came since the last call.
    pub fn codes(&mut self) -> Vec<u16> {
        self.replies().iter().map(|reply| reply.code.get()).collect()
    }

    /// Sends a line and returns the codes that it brings.
    pub fn cmd(&mut self, line: &str) -> Vec<u16> {
        self.send(&format!("{line}\r\n"));
        self.codes()
    }

    pub fn data(&mut self, id: DataId, event: DataEvent) {
        self.server.handle_data(id, event, self.now);
        self.turn();
    }

    pub fn control(&mut self, event: ControlEvent) {
        self.server.handle_control(event, self.now);
        self.turn();
    }

    pub fn elapse(&mut self, time: Duration) {
        self.now = self.now + time;
        self.server.handle_timeout(self.now);
        self.turn();
    }

    /// EPSV, up to the 229. Returns the data connection's name.
    pub fn epsv(&mut self) -> DataId {
        self.send("EPSV\r\n");
        let id = self.listening_id();
        self.data(id, DataEvent::Listening { local: at(LISTENER) });
        assert_eq!(self.codes(), [229]);
        id
    }

    pub fn listening_id(&self) -> DataId {
        let listen = |action: &IoAction| match action {
            IoAction::Listen { id, .. } => Some(*id),
            _ => None,
        };
        self.actions.iter().rev().find_map(listen).expect("a listener was asked for")
    }

    /// The client connects to the listener.
    pub fn connect(&mut self, id: DataId) {
        let peer = at("198.51.100.7:40001");
        assert_eq!(self.server.admit(id, peer, self.now), Admission::Take);
        self.data(id, DataEvent::Connected { local: at(LISTENER), peer, tls: None });
    }

    /// The application has opened what the transfer needs.
    pub fn ready(&mut self) -> TransferId {
        let Some(Ask::Transfer(ask)) = self.asks.pop() else { panic!("no transfer was asked for") };
        let id = ask.id();
        let _ = self.server.decide(ask.ready(Some(3)), self.now);
        self.turn();
        id
    }

    /// The pump has stopped.
    pub fn ended(&mut self, id: DataId, result: Result<(), TransferFailure>) {
        let totals = TransferTotals { wire: 3, stored: 3, end: StreamEnd::Fin };
        self.data(id, DataEvent::Ended { totals, result });
    }

    /// The application has settled the transfer.
    pub fn settled(&mut self) {
        let Some(Ask::Settle(ask)) = self.asks.pop() else { panic!("no settling was asked for") };
        let _ = self.server.decide(ask.done(), self.now);
        self.turn();
    }

    /// RETR in progress: octets move. Returns the data connection's name.
    pub fn moving(&mut self) -> DataId {
        let id = self.epsv();
        self.connect(id);
        self.send("RETR f\r\n");
        self.ready();
        assert_eq!(self.codes(), [125]);
        id
    }

    pub fn took(&self, wanted: impl Fn(&IoAction) -> bool) -> bool {
        self.actions.iter().any(wanted)
    }

    pub fn dropped(&self, id: DataId) -> bool {
        self.took(|action| *action == IoAction::DropData { id })
    }

    pub fn server_is_finished(&self) -> bool {
        self.server.is_finished()
    }

    pub fn is_closed(&self) -> bool {
        self.took(|action| *action == IoAction::CloseControl)
    }
}

fn oblige(query: &Query) -> Answer {
    match query {
        Query::Pwd | Query::Mkd(_) => Answer::Path(PathName::root()),
        Query::Size { .. } => Answer::Octets(3),
        _ => Answer::Done,
    }
}

/// TLS as a peer without certificate has it.
pub fn tls_facts() -> TlsFacts {
    TlsFacts {
        resumption: ftp_proto::data::Resumption::None,
        tls13: true,
        server_name: None,
        alpn: None,
        peer_certificate: None,
    }
}
