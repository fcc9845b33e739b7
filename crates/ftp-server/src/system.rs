//! What the system holds against a server by default.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// "File size limit exceeded": not one of tokio's names. The number is the same on every architecture of Linux but
/// MIPS.
const SIGXFSZ: SignalKind = SignalKind::from_raw(25);

/// Lets the process have as many descriptors as the system allows, and survive files that may not grow. Must be called
/// within a runtime.
pub(crate) fn prepare() {
    raise_descriptor_limit();
    // A signal that is handled does not end the process: the write fails with EFBIG, and one client is told. The handler
    // stays when what is returned is dropped.
    if let Err(error) = signal(SIGXFSZ) {
        tracing::warn!(%error, "an upload beyond the limit of file sizes (ulimit -f) will end the server");
    }
}

/// A session takes a descriptor and a transfer three more; the usual soft limit of 1,024 is for programs that use select.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // What cannot be had is no reason not to serve.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}
