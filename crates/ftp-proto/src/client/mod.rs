//! The client side: the user-PI of one control connection, and the ladder of data port modes.
//!
//! [`ClientConnection`] is given [`Operation`]s and does them one after the other, each with all the commands that it
//! takes. It is a [`ControlMachine`](crate::io::ControlMachine): the driver carries out what
//! [`poll`](crate::io::ControlMachine::poll) says and reports what happens. [`ClientEvent::Done`] comes exactly once for
//! each operation, whatever becomes of the connection.
//!
//! How a data connection is had is a [`Rung`]: a data port mode and its settings. Which rung to try next, over failures
//! and across control connections, is the [`Ladder`]'s decision, made from the [`Attempt`] in
//! [`OperationError::Data`].
//!
//! The parts, each small enough to be read at once:
//!
//! | file | what |
//! |---|---|
//! | `connection` | what the driver and the application call |
//! | `session` | what comes in goes to the part that it concerns; the queue; the end |
//! | `control` | what the operations share: output, timers, what is known of the server |
//! | `expect` | whose reply is this |
//! | `dialogue`, `login` | operations that are commands and replies |
//! | `transfer`, `data`, `verdict` | transfers: commands, data connection, how they end |
//! | `drain` | after ABOR: which replies are still to come |
//! | `in_force` | TYPE, STRU, MODE, REST and EPSV ALL as they stand at the server |
//! | `security` | TLS on the control connection |
//! | `ladder` | which data port mode to try next |

mod config;
mod connection;
mod control;
mod data;
mod dialogue;
mod drain;
mod error;
mod event;
mod expect;
mod features;
mod in_force;
mod ladder;
mod login;
mod operation;
mod security;
mod session;
mod transfer;
mod verdict;

pub use crate::address::PassiveAddress;
pub use crate::server::CloseReason;
pub use config::{ClientConfig, ClientLimits, ClientTimeouts};
pub use connection::ClientConnection;
pub use error::{Attempt, Credential, Misuse, OperationError};
pub use event::ClientEvent;
pub use features::Features;
pub use ladder::{ActiveSettings, Ladder, LadderConfig, Modes, NextStep};
pub use operation::{DataPlan, ListenPlan, OpId, Operation, Rung};
