//! Networks inside of networks, the hosts in them, and what travels between them.

mod host;
mod routing;

pub use host::{Host, HostOptions};

use crate::boxes::{Middlebox, Verdict};
use crate::packet::{Packet, Payload};
use crate::queue::Queue;
use crate::socket::{Listener, ListenerId, Socket, SocketId, Status};
use crate::transcript::Transcript;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_proto::time::Instant;
use std::collections::BTreeMap;
use std::io;

/// A network. The outermost is [`INTERNET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkId(pub(crate) usize);

/// The network around all others.
pub const INTERNET: NetworkId = NetworkId(0);

/// A host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub(crate) usize);

/// How the network behaves. The defaults are those of a good line that cuts writes as it likes.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// The least time from host to host.
    pub latency: Duration,
    /// What chance adds to it, at most.
    pub jitter: Duration,
    /// Octets that a receiver holds for an application that does not read: small ones make writers wait.
    pub window: usize,
    /// Each write is cut into pieces of at most so many octets.
    pub largest_piece: usize,
    /// Of a million packets with data, so many break their connection instead.
    pub resets_per_million: u32,
    /// How long the side that closed first cannot use the same pair of addresses again.
    pub time_wait: Duration,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(10),
            jitter: Duration::from_millis(5),
            window: 64 * 1024,
            largest_piece: 1460,
            resets_per_million: 0,
            time_wait: Duration::from_secs(60),
        }
    }
}

struct Network {
    parent: Option<NetworkId>,
    /// On its border, from inside to outside.
    boxes: Vec<Box<dyn Middlebox>>,
}

pub(crate) struct HostState {
    name: String,
    network: NetworkId,
    addresses: Vec<IpAddr>,
    options: HostOptions,
    /// What was sent to or from it disappears.
    black_hole: bool,
}

/// The whole network. [`Sim`](crate::Sim) moves its time.
pub struct Net {
    pub(crate) conditions: Conditions,
    pub(crate) rng: fastrand::Rng,
    pub(crate) now: Instant,
    pub(crate) transcript: Transcript,
    networks: Vec<Network>,
    hosts: Vec<HostState>,
    sockets: BTreeMap<SocketId, Socket>,
    /// Which socket a packet belongs to: by host, our end and the other end.
    connections: BTreeMap<(HostId, SocketAddr, SocketAddr), SocketId>,
    listeners: BTreeMap<(HostId, ListenerId), Listener>,
    time_wait: BTreeMap<(HostId, SocketAddr, SocketAddr), Instant>,
    arrivals: Queue<(HostId, Packet)>,
    next_id: u64,
}

impl core::fmt::Debug for Net {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Net")
            .field("now", &self.now)
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}

