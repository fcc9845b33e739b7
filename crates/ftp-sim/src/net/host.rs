//! What a program on a host can do: sockets that never block.

use super::{HostId, Net, serves};
use crate::packet::Payload;
use crate::socket::{Listener, ListenerId, Socket, SocketId, Status};
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::io;

/// The first port that needs no privilege.
const UNPRIVILEGED: u16 = 1024;

/// What a host allows.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Whether programs may have ports below 1024.
    pub privileged: bool,
    /// The ports that it hands out itself.
    pub ephemeral: RangeInclusive<u16>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { privileged: false, ephemeral: 49152..=65535 }
    }
}

/// A host, as a program on it sees it. Calls never block; [`io::ErrorKind::WouldBlock`] says that nothing can be done
/// now.
#[derive(Debug)]
pub struct Host<'a> {
    pub(super) net: &'a mut Net,
    pub(super) id: HostId,
}

impl Host<'_> {
    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.net.now
    }

    /// Its addresses, the first of which it uses where it has the choice.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.net.hosts[self.id.0].addresses
    }

    /// Chance, from the seed.
    pub const fn rng(&mut self) -> &mut fastrand::Rng {
        &mut self.net.rng
    }

    /// A line for the transcript.
    pub fn note(&mut self, what: impl core::fmt::Display) {
        let name = &self.net.hosts[self.id.0].name;
        self.net.transcript.add(self.net.now, format_args!("{name}: {what}"));
    }

    /// Listens. Port 0 is any port; more connections than `backlog` that nobody accepted get no answer.
    ///
    /// # Errors
    /// `AddrNotAvailable`, `PermissionDenied` below port 1024, `AddrInUse`.
    pub fn listen(&mut self, at: SocketAddr, backlog: usize) -> io::Result<ListenerId> {
        let local = self.bind(at, None)?;
        let id = ListenerId(self.net.fresh());
        self.net.listeners.insert((self.id, id), Listener { local, backlog, waiting: VecDeque::new() });
        self.note(format_args!("listens on {local}"));
        Ok(id)
    }

    /// Where a listener listens.
    #[must_use]
    pub fn listener_address(&self, id: ListenerId) -> Option<SocketAddr> {
        Some(self.net.listeners.get(&(self.id, id))?.local)
    }

    /// The next connection that waits.
    pub fn accept(&mut self, id: ListenerId) -> Option<SocketId> {
        self.net.listeners.get_mut(&(self.id, id))?.waiting.pop_front()
    }

    /// Stops listening. Connections that nobody accepted are reset.
    pub fn stop_listening(&mut self, id: ListenerId) {
        let Some(listener) = self.net.listeners.remove(&(self.id, id)) else { return };
        for socket in listener.waiting {
            self.reset(socket);
        }
    }

    /// Begins a connection. The source may have port 0.
    ///
    /// # Errors
    /// As [`listen`](Self::listen); `AddrInUse` also for a pair of addresses that is in use, or was a minute ago.
    pub fn connect(&mut self, source: SocketAddr, target: SocketAddr) -> io::Result<SocketId> {
        let local = self.bind(source, Some(target))?;
        let id = self.net.add_socket(Socket::new(self.id, local, target, Status::Connecting));
        self.net.send(id, Payload::Syn);
        Ok(id)
    }

    /// How far a connection is.
    #[must_use]
    pub fn status(&self, id: SocketId) -> Status {
        let gone = Status::Failed(io::ErrorKind::NotConnected);
        self.net.sockets.get(&id).map_or(gone, |socket| socket.status)
    }

    /// Both ends of a connection, ours first.
    #[must_use]
    pub fn endpoints(&self, id: SocketId) -> Option<(SocketAddr, SocketAddr)> {
        self.net.sockets.get(&id).map(|socket| (socket.local, socket.remote))
    }

    /// Reads; 0 is the other end's end of stream.
    ///
    /// # Errors
    /// `WouldBlock`, or what broke the connection.
    pub fn read(&mut self, id: SocketId, into: &mut [u8]) -> io::Result<usize> {
        let socket = self.net.sockets.get_mut(&id).ok_or(io::ErrorKind::NotConnected)?;
        let read = socket.take(into)?;
        if read > 0 && socket.status == Status::Connected && !socket.peer_finished {
            self.net.send(id, Payload::Credit(read));
        }
        Ok(read)
    }

    /// How many octets there are up to and including an urgent one.
    #[must_use]
    pub fn urgent(&self, id: SocketId) -> Option<usize> {
        self.net.sockets.get(&id)?.urgent
    }

    /// Writes as much of `octets` as the other end has room for.
    ///
    /// # Errors
    /// `WouldBlock` when it has none, or what broke the connection.
    pub fn write(&mut self, id: SocketId, octets: &[u8]) -> io::Result<usize> {
        self.put(id, octets, false)
    }

    /// [`write`](Self::write), the last octet urgent.
    ///
    /// # Errors
    /// As for `write`.
    pub fn write_urgent(&mut self, id: SocketId, octets: &[u8]) -> io::Result<usize> {
        self.put(id, octets, true)
    }

    /// Ends our direction; the other goes on.
    pub fn finish(&mut self, id: SocketId) {
        let Some(socket) = self.net.sockets.get_mut(&id) else { return };
        if !socket.finished && socket.status == Status::Connected {
            socket.finished = true;
            socket.finished_first = !socket.peer_finished;
            self.net.send(id, Payload::Fin);
        }
    }

    /// Lets go of a connection: the end of the stream where everything was read, else a reset, as a system does.
    pub fn close(&mut self, id: SocketId) {
        let Some(socket) = self.net.sockets.get(&id) else { return };
        if socket.status != Status::Connected || !socket.inbox.is_empty() {
            return self.reset(id);
        }
        self.finish(id);
        if let Some(socket) = self.net.sockets.get_mut(&id) {
            socket.closed = true;
        }
        self.net.forget_if_over(id);
    }

    /// Breaks a connection.
    pub fn reset(&mut self, id: SocketId) {
        let Some(socket) = self.net.sockets.get_mut(&id) else { return };
        socket.closed = true;
        if matches!(socket.status, Status::Failed(_)) {
            return self.net.forget_if_over(id);
        }
        self.net.send(id, Payload::Reset);
        self.net.fail(id, io::ErrorKind::ConnectionAborted);
    }

    fn put(&mut self, id: SocketId, octets: &[u8], urgent: bool) -> io::Result<usize> {
        let window = self.net.conditions.window;
        let socket = self.net.sockets.get_mut(&id).ok_or(io::ErrorKind::NotConnected)?;
        socket.usable()?;
        if socket.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = window.saturating_sub(socket.unread).min(octets.len());
        if room == 0 && !octets.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        socket.unread += room;
        let mut rest = octets.get(..room).unwrap_or_default();
        while !rest.is_empty() {
            let length = self.piece().min(rest.len());
            let (piece, after) = rest.split_at(length);
            rest = after;
            let last = urgent && rest.is_empty() && room == octets.len();
            self.net.send(id, Payload::Data { octets: Bytes::copy_from_slice(piece), urgent: last });
        }
        Ok(room)
    }

    /// The length of the next piece of a write. Half of the time the largest, else any.
    fn piece(&mut self) -> usize {
        let largest = self.net.conditions.largest_piece.max(1);
        if self.net.rng.bool() { largest } else { self.net.rng.usize(1..=largest) }
    }

    /// Makes out an address and a port, and sees that they can be had.
    fn bind(&mut self, at: SocketAddr, target: Option<SocketAddr>) -> io::Result<SocketAddr> {
        let ip = self.own_address(at.ip(), target)?;
        if at.port() != 0 {
            let local = SocketAddr::new(ip, at.port());
            let host = &self.net.hosts[self.id.0];
            if at.port() < UNPRIVILEGED && !host.options.privileged {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            return if self.is_free(local, target) {
                Ok(local)
            } else {
                Err(io::ErrorKind::AddrInUse.into())
            };
        }
        let range = self.net.hosts[self.id.0].options.ephemeral.clone();
        let first = self.net.rng.u16(range.clone());
        let mut ports = (first..=*range.end()).chain(*range.start()..first);
        let free = ports.find(|&port| self.is_free(SocketAddr::new(ip, port), target));
        free.map(|port| SocketAddr::new(ip, port)).ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }

    fn own_address(&self, ip: IpAddr, target: Option<SocketAddr>) -> io::Result<IpAddr> {
        let own = self.addresses();
        match target {
            _ if own.contains(&ip) => Ok(ip),
            None if ip.is_unspecified() => Ok(ip),
            Some(target) if ip.is_unspecified() => own
                .iter()
                .copied()
                .find(|own| own.is_ipv4() == target.is_ipv4())
                .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
            _ => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// For a listener: nobody listens there. For a connection: the pair of addresses is not in use.
    fn is_free(&self, local: SocketAddr, target: Option<SocketAddr>) -> bool {
        let Some(target) = target else {
            let taken = |listener: &Listener| {
                listener.local.port() == local.port()
                    && (serves(listener.local.ip(), local.ip()) || serves(local.ip(), listener.local.ip()))
            };
            return !self
                .net
                .listeners
                .iter()
                .any(|((host, _), listener)| *host == self.id && taken(listener));
        };
        let key = (self.id, local, target);
        let waits = self.net.time_wait.get(&key).is_some_and(|&until| until > self.net.now);
        !waits && !self.net.connections.contains_key(&key)
    }
}
