//! Whole conversations by chance: our client and our server over a line that may be bad, judged by what must be so.
//!
//! Nothing of the machines is used to judge them: [`judge`](self) reads the control connection from outside and knows
//! only the reply sequences of RFC 959 §5.4 and §6, and the file tree is kept by a map.

mod chance;
pub mod hostile;
mod judge;
mod secured;

pub use secured::{comes_under_tls, secured};
mod tree;

use crate::talk::{PASSWORD, USER};
use crate::world::sim::{Ending, Pair, Shared, octets};
use chance::Chance;
use core::cell::RefCell;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::address::PassiveAddress;
use ftp_proto::client::{ClientConfig, DataPlan, OpId, Operation, OperationError, Rung};
use ftp_proto::command::{Command, PathName, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::io::StreamEncoding;
use ftp_proto::server::{OctetSpan, ServerConfig, TransferVerb};
use ftp_sim::{Conditions, HostOptions, INTERNET, Sim};
use judge::{Judge, Tap};
use std::rc::Rc;
use tree::Tree;

const PATHS: [&str; 4] = ["a", "b", "c", "d"];
const MODES: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];
/// Every operation ends in that time, and the last session after it.
const LONG: Duration = Duration::from_secs(900);

/// What was wrong, and how to see it again.
#[derive(Debug)]
pub struct Wrong {
    /// The seed that shows it.
    pub seed: u64,
    /// What was wrong.
    pub what: String,
    /// All that happened.
    pub transcript: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}seed {}: {}", self.transcript, self.seed, self.what)
    }
}

/// Plays the conversation of a seed.
///
/// # Errors
/// When something was wrong in it.
pub fn play(seed: u64) -> Result<(), Box<Wrong>> {
    play_by(Chance::of_seed(seed), seed)
}

/// Plays the conversation that a fuzzer makes up: `octets` are its choices, one after the other, until there are no more.
///
/// # Panics
/// When something was wrong in it.
pub fn pair(octets: &[u8]) {
    if let Err(wrong) = play_by(Chance::of_octets(octets), 0) {
        panic!("\n{wrong}");
    }
}

fn play_by(chance: Chance, seed: u64) -> Result<(), Box<Wrong>> {
    let mut conversation = Conversation::new(chance);
    let what = match conversation.play() {
        Ok(()) => conversation.judge.borrow().wrong.clone(),
        Err(what) => Some(what),
    };
    let Some(what) = what else { return Ok(()) };
    Err(Box::new(Wrong { seed, what, transcript: conversation.pair.sim.transcript().to_string() }))
}

struct Conversation {
    chance: Chance,
    pair: Pair,
    judge: Rc<RefCell<Judge>>,
    tree: Tree,
    /// The line breaks connections.
    faulty: bool,
}

impl Conversation {
    fn new(mut chance: Chance) -> Self {
        let conditions = any_conditions(&mut chance);
        let faulty = conditions.resets_per_million > 0;
        let judge = Rc::<RefCell<Judge>>::default();
        let mut sim = Sim::with_conditions(chance.number(0..u64::MAX), conditions);
        let server_at = SocketAddr::from(([198, 51, 100, 7], 21));
        let farm = sim.network(INTERNET, vec![Box::new(Tap(Rc::clone(&judge)))]);
        let root = HostOptions { privileged: true, ..HostOptions::default() };
        let server = sim.host_with("server", farm, &[server_at.ip()], root);
        let client = sim.host("client", INTERNET, &[[203, 0, 113, 9].into()]);
        let pair = Pair::apart(
            sim,
            (server, server_at, ServerConfig::default()),
            (client, server_at, ClientConfig::default()),
        );
        Self { chance, pair, judge, tree: Tree::default(), faulty }
    }

    fn play(&mut self) -> Result<(), String> {
        self.log_in()?;
        for _ in 0..self.chance.size(3..20) {
            if self.chance.is_over() {
                break;
            }
            self.step()?;
            if let Some(wrong) = self.pair.wrong() {
                return Err(wrong);
            }
        }
        let quit = self.start(Operation::Quit, None)?;
        // A broken line may cut it short; what matters is that both ends notice.
        let _ending = self.end(quit)?;
        self.pair.sim.run_for(LONG);
        let left = self.pair.server.borrow().sessions();
        if left == 0 { Ok(()) } else { Err(format!("{left} sessions are left")) }
    }

    fn step(&mut self) -> Result<(), String> {
        let path = self.path();
        match self.chance.number(0..10) {
            0..=2 => self.put(path),
            3..=5 => self.get(path),
            6 => self.delete(path),
            7 => self.rename(path),
            8 => self.size(path),
            _ => self.list(),
        }
    }

    fn put(&mut self, path: &'static str) -> Result<(), String> {
        let octet = u8::try_from(self.chance.number(0..256)).unwrap_or_default();
        let content = vec![octet; self.chance.size(0..20_000)];
        let ending = self.transfer(TransferVerb::Stor, Some(path), octets(content.clone()))?;
        match ending {
            Ok(_) => self.tree.stored(path, content),
            Err(_) => self.tree.unknown(path),
        }
        Ok(())
    }

    fn get(&mut self, path: &'static str) -> Result<(), String> {
        let got = Shared::default();
        match self.transfer(TransferVerb::Retr, Some(path), got.sink())? {
            Ok(_) => self.tree.read(path, &got.contents()),
            Err(OperationError::Refused { code, .. }) if code.get() == 550 => self.tree.missing(path),
            Err(_) => Ok(()),
        }
    }

    fn list(&mut self) -> Result<(), String> {
        let got = Shared::default();
        if self.transfer(TransferVerb::Nlst, None, got.sink())?.is_ok() {
            let listing = String::from_utf8_lossy(&got.contents()).into_owned();
            return self.tree.listed(&listing);
        }
        Ok(())
    }

