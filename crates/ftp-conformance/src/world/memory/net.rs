//! The network: who listens, which sessions there are, what time it is.

use super::client::{Client, client};
use super::pipe::Connection;
use super::session::{Session, serve};
use core::net::{IpAddr, SocketAddr};
use ftp_backend::Backend;
use ftp_proto::client::ClientConfig;
use ftp_proto::io::ControlEndpoints;
use ftp_proto::server::ServerConfig;
use ftp_proto::time::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

/// The server's control port.
pub(super) const CONTROL_PORT: u16 = 2121;

/// Listening sockets, of the server and of ours, and the connections that wait in them.
#[derive(Debug)]
pub(super) struct Ports {
    listeners: BTreeMap<SocketAddr, VecDeque<Connection>>,
    next: u16,
    /// For the ports of the server's listeners, which must not be guessed: a small generator, the same in every run.
    state: u64,
}

impl Ports {
    /// Connects to a listener, or is refused.
    pub(super) fn connect(&mut self, from: IpAddr, to: SocketAddr) -> io::Result<Connection> {
        let local = SocketAddr::new(from, self.fresh_port());
        let waiting = self.listeners.get_mut(&to).ok_or(io::ErrorKind::ConnectionRefused)?;
        let (ours, theirs) = Connection::pair(local, to);
        waiting.push_back(theirs);
        Ok(ours)
    }

    fn fresh_port(&mut self) -> u16 {
        self.next = self.next.checked_add(1).unwrap_or(20_000);
        self.next
    }

    pub(super) fn listen(&mut self, ip: IpAddr) -> SocketAddr {
        loop {
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let port = 40_000 + (self.state >> 40) as u16 % 20_000;
            let at = SocketAddr::new(ip, port);
            if let std::collections::btree_map::Entry::Vacant(e) = self.listeners.entry(at) {
                e.insert(VecDeque::new());
                return at;
            }
        }
    }

    pub(super) fn accept(&mut self, at: SocketAddr) -> Option<Connection> {
        self.listeners.get_mut(&at)?.pop_front()
    }

    /// Closes a listener, and the connections that nobody accepted.
    pub(super) fn unlisten(&mut self, at: SocketAddr) {
        for connection in self.listeners.remove(&at).unwrap_or_default() {
            connection.close();
        }
    }
}

pub(super) struct Net {
    config: Arc<ServerConfig>,
    backend: Arc<dyn Backend>,
    ports: Ports,
    sessions: Vec<Session>,
    pub(super) clients: Vec<Client>,
    now: Instant,
}

impl Net {
    pub(super) fn new(config: Arc<ServerConfig>, backend: Arc<dyn Backend>) -> Self {
        let ports = Ports { listeners: BTreeMap::new(), next: 20_000, state: 1 };
        Self { config, backend, ports, sessions: Vec::new(), clients: Vec::new(), now: Instant::ORIGIN }
    }

    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn connect(&mut self, from: IpAddr, to: SocketAddr) -> io::Result<Connection> {
        if to.port() != CONTROL_PORT {
            return self.ports.connect(from, to);
        }
        let local = SocketAddr::new(from, self.ports.fresh_port());
        let (ours, theirs) = Connection::pair(local, to);
        let endpoints = ControlEndpoints { local: to, peer: local, dialled: None };
        let backend = Arc::clone(&self.backend);
        self.sessions.push(serve(Arc::clone(&self.config), backend, endpoints, theirs, self.now));
        Ok(ours)
    }

    /// A client of our own, connected to the server.
    pub(super) fn join(&mut self, config: ClientConfig, from: IpAddr, to: SocketAddr) -> io::Result<usize> {
        let connection = self.connect(from, to)?;
        let endpoints = ControlEndpoints { local: connection.local, peer: connection.peer, dialled: None };
        self.clients.push(client(config, endpoints, connection, self.now));
        Ok(self.clients.len() - 1)
    }

    pub(super) fn listen(&mut self, ip: IpAddr) -> SocketAddr {
        self.ports.listen(ip)
    }

    pub(super) fn accept(&mut self, at: SocketAddr) -> Option<Connection> {
        self.ports.accept(at)
    }

    pub(super) fn unlisten(&mut self, at: SocketAddr) {
        self.ports.unlisten(at);
    }

    /// Lets every session do what it can without time passing.
    pub(super) fn run(&mut self) {
        // Each round moves at most a bufferful; a livelock is a bug, and is shown as one.
        for _ in 0..1_000_000 {
            let mut moved = false;
            for session in &mut self.sessions {
                moved |= session.step(&mut self.ports, self.now);
            }
            for client in &mut self.clients {
                moved |= client.step(&mut self.ports, self.now);
            }
            if !moved {
                self.sessions.retain(|session| !session.is_finished());
                return;
            }
        }
        panic!("the sessions do not come to rest");
    }

    /// Lets time pass up to the next thing that happens by itself, at most to `until`. False when nothing will.
    pub(super) fn advance(&mut self, until: Instant) -> bool {
        let sessions = self.sessions.iter().filter_map(Session::deadline);
        let clients = self.clients.iter().filter_map(Client::deadline);
        let next = sessions.chain(clients).min().filter(|&at| at <= until);
        self.now = next.unwrap_or(until).max(self.now);
        for session in &mut self.sessions {
            session.time_passed(self.now);
        }
        for client in &mut self.clients {
            client.time_passed(self.now);
        }
        next.is_some()
    }
}
