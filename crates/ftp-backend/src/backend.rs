//! What drivers ask: the two traits behind which everything else of this crate stands.

use crate::storage::Handle;
use crate::withdrawal::Withdrawal;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_proto::command::PathName;
use ftp_proto::data::{StorageFailure, TlsFacts, TransferFailure, TransferId, TransferTotals};
use ftp_proto::reply::Reply;
use ftp_proto::server::{Answer, Grant, LoginRefusal, LoginStage, Query, TransferRequest};
use std::sync::Arc;

/// What a server decides before anybody has logged in. One for a server; calls block, and come from many threads.
pub trait Backend: Send + Sync + fmt::Debug {
    /// HOST (RFC 7151 §3): whether this virtual host is served. `host` is in lower case, without brackets or port.
    /// A server without virtual hosts is the one host, whatever it is called.
    fn host(&self, host: &[u8]) -> HostVerdict {
        let _ = host;
        HostVerdict::Accept
    }

    /// USER, PASS or ACCT. Takes the same time for unknown names as for wrong passwords (RFC 2577 §6).
    fn login(&self, attempt: &LoginAttempt<'_>) -> LoginVerdict;

    /// The same, if it takes no time worth mentioning and nothing has to be waited for; else `None`, and
    /// [`login`](Self::login) is asked. Called on event loops, where nobody may wait.
    fn login_at_once(&self, attempt: &LoginAttempt<'_>) -> Option<LoginVerdict> {
        let _ = attempt;
        None
    }
}

/// What HOST is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostVerdict {
    /// It is served.
    Accept,
    /// It is not known here.
    Unknown,
    /// It is out of service; the session ends.
    Unavailable,
}

/// Somebody wants in.
#[derive(Debug, Clone)]
pub struct LoginAttempt<'a> {
    /// The name as given: any octets but CR, LF and NUL.
    pub user: &'a [u8],
    /// What else was given so far.
    pub stage: LoginStage<'a>,
    /// The virtual host that HOST chose.
    pub host: Option<&'a [u8]>,
    /// Whose control connection it is.
    pub peer: IpAddr,
    /// What the peer dialled.
    pub local: SocketAddr,
    /// The control connection's TLS, if it is under TLS.
    pub tls: Option<&'a TlsFacts>,
}

/// The answer to a [`LoginAttempt`].
#[derive(Debug)]
pub enum LoginVerdict {
    /// In.
    Accept {
        /// What the protocol is told.
        grant: Grant,
        /// What the user does from now on is asked here.
        session: Arc<dyn Session>,
    },
    /// A password is needed.
    NeedPassword,
    /// An account is needed.
    NeedAccount,
    /// Not in.
    Refuse {
        /// Why.
        why: LoginRefusal,
        /// The peer is told after this time, or after the configured one if that is longer.
        after: Duration,
    },
}

/// One user who is logged in. Calls block; a driver makes them one at a time, on its pool. The working directory is kept
/// in here.
pub trait Session: Send + Sync + fmt::Debug {
    /// Answers a question about names. Work that takes long looks at `withdrawal` now and then and stops when the answer is
    /// no longer wanted.
    ///
    /// # Errors
    /// Why storage, or the user's rights, say no.
    fn query(&self, query: &Query, withdrawal: &Withdrawal) -> Result<Answer, StorageFailure>;

    /// Opens what a transfer needs.
    ///
    /// # Errors
    /// Why it cannot be opened; nothing is left behind then.
    fn open(
        &self,
        transfer: TransferId,
        request: &TransferRequest,
        withdrawal: &Withdrawal,
    ) -> Result<Opened, StorageFailure>;

    /// The answer to a question, if it is a good one and nothing has to be waited for; else `None`, and [`query`](Self::query)
    /// is asked. Called on event loops, where nobody may wait.
    fn query_at_once(&self, query: &Query) -> Option<Answer> {
        let _ = query;
        None
    }

    /// What [`open`](Self::open) opens, likewise.
    fn open_at_once(&self, request: &TransferRequest) -> Option<Opened> {
        let _ = request;
        None
    }

    /// Whether [`settle`](Self::settle) has nothing to wait for, and may be called on an event loop.
    fn settles_at_once(&self, transfer: TransferId) -> bool {
        let _ = transfer;
        false
    }

    /// A transfer has ended: makes an upload whole under its name, keeps it as partial, or undoes it.
    ///
    /// # Errors
    /// Why it could not be made whole although `result` was `Ok`.
    fn settle(
        &self,
        transfer: TransferId,
        totals: TransferTotals,
        result: Result<(), TransferFailure>,
    ) -> Result<(), StorageFailure>;

    /// A transfer was opened but will not take place: frees it and undoes what was made.
    fn cancel(&self, transfer: TransferId);

    /// A SITE command that the protocol does not know; `line` is everything after `SITE `. `None`: not known here either.
    fn site(&self, line: &[u8]) -> Option<Reply> {
        let _ = line;
        None
    }
}

/// A transfer that can begin.
#[derive(Debug)]
pub struct Opened {
    /// Where its octets come from or go to.
    pub handle: Handle,
    /// The octets that will move, if that is known exactly.
    pub size: Option<u64>,
    /// The name that was made (STOU).
    pub unique: Option<PathName>,
}
