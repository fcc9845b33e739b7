//! A listener for one data connection, and who is let in.

use super::Lease;
use super::shared::Seat;
use crate::accept::accept;
use crate::errors::failure;
use crate::stream::DataSocket;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::address::normalise_socket;
use ftp_proto::data::{Admission, Failure};
use socket2::SockRef;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// How many strangers are turned away before others get their turn.
const STRANGERS_A_TURN: usize = 16;

/// A listener for one data connection. Dropping it closes it and gives its port back to the pool.
#[derive(Debug)]
pub struct DataListener {
    listens: Listens,
    local: SocketAddr,
}

#[derive(Debug)]
enum Listens {
    Alone {
        listener: TcpListener,
        _lease: Option<Lease>,
    },
    /// On a port that other sessions listen on, too.
    Among(Seat),
}

/// What [`DataListener::admit`] found.
#[derive(Debug)]
pub enum Admitted {
    /// The right peer; the listener has done its work. Local and peer address are normalised.
    Connection {
        /// The data connection.
        socket: DataSocket,
        /// Our end.
        local: SocketAddr,
        /// The other end.
        peer: SocketAddr,
    },
    /// Nobody, or only strangers: wait until the listener is readable.
    Nothing,
    /// Many strangers: let others have their turn, then ask again.
    Again,
}

impl DataListener {
    /// A listener that was bound to `at`; with port 0 the system has chosen.
    pub(super) fn new(listener: TcpListener, at: SocketAddr, lease: Option<Lease>) -> Result<Self, Failure> {
        let local = match at.port() {
            0 => listener.local_addr().map_err(|error| failure(&error))?,
            _ => at,
        };
        Ok(Self { listens: Listens::Alone { listener, _lease: lease }, local: normalise_socket(local) })
    }

    pub(super) fn among(seat: Seat) -> Self {
        let local = normalise_socket(seat.local());
        Self { listens: Listens::Among(seat), local }
    }

    fn accept(&self) -> std::io::Result<Option<(TcpStream, SocketAddr)>> {
        match &self.listens {
            Listens::Alone { listener, .. } => accept(listener),
            Listens::Among(seat) => Ok(seat.next()),
        }
    }

    /// The address that is listened on, with the port that was taken.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Takes connections off the queue until `ask` (the core's
    /// [`admit`](ftp_proto::io::ControlMachine::admit)) takes one.
    ///
    /// Strangers are reset without an octet, and the right peer is still served after them. A reset, not an end of
    /// stream: to a stranger an empty file would look like success.
    ///
    /// # Errors
    /// [`Failure::TooManyDescriptors`] and whatever else makes the listener useless.
    pub fn admit(&self, mut ask: impl FnMut(SocketAddr) -> Admission) -> Result<Admitted, Failure> {
        for _ in 0..STRANGERS_A_TURN {
            let next = self.accept().map_err(|error| failure(&error))?;
            let Some((stream, peer)) = next else { return Ok(Admitted::Nothing) };
            match ask(peer) {
                Admission::Take => return Ok(self.connection(stream, peer)),
                Admission::Drop => reset(&stream),
            }
        }
        Ok(Admitted::Again)
    }

    fn connection(&self, stream: TcpStream, peer: SocketAddr) -> Admitted {
        // A listener on the wildcard address does not know it.
        let local = if self.local.ip().is_unspecified() {
            stream.local_addr().map_or(self.local, normalise_socket)
        } else {
            self.local
        };
        Admitted::Connection { socket: DataSocket::new(stream), local, peer }
    }
}

/// Closes by RST, once the last handle is dropped; this leaves no TIME_WAIT on our port either.
pub(crate) fn reset(stream: &TcpStream) {
    // A failure to set it leaves an ordinary close, which is as final.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

impl AsFd for DataListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.listens {
            Listens::Alone { listener, .. } => listener.as_fd(),
            Listens::Among(seat) => seat.as_fd(),
        }
    }
}

impl AsRawFd for DataListener {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
