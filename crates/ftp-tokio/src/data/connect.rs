//! Connecting to the peer's data port.

use super::wire::Wire;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use ftp_dtp::errors::failure;
use ftp_dtp::sockets::{SOURCE_PORT_PAUSE, SOURCE_PORT_TRIES, finish_connect, start_connect};
use ftp_proto::data::{Failure, SourceEndpoint};
use tokio::io::Interest;
use tokio::time::{Sleep, sleep};

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
pub(super) struct Connecting {
    route: Route,
    tries: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Start,
    /// The same four addresses and ports are still in use by a connection that may be about to end.
    Pause(Pin<Box<Sleep>>),
    Handshake(Wire),
}

impl Connecting {
    pub(super) const fn new(route: Route) -> Self {
        Self { route, tries: 0, stage: Stage::Start }
    }

    /// The connection and both its ends.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Wire, SocketAddr, SocketAddr), Failure>> {
        loop {
            match &mut self.stage {
                Stage::Start => self.start()?,
                Stage::Pause(pause) => {
                    ready!(pause.as_mut().poll(cx));
                    self.stage = Stage::Start;
                }
                Stage::Handshake(wire) => match ready!(poll_handshake(wire, cx)) {
                    Ok((local, peer)) => return Poll::Ready(Ok((self.take_wire()?, local, peer))),
                    Err(why) if self.is_worth_another_try(why) => self.pause(),
                    Err(why) => return Poll::Ready(Err(why)),
                },
            }
        }
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.tries += 1;
        match start_connect(self.route.source, self.route.target, self.route.control) {
            Ok(socket) => self.stage = Stage::Handshake(Wire::new(socket)),
            Err(why) if self.is_worth_another_try(why) => self.pause(),
            Err(why) => return Err(why),
        }
        Ok(())
    }

    fn is_worth_another_try(&self, why: Failure) -> bool {
        let required = self.route.source.port.is_some() && !self.route.source.fall_back;
        why == Failure::AddressUnavailable && required && self.tries < SOURCE_PORT_TRIES
    }

    fn pause(&mut self) {
        self.stage = Stage::Pause(Box::pin(sleep(SOURCE_PORT_PAUSE)));
    }

    fn take_wire(&mut self) -> Result<Wire, Failure> {
        match core::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Handshake(wire) => Ok(wire),
            Stage::Start | Stage::Pause(_) => Err(Failure::Other),
        }
    }
}

fn poll_handshake(wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Result<(SocketAddr, SocketAddr), Failure>> {
    loop {
        ready!(wire.poll_ready(cx, Interest::WRITABLE)).map_err(|error| failure(&error))?;
        if finish_connect(&wire.socket)? {
            return Poll::Ready(wire.socket.addresses().map_err(|error| failure(&error)));
        }
    }
}
