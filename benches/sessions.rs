//! Commands through whole sessions: our client and our server machine back to back, no network, no driver.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::client::{ClientConfig, ClientConnection, ClientEvent, Operation};
use ftp_proto::command::{Command, Secret, Text};
use ftp_proto::io::{ControlEndpoints, ControlMachine, Step};
use ftp_proto::server::{Ask, Grant, LoginStage, ServerConfig, ServerConnection, ServerOutput};
use ftp_proto::time::Instant;
use std::sync::Arc;

const COMMANDS: u64 = 1000;
const NOW: Instant = Instant::ORIGIN;

struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    /// Operations that have ended.
    done: u64,
}

impl Pair {
    fn new() -> Self {
        let server: ControlEndpoints = ControlEndpoints {
            local: "192.0.2.1:21".parse().expect("an address"),
            peer: "192.0.2.2:40000".parse().expect("an address"),
            dialled: None,
        };
        let client = ControlEndpoints { local: server.peer, peer: server.local, dialled: None };
        Self {
            client: ClientConnection::new(Arc::new(ClientConfig::default()), client, NOW),
            server: ServerConnection::new(Arc::new(ServerConfig::default()), server, NOW),
            done: 0,
        }
    }

    fn run(&mut self, operation: Operation) {
        self.client.start(operation, NOW).expect("an operation");
        let due = self.done + 1;
        while self.done < due {
            self.round();
        }
    }

    fn round(&mut self) {
        while let Some(step) = self.server.poll() {
            if let Step::App(ServerOutput::Ask(Ask::Login(login))) = step {
                let decision = match login.stage() {
                    LoginStage::User => login.need_password(),
                    _ => login.accept(Grant::default()),
                };
                let _ = self.server.decide(decision, NOW);
            }
        }
        deliver(&mut self.server, &mut self.client);
        while let Some(step) = self.client.poll() {
            if let Step::App(ClientEvent::Done { result, .. }) = step {
                result.expect("the command is served");
                self.done += 1;
            }
        }
        deliver(&mut self.client, &mut self.server);
    }
}

fn deliver(from: &mut impl ControlMachine, to: &mut impl ControlMachine) {
    let taken = to.receive(from.pending_output(), NOW);
    from.output_written(taken, NOW);
}

fn log_in() -> Operation {
    Operation::Login {
        user: Text::new("alice").expect("a name"),
        password: Some(Secret::new("secret").expect("a password")),
        account: None,
    }
}

fn sessions(c: &mut Criterion) {
    let mut group = c.benchmark_group("sessions");
    group.throughput(Throughput::Elements(1));
    group.bench_function("greeting to login", |b| {
        b.iter_batched_ref(Pair::new, |pair| pair.run(log_in()), BatchSize::SmallInput);
    });
    group.throughput(Throughput::Elements(COMMANDS));
    group.bench_function("commands", |b| {
        let mut pair = Pair::new();
        pair.run(log_in());
        b.iter(|| {
            for _ in 0..COMMANDS {
                pair.run(Operation::Command(Command::Noop));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, sessions);
criterion_main!(benches);
