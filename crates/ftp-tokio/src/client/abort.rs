//! Ending an operation from outside.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tokio::sync::Notify;

/// Ends the operation that a [`Client`](super::Client) is at, from another task. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct AbortHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: AtomicBool,
    notify: Notify,
}

impl AbortHandle {
    /// Ends the operation that is under way; without one, the next.
    pub fn abort(&self) {
        self.0.wanted.store(true, Ordering::SeqCst);
        self.0.notify.notify_one();
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

    /// Waits for the wish.
    pub(super) async fn wanted(&self) {
        while !self.is_wanted() {
            self.0.notify.notified().await;
        }
    }
}
