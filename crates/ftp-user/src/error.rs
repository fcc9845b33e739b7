//! What went wrong, doing what.

use core::fmt;
use core::net::SocketAddr;
use ftp_dtp::tls::Fingerprint;
use ftp_proto::client::{Attempt, Misuse, OperationError};
use ftp_proto::command::PathName;
use ftp_proto::data::{FailureId, TransferFailure};
use ftp_proto::escape::escape;
use ftp_proto::facts::list::ListingError;
use ftp_proto::reply::{Refusal, Reply};
use std::io;

/// An operation of a [`Client`](crate::Client) did not succeed. Its text is safe to show on a terminal.
#[derive(Debug)]
pub struct Error {
    doing: Doing,
    cause: Box<Cause>,
    attempts: Vec<Attempt>,
}

/// Why.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The host's name has no address.
    Resolve(io::Error),
    /// No address of the host has the wanted family.
    NoAddress,
    /// None of these addresses could be connected to.
    Connect(Vec<(SocketAddr, io::Error)>),
    /// The operation itself.
    Operation(OperationError),
    /// TLS on the control connection.
    Tls(TlsFailure),
    /// The listing is too large.
    Listing(ListingError),
    /// The server's reply does not say what it should.
    Answer(Reply),
    /// A call that cannot be made now.
    Misuse(Misuse),
    /// The event loop or the socket, on this machine.
    Local(io::Error),
}

/// What kind of failure it is: what a program decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server refused the login.
    Login,
    /// The server refused the permission.
    Denied,
    /// No such file or directory on the server.
    NotFound,
    /// The server does not support it.
    NotSupported,
    /// The server could not do it for another reason.
    Failed,
    /// The network: no connection, lost, timed out, no data connection.
    Network,
    /// The server broke the protocol, or sent less than it should.
    Protocol,
    /// TLS: no agreement, or a certificate that is not believed.
    Tls,
    /// This machine: storage, descriptors.
    Local,
    /// Ended by [`AbortHandle::abort`](crate::AbortHandle::abort).
    Aborted,
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFailure {
    /// In words.
    pub why: String,
    /// The server's certificate, when it was not believed: compare it with what the server's operator says.
    pub rejected: Option<Fingerprint>,
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        match &self.rejected {
            Some(fingerprint) => write!(f, "; the certificate's fingerprint is {fingerprint}"),
            None => Ok(()),
        }
    }
}

/// What was being done.
#[derive(Debug, Clone)]
pub(crate) struct Doing {
    what: &'static str,
    object: Vec<u8>,
}

impl Doing {
    pub(crate) fn new(what: &'static str, object: impl AsRef<[u8]>) -> Self {
        Self { what, object: object.as_ref().to_vec() }
    }

    pub(crate) fn to(what: &'static str, path: Option<&PathName>) -> Self {
        Self::new(what, path.map_or(&[][..], PathName::as_bytes))
    }

    pub(crate) fn failed(self, cause: impl Into<Cause>) -> Error {
        Error { doing: self, cause: Box::new(cause.into()), attempts: Vec::new() }
    }
}

impl Error {
    /// `error` has come from this machine, `doing` this.
    #[must_use]
    pub fn local(doing: &'static str, error: io::Error) -> Self {
        Doing::new(doing, "").failed(Cause::Local(error))
    }

    pub(crate) fn with_attempts(mut self, attempts: &[Attempt]) -> Self {
        self.attempts = attempts.to_vec();
        self
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The ways of getting a data connection that were tried, when that is what failed.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The server's reply, when it is one that failed.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match self.cause() {
            Cause::Operation(OperationError::Refused { reply, .. }) | Cause::Answer(reply) => Some(reply),
            Cause::Operation(OperationError::Data(attempt)) => attempt.reply.as_ref(),
            _ => None,
        }
    }

    /// The stable name of a data connection's failure.
    #[must_use]
    pub fn failure_id(&self) -> Option<FailureId> {
        match self.cause() {
            Cause::Operation(OperationError::Data(attempt)) => Some(attempt.named),
            _ => None,
        }
    }

    /// Whether the control connection is gone or of no more use.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        match self.cause() {
            Cause::Operation(OperationError::Closed | OperationError::TimedOut(_)) => true,
            Cause::Operation(OperationError::Refused { reply, .. }) => {
                Refusal::of(reply) == Some(Refusal::Unavailable)
            }
            _ => false,
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.cause() {
            Cause::Resolve(_) | Cause::NoAddress | Cause::Connect(_) => ErrorKind::Network,
            Cause::Operation(error) => kind_of(error),
            Cause::Tls(_) => ErrorKind::Tls,
            Cause::Listing(_) | Cause::Answer(_) => ErrorKind::Protocol,
            Cause::Misuse(_) | Cause::Local(_) => ErrorKind::Local,
        }
    }
}

