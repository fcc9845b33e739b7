//! The data transfer process of FTP without a runtime: sockets, port pool, admission, pump.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod storage;
