//! Making descriptors known to the event loop.

use std::io;
use std::os::fd::AsRawFd;
use tokio::io::unix::AsyncFd;

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
