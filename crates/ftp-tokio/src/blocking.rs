//! Work that may block, on threads of its own and bounded in number.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// Runs what may block. One for all sessions of a process; clones share its bound.
#[derive(Debug, Clone)]
pub(crate) struct BlockingPool {
    permits: Arc<Semaphore>,
}

impl BlockingPool {
    /// At most `threads` pieces of work run at a time (at least one); the others wait in the order in which they came.
    pub(crate) fn new(threads: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))) }
    }

    /// Starts `work`, now or when it is its turn. It runs to its end also when nobody waits for it any more.
    #[expect(
        clippy::async_yields_async,
        reason = "what is waited for is the turn; the work itself is waited for after it"
    )]
    pub(crate) fn run<T, F>(&self, work: F) -> Blocking<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let permits = Arc::clone(&self.permits);
        match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => Blocking::Running(spawn_blocking(move || {
                let _permit = permit;
                work()
            })),
            Err(_) => Blocking::Waiting(tokio::spawn(async move {
                // The semaphore is never closed; were it, the work would run unbounded rather than be lost.
                let permit = permits.acquire_owned().await.ok();
                spawn_blocking(move || {
                    let _permit = permit;
                    work()
                })
            })),
        }
    }
}

/// The outcome of work that may block; an error when it panicked, or the runtime is going down.
pub enum Blocking<T> {
    Waiting(JoinHandle<JoinHandle<T>>),
    Running(JoinHandle<T>),
}

impl<T> Future for Blocking<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut *self {
                Self::Running(handle) => return Pin::new(handle).poll(cx),
                Self::Waiting(handle) => match ready!(Pin::new(handle).poll(cx)) {
                    Ok(running) => *self = Self::Running(running),
                    Err(error) => return Poll::Ready(Err(error)),
                },
            }
        }
    }
}

impl<T> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Blocking::Waiting",
            Self::Running(_) => "Blocking::Running",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn no_more_runs_at_a_time_than_is_allowed_and_nothing_is_lost() {
        let pool = BlockingPool::new(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all: Vec<_> = (0..50)
            .map(|number| {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                pool.run(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    number
                })
            })
            .collect();
        for (number, work) in all.into_iter().enumerate() {
            assert_eq!(work.await.unwrap(), number);
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_its_place_back() {
        let pool = BlockingPool::new(1);
        assert!(pool.run(|| panic!("of the test")).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
