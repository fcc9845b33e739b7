//! An FTP client over any event loop: what the clients of all drivers share.
//!
//! The protocol is in `ftp-proto`, sockets and octets in `ftp-dtp`. This crate puts the two together into what a program
//! wants of a client: [connecting](Client::connect) to a name, [logging in](Client::login), [transfers](Client::retr) that
//! find a data port mode that works, [listings](Client::list) of whatever server. RFC 959 calls all of it the user-FTP
//! process. What is left to a driver is waiting: it implements [`EventLoop`](ftp_dtp::event_loop::EventLoop) and
//! [`Driver`].
//!
//! # A driver
//!
//! The simplest that works: it blocks where it stands, and instead of waiting tries everything again each millisecond.
//!
//! ```
//! use core::fmt::Debug;
//! use core::task::{Poll, Waker};
//! use core::time::Duration;
//! use ftp_dtp::event_loop::{Direction, EventLoop, Lost};
//! use ftp_proto::time::Instant;
//! use ftp_user::{Client, ClientOptions, Driver, Login, ready};
//! use std::io::{self, BufRead, BufReader, Write};
//! use std::net::TcpListener;
//! use std::os::fd::AsRawFd;
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
//! impl Driver for TryAgain {
//!     type Loop = Self;
//!
//!     fn new() -> io::Result<Self> {
//!         Ok(Self(std::time::Instant::now()))
//!     }
//!     fn event_loop(&mut self) -> &mut Self {
//!         self
//!     }
//!     async fn run<T>(&mut self, mut turn: impl FnMut(&mut Self, &Waker) -> Poll<T>) -> T {
//!         loop {
//!             match turn(self, Waker::noop()) {
//!                 Poll::Ready(outcome) => return outcome,
//!                 Poll::Pending => std::thread::sleep(Duration::from_millis(1)),
//!             }
//!         }
//!     }
//! }
//!
//! // A server that knows little.
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let port = listener.local_addr()?.port();
//! std::thread::spawn(move || -> io::Result<()> {
//!     let mut control = listener.accept()?.0;
//!     write!(control, "220 ready\r\n")?;
//!     for line in BufReader::new(control.try_clone()?).lines() {
//!         let reply = match &*line? {
//!             "USER anonymous" => "230 welcome",
//!             "PWD" => "257 \"/pub\"",
//!             _ => "502 no",
//!         };
//!         write!(control, "{reply}\r\n")?;
//!     }
//!     Ok(())
//! });
//!
//! let mut client: Client<TryAgain> = ready(Client::connect("127.0.0.1", port, ClientOptions::default()))?;
//! ready(client.login(Login::anonymous()))?;
//! assert_eq!(ready(client.pwd())?.as_bytes(), b"/pub");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod abort;
mod client;
mod commands;
mod connect;
mod driver;
mod error;
mod event;
mod listing;
mod options;
mod session;
mod transfer;

pub use abort::AbortHandle;
pub use client::{Client, Login};
pub use driver::{Driver, ready};
pub use error::{Cause, Error, ErrorKind, TlsFailure};
pub use event::Event;
pub use ftp_dtp::tls::{Fingerprint, TlsError, TlsIdentity, TlsVersion, Trust};
pub use listing::Listing;
pub use options::{ClientOptions, Family, Observer, Tls};
pub use transfer::{Download, Place, Transferred, Upload};

/// How much blocking work a client does at a time: it moves one file, and looks up one name.
pub const BLOCKING_THREADS: usize = 2;
