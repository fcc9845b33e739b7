//! The tokio driver of ftp-proto: FTP server and client.
//!
//! The protocol is in `ftp-proto`, sockets and the pump in `ftp-dtp`, decisions in `ftp-backend`, what sessions of a server
//! do in `ftp-service`. What is left is waiting: a task for each control connection, which owns all that belongs to it and
//! locks nothing.
//!
//! * [`serve`]: runs a [`Server`].
//! * [`client::Client`]: one control connection and its transfers.
//!
//! # A server, and a client that lists a directory of it
//!
//! ```
//! use ftp_backend::{Accounts, MemoryStorage, StandardBackend};
//! use ftp_proto::command::{Secret, Text};
//! use ftp_tokio::client::{Client, ClientOptions, Login};
//! use ftp_tokio::{Server, ServerOptions, serve};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut accounts = Accounts::new();
//! accounts.add_plain("alice:secret".parse()?);
//! let backend = Arc::new(StandardBackend::new(accounts, MemoryStorage::new()));
//! let server = Server::bind(&["127.0.0.1:0".parse()?], backend, ServerOptions::default())?;
//! let (address, handle) = (server.addresses()[0], server.handle());
//! let running = tokio::spawn(serve(server));
//!
//! let mut client = Client::connect("127.0.0.1", address.port(), ClientOptions::default()).await?;
//! client.login(Login { user: Text::new("alice")?, password: Some(Secret::new("secret")?), account: None }).await?;
//! assert!(client.list(None).await?.entries.is_empty());
//! client.quit().await?;
//!
//! handle.drain();
//! running.await??;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod blocking;
pub mod client;
mod clock;
mod event_loop;
mod server;
mod timer;

pub use client::{Client, ClientOptions};
pub use ftp_service::{BindError, Server, ServerHandle, ServerOptions};
pub use server::serve;
