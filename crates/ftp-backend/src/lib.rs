//! What an FTP server decides: storage, users, rights, limits, listings. No reply codes and no waiting: the protocol is
//! `ftp-proto`'s, the sockets are the drivers'.
//!
//! # Layers
//!
//! | layer | what it is | to replace it |
//! |---|---|---|
//! | [`Application`] | one a connection; runs every question of the core, so that drivers look into none | |
//! | [`Backend`], [`Session`] | who may log in; what a user who has may do | implement both: everything is yours |
//! | [`StandardBackend`], [`UserSession`](session::UserSession) | [accounts](users), [rights], working directory, [listings](listing), digests, over any storage | |
//! | [`Storage`] | a tree of files: [a directory on disk](local), [memory] | implement it: the rest is done |
//!
//! Everything here blocks, and drivers call it where blocking is allowed.
//!
//! # Example
//!
//! A user logs in, stores a file and lists the directory, all in memory:
//!
//! ```
//! use bytes::Bytes;
//! use ftp_backend::backend::{Backend, LoginAttempt, LoginVerdict, Session};
//! use ftp_backend::{Accounts, Handle, MemoryStorage, StandardBackend, Withdrawal};
//! use ftp_dtp::storage::{Sink, Source};
//! use ftp_proto::command::{PathName, Secret};
//! use ftp_proto::data::{StreamEnd, TransferId, TransferTotals};
//! use ftp_proto::facts::FactSet;
//! use ftp_proto::params::TransferParams;
//! use ftp_proto::server::{ListingOptions, LoginStage, OctetSpan, TransferRequest, TransferVerb};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut accounts = Accounts::new();
//! accounts.add_plain("alice:secret".parse()?);
//! let backend = StandardBackend::new(accounts, MemoryStorage::new());
//!
//! let password = Secret::new(&b"secret"[..])?;
//! let attempt = LoginAttempt {
//!     user: b"alice",
//!     stage: LoginStage::Password(&password),
//!     host: None,
//!     peer: "192.0.2.1".parse()?,
//!     local: "192.0.2.2:21".parse()?,
//!     tls: None,
//! };
//! let LoginVerdict::Accept { session, .. } = backend.login(&attempt) else { panic!("the password is right") };
//!
//! let mut request = TransferRequest {
//!     verb: TransferVerb::Stor,
//!     path: Some(PathName::new(&b"hello.txt"[..])?),
//!     span: OctetSpan::default(),
//!     allocate: None,
//!     params: TransferParams::default(),
//!     listing: ListingOptions { facts: FactSet::EMPTY, all: false, recursive: false, directory: false },
//! };
//! let upload = TransferId::new(1);
//! let opened = session.open(upload, &request, &Withdrawal::new()).expect("she may write");
//! let Handle::Sink(Sink::Chunks(mut sink)) = opened.handle else { panic!("memory takes chunks") };
//! sink.put(Bytes::from_static(b"Hello\n")).expect("there is room");
//! let totals = TransferTotals { wire: 7, stored: 6, end: StreamEnd::Fin };
//! session.settle(upload, totals, Ok(())).expect("now it is there");
//!
//! (request.verb, request.path) = (TransferVerb::Nlst, None);
//! let opened = session.open(TransferId::new(2), &request, &Withdrawal::new()).expect("she may list");
//! let Handle::Source(Source::Chunks(mut listing)) = opened.handle else { panic!("listings are chunks") };
//! assert_eq!(listing.next_chunk(1024), Ok(Some(Bytes::from_static(b"hello.txt\r\n"))));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod application;
pub mod backend;
pub mod limits;
pub mod listing;
#[cfg(target_os = "linux")]
pub mod local;
pub mod memory;
pub mod path;
pub mod rights;
pub mod session;
pub mod standard;
pub mod storage;
mod sync;
pub mod users;
pub mod withdrawal;

pub use application::{Application, Cleanup, Done, Work};
pub use backend::{Backend, HostVerdict, LoginAttempt, LoginVerdict, Opened, Session};
#[cfg(target_os = "linux")]
pub use local::{LocalOptions, LocalStorage};
pub use memory::MemoryStorage;
pub use rights::{Right, Rights};
pub use standard::{Homes, StandardBackend};
pub use storage::{Handle, Storage};
pub use users::Accounts;
pub use withdrawal::Withdrawal;
