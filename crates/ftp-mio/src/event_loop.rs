//! A loop as one of its sessions sees it.

use crate::mail::{Mail, Mailbox};
use crate::shared::{Shared, Socket};
use core::fmt::Debug;
use core::task::Poll;
use ftp_dtp::event_loop::{Direction, EventLoop, Lost};
use ftp_proto::time::Instant;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::WAKER;
    use crate::pool::Pool;
    use core::time::Duration;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    struct Rig {
        poll: mio::Poll,
        shared: Rc<Shared>,
        mail: Receiver<Mail>,
    }

    fn rig() -> Rig {
        let poll = mio::Poll::new().unwrap();
        let (mailbox, mail) = Mailbox::new(&poll).unwrap();
        let registry = poll.registry().try_clone().unwrap();
        let shared = Shared::new(registry, mailbox, Pool::new(1), std::time::Instant::now());
        Rig { poll, shared: Rc::new(shared), mail }
    }

    impl Rig {
        /// Until a socket is ready.
        fn wait(&mut self) {
            let mut events = mio::Events::with_capacity(8);
            while self.shared.patience() != Some(Duration::ZERO) {
                self.poll.poll(&mut events, None).unwrap();
                events
                    .iter()
                    .filter(|event| event.token() != WAKER)
                    .for_each(|event| self.shared.note(event));
            }
        }
    }

    #[test]
    fn a_socket_is_ready_until_it_would_block_and_again_when_more_comes() {
        let mut rig = rig();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut handle = Handle::new(Rc::clone(&rig.shared), 7);
        let watched = handle.watch(stream).unwrap();
        let read = |handle: &mut Handle, room: &mut [u8]| {
            handle.poll_io(&watched, Direction::Read, |mut stream| stream.read(room))
        };
        assert!(read(&mut handle, &mut [0; 1]).is_pending());
        for _ in 0..2 {
            peer.write_all(b"ab").unwrap();
            while read(&mut handle, &mut []).is_pending() {
                rig.shared.queued().for_each(drop);
                rig.wait();
            }
            assert!(rig.shared.queued().all(|session| session == 7));
            assert!(matches!(read(&mut handle, &mut [0; 1]), Poll::Ready(Ok(1))), "a short read");
            assert!(matches!(read(&mut handle, &mut [0; 1]), Poll::Ready(Ok(1))), "is not the last");
            assert!(read(&mut handle, &mut [0; 1]).is_pending());
        }
        drop(watched);
        assert!(rig.shared.sockets.borrow().is_empty());
    }

    #[test]
    fn work_that_is_done_and_work_that_panics_wake_their_session() {
        let rig = rig();
        let mut handle = Handle::new(Rc::clone(&rig.shared), 7);
        let (mut done, mut lost) = (handle.run(|| 5), handle.run(|| -> u8 { panic!("of the test") }));
        for _ in 0..2 {
            assert!(matches!(rig.mail.recv(), Ok(Mail::Turn(7))));
        }
        assert_eq!(handle.poll_job(&mut done), Poll::Ready(Ok(5)));
        assert_eq!(handle.poll_job(&mut lost), Poll::Ready(Err(Lost)));
    }

    #[test]
    fn one_alarm_stands_for_a_session_the_nearest_and_goes_with_it() {
        let rig = rig();
        let mut handle = Handle::new(Rc::clone(&rig.shared), 7);
        let now = handle.now();
        let [near, far] = [1000, 2000].map(|seconds| now + Duration::from_secs(seconds));
        assert!(handle.poll_until(now));
        for at in [far, near, far] {
            assert!(!handle.poll_until(at));
        }
        assert_eq!(rig.shared.alarms.borrow().iter().collect::<Vec<_>>(), [&(near, 7)]);
        drop(handle);
        assert!(rig.shared.alarms.borrow().is_empty());
        assert_eq!(rig.shared.patience(), None);
    }

    #[test]
    fn a_session_that_asks_for_another_turn_gets_one_after_the_others() {
        let rig = rig();
        let [mut first, mut second] = [1, 2].map(|session| Handle::new(Rc::clone(&rig.shared), session));
        first.again();
        second.again();
        first.again();
        let mut turns = Vec::new();
        rig.shared.queued().for_each(|session| {
            turns.push(session);
            first.again();
        });
        assert_eq!(turns, [1, 2], "not those that are queued meanwhile");
        assert_eq!(rig.shared.patience(), Some(Duration::ZERO));
        assert_eq!(rig.shared.queued().collect::<Vec<_>>(), [1]);
    }
}
