//! A control connection that a client is making.

use crate::event_loop::{Direction, EventLoop};
use crate::sockets::{finish_control_connect, start_control_connect};
use core::net::{IpAddr, SocketAddr};
use core::task::{Poll, ready};
use std::io;
use std::net::TcpStream;

/// A connection to one address, on its way.
#[derive(Debug)]
pub struct ControlConnect<L: EventLoop> {
    stream: TcpStream,
    /// The same socket: who gets the connection watches it in its own way.
    watched: L::Watched<TcpStream>,
}

impl<L: EventLoop> ControlConnect<L> {
    /// Begins to connect to `target`, from `source` if one is given.
    ///
    /// # Errors
    /// The system's, when it is known at once that there is no way.
    pub fn start(event_loop: &mut L, source: Option<IpAddr>, target: SocketAddr) -> io::Result<Self> {
        let stream = start_control_connect(source, target)?;
        let watched = event_loop.watch(stream.try_clone()?)?;
        Ok(Self { stream, watched })
    }

    /// The connection, a non-blocking socket with the options that a control connection needs. Not to be called again after
    /// it was ready.
    pub fn poll(&mut self, event_loop: &mut L) -> Poll<io::Result<TcpStream>> {
        let connected = event_loop.poll_io(&self.watched, Direction::Write, |stream| {
            match finish_control_connect(stream)? {
                true => Ok(()),
                false => Err(io::ErrorKind::WouldBlock.into()),
            }
        });
        Poll::Ready(match ready!(connected) {
            Ok(()) => self.stream.try_clone(),
            Err(error) => Err(error),
        })
    }
}
