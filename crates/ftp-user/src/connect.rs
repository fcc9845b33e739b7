//! From a host's name to a control connection: its addresses are tried a moment apart, and the first that answers is taken
//! (Happy Eyeballs, RFC 8305).

use crate::error::{Cause, Doing, Error};
use crate::{AbortHandle, ClientOptions, Driver, Event};
use core::net::{IpAddr, SocketAddr};
use core::task::{Poll, Waker};
use core::time::Duration;
use ftp_dtp::control::ControlConnect;
use ftp_dtp::event_loop::EventLoop;
use ftp_proto::client::OperationError;
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};

/// After so long without an answer the next address is tried, too (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

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
    let mut race = Race::new(addresses, options);
    let turn =
        |event_loop: &mut D::Loop, waker: &Waker| race.poll(event_loop).or_aborted(&options.abort, waker);
    driver.run(turn).await
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

/// In the system's order, but the families by turns (RFC 8305 §4): a family that does not work costs little then.
fn by_turns(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv6) else { return VecDeque::new() };
    let (same, other): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let mut queues = [same, other];
    let mut order = VecDeque::new();
    while queues.iter().any(|queue| !queue.is_empty()) {
        order.extend(queues.iter_mut().filter_map(VecDeque::pop_front));
    }
    order
}

/// Connections to several addresses, begun one after the other, of which the first that is made wins.
struct Race<'a, L: EventLoop> {
    options: &'a ClientOptions,
    waiting: VecDeque<SocketAddr>,
    /// When the next may begin, whatever becomes of those that have.
    next: Instant,
    running: Vec<Runner<L>>,
    failed: Vec<(SocketAddr, io::Error)>,
}

struct Runner<L: EventLoop> {
    address: SocketAddr,
    connect: ControlConnect<L>,
    until: Instant,
}

impl<'a, L: EventLoop> Race<'a, L> {
    fn new(addresses: Vec<SocketAddr>, options: &'a ClientOptions) -> Self {
        let (waiting, next) = (by_turns(addresses), Instant::ORIGIN);
        Self { options, waiting, next, running: Vec::new(), failed: Vec::new() }
    }

    fn poll(&mut self, event_loop: &mut L) -> Poll<Result<TcpStream, Cause>> {
        loop {
            if let Some(winner) = self.look(event_loop) {
                return Poll::Ready(Ok(winner));
            }
            let now = event_loop.now();
            if (self.running.is_empty() || now >= self.next) && !self.waiting.is_empty() {
                self.begin(event_loop);
                continue;
            }
            let next = (!self.waiting.is_empty()).then_some(self.next);
            let Some(first) = self.running.iter().map(|runner| runner.until).chain(next).min() else {
                return Poll::Ready(Err(Cause::Connect(core::mem::take(&mut self.failed))));
            };
            if !event_loop.poll_until(first) {
                return Poll::Pending;
            }
        }
    }

    fn begin(&mut self, event_loop: &mut L) {
        let Some(address) = self.waiting.pop_front() else { return };
        self.options.observer.tell(&Event::Connecting(address));
        self.next = event_loop.now() + ATTEMPT_DELAY;
        let until =
            event_loop.now() + self.options.connect_timeout.unwrap_or(self.options.protocol.timeouts.connect);
        match ControlConnect::start(event_loop, self.options.bind, address) {
            Ok(connect) => self.running.push(Runner { address, connect, until }),
            Err(error) => self.failed.push((address, error)),
        }
    }

    /// The winner, if there is one. Those that have failed are out.
    fn look(&mut self, event_loop: &mut L) -> Option<TcpStream> {
        let mut index = 0;
        while let Some(runner) = self.running.get_mut(index) {
            let error = match runner.connect.poll(event_loop) {
                Poll::Ready(Ok(stream)) => return Some(stream),
                Poll::Ready(Err(error)) => error,
                Poll::Pending if event_loop.now() >= runner.until => io::ErrorKind::TimedOut.into(),
                Poll::Pending => {
                    index += 1;
                    continue;
                }
            };
            let runner = self.running.remove(index);
            self.failed.push((runner.address, error));
        }
        None
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns_and_the_system_s_choice_is_the_first() {
        let addresses =
            |text: &[&str]| text.iter().map(|one| one.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = addresses(&["[::1]:21", "[::2]:21", "[::3]:21", "192.0.2.1:21"]);
        let order = addresses(&["[::1]:21", "192.0.2.1:21", "[::2]:21", "[::3]:21"]);
        assert_eq!(by_turns(given), order);
        assert!(by_turns(Vec::new()).is_empty());
    }
}
