//! What a driver brings.

use core::fmt::Debug;
use core::task::{Poll, Waker};
use ftp_dtp::event_loop::EventLoop;
use std::io;

/// How a client waits.
///
/// A driver that blocks does so within [`run`](Self::run), whose future is then ready when it is first polled; so are all
/// futures of its [`Client`](crate::Client), and [`ready`](crate::ready) takes their outcome.
pub trait Driver: Debug + Sized {
    /// What its turns are given by.
    type Loop: EventLoop;

    /// One for a new client.
    ///
    /// # Errors
    /// The system's.
    fn new() -> io::Result<Self>;

    /// The event loop, for what needs no waiting.
    fn event_loop(&mut self) -> &mut Self::Loop;

    /// Gives `turn` turns until it is ready: a first one now, others when something that it waits for may have happened, or
    /// when the waker that it is given was woken, by whichever thread.
    fn run<T>(&mut self, turn: impl FnMut(&mut Self::Loop, &Waker) -> Poll<T>) -> impl Future<Output = T>;
}

/// The outcome of a future that never waits, as those of a blocking driver.
///
/// # Panics
/// When it does wait.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = core::task::Context::from_waker(Waker::noop());
    match core::pin::pin!(future).poll(&mut context) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("a blocking driver has left the waiting to somebody else"),
    }
}
