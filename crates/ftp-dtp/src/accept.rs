//! Accepting control connections, also when there is no descriptor left.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::address::normalise_socket;
use rustix::io::Errno;
use rustix::net::SocketFlags;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};

/// How long to leave a listener alone after [`Accepted::Exhausted`].
pub const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// The next connection of a non-blocking listener, itself non-blocking, with the peer's address normalised; `None`
/// when there is none now.
///
/// # Errors
/// The system's. Errors of a connection that broke before it was accepted are not the listener's, and are passed over.
pub fn accept(listener: impl AsFd) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    loop {
        match rustix::net::acceptfrom_with(&listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok((descriptor, peer)) => {
                let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                let Some(peer) = peer else { continue };
                return Ok(Some((descriptor.into(), normalise_socket(peer))));
            }
            Err(Errno::AGAIN) => return Ok(None),
            Err(errno) if is_of_one_connection(errno) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Linux reports a pending network error of the new socket by accept. Each of these takes a connection off the queue,
/// so that trying again ends.
fn is_of_one_connection(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::INTR
            | Errno::CONNABORTED
            | Errno::NETDOWN
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::HOSTDOWN
            | Errno::NONET
            | Errno::HOSTUNREACH
            | Errno::OPNOTSUPP
            | Errno::NETUNREACH
    )
}

/// What [`Acceptor::accept`] found.
#[derive(Debug)]
pub enum Accepted {
    /// A new control connection and its peer, normalised.
    Connection(TcpStream, SocketAddr),
    /// There was no descriptor left: this peer was accepted on the spare one and closed at once, so that it does not
    /// hang and the listener does not stay readable. There may be more.
    Shed(SocketAddr),
    /// There was no descriptor left, not even the spare one. Leave the listener alone for [`EXHAUSTED_PAUSE`].
    Exhausted,
    /// No connection waits.
    Nothing,
}

/// A listener for control connections that stays calm when descriptors run out.
///
/// Accept would fail with `EMFILE` while the connection stays in the queue and the listener stays readable: an event
/// loop would spin. A spare descriptor, given up for a moment, takes such connections off the queue.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    spare: Mutex<Option<OwnedFd>>,
}

impl Acceptor {
    /// Accepts from `listener`, which is non-blocking.
    #[must_use]
    pub fn new(listener: TcpListener) -> Self {
        let spare = Mutex::new(spare(&listener));
        Self { listener, spare }
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The next connection.
    ///
    /// # Errors
    /// The system's, other than being out of descriptors: the listener is of no use any more.
    pub fn accept(&self) -> io::Result<Accepted> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_none() {
            *spare = self::spare(&self.listener);
        }
        match accept(&self.listener) {
            Err(error) if is_exhaustion(&error) => self.shed(&mut spare),
            result => result.map(|found| match found {
                Some((stream, peer)) => Accepted::Connection(stream, peer),
                None => Accepted::Nothing,
            }),
        }
    }

    fn shed(&self, spare: &mut Option<OwnedFd>) -> io::Result<Accepted> {
        if spare.take().is_none() {
            return Ok(Accepted::Exhausted);
        }
        let found = accept(&self.listener);
        match found {
            Ok(Some((stream, peer))) => {
                drop(stream);
                *spare = self::spare(&self.listener);
                Ok(Accepted::Shed(peer))
            }
            Ok(None) => {
                *spare = self::spare(&self.listener);
                Ok(Accepted::Nothing)
            }
            // Another thread took the descriptor in between.
            Err(error) if is_exhaustion(&error) => Ok(Accepted::Exhausted),
            Err(error) => Err(error),
        }
    }
}

/// Any descriptor will do; a second one of the listener needs no file system.
fn spare(listener: &TcpListener) -> Option<OwnedFd> {
    listener.as_fd().try_clone_to_owned().ok()
}

fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

impl AsFd for Acceptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl AsRawFd for Acceptor {
    fn as_raw_fd(&self) -> RawFd {
        self.listener.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sockets::control_listener;
    use std::net::TcpStream;

    fn acceptor() -> Acceptor {
        Acceptor::new(control_listener("127.0.0.1:0".parse().unwrap()).unwrap())
    }

    #[test]
    fn connections_are_accepted_until_there_are_none() {
        let acceptor = acceptor();
        assert!(matches!(acceptor.accept(), Ok(Accepted::Nothing)));
        let client = TcpStream::connect(acceptor.local_addr().unwrap()).unwrap();
        let Ok(Accepted::Connection(_, peer)) = acceptor.accept() else { panic!() };
        assert_eq!(peer, client.local_addr().unwrap());
        assert!(matches!(acceptor.accept(), Ok(Accepted::Nothing)));
    }
}
