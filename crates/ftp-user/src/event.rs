//! What a client tells while it works.

use bytes::Bytes;
use core::net::SocketAddr;
use ftp_proto::client::{Attempt, Rung};
use ftp_proto::data::DataMode;
use ftp_proto::reply::Reply;

/// Something happened. Octets in it come from the server: [escape](ftp_proto::escape::escape) them before they reach a
/// terminal or a log.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// This address of the server is tried.
    Connecting(SocketAddr),
    /// The control connection is there.
    Connected {
        /// Our end.
        local: SocketAddr,
        /// The server.
        peer: SocketAddr,
    },
    /// A command was sent, without its line end; passwords and accounts are replaced.
    Sent(Bytes),
    /// A reply came.
    Received(Reply),
    /// Octets that the transfer has moved on the data connection so far; several times a second at most.
    Progress(u64),
    /// A data port mode is tried.
    Trying(Rung),
    /// A data port mode works, and is the first from now on.
    Works(DataMode),
    /// A data port mode did not work, and another is tried.
    FellBack {
        /// What did not work, and why.
        failed: Box<Attempt>,
        /// What is tried next.
        next: Rung,
        /// On a fresh control connection, since the server does not answer on this one.
        reconnecting: bool,
    },
    /// Lines of a listing were not understood.
    LinesSkipped {
        /// How many.
        lines: u64,
        /// The beginning of the first of them.
        first: Bytes,
    },
}
