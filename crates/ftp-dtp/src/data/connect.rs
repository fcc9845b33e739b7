//! Connecting to the peer's data port.

use super::wire::Wire;
use crate::errors::failure;
use crate::event_loop::{Direction, EventLoop};
use crate::sockets::{SOURCE_PORT_PAUSE, SOURCE_PORT_TRIES, finish_connect, start_connect};
use core::net::SocketAddr;
use core::task::{Poll, ready};
use ftp_proto::address::normalise_socket;
use ftp_proto::data::{Failure, SourceEndpoint};
use ftp_proto::time::Instant;

/// What is connected to, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) source: SourceEndpoint,
    pub(super) target: SocketAddr,
    /// The control socket's own address, for the interface of link-local addresses.
    pub(super) control: SocketAddr,
}

/// A connection that is being made.
#[derive(Debug)]
pub(super) struct Connecting<L: EventLoop> {
    route: Route,
    tries: u32,
    stage: Stage<L>,
    /// Where it is made from was told.
    told: bool,
}

/// How far it is.
pub(super) enum Dialled<L: EventLoop> {
    /// It is being made, from here.
    From(SocketAddr),
    Through(Connected<L>),
}

#[derive(Debug)]
enum Stage<L: EventLoop> {
    Start,
    /// The same four addresses and ports are still in use by a connection that may be about to end.
    Pause(Instant),
    Handshake(Wire<L>),
}

/// A connection and both its ends.
pub(super) type Connected<L> = (Wire<L>, SocketAddr, SocketAddr);

impl<L: EventLoop> Connecting<L> {
    pub(super) const fn new(route: Route) -> Self {
        Self { route, tries: 0, stage: Stage::Start, told: false }
    }

    /// When the next try is due.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Pause(until) => Some(until),
            Stage::Start | Stage::Handshake(_) => None,
        }
    }

    pub(super) fn poll(&mut self, event_loop: &mut L) -> Poll<Result<Dialled<L>, Failure>> {
        loop {
            match &mut self.stage {
                Stage::Start => self.start(event_loop.now())?,
                Stage::Pause(until) if event_loop.now() < *until => return Poll::Pending,
                Stage::Pause(_) => self.stage = Stage::Start,
                Stage::Handshake(wire) if !self.told => {
                    self.told = true;
                    if let Ok(local) = wire.socket.local_addr() {
                        return Poll::Ready(Ok(Dialled::From(normalise_socket(local))));
                    }
                }
                Stage::Handshake(wire) => match ready!(poll_handshake(wire, event_loop)) {
                    Ok((local, peer)) => {
                        return Poll::Ready(Ok(Dialled::Through((self.take_wire()?, local, peer))));
                    }
                    Err(why) if self.is_worth_another_try(why) => self.pause(event_loop.now()),
                    Err(why) => return Poll::Ready(Err(why)),
                },
            }
        }
    }

    fn start(&mut self, now: Instant) -> Result<(), Failure> {
        self.tries += 1;
        match start_connect(self.route.source, self.route.target, self.route.control) {
            Ok(socket) => self.stage = Stage::Handshake(Wire::new(socket)),
            Err(why) if self.is_worth_another_try(why) => self.pause(now),
            Err(why) => return Err(why),
        }
        Ok(())
    }

    fn is_worth_another_try(&self, why: Failure) -> bool {
        let required = self.route.source.port.is_some() && !self.route.source.fall_back;
        why == Failure::AddressUnavailable && required && self.tries < SOURCE_PORT_TRIES
    }

    fn pause(&mut self, now: Instant) {
        self.stage = Stage::Pause(now + SOURCE_PORT_PAUSE);
    }

    fn take_wire(&mut self) -> Result<Wire<L>, Failure> {
        match core::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Handshake(wire) => Ok(wire),
            Stage::Start | Stage::Pause(_) => Err(Failure::Other),
        }
    }
}

fn poll_handshake<L: EventLoop>(
    wire: &mut Wire<L>,
    event_loop: &mut L,
) -> Poll<Result<(SocketAddr, SocketAddr), Failure>> {
    loop {
        ready!(wire.poll_ready(event_loop, Direction::Write)).map_err(|error| failure(&error))?;
        if finish_connect(&wire.socket)? {
            return Poll::Ready(wire.socket.addresses().map_err(|error| failure(&error)));
        }
    }
}
