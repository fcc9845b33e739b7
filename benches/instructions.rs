//! Work through the core for `cargo xtask instructions`, which counts the processor's instructions: `instructions WORK TIMES`.
//!
//! Nothing here depends on time or chance, so that two runs of one build count the same.

use core::hint::black_box;
use ftp_proto::command::Command;
use ftp_proto::data::{Admission, DataEvent, DataId, StreamEnd, TransferTotals};
use ftp_proto::io::{ControlEndpoints, ControlMachine, IoAction, Step};
use ftp_proto::server::{Ask, Grant, LoginStage, ServerConfig, ServerConnection, ServerOutput};
use ftp_proto::time::Instant;
use ftp_proto::wire::{CommandView, LineBuffer, LineLimits};
use std::sync::Arc;

const NOW: Instant = Instant::ORIGIN;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let times = arguments.get(1).and_then(|times| times.parse().ok()).unwrap_or(1);
    match arguments.first().map(String::as_str) {
        Some("parsing") => (0..times).for_each(|_| parsing()),
        Some("login") => (0..times).for_each(|_| drop(black_box(Server::logged_in()))),
        Some("commands") => {
            let mut server = Server::logged_in();
            (0..times).for_each(|_| server.say(b"NOOP\r\nPWD\r\nTYPE I\r\nSIZE file\r\n"));
        }
        Some("transfer") => {
            let mut server = Server::logged_in();
            (0..times).for_each(|_| server.download());
        }
        _ => eprintln!("instructions parsing|login|commands|transfer TIMES"),
    }
}

fn parsing() {
    const LINES: &[u8] = b"USER alice\r\nTYPE I\r\nEPSV\r\nCWD /pub/some directory\r\nSIZE a name of a file.tar.gz\r\n\
        REST 1048576\r\nRETR a name of a file.tar.gz\r\nPORT 192,0,2,1,200,13\r\nEPRT |2|2001:db8::1|51213|\r\nQUIT\r\n";
    let mut lines = LineBuffer::new(LineLimits { max_line: 8192, max_buffered: 16384 });
    let _ = lines.push(black_box(LINES));
    while let Some(Ok(line)) = lines.next_line() {
        let view = CommandView::parse(line.as_bytes());
        let _ = black_box(view.map(|view| Command::parse(&view)));
    }
}

/// A server machine whose application says yes to everything.
struct Server {
    machine: ServerConnection,
    data: Option<DataId>,
}

impl Server {
    fn logged_in() -> Self {
        let address = |text: &str| text.parse().unwrap_or_else(|_| unreachable!("an address"));
        let endpoints = ControlEndpoints {
            local: address("192.0.2.1:21"),
            peer: address("192.0.2.2:40000"),
            dialled: None,
        };
        let machine = ServerConnection::new(Arc::new(ServerConfig::default()), endpoints, NOW);
        let mut server = Self { machine, data: None };
        server.say(b"USER alice\r\nPASS secret\r\n");
        server
    }

    fn say(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let taken = self.machine.receive(octets, NOW);
            octets = octets.get(taken..).unwrap_or_default();
            self.turn();
        }
    }

    fn turn(&mut self) {
        loop {
            let written = black_box(self.machine.pending_output()).len();
            if written > 0 {
                self.machine.output_written(written, NOW);
            }
            match self.machine.poll() {
                Some(Step::Io(IoAction::Listen { id, .. })) => {
                    self.data = Some(id);
                    self.event(DataEvent::Listening { local: ([192, 0, 2, 1], 50_000).into() });
                }
                Some(Step::App(ServerOutput::Ask(ask))) => self.answer(ask),
                Some(_) => {}
                None if self.machine.pending_output().is_empty() => return,
                None => {}
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        let decision = match ask {
            Ask::Login(ask) => match ask.stage() {
                LoginStage::User => ask.need_password(),
                _ => ask.accept(Grant::default()),
            },
            Ask::Name(ask) => ask.answer(ftp_proto::server::Answer::Octets(4096)),
            Ask::Transfer(ask) => ask.ready(Some(4096)),
            Ask::Settle(ask) => ask.done(),
            Ask::Host(ask) => ask.accept(),
            Ask::Site(ask) => ask.unknown(),
        };
        let _ = self.machine.decide(decision, NOW);
    }

    fn event(&mut self, event: DataEvent) {
        if let Some(id) = self.data {
            self.machine.handle_data(id, event, NOW);
        }
    }

    /// EPSV and RETR of a small file, from command to final reply.
    fn download(&mut self) {
        self.say(b"EPSV\r\n");
        let peer = ([192, 0, 2, 2], 40_001).into();
        let admitted = self.data.map(|id| self.machine.admit(id, peer, NOW));
        assert_eq!(admitted, Some(Admission::Take), "the client itself");
        self.event(DataEvent::Connected { local: ([192, 0, 2, 1], 50_000).into(), peer, tls: None });
        self.say(b"RETR file\r\n");
        let totals = TransferTotals { wire: 4096, stored: 4096, end: StreamEnd::Fin };
        self.event(DataEvent::Ended { totals, result: Ok(()) });
        self.turn();
    }
}
