//! A data connection: its socket, TLS when there is any, and its readiness.

use crate::errors::failure;
use crate::event_loop::{Direction, EventLoop};
use crate::proxy::{self, Introduction};
use crate::stream::{DataSocket, Protected};
use crate::tls::{Handshake, TlsStream};
use core::task::{Poll, ready};
use ftp_proto::data::{Failure, TlsFacts};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, Read as _};

/// How many octets of a peer that has everything are read away.
const WASTE: usize = 64 * 1024;

/// A data socket that is made known to the event loop only when it has to be waited for: most small transfers never
/// are.
#[derive(Debug)]
pub(super) struct Wire<L: EventLoop> {
    /// Not through the event loop's eyes, so that storage jobs can use it too.
    pub(super) socket: DataSocket,
    tls: Option<Box<TlsStream>>,
    watched: Option<L::Watched<DataSocket>>,
}

impl<L: EventLoop> Wire<L> {
    pub(super) const fn new(socket: DataSocket) -> Self {
        Self { socket, tls: None, watched: None }
    }

    /// From now on, octets are under TLS.
    pub(super) fn put_under(&mut self, tls: TlsStream) {
        self.tls = Some(Box::new(tls));
    }

    pub(super) const fn is_under_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Reads away what the peer sends, to its end; ready also when it is too much, or the connection is broken.
    pub(super) fn poll_end(&mut self, event_loop: &mut L) -> Poll<()> {
        let mut waste = [0; 4096];
        for _ in 0..WASTE / waste.len() {
            match (&*self.socket).read(&mut waste) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if ready!(self.poll_ready(event_loop, Direction::Read)).is_err() {
                        break;
                    }
                }
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// What octets are moved on.
    pub(super) fn stream(&mut self) -> Protected<'_, DataSocket> {
        Protected { socket: &mut self.socket, tls: self.tls.as_deref_mut() }
    }

    /// The same connection, for another transfer. This one can only be dropped.
    pub(super) fn hand_over(&mut self) -> Self {
        Self { socket: self.socket.clone(), tls: self.tls.take(), watched: None }
    }

    /// Goes on with the handshake of TLS.
    pub(super) fn poll_handshake(&mut self, event_loop: &mut L) -> Poll<Result<TlsFacts, Failure>> {
        loop {
            let direction = match self.stream().handshake()? {
                Handshake::Done(facts) => return Poll::Ready(Ok(facts)),
                Handshake::WantRead => Direction::Read,
                Handshake::WantWrite => Direction::Write,
            };
            ready!(self.poll_ready(event_loop, direction)).map_err(|error| failure(&error))?;
        }
    }

    /// Waits for the header of a load balancer.
    pub(super) fn poll_introduction(&mut self, event_loop: &mut L) -> Poll<io::Result<Introduction>> {
        let watched = self.watch(event_loop)?;
        event_loop.poll_io(watched, Direction::Read, |socket| proxy::introduce(socket))
    }

    /// Waits until the socket is ready. What the event loop remembers may be out of date, since others than it use the
    /// socket (sendfile on another thread): so the system is asked.
    pub(super) fn poll_ready(&mut self, event_loop: &mut L, direction: Direction) -> Poll<io::Result<()>> {
        let watched = self.watch(event_loop)?;
        event_loop.poll_io(watched, direction, |socket| ask_system(socket, direction))
    }

    fn watch(&mut self, event_loop: &mut L) -> io::Result<&L::Watched<DataSocket>> {
        Ok(match &mut self.watched {
            Some(watched) => watched,
            empty => empty.insert(event_loop.watch(self.socket.clone())?),
        })
    }
}

/// `WouldBlock` when the socket is not ready.
fn ask_system(socket: &DataSocket, direction: Direction) -> io::Result<()> {
    let wanted = match direction {
        Direction::Read => PollFlags::IN,
        Direction::Write => PollFlags::OUT,
    };
    let mut sockets = [PollFd::new(socket, wanted)];
    match rustix::event::poll(&mut sockets, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
