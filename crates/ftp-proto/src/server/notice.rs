//! What happened, for logs, metrics and tests. Nothing here needs an answer.

use super::TransferVerb;
use crate::data::{
    DataId, DataMode, DataPhase, Failure, FailureId, TlsFacts, TransferFailure, TransferId, TransferTotals,
};
use crate::io::Timer;
use crate::reply::ReplyCode;
use bytes::Bytes;
use core::net::SocketAddr;
use core::time::Duration;

/// Something that happened. Octets in it come from the peer: escape them before they reach a log or a terminal.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A user is in.
    LoggedIn {
        /// Who.
        user: Bytes,
    },
    /// A login was refused.
    LoginRefused {
        /// Who.
        user: Bytes,
    },
    /// REIN, USER or AUTH after login: drop user, directory, everything held for the session.
    LoggedOut,
    /// The control connection is under TLS.
    ControlSecured(TlsFacts),
    /// The control connection is in the clear again (CCC, REIN).
    ControlCleared,
    /// One served command; the argument of PASS and ACCT is never in it.
    Served {
        /// The verb as sent, upper case, if it is known; else nothing is reflected.
        verb: &'static str,
        /// The argument, where it may be seen.
        argument: Option<Bytes>,
        /// The final reply.
        code: ReplyCode,
    },
    /// A data connection exists.
    DataOpened {
        /// Which.
        id: DataId,
        /// How it was made.
        mode: DataMode,
        /// Our end.
        local: SocketAddr,
        /// The other end.
        peer: SocketAddr,
        /// Since its port was announced, or since it was begun.
        after: Duration,
    },
    /// A data connection is under TLS.
    DataSecured {
        /// Which.
        id: DataId,
        /// It resumed the control connection's session: both have the same client.
        resumed: bool,
    },
    /// A data connection could not be had.
    DataFailed {
        /// Which.
        id: DataId,
        /// How it was to be made.
        mode: DataMode,
        /// Doing what.
        during: DataPhase,
        /// Why not.
        why: Failure,
        /// The failure's stable name.
        named: FailureId,
        /// What was announced, by whichever side listens.
        announced: Option<SocketAddr>,
    },
    /// Clear text that came after AUTH was dropped (RFC 3207's and RFC 4217's injection).
    PlaintextDropped {
        /// How many octets.
        octets: usize,
    },
    /// Another host connected to a passive port.
    StrangerRefused {
        /// Who.
        peer: SocketAddr,
    },
    /// PORT or EPRT named a host or port that is not allowed.
    BounceRefused {
        /// Where to.
        target: SocketAddr,
    },
    /// A transfer has settled.
    TransferEnded {
        /// Which.
        id: TransferId,
        /// By which command.
        verb: TransferVerb,
        /// What was moved.
        totals: TransferTotals,
        /// Whether it is whole.
        result: Result<(), TransferFailure>,
    },
    /// The session is over.
    Closed(CloseReason),
}

/// Why a control connection was closed; said once, last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// QUIT.
    Quit,
    /// The peer closed it.
    PeerClosed,
    /// It was reset, or failed otherwise.
    PeerReset,
    /// Something took too long.
    TimedOut(Timer),
    /// Too many refused logins.
    TooManyLogins,
    /// The application refused the session.
    Refused,
    /// The server is going down.
    Shutdown,
    /// The peer does not speak FTP, or broke its rules.
    Protocol(&'static str),
}