fn kind_of(error: &OperationError) -> ErrorKind {
    match error {
        OperationError::Refused { reply, .. } => match Refusal::of(reply) {
            Some(Refusal::Login) => ErrorKind::Login,
            Some(Refusal::Denied) => ErrorKind::Denied,
            Some(Refusal::NotFound) => ErrorKind::NotFound,
            Some(Refusal::NotSupported) => ErrorKind::NotSupported,
            Some(Refusal::DataConnection | Refusal::Unavailable) => ErrorKind::Network,
            _ => ErrorKind::Failed,
        },
        OperationError::CredentialNeeded(_) => ErrorKind::Login,
        OperationError::Transfer(TransferFailure::Storage(_)) => ErrorKind::Local,
        OperationError::Transfer(TransferFailure::Aborted) | OperationError::Aborted => ErrorKind::Aborted,
        OperationError::Transfer(TransferFailure::Truncated | TransferFailure::Malformed)
        | OperationError::Protocol(_) => ErrorKind::Protocol,
        OperationError::NewSessionNeeded => ErrorKind::Local,
        OperationError::Tls => ErrorKind::Tls,
        _ => ErrorKind::Network,
    }
}

impl From<OperationError> for Cause {
    fn from(error: OperationError) -> Self {
        Self::Operation(error)
    }
}

impl From<Misuse> for Cause {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<ListingError> for Cause {
    fn from(error: ListingError) -> Self {
        Self::Listing(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doing.what)?;
        if !self.doing.object.is_empty() {
            write!(f, " {}", escape(&self.doing.object))?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "the name has no address: {error}"),
            Self::NoAddress => f.write_str("the host has no address of this family"),
            Self::Connect(tried) => {
                for (number, (address, error)) in tried.iter().enumerate() {
                    write!(f, "{}{address}: {error}", if number > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
            Self::Operation(error) => write_operation(f, error),
            Self::Tls(failure) => write!(f, "TLS failed: {failure}"),
            Self::Listing(error) => error.fmt(f),
            Self::Answer(reply) => {
                write!(f, "the server's reply cannot be understood: {} {}", reply.code, escape(reply.text()))
            }
            Self::Misuse(misuse) => misuse.fmt(f),
            Self::Local(error) => error.fmt(f),
        }
    }
}

fn write_operation(f: &mut fmt::Formatter<'_>, error: &OperationError) -> fmt::Result {
    match error {
        OperationError::Refused { reply, .. } => write!(f, "the server says: {}", SaidBy(reply)),
        OperationError::Data(attempt) => {
            write!(f, "no data connection: {} ({})", attempt.named.text(), attempt.named)?;
            if let Some(target) = attempt.target {
                write!(f, ", connecting to {target}")?;
            }
            match &attempt.reply {
                Some(reply) => write!(f, "; the server says: {}", SaidBy(reply)),
                None => Ok(()),
            }
        }
        OperationError::Transfer(TransferFailure::Connection(why)) => {
            write!(f, "the data connection broke: {why:?}")
        }
        OperationError::Transfer(TransferFailure::Truncated) => {
            f.write_str("the data ended early: the file is not complete")
        }
        OperationError::Transfer(TransferFailure::Malformed) => {
            f.write_str("the data is not in the structure and mode that were agreed on")
        }
        OperationError::Transfer(TransferFailure::Storage(why)) => write!(f, "local storage: {why:?}"),
        other => write!(f, "{other}"),
    }
}

/// A reply on one line.
pub(crate) struct SaidBy<'a>(pub(crate) &'a Reply);

impl fmt::Display for SaidBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.code)?;
        for line in &self.0.lines {
            write!(f, " {}", escape(line))?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self.cause() {
            Cause::Operation(error) => Some(error),
            Cause::Resolve(error) | Cause::Local(error) => Some(error),
            Cause::Listing(error) => Some(error),
            Cause::Misuse(misuse) => Some(misuse),
            _ => None,
        }
    }
}
