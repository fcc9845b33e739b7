//! The data transfer process of FTP without a runtime: sockets, port pool, admission, pump.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod accept;
pub mod errors;
pub mod ports;
pub mod sockets;
pub mod storage;
pub mod stream;
#[cfg(test)]
mod testing;
