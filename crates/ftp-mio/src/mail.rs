//! What reaches a loop from other threads.

use ftp_service::Connection;
use mio::{Poll, Token, Waker};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The token of a poll's waker; sockets count from 0.
pub(crate) const WAKER: Token = Token(usize::MAX);

/// Something for a loop to do.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A new connection.
    Connection(Connection),
    /// No more of them: when the last session is over, so is the loop.
    LastConnection,
    /// This session's work is done.
    Turn(usize),
    /// The service has said something to all sessions.
    Everybody,
}

/// Sends mail to one loop, and wakes it.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox {
    sender: Sender<Mail>,
    waker: Arc<Waker>,
}

impl Mailbox {
    /// The mailbox of the loop that waits by `poll`.
    pub(crate) fn new(poll: &Poll) -> io::Result<(Self, Receiver<Mail>)> {
        let (sender, receiver) = channel();
        Ok((Self { sender, waker: Arc::new(Waker::new(poll.registry(), WAKER)?) }, receiver))
    }

    /// A loop that is over reads no mail; then there is nobody to do it for.
    pub(crate) fn send(&self, mail: Mail) {
        if self.sender.send(mail).is_ok()
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "an event loop cannot be woken");
        }
    }
}
