//! An FTP server over any event loop: what all drivers share.
//!
//! The protocol is in `ftp-proto`, sockets and octets in `ftp-dtp`, decisions in `ftp-backend`. This crate puts the three
//! together: what a session does in its turn, in which order, and how a server's sessions begin and end. What is left to a
//! driver is waiting: it implements [`EventLoop`](ftp_dtp::event_loop::EventLoop), and
//!
//! 1. takes a bound [`Server`] apart ([`Server::into_parts`]) and [accepts](Listener::accept) from its listeners,
//! 2. [opens](Session::open) a [`Session`] for each connection and gives it a [turn](Session::turn) whenever something
//!    that it waits for may have happened, until it is over,
//! 3. does so too for all sessions when it is [woken](Service::wake_by),
//! 4. drops the listeners once the service [is stopping](Service::is_stopping), [says so](Service::listeners_closed), and
//!    is done when its last session is over.
//!
//! # A driver
//!
//! The simplest that works: it serves one session at a time, blocks where it stands, and instead of waiting tries everything
//! again each millisecond.
//!
//! ```
//! use core::fmt::Debug;
//! use core::task::Poll;
//! use core::time::Duration;
//! use ftp_backend::{Accounts, MemoryStorage, StandardBackend};
//! use ftp_dtp::event_loop::{Direction, EventLoop, Lost};
//! use ftp_proto::time::Instant;
//! use ftp_service::{Arrival, Server, ServerOptions, Session};
//! use std::io::{self, Read, Write};
//! use std::net::TcpStream;
//! use std::os::fd::AsRawFd;
//! use std::sync::Arc;
//!
//! #[derive(Debug)]
//! struct TryAgain(std::time::Instant);
//!
//! impl EventLoop for TryAgain {
//!     type Watched<S: AsRawFd + Debug> = S;
//!     type Job<T: Debug + Send + 'static> = Option<T>;
//!
//!     fn now(&self) -> Instant {
//!         Instant::from_origin(self.0.elapsed())
//!     }
//!     fn watch<S: AsRawFd + Debug>(&mut self, socket: S) -> io::Result<S> {
//!         Ok(socket)
//!     }
//!     fn socket<S: AsRawFd + Debug>(watched: &S) -> &S {
//!         watched
//!     }
//!     fn poll_io<S: AsRawFd + Debug, T>(
//!         &mut self,
//!         watched: &S,
//!         _: Direction,
//!         mut io: impl FnMut(&S) -> io::Result<T>,
//!     ) -> Poll<io::Result<T>> {
//!         match io(watched) {
//!             Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
//!             done => Poll::Ready(done),
//!         }
//!     }
//!     fn run<T: Debug + Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
//!         Some(work())
//!     }
//!     fn poll_job<T: Debug + Send + 'static>(&mut self, job: &mut Option<T>) -> Poll<Result<T, Lost>> {
//!         Poll::Ready(job.take().ok_or(Lost))
//!     }
//!     fn poll_until(&mut self, at: Instant) -> bool {
//!         self.now() >= at
//!     }
//!     fn again(&mut self) {}
//! }
//!
//! fn serve(server: Server) -> io::Result<()> {
//!     let (listeners, service) = server.into_parts();
//!     let mut event_loop = TryAgain(std::time::Instant::now());
//!     while !service.is_stopping() {
//!         if let Ok(Arrival::Connection(connection)) = listeners[0].accept() {
//!             let mut session = Session::open(&service, &mut event_loop, connection)?;
//!             while session.turn(&mut event_loop).is_pending() {
//!                 std::thread::sleep(Duration::from_millis(1));
//!             }
//!         }
//!         std::thread::sleep(Duration::from_millis(1));
//!     }
//!     drop(listeners);
//!     service.listeners_closed();
//!     Ok(())
//! }
//!
//! let mut accounts = Accounts::new();
//! accounts.add_plain("alice:secret".parse()?);
//! let backend = Arc::new(StandardBackend::new(accounts, MemoryStorage::new()));
//! let server = Server::bind(&["127.0.0.1:0".parse()?], backend, ServerOptions::default())?;
//! let (address, handle) = (server.addresses()[0], server.handle());
//! let serving = std::thread::spawn(|| serve(server));
//!
//! let mut client = TcpStream::connect(address)?;
//! client.write_all(b"USER alice\r\nPASS secret\r\nMKD a\r\nQUIT\r\n")?;
//! let mut replies = String::new();
//! client.read_to_string(&mut replies)?;
//! let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
//! assert_eq!(codes, ["220", "331", "230", "257", "221"]);
//! drop(client);
//!
//! handle.drain();
//! serving.join().expect("it does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod conversation;
mod log;
mod questions;
mod server;
mod session;
mod shared;

pub use server::{
    Arrival, BindError, Connection, Listener, Recorder, Server, ServerHandle, ServerOptions, Watcher,
};
pub use session::Session;
pub use shared::Service;

/// How much blocking work, such as opening files or verifying passwords, runs at a time for all sessions together.
pub const BLOCKING_THREADS: usize = 64;
