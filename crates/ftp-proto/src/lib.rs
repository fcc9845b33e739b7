//! The FTP protocol without I/O: codec, and the state machines of server and client.
//!
//! Nothing here opens a socket or a file, reads a clock or draws a random number: `#![no_std]` makes that a fact which the
//! compiler checks. Octets, time and events go in; octets, actions and questions come out. Whoever owns the sockets is
//! called the *driver*, whoever owns files and users the *application*.
//!
//! # Layers
//!
//! * [`wire`]: octets to lines to views; [`command`] and [`reply`]: their meaning; [`address`], [`params`], [`facts`]:
//!   what is in their arguments. All of it useful alone, to a firewall that follows FTP as much as to a client.
//! * [`data`]: the data connection, one machine for both sides; [`transform`]: what happens to octets under TYPE A.
//! * [`server`] and [`client`]: the protocol interpreters. Both are a [`ControlMachine`](io::ControlMachine), and
//!   [`io`] is all that a driver has to know.
//! * [`manual`]: what all of them do, in tables that are made from the code.
//! * [`alg`]: the third user of the layers below, for a NAT or a firewall in between.
//!
//! File octets never enter a machine. It says which data connection, which way and in which encoding
//! ([`IoAction::StartTransfer`](io::IoAction::StartTransfer)); the driver moves them, by `sendfile` if it likes.
//!
//! # A server in twenty lines
//!
//! ```
//! use ftp_proto::io::{ControlEndpoints, ControlMachine, Step};
//! use ftp_proto::server::{Ask, Grant, LoginStage, ServerConfig, ServerConnection, ServerOutput};
//! use ftp_proto::time::Instant;
//! use std::sync::Arc;
//!
//! let now = Instant::ORIGIN; // the driver's clock
//! let endpoints = ControlEndpoints {
//!     local: "192.0.2.1:21".parse()?,
//!     peer: "198.51.100.7:40000".parse()?,
//!     dialled: None,
//! };
//! let mut server = ServerConnection::new(Arc::new(ServerConfig::default()), endpoints, now);
//!
//! let mut said = Vec::new();
//! for octets in [&b""[..], b"USER jo\r\n", b"PASS xyzzy\r\nSYST\r\n"] {
//!     let taken = server.receive(octets, now);
//!     assert_eq!(taken, octets.len());
//!     while let Some(step) = server.poll() {
//!         if let Step::App(ServerOutput::Ask(Ask::Login(login))) = step {
//!             let decision = match login.stage() {
//!                 LoginStage::User => login.need_password(),
//!                 _ => login.accept(Grant::default()),
//!             };
//!             let _ = server.decide(decision, now);
//!         }
//!     }
//!     let written = server.pending_output().len(); // to the socket
//!     said.extend_from_slice(server.pending_output());
//!     server.output_written(written, now);
//! }
//! assert!(said.starts_with(b"220 ") && said.ends_with(b"215 UNIX Type: L8\r\n"));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod alg;
pub mod client;
pub mod command;
pub mod data;
pub mod escape;
pub mod facts;
pub mod io;
pub mod manual;
#[cfg(feature = "serde")]
mod octets;
mod output;
pub mod params;
pub mod reply;
pub mod server;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
mod timers;
pub mod transform;
pub mod wire;

/// The workspace's README, so that its example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
