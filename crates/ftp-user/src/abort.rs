//! Ending an operation from outside.

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::{Arc, Mutex, PoisonError};

/// Ends the operation that a [`Client`](crate::Client) is at, connecting too, from any thread. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct AbortHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl AbortHandle {
    /// Ends the operation that is under way; without one, the next.
    pub fn abort(&self) {
        self.0.wanted.store(true, Ordering::SeqCst);
        let waker = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Forgets a wish that came when there was nothing to end.
    pub fn clear(&self) {
        self.0.wanted.store(false, Ordering::SeqCst);
    }

    /// Whether an operation is to be ended.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0.wanted.load(Ordering::SeqCst)
    }

    /// Whether it is to be ended now; if not, `waker` is woken when it is.
    pub(crate) fn poll(&self, waker: &Waker) -> bool {
        // In this order: a wish between the two finds the waker.
        let mut kept = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *kept {
            Some(kept) => kept.clone_from(waker),
            empty => *empty = Some(waker.clone()),
        }
        drop(kept);
        self.is_wanted()
    }
}
