//! Our client and our server in one simulated world.

use super::client::{ClientActor, Ending};
use super::server::ServerActor;
use super::{Family, MemoryStorage, PATIENCE};
use crate::scene;
use core::cell::RefCell;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::client::{ClientConfig, Misuse, OpId, Operation};
use ftp_proto::server::ServerConfig;
use ftp_sim::{HostId, HostOptions, INTERNET, Sim};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// A client machine and a server machine, with whatever network between them.
pub struct Pair {
    /// The world.
    pub sim: Sim,
    /// What the server serves.
    pub storage: MemoryStorage,
    /// The server.
    pub server: Rc<RefCell<ServerActor>>,
    client: Remote,
}

impl core::fmt::Debug for Pair {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pair").field("sim", &self.sim).finish_non_exhaustive()
    }
}

impl Pair {
    /// Connects them over a network without anything in between.
    ///
    /// # Errors
    /// When the client does not reach the server.
    pub fn new(server: ServerConfig, client: ClientConfig, family: Family) -> io::Result<Self> {
        let mut sim = Sim::new(1);
        let (server_at, client_at) = match family {
            Family::V4 => ("198.51.100.7:21", "203.0.113.9:0"),
            Family::V6 => ("[2001:db8:1::7]:21", "[2001:db8:2::9]:0"),
        };
        let parse = |text: &str| text.parse::<SocketAddr>().map_err(io::Error::other);
        let (server_at, client_at) = (parse(server_at)?, parse(client_at)?);
        let privileged = HostOptions { privileged: true, ..HostOptions::default() };
        let server_host = sim.host_with("server", INTERNET, &[server_at.ip()], privileged);
        let client_host = sim.host("client", INTERNET, &[client_at.ip()]);
        Self::on(sim, (server_host, server_at, server), (client_host, server_at, client))
    }

    /// Starts a server that listens at an address of its host, and a client that dials an address, and connects them.
    ///
    /// # Errors
    /// When the client does not reach the server.
    pub fn on(
        sim: Sim,
        server: (HostId, SocketAddr, ServerConfig),
        client: (HostId, SocketAddr, ClientConfig),
    ) -> io::Result<Self> {
        let mut pair = Self::apart(sim, server, client);
        pair.connect()?;
        Ok(pair)
    }

    /// As [`on`](Self::on), not yet connected: [`reconnect`](Self::reconnect) does it.
    #[must_use]
    pub fn apart(
        mut sim: Sim,
        (server_host, listens, server): (HostId, SocketAddr, ServerConfig),
        (client_host, dials, client): (HostId, SocketAddr, ClientConfig),
    ) -> Self {
        let storage = MemoryStorage::new();
        let backend = scene::backend(storage.clone());
        let server = Rc::new(RefCell::new(ServerActor::new(Arc::new(server), backend, &[listens])));
        sim.start(server_host, Rc::clone(&server));
        let client = Remote::new(&mut sim, client_host, dials, client);
        Self { sim, storage, server, client }
    }

    /// Gives the client's session up and connects anew.
    ///
    /// # Errors
    /// When the client does not reach the server.
    pub fn reconnect(&mut self) -> io::Result<()> {
        self.client.reconnect(&mut self.sim)
    }

    /// Whether the client has a session that operations can be given to.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.client.usable()
    }

    /// How long the server's fastest reply took.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.client.0.borrow().round_trip()
    }

    fn connect(&mut self) -> io::Result<()> {
        self.client.connect(&mut self.sim)
    }

    /// Starts an operation, with what it moves if it moves something.
    ///
    /// # Errors
    /// When the machine refuses it.
    pub fn start(&mut self, operation: Operation, end: Option<LocalEnd>) -> Result<OpId, Misuse> {
        self.client.start(&self.sim, operation, end)
    }

    /// Aborts an operation.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn abort(&mut self, op: OpId) -> Result<(), Misuse> {
        self.client.abort(&self.sim, op)
    }

    /// Runs both until the operation has ended; `None` when it does not.
    pub fn finish(&mut self, op: OpId) -> Option<Ending> {
        self.client.finish(&mut self.sim, op)
    }

    /// What is wrong about what was said to the client's application, if anything is.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        self.client.wrong()
    }
}

/// A client in a simulated world, as who tells it what to do sees it.
#[derive(Debug, Clone)]
pub struct Remote(Rc<RefCell<ClientActor>>);

impl Remote {
    /// Starts a client on a host; it dials `server`.
    #[must_use]
    pub fn new(sim: &mut Sim, host: HostId, server: SocketAddr, config: ClientConfig) -> Self {
        let client = Rc::new(RefCell::new(ClientActor::new(config, server)));
        sim.start(host, Rc::clone(&client));
        Self(client)
    }

    /// Gives the session up and connects anew.
    ///
    /// # Errors
    /// When the client does not reach the server.
    pub fn reconnect(&self, sim: &mut Sim) -> io::Result<()> {
        self.0.borrow_mut().reconnect();
        self.connect(sim)
    }

    /// Whether there is a session that operations can be given to.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.0.borrow().is_usable()
    }

    fn connect(&self, sim: &mut Sim) -> io::Result<()> {
        let connected = sim.run_until(PATIENCE, |_| match self.0.borrow().connected() {
            Ok(false) => None,
            Ok(true) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        });
        connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Starts an operation, with what it moves if it moves something.
    ///
    /// # Errors
    /// When the machine refuses it.
    pub fn start(&self, sim: &Sim, operation: Operation, end: Option<LocalEnd>) -> Result<OpId, Misuse> {
        self.0.borrow_mut().start(operation, end, sim.now())
    }

    /// Aborts an operation.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn abort(&self, sim: &Sim, op: OpId) -> Result<(), Misuse> {
        self.0.borrow_mut().abort(op, sim.now())
    }

    /// Runs the world until the operation has ended; `None` when it does not.
    pub fn finish(&self, sim: &mut Sim, op: OpId) -> Option<Ending> {
        sim.run_until(20 * PATIENCE, |_| self.0.borrow().ending(op).cloned())
    }

    /// What is wrong about what was said to the client's application, if anything is.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        self.0.borrow().wrong().map(str::to_owned)
    }
}
