//! Listening and connecting, with every socket option that FTP needs set on purpose.
//!
//! * All sockets are non-blocking and close-on-exec.
//! * `SO_REUSEADDR` is set before each bind: a port of the passive range can be used again while an earlier
//!   connection of it is in TIME_WAIT, and many connections share source port 20. One socket without it would block
//!   all the others.
//! * `IPV6_V6ONLY` is set on every IPv6 listener, so that one never shadows, or collides with, the IPv4 listener
//!   beside it. Who wants both families opens two listeners.
//! * `TCP_NODELAY`: a reply, and the last segment of a transfer, go out at once. A client that reads TLS record by
//!   record delays its acknowledgements, and with Nagle's algorithm each small transfer would take 40 ms.
//! * `SO_OOBINLINE` on control connections: ABOR is sent as urgent data (RFC 959 §4.1.3), and without the option the
//!   urgent octet would be lost.
//! * Keep-alive on control connections, so that a NAT does not forget them during a long transfer and a peer that is
//!   gone is noticed; not on data connections, whose stall has a timer in the core.
//! * No `SO_LINGER`: closing never blocks, and unsent octets still go out.
//!
//! Accepted sockets inherit the options of their listener.

use crate::errors::failure;
use crate::stream::DataSocket;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use core::time::Duration;
use ftp_proto::address::{normalise, normalise_socket};
use ftp_proto::data::{Failure, SourceEndpoint};
use ftp_proto::io::ControlEndpoints;
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::{TcpListener, TcpStream};

/// How many control connections may wait to be accepted. The system caps it (`net.core.somaxconn`).
pub const CONTROL_BACKLOG: u16 = 1024;

/// How many connections to a data listener may wait. More than one, so that strangers do not keep the right peer out.
pub const DATA_BACKLOG: u16 = 16;

/// How often a required source port is worth trying when it gives [`Failure::AddressUnavailable`]: the connection
/// that has the same four addresses and ports may be about to end.
pub const SOURCE_PORT_TRIES: u32 = 5;

/// How long to wait between those tries.
pub const SOURCE_PORT_PAUSE: Duration = Duration::from_millis(200);

/// Silence on a control connection before it is probed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Between probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Unanswered probes after which the peer is gone.
const KEEPALIVE_PROBES: u32 = 4;

/// An address of this machine that a data socket is bound to.
///
/// Link-local IPv6 addresses say nothing without their interface (RFC 4007 §6): it is that of the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalAddress {
    ip: IpAddr,
    /// The interface's number; 0 when the address says enough by itself.
    scope: u32,
}

impl LocalAddress {
    /// `ip`, on the interface of the control connection when `ip` needs one. `control` is the control socket's own
    /// address as the system gives it, not normalised.
    #[must_use]
    pub fn beside(ip: IpAddr, control: SocketAddr) -> Self {
        match (ip, control) {
            (IpAddr::V6(v6), SocketAddr::V6(control)) if v6.is_unicast_link_local() => {
                Self { ip, scope: control.scope_id() }
            }
            _ => Self::from(ip),
        }
    }

    /// The address without its interface.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.ip
    }

    /// This address with a port.
    #[must_use]
    pub const fn with_port(self, port: u16) -> SocketAddr {
        match self.ip {
            IpAddr::V4(_) => SocketAddr::new(self.ip, port),
            IpAddr::V6(ip) => SocketAddr::V6(SocketAddrV6::new(ip, port, 0, self.scope)),
        }
    }
}

impl From<IpAddr> for LocalAddress {
    /// IPv4-mapped addresses are bound as the IPv4 addresses that they are: the control socket may be dual-stack.
    fn from(ip: IpAddr) -> Self {
        Self { ip: normalise(ip), scope: 0 }
    }
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

fn bind_and_listen(socket: Socket, address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(backlog.into())?;
    Ok(socket.into())
}

/// Opens a listener for data connections; `port` 0 lets the system choose.
///
/// # Errors
/// The system's; with `SO_REUSEADDR` a port in use shows as `EADDRINUSE` at bind or only at listen.
pub fn listen(bind: LocalAddress, port: u16, backlog: u16) -> io::Result<TcpListener> {
    let address = bind.with_port(port);
    bind_and_listen(socket(address)?, address, backlog)
}

/// Opens a listener for control connections. `[::]` takes IPv6 only: open one for `0.0.0.0` too.
///
/// # Errors
/// The system's.
pub fn control_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    set_control_options(&socket)?;
    bind_and_listen(socket, address, CONTROL_BACKLOG)
}

