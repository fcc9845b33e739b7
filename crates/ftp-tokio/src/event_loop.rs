//! The runtime as one session's task sees it.

use crate::blocking::{Blocking, BlockingPool};
use crate::clock;
use crate::timer::Alarm;
use core::fmt::Debug;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use ftp_dtp::event_loop::{Direction, EventLoop, Lost};
use ftp_proto::time::Instant;
use std::io;
use std::os::fd::AsRawFd;
use tokio::io::unix::AsyncFd;

/// Wakes one task. A task [hears](Self::hear) its context at the beginning of each turn.
#[derive(Debug)]
pub struct TaskLoop {
    waker: Waker,
    blocking: BlockingPool,
    alarm: Alarm,
}

impl TaskLoop {
    /// For a task whose blocking work runs in `blocking`.
    pub(crate) fn new(blocking: BlockingPool) -> Self {
        Self { waker: Waker::noop().clone(), blocking, alarm: Alarm::default() }
    }

    /// From now on it is this task that is woken.
    pub(crate) fn hear(&mut self, cx: &Context<'_>) {
        self.waker.clone_from(cx.waker());
    }
}

impl EventLoop for TaskLoop {
    type Watched<S: AsRawFd + Debug> = AsyncFd<S>;
    type Job<T: Debug + Send + 'static> = Blocking<T>;

    fn now(&self) -> Instant {
        clock::now()
    }

    fn watch<S: AsRawFd + Debug>(&mut self, socket: S) -> io::Result<AsyncFd<S>> {
        register(socket)
    }

    fn socket<S: AsRawFd + Debug>(watched: &AsyncFd<S>) -> &S {
        watched.get_ref()
    }

    fn poll_io<S: AsRawFd + Debug, T>(
        &mut self,
        watched: &AsyncFd<S>,
        direction: Direction,
        io: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        poll_io(&mut Context::from_waker(&self.waker), watched, direction, io)
    }

    fn run<T: Debug + Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Blocking<T> {
        self.blocking.run(work)
    }

    fn poll_job<T: Debug + Send + 'static>(&mut self, job: &mut Blocking<T>) -> Poll<Result<T, Lost>> {
        Pin::new(job).poll(&mut Context::from_waker(&self.waker)).map_err(|_panicked| Lost)
    }

    fn poll_until(&mut self, at: Instant) -> bool {
        self.alarm.poll(&mut Context::from_waker(&self.waker), at)
    }

    fn again(&mut self) {
        self.waker.wake_by_ref();
    }
}

/// Makes `socket`, which is non-blocking, known to the event loop.
///
/// # Errors
/// The system's.
pub(crate) fn register<T: AsRawFd>(socket: T) -> io::Result<AsyncFd<T>> {
    #[allow(
        deprecated,
        reason = "its successor is unsafe, since a type may close its descriptor early; ours own their sockets"
    )]
    AsyncFd::new(socket)
}

/// Does `io` when the socket is ready, until it says something else than `WouldBlock`.
pub(crate) fn poll_io<S: AsRawFd, T>(
    cx: &mut Context<'_>,
    watched: &AsyncFd<S>,
    direction: Direction,
    mut io: impl FnMut(&S) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        let mut guard = ready!(match direction {
            Direction::Read => watched.poll_read_ready(cx),
            Direction::Write => watched.poll_write_ready(cx),
        })?;
        if let Ok(done) = guard.try_io(|watched| io(watched.get_ref())) {
            return Poll::Ready(done);
        }
    }
}
