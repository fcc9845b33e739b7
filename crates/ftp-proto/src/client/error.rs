//! What can go wrong with an operation, and who is at fault.

use super::{OpId, Rung};
use crate::data::{DataPhase, Failure, FailureId, TransferFailure};
use crate::io::Timer;
use crate::reply::{Reply, ReplyClass, ReplyCode};
use alloc::boxed::Box;
use core::net::SocketAddr;

/// Why an operation did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The server said no.
    #[error("the server refused: {code}")]
    Refused {
        /// The code.
        code: ReplyCode,
        /// The reply.
        reply: Reply,
        /// 4yz: the same may work later.
        transient: bool,
    },
    /// The server asks for what was not given.
    #[error("the server asks for {0}")]
    CredentialNeeded(Credential),
    /// The data connection could not be had; another rung may help.
    #[error("data connection: {}", .0.named.text())]
    Data(Box<Attempt>),
    /// Octets were not moved, or not all of them.
    #[error("transfer: {0:?}")]
    Transfer(TransferFailure),
    /// Every octet was moved, but the server's confirmation was lost. A download whose size was known is whole; an
    /// upload probably is.
    #[error("all octets were moved, but the confirmation was lost")]
    Unconfirmed,
    /// The server broke the protocol.
    #[error("the server broke the protocol: {0}")]
    Protocol(&'static str),
    /// TLS could not be established on the control connection.
    #[error("TLS could not be established")]
    Tls,
    /// After EPSV ALL this needs a new session (RFC 2428 §4).
    #[error("not possible after EPSV ALL: a new session is needed")]
    NewSessionNeeded,
    /// Ended by [`abort`](super::ClientConnection::abort).
    #[error("aborted")]
    Aborted,
    /// Something took too long.
    #[error("timed out waiting: {0:?}")]
    TimedOut(Timer),
    /// The connection was closed.
    #[error("connection closed")]
    Closed,
}

impl OperationError {
    /// A refusal, from the reply that says it.
    #[must_use]
    pub fn refused(reply: Reply) -> Self {
        let transient = reply.code.class() == ReplyClass::TransientNegative;
        Self::Refused { code: reply.code, reply, transient }
    }
}

/// What a server may ask for during the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Credential {
    /// PASS.
    #[error("a password")]
    Password,
    /// ACCT.
    #[error("an account")]
    Account,
}

/// One rung that was tried and did not work.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The rung.
    pub rung: Rung,
    /// Doing what.
    pub during: DataPhase,
    /// Why it failed.
    pub why: Failure,
    /// The failure's stable name.
    pub named: FailureId,
    /// What the server said to it, if anything.
    pub reply: Option<Reply>,
    /// The address that was announced: by the server in 227 or 229, or by us in PORT or EPRT.
    pub announced: Option<SocketAddr>,
    /// Passive: where we connected to.
    pub target: Option<SocketAddr>,
    /// Whether the control connection can go on with another rung. False when the server did not answer, or EPSV ALL
    /// is in force: a fresh connection is needed.
    pub control_usable: bool,
}

/// A mistake of the caller; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The queue is full; see [`room`](super::ClientConnection::room).
    #[error("the queue of operations is full")]
    Busy,
    /// It has ended, or never was.
    #[error("no such operation: {0:?}")]
    UnknownOperation(OpId),
    /// The connection is over, or this verb has an operation of its own.
    #[error("not allowed now")]
    WrongState,
    /// This transfer's command has a pathname.
    #[error("this command needs a pathname")]
    PathNeeded,
}
