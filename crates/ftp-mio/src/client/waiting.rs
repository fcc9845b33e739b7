//! A loop for one client, in the client's thread.

use crate::event_loop::Handle;
use crate::mail::{Mail, Mailbox};
use crate::pool::Pool;
use crate::shared::Shared;
use core::task::{Poll, Waker};
use ftp_user::{BLOCKING_THREADS, Driver};
use mio::Events;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::task::Wake;

/// How many events are taken from the system at a time: a client has two sockets.
const EVENTS: usize = 8;

/// The client is the only session of its loop.
const SESSION: usize = 0;

/// How a client waits: it blocks its thread.
#[derive(Debug)]
pub(super) struct Waiting {
    handle: Handle,
    shared: Rc<Shared>,
    poll: mio::Poll,
    events: Events,
    mail: Receiver<Mail>,
    waker: Waker,
}

impl Driver for Waiting {
    type Loop = Handle;

    fn new() -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let (mailbox, mail) = Mailbox::new(&poll)?;
        let waker = Waker::from(Arc::new(Turn(mailbox.clone())));
        let (registry, pool) = (poll.registry().try_clone()?, Pool::new(BLOCKING_THREADS));
        let shared = Rc::new(Shared::new(registry, mailbox, pool, std::time::Instant::now()));
        let handle = Handle::new(Rc::clone(&shared), SESSION);
        Ok(Self { handle, shared, poll, events: Events::with_capacity(EVENTS), mail, waker })
    }

    fn event_loop(&mut self) -> &mut Handle {
        &mut self.handle
    }

    async fn run<T>(&mut self, mut turn: impl FnMut(&mut Handle, &Waker) -> Poll<T>) -> T {
        loop {
            if let Poll::Ready(outcome) = turn(&mut self.handle, &self.waker) {
                return outcome;
            }
            while self.shared.queued().count() == 0 {
                self.wait();
            }
        }
    }
}

impl Waiting {
    fn wait(&mut self) {
        match self.poll.poll(&mut self.events, self.shared.patience()) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                // It cannot wait, but it can look again.
                tracing::error!(%error, "the event loop of a client failed");
                self.shared.queue(SESSION);
            }
            _ => self.events.iter().for_each(|event| self.shared.note(event)),
        }
        // Whatever it says, it is for the one session.
        self.mail.try_iter().for_each(|_| self.shared.queue(SESSION));
        self.shared.queue_due();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.pool.close();
    }
}

/// Gives the client a turn, from whichever thread.
#[derive(Debug)]
struct Turn(Mailbox);

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.0.send(Mail::Turn(SESSION));
    }
}
