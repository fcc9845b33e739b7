//! The driver's clock: the core's time is what has passed since the process first looked.

use core::time::Duration;
use ftp_proto::time::Instant;
use std::sync::OnceLock;

/// One origin for the process, as the core wants it.
fn origin() -> tokio::time::Instant {
    static ORIGIN: OnceLock<tokio::time::Instant> = OnceLock::new();
    *ORIGIN.get_or_init(tokio::time::Instant::now)
}

/// The time now.
pub(crate) fn now() -> Instant {
    Instant::from_origin(origin().elapsed())
}

/// A core time as the runtime's; `None` for one that never comes.
pub(crate) fn to_tokio(at: Instant) -> Option<tokio::time::Instant> {
    let since: Duration = at.since_origin();
    origin().checked_add(since)
}
