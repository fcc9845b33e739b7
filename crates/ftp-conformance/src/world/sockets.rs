//! Hosts of ours on loopback: real sockets, blocking, with time-outs.

use super::{Family, Host, Listener, PATIENCE, Wire};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::time::Instant;

const fn address(host: Host, family: Family) -> IpAddr {
    match host {
        Host::Client => crate::talk::loopback(family),
        // Every address of 127/8 is this machine.
        Host::Stranger => IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
    }
}

/// Connects from one of our hosts.
pub(super) fn connect(from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>> {
    let family = if to.is_ipv4() { Family::V4 } else { Family::V6 };
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SockAddr::from(SocketAddr::new(address(from, family), 0)))?;
    socket.connect_timeout(&SockAddr::from(to), PATIENCE)?;
    wire(socket.into())
}

/// Connects from whatever address the system chooses.
pub(super) fn connect_from_any(to: SocketAddr) -> io::Result<Box<dyn Wire>> {
    wire(TcpStream::connect_timeout(&to, PATIENCE)?)
}

/// Listens on one of our hosts.
pub(super) fn listen(on: Host, family: Family) -> io::Result<Box<dyn Listener>> {
    listen_at(address(on, family))
}

/// Listens where packets to `peer` leave from.
pub(super) fn listen_towards(peer: SocketAddr) -> io::Result<Box<dyn Listener>> {
    // Nothing is sent: connecting only chooses the route.
    let route = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    route.connect(peer)?;
    listen_at(route.local_addr()?.ip())
}

fn listen_at(ip: IpAddr) -> io::Result<Box<dyn Listener>> {
    let listener = TcpListener::bind((ip, 0))?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok(Box::new(SocketListener { listener, local }))
}

fn wire(stream: TcpStream) -> io::Result<Box<dyn Wire>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
    Ok(Box::new(SocketWire { stream, local, peer }))
}

struct SocketWire {
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Wire for SocketWire {
    fn without_tls(self: Box<Self>) -> Box<dyn Wire> {
        self
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into).map_err(|error| match error.kind() {
            // A blocking socket says so when its time is up.
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    fn finish(&mut self) {
        // The peer may be gone already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn local(&self) -> SocketAddr {
        self.local
    }

    fn peer(&self) -> SocketAddr {
        self.peer
    }
}

struct SocketListener {
    listener: TcpListener,
    local: SocketAddr,
}

impl Listener for SocketListener {
    fn local(&self) -> SocketAddr {
        self.local
    }

    fn accept(&mut self) -> io::Result<Box<dyn Wire>> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => return wire(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                    std::thread::sleep(core::time::Duration::from_millis(1));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
    }
}
