//! What a loop and its sessions share: who waits for what.

use crate::mail::Mailbox;
use crate::pool::Pool;
use core::cell::RefCell;
use core::fmt::{self, Debug};
use core::time::Duration;
use ftp_proto::time::Instant;
use mio::Registry;
use mio::event::Event;
use slab::Slab;
use std::collections::{BTreeSet, VecDeque};

/// What a loop and its sessions share, in one thread.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    /// The watched sockets, by token. Readiness is a hint: an event that was meant for a socket that had the token before does
    /// no harm.
    pub(crate) sockets: RefCell<Slab<Socket>>,
    queue: RefCell<Queue>,
    /// When which session wants to be woken.
    pub(crate) alarms: RefCell<BTreeSet<(Instant, usize)>>,
    pub(crate) mailbox: Mailbox,
    pub(crate) pool: Pool,
    /// The origin of the core's time.
    started: std::time::Instant,
}

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) session: usize,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

/// The sessions that are to have a turn, each once.
#[derive(Debug, Default)]
struct Queue {
    order: VecDeque<usize>,
    /// By session: whether it is in `order`.
    waits: Vec<bool>,
}

impl Queue {
    fn push(&mut self, session: usize) {
        if self.waits.len() <= session {
            self.waits.resize(session + 1, false);
        }
        if !core::mem::replace(&mut self.waits[session], true) {
            self.order.push_back(session);
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let session = self.order.pop_front()?;
        self.waits[session] = false;
        Some(session)
    }
}

impl Shared {
    pub(crate) fn new(registry: Registry, mailbox: Mailbox, pool: Pool, started: std::time::Instant) -> Self {
        Self {
            registry,
            sockets: RefCell::default(),
            queue: RefCell::default(),
            alarms: RefCell::default(),
            mailbox,
            pool,
            started,
        }
    }

    /// A socket has become ready.
    pub(crate) fn note(&self, event: &Event) {
        let Some(session) = self.note_socket(event) else { return };
        self.queue(session);
    }

    fn note_socket(&self, event: &Event) -> Option<usize> {
        let mut sockets = self.sockets.borrow_mut();
        let socket = sockets.get_mut(event.token().0)?;
        // An error shows at the next read or write.
        socket.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        socket.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        Some(socket.session)
    }

    /// The session is to have a turn.
    pub(crate) fn queue(&self, session: usize) {
        self.queue.borrow_mut().push(session);
    }

    /// Queues the sessions whose time has come.
    pub(crate) fn queue_due(&self) {
        let now = self.now();
        let mut alarms = self.alarms.borrow_mut();
        while let Some(&(at, session)) = alarms.first()
            && at <= now
        {
            alarms.pop_first();
            self.queue(session);
        }
    }

    /// The sessions that are queued now, in order; not those that are queued meanwhile.
    pub(crate) fn queued(&self) -> impl Iterator<Item = usize> {
        let count = self.queue.borrow().order.len();
        (0..count).map_while(|_| self.queue.borrow_mut().pop())
    }

    /// How long nothing has to be done; `None` until something happens.
    pub(crate) fn patience(&self) -> Option<Duration> {
        if !self.queue.borrow().order.is_empty() {
            return Some(Duration::ZERO);
        }
        self.alarms.borrow().first().map(|(at, _)| at.duration_since(self.now()))
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin(self.started.elapsed())
    }
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("sockets", &self.sockets.borrow().len()).finish_non_exhaustive()
    }
}
