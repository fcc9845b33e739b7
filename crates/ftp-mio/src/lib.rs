//! The mio driver of ftp-proto: an FTP server of a few event loops and a blocking client, without a runtime.
//!
//! The protocol is in `ftp-proto`, sockets and the pump in `ftp-dtp`, decisions in `ftp-backend`, what sessions of a server
//! do in `ftp-service`, what a client does in `ftp-user`. What is left is waiting. A [`client::Client`] waits in the thread
//! that calls it. A server has these threads:
//!
//! | thread | what it does |
//! |---|---|
//! | the caller of [`serve`] | accepts, and hands connections to the loops in turn |
//! | each loop | gives turns to its sessions: those whose sockets are ready, whose time has come, whose work is done |
//! | the pool's, up to [`BLOCKING_THREADS`](ftp_service::BLOCKING_THREADS) | storage and passwords: what may block |
//!
//! One thread accepts for all, since that spreads connections evenly, needs no agreement between loops about a listener that
//! closes when the server drains, and keeps what to do without descriptors in one place. A session stays in its loop, so
//! that nothing of it is locked; only mail crosses threads.
//!
//! Readiness is edge-triggered. A socket counts as ready from the event on until a read or write would block; a turn that
//! ends for fairness asks for another, so no wakeup is lost.
//!
//! ```
//! use ftp_backend::{Accounts, MemoryStorage, StandardBackend};
//! use ftp_mio::client::{Client, ClientOptions, Login};
//! use ftp_mio::{Server, ServerOptions, serve};
//! use ftp_proto::command::{Secret, Text};
//! use std::sync::Arc;
//!
//! let mut accounts = Accounts::new();
//! accounts.add_plain("alice:secret".parse()?);
//! let backend = Arc::new(StandardBackend::new(accounts, MemoryStorage::new()));
//! let server = Server::bind(&["127.0.0.1:0".parse()?], backend, ServerOptions::default())?;
//! let (address, handle) = (server.addresses()[0], server.handle());
//! let serving = std::thread::spawn(|| serve(server, None));
//!
//! let mut client = Client::connect("127.0.0.1", address.port(), ClientOptions::default())?;
//! client.login(Login { user: Text::new("alice")?, password: Some(Secret::new("secret")?), account: None })?;
//! assert!(client.list(None)?.entries.is_empty());
//! client.quit()?;
//!
//! handle.drain();
//! serving.join().expect("it does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod client;
mod event_loop;
mod mail;
mod pool;
mod reactor;
mod server;
mod shared;

pub use client::{Client, ClientOptions};
pub use ftp_service::{BindError, Server, ServerHandle, ServerOptions};
pub use server::serve;