impl Net {
    pub(crate) fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            conditions,
            rng: fastrand::Rng::with_seed(seed),
            now: Instant::ORIGIN,
            transcript: Transcript::default(),
            networks: vec![Network { parent: None, boxes: Vec::new() }],
            hosts: Vec::new(),
            sockets: BTreeMap::new(),
            connections: BTreeMap::new(),
            listeners: BTreeMap::new(),
            time_wait: BTreeMap::new(),
            arrivals: Queue::new(),
            next_id: 0,
        }
    }

    pub(crate) fn add_network(&mut self, parent: NetworkId, boxes: Vec<Box<dyn Middlebox>>) -> NetworkId {
        self.networks.push(Network { parent: Some(parent), boxes });
        NetworkId(self.networks.len() - 1)
    }

    pub(crate) fn add_host(
        &mut self,
        name: &str,
        network: NetworkId,
        addresses: Vec<IpAddr>,
        options: HostOptions,
    ) -> HostId {
        self.hosts.push(HostState { name: name.to_owned(), network, addresses, options, black_hole: false });
        HostId(self.hosts.len() - 1)
    }

    /// What a program on this host can do.
    pub const fn host(&mut self, id: HostId) -> Host<'_> {
        Host { net: self, id }
    }

    /// From now on nothing reaches the host or comes from it, and nobody is told.
    pub fn black_hole(&mut self, id: HostId, on: bool) {
        self.hosts[id.0].black_hole = on;
    }

    /// Breaks every connection of the host: both ends see a reset.
    pub fn reset_connections(&mut self, id: HostId) {
        let broken: Vec<SocketId> =
            self.sockets.iter().filter(|(_, socket)| socket.host == id).map(|(&socket, _)| socket).collect();
        for socket in broken {
            self.send(socket, Payload::Reset);
            self.fail(socket, io::ErrorKind::ConnectionReset);
        }
    }

    /// When something arrives next.
    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.arrivals.next_at()
    }

    /// Lets arrive what is due; whether anything did.
    pub(crate) fn arrive(&mut self) -> bool {
        let Some((host, packet)) = self.arrivals.pop(self.now) else { return false };
        // What has been read is of no interest to a reader.
        if !matches!(packet.what, Payload::Credit(_)) {
            self.transcript.add(self.now, format_args!("{}: {packet}", self.hosts[host.0].name));
        }
        self.deliver(host, packet);
        true
    }

    fn fresh(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Sends from a socket. What is sent later arrives later.
    fn send(&mut self, id: SocketId, what: Payload) {
        let Some(socket) = self.sockets.get(&id) else { return };
        if matches!(socket.status, Status::Failed(_)) {
            return;
        }
        let unlucky = matches!(what, Payload::Data { .. })
            && self.rng.u32(0..1_000_000) < self.conditions.resets_per_million;
        let what = if unlucky { Payload::Reset } else { what };
        let packet = Packet { from: socket.local, to: socket.remote, what };
        let (host, not_before) = (socket.host, socket.last_arrival);
        let arrival = self.launch(host, packet, not_before);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.last_arrival = arrival;
        }
        if unlucky {
            self.fail(id, io::ErrorKind::ConnectionReset);
        }
    }

    fn delay(&mut self) -> Duration {
        let jitter = u64::try_from(self.conditions.jitter.as_nanos()).unwrap_or(u64::MAX);
        self.conditions.latency + Duration::from_nanos(self.rng.u64(0..=jitter))
    }

    fn launch(&mut self, from: HostId, packet: Packet, not_before: Instant) -> Instant {
        let at = (self.now + self.delay()).max(not_before);
        let network = self.hosts[from.0].network;
        if self.hosts[from.0].black_hole {
            return at;
        }
        for (to, packet) in self.route(network, packet) {
            if !self.hosts[to.0].black_hole {
                self.arrivals.push(at, (to, packet));
            }
        }
        at
    }

    fn deliver(&mut self, host: HostId, packet: Packet) {
        let key = (host, packet.to, packet.from);
        let Some(&id) = self.connections.get(&key) else { return self.unexpected(host, &packet) };
        let closed = self.sockets.get(&id).is_some_and(|socket| socket.closed);
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        match packet.what {
            Payload::Syn => {}
            Payload::SynAck => {
                if socket.status == Status::Connecting {
                    socket.status = Status::Connected;
                }
            }
            Payload::Data { .. } if closed => {
                self.send(id, Payload::Reset);
                self.fail(id, io::ErrorKind::ConnectionReset);
            }
            Payload::Data { octets, urgent } => {
                socket.inbox.extend(&octets);
                if urgent {
                    socket.urgent = Some(socket.inbox.len());
                }
            }
            Payload::Credit(octets) => socket.unread = socket.unread.saturating_sub(octets),
            Payload::Fin => {
                socket.peer_finished = true;
                self.forget_if_over(id);
            }
            Payload::Reset => {
                let refused = socket.status == Status::Connecting;
                self.fail(
                    id,
                    if refused { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::ConnectionReset },
                );
            }
        }
    }

    /// A packet for which there is no connection.
    fn unexpected(&mut self, host: HostId, packet: &Packet) {
        match packet.what {
            Payload::Syn => self.asked(host, packet),
            Payload::Data { .. } | Payload::SynAck => {
                self.launch(host, packet.reply(Payload::Reset), Instant::ORIGIN);
            }
            Payload::Credit(_) | Payload::Fin | Payload::Reset => {}
        }
    }

    /// Somebody asks for a connection.
    fn asked(&mut self, host: HostId, packet: &Packet) {
        let listener = |(&(of, _), listener): (&(HostId, ListenerId), &Listener)| {
            of == host
                && listener.local.port() == packet.to.port()
                && serves(listener.local.ip(), packet.to.ip())
        };
        let Some((&key, _)) = self.listeners.iter().find(|entry| listener(*entry)) else {
            self.launch(host, packet.reply(Payload::Reset), Instant::ORIGIN);
            return;
        };
        if self.listeners[&key].waiting.len() >= self.listeners[&key].backlog {
            // As a full backlog does: no answer.
            return;
        }
        let id = self.add_socket(Socket::new(host, packet.to, packet.from, Status::Connected));
        if let Some(listener) = self.listeners.get_mut(&key) {
            listener.waiting.push_back(id);
        }
        self.send(id, Payload::SynAck);
    }

    fn add_socket(&mut self, socket: Socket) -> SocketId {
        let id = SocketId(self.fresh());
        self.connections.insert((socket.host, socket.local, socket.remote), id);
        self.sockets.insert(id, socket);
        id
    }

    fn fail(&mut self, id: SocketId, why: io::ErrorKind) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.status = Status::Failed(why);
        if why == io::ErrorKind::ConnectionReset {
            socket.inbox.clear();
        }
        self.connections.remove(&(socket.host, socket.local, socket.remote));
        self.forget_if_over(id);
    }

    fn forget_if_over(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get(&id).filter(|socket| socket.is_over()) else { return };
        let key = (socket.host, socket.local, socket.remote);
        if socket.finished_first && socket.status == Status::Connected {
            self.time_wait.insert(key, self.now + self.conditions.time_wait);
        }
        self.connections.remove(&key);
        self.sockets.remove(&id);
    }
}

/// Whether a listener that is bound to one address is reached by another.
fn serves(bound: IpAddr, reached: IpAddr) -> bool {
    bound == reached || (bound.is_unspecified() && bound.is_ipv4() == reached.is_ipv4())
}
