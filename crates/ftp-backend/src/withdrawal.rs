//! Telling running work that its answer is no longer wanted.

use core::sync::atomic::{AtomicBool, Ordering};
use ftp_proto::data::StorageFailure;
use std::sync::Arc;

/// Shared by a question's work and by who may withdraw the question (ABOR, a peer that is gone, a timer).
#[derive(Debug, Clone, Default)]
pub struct Withdrawal(Arc<AtomicBool>);

impl Withdrawal {
    /// Not withdrawn.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, [`check`](Self::check) fails.
    pub fn withdraw(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// For loops that take long: whether to go on.
    ///
    /// # Errors
    /// [`StorageFailure::Busy`] when the question was withdrawn; nobody sees it.
    pub fn check(&self) -> Result<(), StorageFailure> {
        if self.0.load(Ordering::Relaxed) { Err(StorageFailure::Busy) } else { Ok(()) }
    }
}
