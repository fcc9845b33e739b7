//! The data transfer process of FTP (DTP, RFC 959 §2.2) without a runtime.
//!
//! [`ftp_proto`] decides which data connection, which way, in which encoding and up to how many octets; this crate has
//! the sockets and moves the octets. It knows no event loop and never waits: every call does what can be done now and
//! says what it waits for, so that the same data path runs under tokio and under mio. It knows no verb and no reply.
//!
//! | module | what it is |
//! |---|---|
//! | [`sockets`] | listening and connecting with the right options; source ports |
//! | [`accept`] | accepting control connections, also when descriptors run out |
//! | [`ports`] | the port pool: random ports of a range; strangers turned away |
//! | [`proxy`] | who is behind a connection that a load balancer made (PROXY protocol) |
//! | [`control`] | control octets between a socket and a connection machine |
//! | [`data`] | the data connections of one session, from listening or connecting to the end of the transfer |
//! | [`pump`] | the octets of one transfer, between storage and the data connection |
//! | [`stream`] | a data connection as the pump sees it |
//! | [`tls`] | TLS on control and data connections, bound to each other |
//! | [`storage`] | what a transfer reads from or writes to |
//! | [`buffers`] | memory of transfers, used again |
//! | [`errors`] | the system's errors in the protocol's terms |
//! | [`event_loop`] | what a driver brings: readiness, time, threads |
//!
//! Ports that several sessions share would have their place behind [`ports::DataListener::admit`]. A faster way for octets is another row of the [`pump`]'s table, and another kind of
//! [`pump::StorageJob`].
//!
//! # A file over a socket
//!
//! A driver without a loop of its own: it waits by poll(2) and runs storage jobs where it stands.
//!
//! ```
//! use ftp_dtp::buffers::BufferPool;
//! use ftp_dtp::pump::{LocalEnd, Pump, PumpStep};
//! use ftp_dtp::sockets::{finish_connect, start_connect};
//! use ftp_dtp::storage::Source;
//! use ftp_proto::data::SourceEndpoint;
//! use ftp_proto::io::{Flow, OnEnd, StreamEncoding, TransferPlan};
//! use rustix::event::{PollFd, PollFlags, poll};
//! use std::io::{Read, Write};
//! use std::net::{Ipv4Addr, SocketAddr, TcpListener};
//! use std::sync::Arc;
//!
//! // The peer: listens, and reads to the end of the stream.
//! let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
//! let target = listener.local_addr()?;
//! let peer = std::thread::spawn(move || {
//!     let mut received = Vec::new();
//!     listener.accept()?.0.read_to_end(&mut received).map(|_| received)
//! });
//!
//! // We: a file, and a data connection to the peer, as after PORT.
//! let mut file = tempfile::tempfile()?;
//! file.write_all(&[42; 1_000_000])?;
//! let file = Source::File { file: Arc::new(file), offset: 0, length: Some(1_000_000) };
//! let source = SourceEndpoint { ip: Ipv4Addr::LOCALHOST.into(), port: None, fall_back: true };
//! let control = SocketAddr::from((Ipv4Addr::LOCALHOST, 21));
//! let mut socket = start_connect(source, target, control).expect("loopback can be reached");
//! let encoding = StreamEncoding::PLAIN;
//! let plan = TransferPlan { flow: Flow::ToPeer, encoding, limit: None, on_end: OnEnd::Close };
//! let mut pump = Pump::new(&plan, LocalEnd::Source(file), &BufferPool::default());
//!
//! poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None)?;
//! assert_eq!(finish_connect(&socket), Ok(true));
//! let (totals, result) = loop {
//!     match pump.step(&mut socket, 256 * 1024) {
//!         PumpStep::Again => {}
//!         PumpStep::WantRead => _ = poll(&mut [PollFd::new(&socket, PollFlags::IN)], None)?,
//!         PumpStep::WantWrite => _ = poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None)?,
//!         PumpStep::Storage(job) => pump.storage_done(job.run()),
//!         PumpStep::InStorage => unreachable!("the job was run at once"),
//!         PumpStep::Checkpoint { .. } => unreachable!("not in stream mode"),
//!         PumpStep::Ended { totals, result } => break (totals, result),
//!     }
//! };
//! assert_eq!((totals.wire, result), (1_000_000, Ok(())));
//! assert_eq!(peer.join().expect("it does not panic")?, vec![42; 1_000_000]);
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod accept;
pub mod buffers;
pub mod control;
pub mod data;
pub mod errors;
pub mod event_loop;
pub mod ports;
pub mod proxy;
pub mod pump;
pub mod sockets;
pub mod storage;
pub mod stream;
#[cfg(test)]
mod testing;
pub mod tls;
