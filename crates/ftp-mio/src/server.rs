//! Running a server: accepts connections and hands them to the loops.

use crate::mail::{Mail, Mailbox, WAKER};
use crate::pool::Pool;
use crate::reactor::{self, Parts};
use core::num::NonZeroUsize;
use core::time::Duration;
use ftp_service::{Arrival, BLOCKING_THREADS, Listener, Server, Service};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, available_parallelism};

/// Serves until the server's [handle](Server::handle) says that it is to end, and all sessions have. It takes the thread that
/// calls it, `loops` more (one for each core if `None`), and some for storage.
///
/// # Errors
/// When there are no threads or descriptors for the loops.
pub fn serve(server: Server, loops: Option<NonZeroUsize>) -> io::Result<()> {
    let (listeners, service) = server.into_parts();
    let loops = Loops::start(&service, loops)?;
    let accepted = accept(&listeners, &service, &loops.mailboxes);
    // A peer that connects from now on is refused, not left waiting.
    drop(listeners);
    service.listeners_closed();
    drop(loops);
    accepted
}

fn accept(listeners: &[Listener], service: &Service, loops: &[Mailbox]) -> io::Result<()> {
    let mut poll = Poll::new()?;
    for (number, listener) in listeners.iter().enumerate() {
        let token = Token(number);
        poll.registry().register(&mut SourceFd(&listener.as_raw_fd()), token, Interest::READABLE)?;
    }
    let (waker, everybody) = (Waker::new(poll.registry(), WAKER)?, loops.to_vec());
    service.wake_by(move || {
        if let Err(error) = waker.wake() {
            tracing::error!(%error, "the accepting thread cannot be woken");
        }
        everybody.iter().for_each(|mailbox| mailbox.send(Mail::Everybody));
    });
    let mut in_turn = loops.iter().cycle();
    while !service.is_stopping() {
        match listeners.iter().find_map(|listener| listener.accept().ok()) {
            Some(Arrival::Connection(connection)) => {
                if let Some(mailbox) = in_turn.next() {
                    mailbox.send(Mail::Connection(connection));
                }
            }
            Some(Arrival::Pause(time)) => wait(&mut poll, Some(time))?,
            None => wait(&mut poll, None)?,
        }
    }
    Ok(())
}

/// Waits for an event, whichever: all listeners are tried after it.
fn wait(poll: &mut Poll, patience: Option<Duration>) -> io::Result<()> {
    match poll.poll(&mut Events::with_capacity(8), patience) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        done => done,
    }
}

/// The loops. Dropped, it waits until their sessions are over.
struct Loops {
    mailboxes: Vec<Mailbox>,
    threads: Vec<JoinHandle<()>>,
    pool: Pool,
}

impl Loops {
    fn start(service: &Arc<Service>, count: Option<NonZeroUsize>) -> io::Result<Self> {
        let count = count.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let pool = Pool::new(BLOCKING_THREADS);
        let started = std::time::Instant::now();
        let mut loops = Self { mailboxes: Vec::new(), threads: Vec::new(), pool };
        for _ in 0..count {
            loops.start_one(Arc::clone(service), started)?;
        }
        Ok(loops)
    }

    fn start_one(&mut self, service: Arc<Service>, started: std::time::Instant) -> io::Result<()> {
        let poll = Poll::new()?;
        let (mailbox, mail) = Mailbox::new(&poll)?;
        self.mailboxes.push(mailbox.clone());
        let registry = poll.registry().try_clone()?;
        let parts = Parts { poll, registry, mailbox, mail, service, pool: self.pool.clone(), started };
        let thread = Builder::new().name("ftp-loop".to_owned()).spawn(|| {
            if let Err(error) = reactor::run(parts) {
                tracing::error!(%error, "an event loop failed, and its sessions with it");
            }
        })?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        self.mailboxes.iter().for_each(|mailbox| mailbox.send(Mail::LastConnection));
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("an event loop panicked, and its sessions are lost");
            }
        }
        self.pool.close();
    }
}
