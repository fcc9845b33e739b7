//! Whole conversations by chance: our client and our server over a line that may be bad, judged by what must be so.
//!
//! Nothing of the machines is used to judge them: [`judge`](self) reads the control connection from outside and knows
//! only the reply sequences of RFC 959 §5.4 and §6, and the file tree is kept by a map.

mod judge;
mod tree;

use crate::talk::{PASSWORD, USER};
use crate::world::sim::{Ending, Pair, Shared, octets};
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
    let mut conversation = Conversation::new(seed);
    let what = match conversation.play() {
        Ok(()) => conversation.judge.borrow().wrong.clone(),
        Err(what) => Some(what),
    };
    let Some(what) = what else { return Ok(()) };
    Err(Box::new(Wrong { seed, what, transcript: conversation.pair.sim.transcript().to_string() }))
}

struct Conversation {
    rng: fastrand::Rng,
    pair: Pair,
    judge: Rc<RefCell<Judge>>,
    tree: Tree,
    /// The line breaks connections.
    faulty: bool,
}

impl Conversation {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let conditions = any_conditions(&mut rng);
        let faulty = conditions.resets_per_million > 0;
        let judge = Rc::<RefCell<Judge>>::default();
        let mut sim = Sim::with_conditions(rng.u64(..), conditions);
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
        Self { rng, pair, judge, tree: Tree::default(), faulty }
    }

    fn play(&mut self) -> Result<(), String> {
        self.log_in()?;
        for _ in 0..self.rng.usize(3..20) {
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
        match self.rng.u8(0..10) {
            0..=2 => self.put(path),
            3..=5 => self.get(path),
            6 => self.delete(path),
            7 => self.rename(path),
            8 => self.size(path),
            _ => self.list(),
        }
    }

    fn put(&mut self, path: &'static str) -> Result<(), String> {
        let content = vec![self.rng.u8(..); self.rng.usize(0..20_000)];
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
        let mode = MODES[self.rng.usize(..MODES.len())];
        let operation = transfer(verb, path, mode, self.rng.bool());
        let op = self.start(operation, Some(end))?;
        let abort = self.rng.u8(0..8) == 0;
        let may_be_missing = verb == TransferVerb::Retr;
        if abort {
            self.pair.sim.run_for(Duration::from_millis(self.rng.u64(0..400)));
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
        PATHS[self.rng.usize(..PATHS.len())]
    }
}

fn any_conditions(rng: &mut fastrand::Rng) -> Conditions {
    Conditions {
        latency: Duration::from_millis(rng.u64(1..100)),
        jitter: Duration::from_millis(rng.u64(0..100)),
        window: rng.usize(500..65_536),
        largest_piece: if rng.bool() { rng.usize(1..80) } else { 1460 },
        resets_per_million: if rng.bool() { 0 } else { rng.u32(1..10_000) },
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
