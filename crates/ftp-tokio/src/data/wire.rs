//! The socket of a data connection and its readiness.

use core::task::{Context, Poll, ready};
use ftp_dtp::stream::DataSocket;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A data socket that is made known to the event loop only when it has to be waited for: most small transfers never
/// are.
#[derive(Debug)]
pub(super) struct Wire {
    /// What octets are moved on; not through the event loop's eyes, so that storage jobs can use it too.
    pub(super) socket: DataSocket,
    registered: Option<AsyncFd<DataSocket>>,
}

impl Wire {
    pub(super) const fn new(socket: DataSocket) -> Self {
        Self { socket, registered: None }
    }

    /// Waits until the socket is ready. What the event loop remembers may be out of date, since others than it use the
    /// socket (sendfile on another thread): so the system is asked.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>, interest: Interest) -> Poll<io::Result<()>> {
        let registered = match &mut self.registered {
            Some(registered) => registered,
            empty => empty.insert(crate::readiness::register(self.socket.clone())?),
        };
        loop {
            let mut guard = ready!(if interest.is_readable() {
                registered.poll_read_ready(cx)
            } else {
                registered.poll_write_ready(cx)
            })?;
            match guard.try_io(|socket| ask_system(socket.get_ref(), interest)) {
                Ok(answer) => return Poll::Ready(answer),
                Err(_would_block) => {}
            }
        }
    }
}

/// `WouldBlock` when the socket is not ready.
fn ask_system(socket: &DataSocket, interest: Interest) -> io::Result<()> {
    let wanted = if interest.is_readable() { PollFlags::IN } else { PollFlags::OUT };
    let mut sockets = [PollFd::new(socket, wanted)];
    match rustix::event::poll(&mut sockets, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
