//! The server side: the protocol interpreter of one control connection.
//!
//! [`ServerConnection`] is a product of small machines, each in a file of its own:
//!
//! * `gate`: one command in service at a time, and what may overtake it;
//! * `dispatch`: which machine serves which command;
//! * `access`: who is logged in (RFC 959 §5.4, RFC 2577 §5);
//! * `security`: TLS on the control connection and PROT (RFC 4217);
//! * `parameters`: TYPE, STRU, MODE, OPTS and what else is set for later;
//! * `ports`: PORT, PASV, EPRT, EPSV (RFC 959 §3.2, RFC 2428);
//! * `transfer`: RETR, STOR, LIST and their kin, ABOR;
//! * `names`: everything that is a question about files;
//! * `information`: HELP, FEAT, STAT, SYST.
//!
//! [`transcript`] notes what a session is told and says, and plays it again.
//!
//! None of them opens a file or a socket: files are the application's, asked for by [`Ask`]; sockets are the driver's,
//! asked for by [`IoAction`](crate::io::IoAction).

mod access;
mod ask;
mod config;
mod connection;
mod dispatch;
mod encoding;
mod failures;
mod gate;
mod information;
mod names;
mod notice;
mod parameters;
mod ports;
mod security;
pub mod transcript;
mod transfer;

pub use ask::*;
pub use config::{ConfigError, Encodings, Limits, ServerConfig, Timeouts, TlsPolicy};
pub use connection::ServerConnection;
pub use notice::{CloseReason, Notice};

use crate::data::TransferId;

/// What the application gets.
#[derive(Debug)]
pub enum ServerOutput {
    /// A question, to be answered by [`ServerConnection::decide`].
    Ask(Ask),
    /// The answer is no longer wanted (ABOR, peer gone, timer): stop the work; an answer would be [`Outcome::Stale`].
    Withdrawn(AskId),
    /// Something happened.
    Notice(Notice),
}

/// Whether an answer came in time; if not, the application frees what it opened for that transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It was used.
    Used,
    /// It came too late, or was the second.
    Stale(Option<TransferId>),
}

/// How a session is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ShutDown {
    /// A transfer in service is finished first; an idle session gets 421 at once.
    AfterTransfer,
    /// A transfer in service is cut.
    Now,
}
