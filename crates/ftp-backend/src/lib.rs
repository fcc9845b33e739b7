//! What an FTP server decides: storage, users, rights, limits, listings.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod application;
pub mod backend;
pub mod listing;
pub mod memory;
pub mod path;
pub mod rights;
pub mod session;
pub mod storage;
mod sync;
pub mod withdrawal;

pub use application::{Application, Cleanup, Done, Work};
pub use backend::{Backend, HostVerdict, LoginAttempt, LoginVerdict, Opened, Session};
pub use memory::MemoryStorage;
pub use rights::{Right, Rights};
pub use storage::{Handle, Storage};
pub use withdrawal::Withdrawal;