    fn delete(&mut self, path: &'static str) -> Result<(), String> {
        match self.command(Command::Dele(name(path)))? {
            Ok(_) => self.tree.deleted(path),
            Err(OperationError::Refused { .. }) => self.tree.missing(path),
            Err(_) => {
                self.tree.unknown(path);
                Ok(())
            }
        }
    }

    fn size(&mut self, path: &'static str) -> Result<(), String> {
        match self.command(Command::Size(name(path)))? {
            Ok(reply) => self.tree.sized(path, &String::from_utf8_lossy(&reply.lines.concat())),
            Err(OperationError::Refused { .. }) => self.tree.missing(path),
            Err(_) => Ok(()),
        }
    }

    fn rename(&mut self, from: &'static str) -> Result<(), String> {
        let to = self.path();
        if to == from {
            return Ok(());
        }
        match self.command(Command::Rnfr(name(from)))? {
            Ok(_) => {}
            Err(OperationError::Refused { .. }) => return self.tree.missing(from),
            Err(_) => return Ok(()),
        }
        match self.command(Command::Rnto(name(to)))? {
            Ok(_) => return self.tree.renamed(from, to),
            Err(OperationError::Refused { .. }) => {}
            Err(_) => {
                self.tree.unknown(from);
                self.tree.unknown(to);
            }
        }
        Ok(())
    }

    fn command(&mut self, command: Command) -> Result<Ending, String> {
        let op = self.start(Operation::Command(command), None)?;
        self.end(op)
    }

    /// A transfer in any mode, perhaps aborted.
    fn transfer(
        &mut self,
        verb: TransferVerb,
        path: Option<&'static str>,
        end: LocalEnd,
    ) -> Result<Ending, String> {
        let mode = self.chance.pick(MODES);
        let operation = transfer(verb, path, mode, self.chance.one_in(2));
        let op = self.start(operation, Some(end))?;
        let abort = self.chance.one_in(8);
        let may_be_missing = verb == TransferVerb::Retr;
        if abort {
            self.pair.sim.run_for(Duration::from_millis(self.chance.number(0..400)));
            // It may have ended already.
            let _ = self.pair.abort(op);
        }
        let ending = self.end(op)?;
        match &ending {
            Ok(_) => {}
            Err(_) if abort || self.faulty => {}
            Err(OperationError::Refused { .. }) if may_be_missing => {}
            Err(error) => return Err(format!("{mode} on a good line: {error}")),
        }
        Ok(ending)
    }

    /// Starts an operation, in a new session if the old one is broken.
    fn start(&mut self, operation: Operation, end: Option<LocalEnd>) -> Result<OpId, String> {
        if !self.pair.usable() {
            self.log_in()?;
        }
        self.pair.start(operation, end).map_err(|misuse| misuse.to_string())
    }

    fn end(&mut self, op: OpId) -> Result<Ending, String> {
        let ending = self.pair.finish(op).ok_or_else(|| format!("{op:?} does not end"))?;
        if !self.faulty && ending.is_err() && !self.pair.usable() {
            return Err(format!("the session broke on a good line: {ending:?}"));
        }
        Ok(ending)
    }

    fn log_in(&mut self) -> Result<(), String> {
        /// A login octet by octet is some 250 packets. On a line that breaks one connection in a hundred packets, one
        /// login in twelve gets through, and of so many attempts some.
        const ATTEMPTS: usize = 500;
        for _ in 0..ATTEMPTS {
            // What the broken session has begun may still be completed, and must not be taken for the next one's work.
            let server = Rc::clone(&self.pair.server);
            let gone = self.pair.sim.run_until(LONG, |_| (server.borrow().sessions() == 0).then_some(()));
            gone.ok_or("a session outlives its connection")?;
            let login = Operation::Login {
                user: Text::new(USER).map_err(|error| error.to_string())?,
                password: Secret::new(PASSWORD).ok(),
                account: None,
            };
            let op = self.pair.reconnect().ok().and_then(|()| self.pair.start(login, None).ok());
            match op.map(|op| self.pair.finish(op)) {
                Some(Some(Ok(_))) => return Ok(()),
                None | Some(Some(Err(_))) if self.faulty => {}
                ending => return Err(format!("the login: {ending:?}")),
            }
        }
        Err(format!("no login in {ATTEMPTS} attempts"))
    }

    fn path(&mut self) -> &'static str {
        self.chance.pick(PATHS)
    }
}

fn any_conditions(chance: &mut Chance) -> Conditions {
    Conditions {
        latency: Duration::from_millis(chance.number(1..100)),
        jitter: Duration::from_millis(chance.number(0..100)),
        window: chance.size(500..65_536),
        largest_piece: if chance.one_in(2) { chance.size(1..80) } else { 1460 },
        resets_per_million: if chance.one_in(2) {
            0
        } else {
            u32::try_from(chance.size(1..10_000)).unwrap_or_default()
        },
        ..Conditions::default()
    }
}

fn name(path: &'static str) -> PathName {
    PathName::new(path).expect("a name of one letter")
}

fn transfer(
    verb: TransferVerb,
    path: Option<&'static str>,
    mode: DataMode,
    command_first: bool,
) -> Operation {
    let rung = Rung {
        mode,
        address: PassiveAddress::ControlPeer,
        listen: None,
        patience: Duration::from_secs(12),
        reply_patience: Duration::from_secs(12),
        command_first,
    };
    Operation::Transfer {
        verb,
        path: path.map(name),
        span: OctetSpan { start: 0, end: None },
        encoding: StreamEncoding::PLAIN,
        size: None,
        data: DataPlan::Own(rung),
    }
}
