//! The tokio driver of ftp-proto: FTP server and client.
//!
//! The protocol is in `ftp-proto`, sockets and the pump in `ftp-dtp`, decisions in `ftp-backend`. What is left is waiting:
//! a task for each control connection that owns its machine, its data connections and its questions, and locks nothing.
//!
//! * [`Server`]: listeners, sessions, and how all of it ends.
//! * [`client::Client`]: one control connection and its transfers.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod blocking;
pub mod client;
mod clock;
mod data;
mod readiness;
mod server;
mod timer;

pub use client::{Client, ClientOptions};
pub use server::{BindError, Server, ServerHandle, ServerOptions};
