//! An event loop as one session sees it: all that a driver has to bring.
//!
//! Whoever waits, waits by [`Poll`]: each `poll_` method says what there is now, and when there is nothing, the session
//! gets another turn once there may be. Turns that come for nothing do no harm. So the steps of a session are written once,
//! and a driver says only how sockets, time and threads wake it.

use core::fmt::Debug;
use core::task::Poll;
use ftp_proto::time::Instant;
use std::io;
use std::os::fd::AsRawFd;

/// One session's handle to the event loop that it runs in.
pub trait EventLoop: Debug + Sized {
    /// A socket that the loop watches until this is dropped.
    type Watched<S: AsRawFd + Debug>: Debug;

    /// Work on its way, somewhere else.
    type Job<T: Debug + Send + 'static>: Debug;

    /// The time now.
    fn now(&self) -> Instant;

    /// Makes a non-blocking socket known to the loop.
    ///
    /// # Errors
    /// The system's.
    fn watch<S: AsRawFd + Debug>(&mut self, socket: S) -> io::Result<Self::Watched<S>>;

    /// The socket itself.
    fn socket<S: AsRawFd + Debug>(watched: &Self::Watched<S>) -> &S;

    /// Does `io` if the socket may be ready. When `io` says [`WouldBlock`](io::ErrorKind::WouldBlock), the session gets its
    /// turn once the socket is ready. Readiness is forgotten only then: not after a short read, which ends at an urgent mark
    /// too.
    fn poll_io<S: AsRawFd + Debug, T>(
        &mut self,
        watched: &Self::Watched<S>,
        direction: Direction,
        io: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>>;

    /// Runs `work` where it may block, to its end also when nobody waits for it any more.
    fn run<T: Debug + Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Self::Job<T>;

    /// What came of the work. Not to be called again after it was ready.
    fn poll_job<T: Debug + Send + 'static>(&mut self, job: &mut Self::Job<T>) -> Poll<Result<T, Lost>>;

    /// Whether `at` has come; if not, the session gets its turn then, or earlier. One time is remembered: the last.
    fn poll_until(&mut self, at: Instant) -> bool;

    /// Another turn, after others had theirs.
    fn again(&mut self);
}

/// What a socket is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Octets, an end of stream, or a connection to accept.
    Read,
    /// Room for octets, or a connection that is made.
    Write,
}

/// Work that panicked, or that the loop could not run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;
