//! A loop as one of its sessions sees it.

use crate::mail::{Mail, Mailbox};
use crate::pool::Pool;
use core::cell::RefCell;
use core::fmt::{self, Debug};
use core::task::Poll;
use ftp_dtp::event_loop::{Direction, EventLoop, Lost};
use ftp_proto::time::Instant;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use slab::Slab;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// What a loop and its sessions share, in one thread.
pub(crate) struct Shared {
    registry: Registry,
    /// The watched sockets, by token. Readiness is a hint: an event that was meant for a socket that had the token before does
    /// no harm.
    sockets: RefCell<Slab<Socket>>,
    queue: RefCell<Queue>,
    /// When which session wants to be woken.
    alarms: RefCell<BTreeSet<(Instant, usize)>>,
    mailbox: Mailbox,
    pool: Pool,
    /// The origin of the core's time.
    started: std::time::Instant,
}

#[derive(Debug)]
struct Socket {
    session: usize,
    readable: bool,
    writable: bool,
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
    pub(crate) fn patience(&self) -> Option<core::time::Duration> {
        if !self.queue.borrow().order.is_empty() {
            return Some(core::time::Duration::ZERO);
        }
        self.alarms.borrow().first().map(|(at, _)| at.duration_since(self.now()))
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.started.elapsed())
    }
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("sockets", &self.sockets.borrow().len()).finish_non_exhaustive()
    }
}

/// One session's handle to its loop.
#[derive(Debug)]
pub(crate) struct Handle {
    shared: Rc<Shared>,
    session: usize,
    /// What stands for it among the alarms.
    alarm: Option<Instant>,
}

impl Handle {
    pub(crate) const fn new(shared: Rc<Shared>, session: usize) -> Self {
        Self { shared, session, alarm: None }
    }

    fn clear_alarm(&mut self) {
        if let Some(at) = self.alarm.take() {
            self.shared.alarms.borrow_mut().remove(&(at, self.session));
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.clear_alarm();
    }
}

impl EventLoop for Handle {
    type Watched<S: AsRawFd + Debug> = Watched<S>;
    type Job<T: Debug + Send + 'static> = Job<T>;

    fn now(&self) -> Instant {
        self.shared.now()
    }

    fn watch<S: AsRawFd + Debug>(&mut self, socket: S) -> io::Result<Watched<S>> {
        let entry = Socket { session: self.session, readable: true, writable: true };
        let token = self.shared.sockets.borrow_mut().insert(entry);
        // Dropped if it cannot be registered; deregistering it then fails, which does not matter.
        let watched = Watched { socket, token, shared: Rc::clone(&self.shared) };
        let descriptor = watched.socket.as_raw_fd();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.shared.registry.register(&mut SourceFd(&descriptor), Token(token), interest)?;
        Ok(watched)
    }

    fn socket<S: AsRawFd + Debug>(watched: &Watched<S>) -> &S {
        &watched.socket
    }

    fn poll_io<S: AsRawFd + Debug, T>(
        &mut self,
        watched: &Watched<S>,
        direction: Direction,
        mut io: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        if !watched.with_readiness(direction, |ready| *ready) {
            return Poll::Pending;
        }
        match io(&watched.socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                watched.with_readiness(direction, |ready| *ready = false);
                Poll::Pending
            }
            done => Poll::Ready(done),
        }
    }

    fn run<T: Debug + Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let (sender, receiver) = channel();
        let done = Done { mailbox: self.shared.mailbox.clone(), session: self.session };
        self.shared.pool.run(Box::new(move || {
            // In this order, so that the sender is gone when the loop is woken, also after a panic.
            let _done = done;
            let sender = sender;
            // Nobody may wait for it any more.
            let _ = sender.send(work());
        }));
        Job(receiver)
    }

    fn poll_job<T: Debug + Send + 'static>(&mut self, job: &mut Job<T>) -> Poll<Result<T, Lost>> {
        match job.0.try_recv() {
            Ok(outcome) => Poll::Ready(Ok(outcome)),
            Err(TryRecvError::Empty) => Poll::Pending,
            Err(TryRecvError::Disconnected) => Poll::Ready(Err(Lost)),
        }
    }

    /// Deadlines nearly always move away: an alarm is left as it is until it is due, unless a deadline comes nearer.
    fn poll_until(&mut self, at: Instant) -> bool {
        let now = self.now();
        if now >= at {
            return true;
        }
        if self.alarm.is_none_or(|alarm| alarm <= now || at < alarm) {
            self.clear_alarm();
            self.alarm = Some(at);
            self.shared.alarms.borrow_mut().insert((at, self.session));
        }
        false
    }

    fn again(&mut self) {
        self.shared.queue(self.session);
    }
}

/// A socket that the loop watches.
#[derive(Debug)]
pub(crate) struct Watched<S: AsRawFd> {
    socket: S,
    token: usize,
    shared: Rc<Shared>,
}

impl<S: AsRawFd> Watched<S> {
    fn with_readiness<T: Default>(&self, direction: Direction, act: impl FnOnce(&mut bool) -> T) -> T {
        let mut sockets = self.shared.sockets.borrow_mut();
        let Some(socket) = sockets.get_mut(self.token) else { return T::default() };
        act(match direction {
            Direction::Read => &mut socket.readable,
            Direction::Write => &mut socket.writable,
        })
    }
}

impl<S: AsRawFd> Drop for Watched<S> {
    fn drop(&mut self) {
        // Explicitly, since others may hold the same socket.
        let _ = self.shared.registry.deregister(&mut SourceFd(&self.socket.as_raw_fd()));
        self.shared.sockets.borrow_mut().remove(self.token);
    }
}

/// Work on a thread of the pool.
#[derive(Debug)]
pub(crate) struct Job<T>(Receiver<T>);

/// Wakes the session when its work is done, or has panicked.
struct Done {
    mailbox: Mailbox,
    session: usize,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.mailbox.send(Mail::Turn(self.session));
    }
}
