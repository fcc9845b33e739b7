//! From a host's name to a control connection: each of its addresses is tried in turn.

use crate::error::{Cause, Doing, Error};
use crate::{AbortHandle, ClientOptions, Driver, Event};
use core::net::{IpAddr, SocketAddr};
use core::task::{Poll, Waker};
use core::time::Duration;
use ftp_dtp::control::ControlConnect;
use ftp_dtp::event_loop::EventLoop;
use ftp_proto::client::OperationError;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};

/// Where a server is.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
}

pub(crate) async fn connect<D: Driver>(
    driver: &mut D,
    server: &Server,
    options: &ClientOptions,
) -> Result<TcpStream, Error> {
    let doing = Doing::new("connecting to", format!("{} port {}", server.host, server.port));
    try_all(driver, server, options).await.map_err(|cause| {
        if matches!(cause, Cause::Operation(OperationError::Aborted)) {
            options.abort.clear();
        }
        doing.failed(cause)
    })
}

async fn try_all<D: Driver>(
    driver: &mut D,
    server: &Server,
    options: &ClientOptions,
) -> Result<TcpStream, Cause> {
    let addresses = resolve(driver, server, options).await?;
    let patience = options.connect_timeout.unwrap_or(options.protocol.timeouts.connect);
    let mut tried = Vec::new();
    for address in addresses {
        options.observer.tell(&Event::Connecting(address));
        match connect_to(driver, address, options.bind, patience, &options.abort).await? {
            Ok(stream) => return Ok(stream),
            Err(error) => tried.push((address, error)),
        }
    }
    Err(Cause::Connect(tried))
}

async fn resolve<D: Driver>(
    driver: &mut D,
    server: &Server,
    options: &ClientOptions,
) -> Result<Vec<SocketAddr>, Cause> {
    let Server { host, port } = server.clone();
    let look_up = move || (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
    let mut job = driver.event_loop().run(look_up);
    let turn = |event_loop: &mut D::Loop, waker: &Waker| {
        event_loop.poll_job(&mut job).map(Ok).or_aborted(&options.abort, waker)
    };
    let lost = |_| Err(io::Error::other("the look-up broke off"));
    let all = driver.run(turn).await?.unwrap_or_else(lost).map_err(Cause::Resolve)?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in all.into_iter().filter(|address| fits(address.ip(), options)) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Cause::NoAddress) } else { Ok(addresses) }
}

fn fits(ip: IpAddr, options: &ClientOptions) -> bool {
    options.family.allows(ip) && options.bind.is_none_or(|bind| bind.is_ipv4() == ip.is_ipv4())
}

async fn connect_to<D: Driver>(
    driver: &mut D,
    address: SocketAddr,
    bind: Option<IpAddr>,
    patience: Duration,
    abort: &AbortHandle,
) -> Result<io::Result<TcpStream>, Cause> {
    let event_loop = driver.event_loop();
    let until = event_loop.now() + patience;
    let mut connect = match ControlConnect::start(event_loop, bind, address) {
        Ok(connect) => connect,
        Err(error) => return Ok(Err(error)),
    };
    let turn = |event_loop: &mut D::Loop, waker: &Waker| {
        let mut connected = connect.poll(event_loop);
        if connected.is_pending() && event_loop.poll_until(until) {
            connected = Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        connected.map(Ok).or_aborted(abort, waker)
    };
    driver.run(turn).await
}

trait OrAborted {
    /// What is there; else an error if an abort is wanted. `waker` is woken when it is.
    fn or_aborted(self, abort: &AbortHandle, waker: &Waker) -> Self;
}

impl<T> OrAborted for Poll<Result<T, Cause>> {
    fn or_aborted(self, abort: &AbortHandle, waker: &Waker) -> Self {
        match self {
            Self::Pending if abort.poll(waker) => Self::Ready(Err(OperationError::Aborted.into())),
            other => other,
        }
    }
}
