//! A session, from the moment that its connection was accepted.

use crate::conversation::Conversation;
use crate::server::Connection;
use crate::shared::Service;
use core::net::SocketAddr;
use core::task::{Poll, ready};
use core::time::Duration;
use ftp_dtp::control::ControlSocket;
use ftp_dtp::event_loop::EventLoop;
use ftp_dtp::proxy::Introduction;
use ftp_dtp::sockets::{endpoints, prepare_control};
use ftp_proto::io::ControlEndpoints;
use ftp_proto::time::Instant;
use std::io;
use std::sync::Arc;

/// How long a load balancer has to say who is behind it. It says so at once.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// One session in an event loop `L`.
#[derive(Debug)]
pub struct Session<L: EventLoop>(State<L>);

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are open, and a box would cost each of them an allocation"
)]
enum State<L: EventLoop> {
    /// The connection is a load balancer's: who is behind it?
    Unnamed {
        arrived: Option<Box<Arrived<L>>>,
        until: Instant,
    },
    Open(Conversation<L>),
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Arrived<L: EventLoop> {
    pub(crate) service: Arc<Service>,
    pub(crate) control: ControlSocket<L>,
    pub(crate) endpoints: ControlEndpoints,
    /// The socket's own address, as the system gives it.
    pub(crate) own_address: SocketAddr,
    pub(crate) implicit_tls: bool,
}

impl<L: EventLoop> Session<L> {
    /// A session for a connection that was just accepted. Its first turn is due at once.
    ///
    /// # Errors
    /// When the connection is gone already, or is one of too many that are turned away.
    pub fn open(service: &Arc<Service>, event_loop: &mut L, connection: Connection) -> io::Result<Self> {
        let Connection { stream, implicit_tls } = connection;
        // The connection works without what this sets, only worse.
        let _ = prepare_control(&stream);
        let (endpoints, own_address) = (endpoints(&stream)?, stream.local_addr()?);
        let control = ControlSocket::new(event_loop, stream)?;
        let service = Arc::clone(service);
        let unnamed = service.resources.proxies.contains(endpoints.peer.ip());
        let arrived = Arrived { service, control, endpoints, own_address, implicit_tls };
        Ok(Self(if unnamed {
            State::Unnamed { arrived: Some(Box::new(arrived)), until: event_loop.now() + INTRODUCTION }
        } else {
            State::Open(Conversation::open(event_loop, arrived)?)
        }))
    }

    /// Does what can be done now. Ready when the session is over.
    pub fn turn(&mut self, event_loop: &mut L) -> Poll<()> {
        if let State::Unnamed { arrived, until } = &mut self.0 {
            match ready!(poll_name(arrived, *until, event_loop)) {
                Some(conversation) => self.0 = State::Open(conversation),
                None => return Poll::Ready(()),
            }
        }
        match &mut self.0 {
            State::Open(conversation) => conversation.turn(event_loop),
            State::Unnamed { .. } => Poll::Ready(()),
        }
    }
}

/// The conversation with who is behind a balancer; `None` when there is to be none.
fn poll_name<L: EventLoop>(
    waiting: &mut Option<Box<Arrived<L>>>,
    until: Instant,
    event_loop: &mut L,
) -> Poll<Option<Conversation<L>>> {
    let Some(arrived) = waiting else { return Poll::Ready(None) };
    let introduced = match arrived.control.poll_introduction(event_loop) {
        Poll::Ready(introduced) => introduced,
        Poll::Pending if event_loop.poll_until(until) => Err(io::ErrorKind::TimedOut.into()),
        // There is nobody yet who could be told that the server ends.
        Poll::Pending if arrived.service.is_stopping() => return Poll::Ready(None),
        Poll::Pending => return Poll::Pending,
    };
    let balancer = arrived.endpoints.peer;
    match introduced {
        Ok(Introduction::Client { peer, dialled }) => {
            arrived.endpoints.peer = peer;
            arrived.endpoints.dialled = Some(dialled);
        }
        Ok(Introduction::Balancer) => {}
        Err(error) => {
            tracing::warn!(%balancer, %error, "closed: a trusted load balancer did not begin with a PROXY header");
            return Poll::Ready(None);
        }
    }
    let opened = waiting.take().map(|arrived| Conversation::open(event_loop, *arrived));
    Poll::Ready(opened.and_then(|opened| {
        opened.inspect_err(|error| tracing::debug!(%error, "a connection was gone before it was served")).ok()
    }))
}
