//! Random hostile servers against our client.
//!
//! What must be so, whatever the server does: each operation ends in bounded time; a download succeeds only when the whole
//! file came and was confirmed, an upload only when the server got all of it, or
//! cut it and lied; what the client says is whole lines; nobody
//! but the server is connected to.

mod server;

use super::chance::Chance;
use super::{Wrong, any_conditions, name, transfer};
use crate::talk::{PASSWORD, USER};
use crate::world::sim::{Ending, Remote, Shared, octets};
use core::cell::RefCell;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::client::{ClientConfig, Operation};
use ftp_proto::command::{Command, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::server::TransferVerb;
use ftp_sim::{Actor, Host, HostOptions, INTERNET, ListenerId, Sim};
use server::{Hostile, STRANGER, Transfer};
use std::rc::Rc;

const MODES: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];

/// What is on its way arrives in that time.
const ARRIVAL: Duration = Duration::from_secs(60);

/// More commands than this in one operation are a flood.
const MOST_COMMANDS: usize = 100;

/// Plays a hostile server of a seed.
///
/// # Errors
/// When the client did what it must not do.
pub fn play(seed: u64) -> Result<(), Box<Wrong>> {
    let mut game = Game::new(Chance::of_seed(seed));
    let played = game.play();
    played.map_err(|what| Box::new(Wrong { seed, what, transcript: game.sim.transcript().to_string() }))
}

struct Game {
    chance: Chance,
    sim: Sim,
    client: Remote,
    server: Rc<RefCell<Hostile>>,
    trap: Rc<RefCell<Trap>>,
}

impl Game {
    fn new(mut chance: Chance) -> Self {
        let conditions = any_conditions(&mut chance);
        let mut sim = Sim::with_conditions(chance.number(0..u64::MAX), conditions);
        let server_at = SocketAddr::from(([198, 51, 100, 7], 21));
        let root = HostOptions { privileged: true, ..HostOptions::default() };
        let server_host = sim.host_with("server", INTERNET, &[server_at.ip()], root.clone());
        let stranger = sim.host_with("stranger", INTERNET, &[STRANGER.into()], root);
        let client_host = sim.host("client", INTERNET, &[[203, 0, 113, 9].into()]);
        let one_in = chance.pick([3, 10, 30]);
        let file = vec![chance.pick([b'f', 0, 0xff]); chance.size(0..20_000)];
        let choices = Chance::of_seed(chance.number(0..u64::MAX));
        let server = Rc::new(RefCell::new(Hostile::new(choices, one_in, server_at, file)));
        let trap = Rc::<RefCell<Trap>>::default();
        sim.start(server_host, Rc::clone(&server));
        sim.start(stranger, Rc::clone(&trap));
        let client = Remote::new(&mut sim, client_host, server_at, ClientConfig::default());
        Self { chance, sim, client, server, trap }
    }

    fn play(&mut self) -> Result<(), String> {
        for _ in 0..self.chance.size(2..10) {
            if !self.client.usable() && !self.log_in()? {
                continue;
            }
            match self.chance.number(0..6) {
                0..=2 => self.get()?,
                3 | 4 => self.put()?,
                _ => drop(self.run(Operation::Command(Command::Size(name("a"))), None)?),
            }
        }
        Ok(())
    }

    /// Whether the server let it in.
    fn log_in(&mut self) -> Result<bool, String> {
        let login = Operation::Login {
            user: Text::new(USER).map_err(|error| error.to_string())?,
            password: Secret::new(PASSWORD).ok(),
            account: None,
        };
        if self.client.reconnect(&mut self.sim).is_err() {
            return Ok(false);
        }
        Ok(matches!(self.run(login, None)?, Some(Ok(_))))
    }

    fn get(&mut self) -> Result<(), String> {
        let got = Shared::default();
        let file = self.server.borrow().file.clone();
        let mut operation =
            transfer(TransferVerb::Retr, Some("a"), self.chance.pick(MODES), self.chance.one_in(2));
        if let Operation::Transfer { size, .. } = &mut operation {
            *size = Some(file.len() as u64).filter(|_| self.chance.one_in(2));
        }
        let knows_size = matches!(operation, Operation::Transfer { size: Some(_), .. });
        if !matches!(self.run(operation, Some(got.sink()))?, Some(Ok(_))) {
            return Ok(());
        }
        let server = self.server.borrow();
        let content = got.contents();
        if !file.starts_with(&content) {
            return Err("a download brought what the server did not send".to_owned());
        }
        // Without a size and without TLS, the end of the data connection is all that tells the end of the file: a file
        // that is cut and confirmed cannot be told from a whole one.
        let known = knows_size || server.transfer.whole;
        if known && content != file {
            return Err(format!("a download of {} octets of {} succeeded", content.len(), file.len()));
        }
        Ok(())
    }

    fn put(&mut self) -> Result<(), String> {
        let content = vec![self.chance.pick([b'u', 0, 0xff]); self.chance.size(0..20_000)];
        let operation =
            transfer(TransferVerb::Stor, Some("a"), self.chance.pick(MODES), self.chance.one_in(2));
        let ending = self.run(operation, Some(octets(content.clone())))?;
        // What is on its way when the client is content still arrives.
        self.sim.run_for(ARRIVAL);
        let server = self.server.borrow();
        let Transfer { received, ended, cut, .. } = &server.transfer;
        // A server that throws away what it confirms cannot be told from a good one.
        if matches!(ending, Some(Ok(_))) && !cut && !(*ended && *received == content) {
            return Err(format!(
                "an upload succeeded, and the server has {} octets of {}",
                received.len(),
                content.len()
            ));
        }
        Ok(())
    }

    /// `None` when the machine does not begin it.
    fn run(&mut self, operation: Operation, end: Option<LocalEnd>) -> Result<Option<Ending>, String> {
        let before = self.server.borrow().commands;
        let Ok(op) = self.client.start(&self.sim, operation, end) else { return Ok(None) };
        if self.chance.one_in(10) {
            self.sim.run_for(Duration::from_millis(self.chance.number(0..400)));
            // It may have ended already.
            let _ = self.client.abort(&self.sim, op);
        }
        let ending = self.client.finish(&mut self.sim, op).ok_or_else(|| format!("{op:?} does not end"))?;
        let server = self.server.borrow();
        if let Some(line) = &server.bad_line {
            return Err(format!("the client sent what is no line of a command: {line:?}"));
        }
        if server.commands - before > MOST_COMMANDS {
            return Err(format!("{} commands for one operation", server.commands - before));
        }
        if self.trap.borrow().sprung {
            return Err("the client connected to a host that is not the server".to_owned());
        }
        self.client.wrong().map_or(Ok(Some(ending)), Err)
    }
}

/// Services of another host, which a server would like its client to connect to.
#[derive(Debug, Default)]
struct Trap {
    listeners: Vec<ListenerId>,
    sprung: bool,
}

impl Actor for Trap {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        if self.listeners.is_empty() {
            let ports = [22, 80].map(|port| SocketAddr::from((STRANGER, port)));
            self.listeners.extend(ports.into_iter().filter_map(|at| host.listen(at, 8).ok()));
            return true;
        }
        let came = self.listeners.iter().any(|&listener| host.accept(listener).is_some());
        self.sprung |= came;
        came
    }
}
