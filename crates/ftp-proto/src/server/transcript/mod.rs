//! What a session is told and what it says, noted so that it can be played again: a user's report becomes a test.
//!
//! [`Recording`] stands in a [`ServerConnection`](super::ServerConnection)'s place and notes every call as an [`Entry`];
//! [`replay`] makes the same calls to a new machine and compares what it does. A machine has neither a clock nor chance nor
//! a file of its own, so the same calls make it do the same.
//!
//! Passwords and accounts are not in a transcript, nor what might be one that was mistyped: the argument of PASS and ACCT,
//! lines that begin with no known verb, and what SITE does not know are masked with as many octets of the same kind, of
//! which the machine makes the same. Names of users and files are in it, and addresses.
//!
//! ```
//! use ftp_proto::io::{ControlEndpoints, ControlMachine as _};
//! use ftp_proto::server::transcript::{Event, Recording, replay};
//! use ftp_proto::time::Instant;
//!
//! let endpoints = ControlEndpoints {
//!     local: "192.0.2.1:21".parse().unwrap(),
//!     peer: "192.0.2.7:40000".parse().unwrap(),
//!     dialled: None,
//! };
//! let mut session = Recording::new(Default::default(), endpoints, Instant::ORIGIN, true);
//! let taken = session.receive(b"SYST\r\nPSAS secret\r\n", Instant::ORIGIN);
//! assert_eq!(taken, 19);
//! session.output_written(session.pending_output().len(), Instant::ORIGIN);
//! while session.poll().is_some() {}
//!
//! session.finish();
//! let entries: Vec<_> = core::iter::from_fn(|| session.next_entry()).collect();
//! assert!(matches!(&entries[1].event, Event::Received(octets) if octets[..] == b"SYST\r\nxxxx xxxxxx\r\n"[..]));
//! replay(&entries).unwrap();
//! ```

mod recording;
mod redaction;
mod replay;

pub use recording::Recording;
pub use replay::{Divergence, Replay, replay};

use super::{DecisionRecord, ServerConfig, ShutDown};
use crate::data::{DataEvent, DataId, DataPolicy};
use crate::io::{ControlEndpoints, ControlEvent};
use crate::time::Instant;
use alloc::string::String;
use alloc::sync::Arc;
use bytes::Bytes;
use core::net::SocketAddr;

/// One call to a machine, or what it said.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// A line of a file that holds the transcripts of many sessions.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Line {
    /// Which session.
    pub session: u64,
    /// What happened in it.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub entry: Entry,
}

/// What is noted.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// The session began; always the first entry.
    Opened {
        /// Its settings.
        config: Arc<ServerConfig>,
        /// Its addresses.
        endpoints: ControlEndpoints,
    },
    /// It is one too many, and is turned away.
    TurnedAway,
    /// Octets from the peer that were taken. What may be a secret is masked.
    Received(#[cfg_attr(feature = "serde", serde(with = "crate::octets"))] Bytes),
    /// Octets of replies that were written.
    Written(#[cfg_attr(feature = "serde", serde(with = "crate::octets"))] Bytes),
    /// Something else happened to the control connection.
    Control(ControlEvent),
    /// A peer came to a listener.
    Admission {
        /// The listener.
        id: DataId,
        /// Who.
        peer: SocketAddr,
        /// What became of it.
        admitted: bool,
    },
    /// Something happened to a data connection.
    Data {
        /// Which.
        id: DataId,
        /// What.
        event: DataEvent,
    },
    /// Time has passed.
    TimedOut,
    /// The application answered.
    Decided(DecisionRecord),
    /// The data policy was replaced.
    PolicySet(Arc<DataPolicy>),
    /// The session was to end.
    ShutDown(ShutDown),
    /// What the machine said to its driver or its application, as its `Debug` shows it.
    Step(String),
}
