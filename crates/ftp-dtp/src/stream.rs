//! A data connection as the pump sees it.

use crate::tls::{Handshake, TlsStream};
use core::net::SocketAddr;
use core::ops::Deref;
use ftp_proto::address::normalise_socket;
use ftp_proto::data::{Failure, StreamEnd};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

/// A non-blocking stream of octets: a [`DataSocket`], or TLS over one.
///
/// No call blocks: [`io::ErrorKind::WouldBlock`] says that the socket must first become ready, for reading when a read
/// said it, for writing otherwise.
pub trait DataStream {
    /// Reads; 0 is the peer's proper end of stream. Under TLS an end without close_notify is
    /// [`io::ErrorKind::UnexpectedEof`].
    ///
    /// # Errors
    /// The socket's.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Writes a first part of `octets`.
    ///
    /// # Errors
    /// The socket's.
    fn write(&mut self, octets: &[u8]) -> io::Result<usize>;

    /// Sends what is buffered. Called again after `WouldBlock`.
    ///
    /// # Errors
    /// The socket's.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more will be written: sends what is buffered, then the end of stream. Called again after `WouldBlock`.
    ///
    /// # Errors
    /// The socket's.
    fn finish_writing(&mut self) -> io::Result<()>;

    /// What a read of 0 means: [`StreamEnd::Fin`], or [`StreamEnd::CloseNotify`] under TLS.
    fn proper_end(&self) -> StreamEnd {
        StreamEnd::Fin
    }

    /// Whether the peer's own end is to be read after ours was sent: a server sends tickets that nobody else reads, and closing
    /// over them is a reset, which may cut an upload.
    fn awaits_peers_end(&self) -> bool {
        false
    }

    /// The socket, when octets go through it unchanged: allows sendfile.
    fn socket(&self) -> Option<DataSocket> {
        None
    }
}

/// A data connection that may be under TLS.
#[derive(Debug)]
pub struct Protected<'a, S> {
    /// What octets go through in the end.
    pub socket: &'a mut S,
    /// TLS, when there is any.
    pub tls: Option<&'a mut TlsStream>,
}

/// A stream below TLS.
struct Below<'a, S>(&'a mut S);

impl<S: DataStream> Read for Below<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<S: DataStream> Write for Below<'_, S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: DataStream> Protected<'_, S> {
    /// Goes on with the handshake of TLS.
    ///
    /// # Errors
    /// As [`TlsStream::handshake`].
    pub fn handshake(&mut self) -> Result<Handshake, Failure> {
        match &mut self.tls {
            Some(tls) => tls.handshake(&mut Below(self.socket)),
            None => Err(Failure::Tls),
        }
    }
}

impl<S: DataStream> DataStream for Protected<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut Below(self.socket), into),
            None => self.socket.read(into),
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.write(&mut Below(self.socket), octets),
            None => self.socket.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.flush(&mut Below(self.socket)),
            None => self.socket.flush(),
        }
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.close(&mut Below(self.socket))?;
        }
        self.socket.finish_writing()
    }

    fn proper_end(&self) -> StreamEnd {
        if self.tls.is_some() { StreamEnd::CloseNotify } else { self.socket.proper_end() }
    }

    fn awaits_peers_end(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_client())
    }

    fn socket(&self) -> Option<DataSocket> {
        if self.tls.is_some() { None } else { self.socket.socket() }
    }
}

/// The socket of a data connection. Its clones are the same socket, which is closed with the last of them: a storage
/// job that sends a file holds one.
#[derive(Debug, Clone)]
pub struct DataSocket(Arc<TcpStream>);

impl DataSocket {
    /// `stream` must be non-blocking.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self(Arc::new(stream))
    }

    /// Both ends, normalised.
    ///
    /// # Errors
    /// `ENOTCONN` when the connection is not there, or no longer.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((normalise_socket(self.0.local_addr()?), normalise_socket(self.0.peer_addr()?)))
    }
}

impl Deref for DataSocket {
    type Target = TcpStream;

    fn deref(&self) -> &TcpStream {
        &self.0
    }
}

impl AsFd for DataSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for DataSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl DataStream for DataSocket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(into)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        (&*self.0).write(octets)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    fn socket(&self) -> Option<DataSocket> {
        Some(self.clone())
    }
}
