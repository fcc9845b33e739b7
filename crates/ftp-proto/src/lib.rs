//! The FTP protocol without I/O.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod client;
pub mod command;
pub mod data;
pub mod escape;
pub mod facts;
pub mod io;
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
