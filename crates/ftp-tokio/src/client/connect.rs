//! From a host's name to a control connection: each of its addresses is tried in turn.

use super::error::{Cause, Doing, Error};
use super::{ClientOptions, Event};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_dtp::sockets::prepare_control;
use std::io;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

/// Where a server is.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

pub(super) async fn connect(server: &Server, options: &ClientOptions) -> Result<TcpStream, Error> {
    let doing = || Doing::new("connecting to", format!("{} port {}", server.host, server.port));
    let addresses = resolve(server, options).await.map_err(|cause| doing().failed(cause))?;
    let patience = options.connect_timeout.unwrap_or(options.protocol.timeouts.connect);
    let mut tried = Vec::new();
    for address in addresses {
        options.observer.tell(&Event::Connecting(address));
        match connect_to(address, options.bind, patience).await {
            Ok(stream) => return Ok(stream),
            Err(error) => tried.push((address, error)),
        }
    }
    Err(doing().failed(Cause::Connect(tried)))
}

async fn resolve(server: &Server, options: &ClientOptions) -> Result<Vec<SocketAddr>, Cause> {
    let all = lookup_host((server.host.as_str(), server.port)).await.map_err(Cause::Resolve)?;
    let fits = |address: &SocketAddr| {
        options.family.allows(address.ip())
            && options.bind.is_none_or(|bind| bind.is_ipv4() == address.is_ipv4())
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in all.filter(fits) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Cause::NoAddress) } else { Ok(addresses) }
}

async fn connect_to(address: SocketAddr, bind: Option<IpAddr>, patience: Duration) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(bind) = bind {
        socket.bind(SocketAddr::new(bind, 0))?;
    }
    let stream = timeout(patience, socket.connect(address))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // TCP lets a socket connect to itself when source and target happen to be the same: nobody listens there.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    prepare_control(&stream)?;
    Ok(stream)
}
