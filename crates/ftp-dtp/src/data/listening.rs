//! Waiting for the peer on a data port.

use super::connect::Connected;
use super::wire::Wire;
use crate::errors::failure;
use crate::event_loop::{Direction, EventLoop};
use crate::ports::{Admitted, DataListener, reset};
use crate::proxy::{Introduction, TrustedProxies};
use core::net::SocketAddr;
use core::task::Poll;
use ftp_proto::data::{Admission, Failure};
use std::io;

/// How many connections of balancers may wait for their header; the oldest gives way.
const MOST_UNNAMED: usize = 16;

/// A listener, and connections of load balancers that have not said yet who is behind them.
#[derive(Debug)]
pub(super) struct Listening<L: EventLoop> {
    listener: L::Watched<DataListener>,
    proxies: TrustedProxies,
    unnamed: Vec<Unnamed<L>>,
}

#[derive(Debug)]
struct Unnamed<L: EventLoop> {
    wire: Wire<L>,
    local: SocketAddr,
    balancer: SocketAddr,
}

impl<L: EventLoop> Listening<L> {
    pub(super) const fn new(listener: L::Watched<DataListener>, proxies: TrustedProxies) -> Self {
        Self { listener, proxies, unnamed: Vec::new() }
    }

    /// The first connection whose peer `admit` takes.
    pub(super) fn poll(
        &mut self,
        event_loop: &mut L,
        mut admit: impl FnMut(SocketAddr) -> Admission,
    ) -> Poll<Result<Connected<L>, Failure>> {
        loop {
            if let Some(connected) = self.hear_names(event_loop, &mut admit) {
                return Poll::Ready(Ok(connected));
            }
            let proxies = &self.proxies;
            let mut ask =
                |peer: SocketAddr| if proxies.contains(peer.ip()) { Admission::Take } else { admit(peer) };
            let admitted = event_loop.poll_io(&self.listener, Direction::Read, |listener| {
                match listener.admit(&mut ask) {
                    Ok(Admitted::Nothing) => Err(io::ErrorKind::WouldBlock.into()),
                    other => Ok(other),
                }
            });
            match admitted {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Ok(Admitted::Connection { socket, local, peer }))) => {
                    let wire = Wire::new(socket);
                    if !self.proxies.contains(peer.ip()) {
                        return Poll::Ready(Ok((wire, local, peer)));
                    }
                    self.wait_for_name(Unnamed { wire, local, balancer: peer });
                }
                Poll::Ready(Ok(Ok(Admitted::Again | Admitted::Nothing))) => {
                    event_loop.again();
                    return Poll::Pending;
                }
                Poll::Ready(Ok(Err(why))) => return Poll::Ready(Err(why)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(failure(&error))),
            }
        }
    }

    fn wait_for_name(&mut self, unnamed: Unnamed<L>) {
        if self.unnamed.len() >= MOST_UNNAMED {
            reset(&self.unnamed.remove(0).wire.socket);
        }
        self.unnamed.push(unnamed);
    }

    /// Who is told now to be behind a balancer, if that is who is waited for.
    fn hear_names(
        &mut self,
        event_loop: &mut L,
        admit: &mut impl FnMut(SocketAddr) -> Admission,
    ) -> Option<Connected<L>> {
        let mut index = 0;
        while let Some(unnamed) = self.unnamed.get_mut(index) {
            let Poll::Ready(introduced) = unnamed.wire.poll_introduction(event_loop) else {
                index += 1;
                continue;
            };
            let Unnamed { wire, local, balancer } = self.unnamed.swap_remove(index);
            let peer = match introduced {
                Ok(Introduction::Client { peer, .. }) => Some(peer),
                Ok(Introduction::Balancer) => Some(balancer),
                Err(_) => None,
            };
            match peer {
                Some(peer) if admit(peer) == Admission::Take => return Some((wire, local, peer)),
                Some(_) | None => reset(&wire.socket),
            }
        }
        None
    }
}
