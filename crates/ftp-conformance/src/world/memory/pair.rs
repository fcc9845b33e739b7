//! Our client and our server, back to back.

use super::client::Ending;
use super::net::{CONTROL_PORT, Net};
use super::{Family, MemoryStorage, PATIENCE};
use crate::scene;
use core::net::SocketAddr;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::client::{ClientConfig, Misuse, OpId, Operation};
use ftp_proto::server::ServerConfig;
use std::io;
use std::sync::Arc;

/// A client machine and a server machine with nothing but pipes between them.
pub struct Pair {
    net: Net,
    /// What the server serves.
    pub storage: MemoryStorage,
}

impl core::fmt::Debug for Pair {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

impl Pair {
    /// Connects them.
    ///
    /// # Errors
    /// Never in memory.
    pub fn new(server: ServerConfig, client: ClientConfig, family: Family) -> io::Result<Self> {
        let storage = MemoryStorage::new();
        let mut net = Net::new(Arc::new(server), scene::backend(storage.clone()));
        let ip = crate::talk::loopback(family);
        net.join(client, ip, SocketAddr::new(ip, CONTROL_PORT))?;
        Ok(Self { net, storage })
    }

    /// Starts an operation, with what it moves if it moves something.
    ///
    /// # Errors
    /// When the machine refuses it.
    pub fn start(&mut self, operation: Operation, end: Option<LocalEnd>) -> Result<OpId, Misuse> {
        let now = self.net.now();
        let client = &mut self.net.clients[0];
        let op = client.machine.start(operation, now)?;
        if let Some(end) = end {
            client.application.give(op, end);
        }
        Ok(op)
    }

    /// Aborts an operation.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn abort(&mut self, op: OpId) -> Result<(), Misuse> {
        let now = self.net.now();
        self.net.clients[0].machine.abort(op, now)
    }

    /// Runs both until nothing happens without time passing.
    pub fn run(&mut self) {
        self.net.run();
    }

    /// Runs both until the operation has ended; `None` when it does not.
    pub fn finish(&mut self, op: OpId) -> Option<&Ending> {
        let until = self.net.now() + 20 * PATIENCE;
        loop {
            self.net.run();
            let ended = self.net.clients[0].application.endings.contains_key(&op);
            if ended || !self.net.advance(until) {
                return self.net.clients[0].application.endings.get(&op);
            }
        }
    }

    /// What is wrong about what was said to the client's application, if anything is.
    #[must_use]
    pub fn wrong(&self) -> Option<&str> {
        self.net.clients[0].application.wrong.as_deref()
    }
}
