//! Where a case is played: a server under test, and hosts that talk to it.
//!
//! A case is written in blocking style and knows nothing of sockets, drivers or simulated time. What a world cannot do
//! it says ([`World::can`]), and the cases that need it are counted as not run, with the reason.

pub mod external;
pub mod loopback;
pub mod sim;
mod sockets;
pub(crate) mod tls;

use crate::talk;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::memory::Operation;
use ftp_proto::data::StorageFailure;
use ftp_proto::server::ServerConfig;
use std::io;

/// How long a case waits for an answer, in the world's own time. Longer than any of the server's own delays for a
/// peer that behaves.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server under test and the network around it.
pub trait World {
    /// Its name in the matrix.
    fn name(&self) -> &str;

    /// Whether it can do this.
    fn can(&self, what: Need) -> bool;

    /// The user that the cases log in as, who has every right, and the password.
    fn login(&self) -> Login {
        Login { user: talk::USER.to_owned(), password: talk::PASSWORD.to_owned(), directory: None }
    }

    /// Where the server's control connections are dialled.
    fn server(&self, family: Family) -> SocketAddr;

    /// Connects from one of our hosts.
    ///
    /// # Errors
    /// As a socket would.
    fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>>;

    /// Listens on one of our hosts, on a port that the world chooses.
    ///
    /// # Errors
    /// As a socket would.
    fn listen(&mut self, on: Host, family: Family) -> io::Result<Box<dyn Listener>>;

    /// Lets time pass. Only in worlds that can [`Need::VirtualTime`].
    fn elapse(&mut self, time: Duration);

    /// Makes the server's storage fail, once. Only in worlds that can [`Need::Faults`].
    fn break_storage(&mut self, operation: Operation, why: StorageFailure);
}

/// A user and the password.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
    /// Where it may do everything, if that is not where the login leads to.
    pub directory: Option<String>,
}

/// One TCP connection as a host of ours sees it.
pub trait Wire {
    /// Writes all of it.
    ///
    /// # Errors
    /// When the peer has closed or does not read for [`PATIENCE`].
    fn write(&mut self, octets: &[u8]) -> io::Result<()>;

    /// Waits for octets, at most [`PATIENCE`]; 0 is the end of the stream.
    ///
    /// # Errors
    /// `TimedOut` when nothing comes, `ConnectionReset` and its kin.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Ends our direction.
    fn finish(&mut self);

    /// Ends our direction as somebody would who cuts the line below TLS.
    fn finish_without_tls(&mut self) {
        self.finish();
    }

    /// Our end.
    fn local(&self) -> SocketAddr;

    /// The other end.
    fn peer(&self) -> SocketAddr;

    /// What is below TLS; itself when there is none.
    fn without_tls(self: Box<Self>) -> Box<dyn Wire>;
}

/// A listening socket of a host of ours.
pub trait Listener {
    /// Where it listens.
    fn local(&self) -> SocketAddr;

    /// Waits for a connection, at most [`PATIENCE`].
    ///
    /// # Errors
    /// `TimedOut` when nobody connects.
    fn accept(&mut self) -> io::Result<Box<dyn Wire>>;
}

/// Our hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// The client.
    Client,
    /// Somebody else.
    Stranger,
}

/// The address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What a case needs of its world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Time that can be let pass.
    VirtualTime,
    /// Storage that fails when told to.
    Faults,
    /// A second host.
    Stranger,
    /// IPv6.
    V6,
    /// A configuration of the case's own.
    Config,
    /// The user's directory is the server's root.
    Root,
    /// The user `anonymous`, who may read and change nothing.
    Reader,
}

impl Need {
    /// Why a case is not run in a world without it.
    #[must_use]
    pub const fn missing(self) -> &'static str {
        match self {
            Self::VirtualTime => "needs time that can be let pass",
            Self::Faults => "needs storage that fails when told to",
            Self::Stranger => "needs a second host",
            Self::V6 => "needs IPv6",
            Self::Config => "needs a configuration of its own",
            Self::Root => "needs a directory that is the server's root",
            Self::Reader => "needs anonymous to be one who may only read",
        }
    }
}

/// What a case changes about the server before it starts.
pub type Configure = fn(&mut ServerConfig);