/// Sets what a control connection needs: for one that was not accepted from a [`control_listener`], and for
/// listeners that were handed over by another process.
///
/// # Errors
/// The system's; the connection works without, but worse.
pub fn prepare_control(socket: &impl std::os::fd::AsFd) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    set_control_options(&socket)
}

fn set_control_options(socket: &Socket) -> io::Result<()> {
    socket.set_out_of_band_inline(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    socket.set_tcp_keepalive(&keepalive)
}

/// The addresses of a control connection, normalised.
///
/// # Errors
/// `ENOTCONN` when the peer has gone already.
pub fn endpoints(control: &TcpStream) -> io::Result<ControlEndpoints> {
    let (local, peer) = (control.local_addr()?, control.peer_addr()?);
    Ok(ControlEndpoints { local, peer, dialled: None }.normalised())
}

/// Begins to connect from `source` to `target`; [`finish_connect`] says, once the socket is writable, how it went.
/// `control` is the control socket's own address, for the interface of link-local addresses; 0.0.0.0:0 will do
/// where there is none.
///
/// # Errors
/// [`Failure::PermissionDenied`] and [`Failure::AddressInUse`]: the required source port cannot be bound.
/// [`Failure::AddressUnavailable`]: a connection with the same four addresses and ports still lives; see
/// [`SOURCE_PORT_TRIES`]. Others when it is known at once that there is no way.
pub fn start_connect(
    source: SourceEndpoint,
    target: SocketAddr,
    control: SocketAddr,
) -> Result<DataSocket, Failure> {
    let local = LocalAddress::beside(normalise(source.ip), control);
    let target = normalise_socket(target);
    let port = source.port.unwrap_or(0);
    match connect_from(local.with_port(port), target) {
        Err(error) if port != 0 && source.fall_back && source_port_is_why(&error) => {
            connect_from(local.with_port(0), target)
        }
        result => result,
    }
    .map(|socket| DataSocket::new(socket.into()))
    .map_err(|error| failure(&error))
}

/// Begins to connect a control connection to `target`, from `source` if one is given; [`finish_control_connect`] says, once
/// the socket is writable, how it went.
///
/// # Errors
/// The system's, when it is known at once that there is no way.
pub fn start_control_connect(source: Option<IpAddr>, target: SocketAddr) -> io::Result<TcpStream> {
    let any = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = connect_from(SocketAddr::new(source.unwrap_or(any), 0), target)?;
    set_control_options(&socket)?;
    Ok(socket.into())
}

/// Whether another source port may help: no privilege for this one, taken, or its four-tuple alive.
fn source_port_is_why(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::ACCESS | Errno::PERM | Errno::ADDRINUSE | Errno::ADDRNOTAVAIL)
    )
}

fn connect_from(source: SocketAddr, target: SocketAddr) -> io::Result<Socket> {
    let socket = socket(target)?;
    if source.is_ipv4() != target.is_ipv4() {
        return Err(Errno::AFNOSUPPORT.into());
    }
    if !source.ip().is_unspecified() || source.port() != 0 {
        socket.bind(&source.into())?;
    }
    match socket.connect(&target.into()) {
        Ok(()) => {}
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INPROGRESS) => {}
        Err(error) => return Err(error),
    }
    Ok(socket)
}

/// Whether the connection that [`start_connect`] began is there: ask when the socket is writable; `false` is "not
/// yet".
///
/// # Errors
/// Why the connection could not be made.
pub fn finish_connect(stream: &TcpStream) -> Result<bool, Failure> {
    finish_control_connect(stream).map_err(|error| failure(&error))
}

/// Whether the connection that [`start_control_connect`] began is there: ask when the socket is writable; `false` is "not
/// yet".
///
/// # Errors
/// Why the connection could not be made.
pub fn finish_control_connect(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match (stream.peer_addr(), stream.local_addr()) {
        // TCP lets a socket connect to itself when source and target happen to be the same: nobody listens there.
        (Ok(peer), Ok(local)) if peer == local => Err(io::ErrorKind::ConnectionRefused.into()),
        (Ok(_), Ok(_)) => Ok(true),
        (Err(error), _) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
