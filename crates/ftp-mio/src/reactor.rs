//! A loop: waits, and gives turns to its sessions.

use crate::event_loop::Handle;
use crate::mail::{Mail, Mailbox};
use crate::pool::Pool;
use crate::shared::Shared;
use core::panic::AssertUnwindSafe;
use ftp_service::{Connection, Service, Session};
use mio::{Events, Poll, Registry};
use slab::Slab;
use std::io;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// How many events are taken from the system at a time.
const EVENTS: usize = 256;

/// What a loop is made of, before it is in its thread.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) poll: Poll,
    /// The poll's, made before connections take the descriptors.
    pub(crate) registry: Registry,
    pub(crate) mailbox: Mailbox,
    pub(crate) mail: Receiver<Mail>,
    pub(crate) service: Arc<Service>,
    pub(crate) pool: Pool,
    /// The same for all loops.
    pub(crate) started: std::time::Instant,
}

/// A loop and its sessions.
#[derive(Debug)]
struct Reactor {
    poll: Poll,
    mail: Receiver<Mail>,
    service: Arc<Service>,
    shared: Rc<Shared>,
    sessions: Slab<Box<Task>>,
    /// No connection comes any more.
    ending: bool,
}

#[derive(Debug)]
struct Task {
    session: Session<Handle>,
    handle: Handle,
}

/// Runs until no more connections come and the last session is over.
pub(crate) fn run(parts: Parts) -> io::Result<()> {
    let Parts { poll, registry, mailbox, mail, service, pool, started } = parts;
    let shared = Rc::new(Shared::new(registry, mailbox, pool, started));
    Reactor { poll, mail, service, shared, sessions: Slab::new(), ending: false }.run()
}

impl Reactor {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while !(self.ending && self.sessions.is_empty()) {
            match self.poll.poll(&mut events, self.shared.patience()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => done?,
            }
            events.iter().for_each(|event| self.shared.note(event));
            self.read_mail();
            self.shared.queue_due();
            let shared = Rc::clone(&self.shared);
            shared.queued().for_each(|session| self.turn(session));
        }
        Ok(())
    }

    fn read_mail(&mut self) {
        while let Ok(mail) = self.mail.try_recv() {
            match mail {
                Mail::Connection(connection) => self.open(connection),
                Mail::LastConnection => self.ending = true,
                Mail::Turn(session) => self.shared.queue(session),
                Mail::Everybody => {
                    self.sessions.iter().for_each(|(session, _)| self.shared.queue(session));
                }
            }
        }
    }

    fn open(&mut self, connection: Connection) {
        let place = self.sessions.vacant_entry();
        let key = place.key();
        let mut handle = Handle::new(Rc::clone(&self.shared), key);
        match Session::open(&self.service, &mut handle, connection) {
            Ok(session) => {
                place.insert(Box::new(Task { session, handle }));
                self.shared.queue(key);
            }
            Err(error) => tracing::debug!(%error, "a connection was gone before it was served"),
        }
    }

    /// A panic costs one session, not all of the loop.
    fn turn(&mut self, key: usize) {
        // It may have ended since it was queued.
        let Some(task) = self.sessions.get_mut(key) else { return };
        let Task { session, handle } = &mut **task;
        let over = catch_unwind(AssertUnwindSafe(|| session.turn(handle).is_ready())).unwrap_or(true);
        if over {
            drop(self.sessions.remove(key));
        }
    }
}
