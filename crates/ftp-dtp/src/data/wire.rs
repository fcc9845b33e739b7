//! The socket of a data connection and its readiness.

use crate::event_loop::{Direction, EventLoop};
use crate::stream::DataSocket;
use core::task::Poll;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io;

/// A data socket that is made known to the event loop only when it has to be waited for: most small transfers never
/// are.
#[derive(Debug)]
pub(super) struct Wire<L: EventLoop> {
    /// What octets are moved on; not through the event loop's eyes, so that storage jobs can use it too.
    pub(super) socket: DataSocket,
    watched: Option<L::Watched<DataSocket>>,
}

impl<L: EventLoop> Wire<L> {
    pub(super) const fn new(socket: DataSocket) -> Self {
        Self { socket, watched: None }
    }

    /// Waits until the socket is ready. What the event loop remembers may be out of date, since others than it use the
    /// socket (sendfile on another thread): so the system is asked.
    pub(super) fn poll_ready(&mut self, event_loop: &mut L, direction: Direction) -> Poll<io::Result<()>> {
        let watched = match &mut self.watched {
            Some(watched) => watched,
            empty => empty.insert(event_loop.watch(self.socket.clone())?),
        };
        event_loop.poll_io(watched, direction, |socket| ask_system(socket, direction))
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
