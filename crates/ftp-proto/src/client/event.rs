//! What a client tells its application.

use super::{OpId, OperationError};
use crate::data::{DataMode, TlsFacts, TransferId, TransferTotals};
use crate::reply::Reply;
use crate::server::CloseReason;
use bytes::Bytes;
use core::net::SocketAddr;

/// Something happened. Octets in it come from the server: escape them before they reach a log or a terminal.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server's first final reply. Operations begin now, if it welcomes us.
    Greeting(Reply),
    /// 1yz: the operation's command has been begun.
    Preliminary {
        /// The operation.
        op: OpId,
        /// The reply.
        reply: Reply,
    },
    /// The operation has begun. Ties it, and the resource that the caller holds for it, to the transfer that
    /// `StartTransfer` or `CancelTransfer` will name, exactly one of them.
    TransferStarting {
        /// The operation.
        op: OpId,
        /// The transfer.
        id: TransferId,
    },
    /// Server to server: this server waits for the other one there.
    PeerListens {
        /// The operation.
        op: OpId,
        /// Where.
        at: SocketAddr,
    },
    /// The operation's data connection is there.
    DataOpened {
        /// The operation.
        op: OpId,
        /// How it was made.
        mode: DataMode,
        /// Our end.
        local: SocketAddr,
        /// The server's end.
        peer: SocketAddr,
    },
    /// The operation's data connection is under TLS.
    DataSecured {
        /// The operation.
        op: OpId,
        /// What the handshake established.
        facts: TlsFacts,
    },
    /// The server has sent a restart marker (RFC 959 §3.5): a download that breaks off can begin there again, with what
    /// is stored cut to that length.
    Checkpoint {
        /// The operation.
        op: OpId,
        /// The server's marker.
        marker: Bytes,
        /// Octets stored so far.
        stored: u64,
    },
    /// The control connection is under TLS. Check the certificate now, before a login is started.
    ControlSecured(TlsFacts),
    /// The control connection is in the clear again (CCC).
    ControlCleared,
    /// A command was sent, as a line without its end. Arguments of PASS and ACCT are replaced.
    Sent(Bytes),
    /// A reply came; for transcripts. It is said again by what it belongs to.
    Received(Reply),
    /// A reply that nobody asked for. Nothing is concluded from it.
    Unsolicited(Reply),
    /// The operation has ended. Comes exactly once for each that was started, also when the connection is lost.
    Done {
        /// The operation.
        op: OpId,
        /// What was moved, if octets could move.
        totals: Option<TransferTotals>,
        /// The final reply, or why there is no good one.
        result: Result<Reply, OperationError>,
    },
    /// The connection is over. Comes once, last.
    Lost(CloseReason),
}
