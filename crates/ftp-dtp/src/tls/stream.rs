//! One TLS connection over a non-blocking socket. rustls is the engine; it does no I/O itself.

use ftp_proto::data::{Failure, Resumption, TlsFacts};
use rustls::{Connection, HandshakeKind, ProtocolVersion};
use std::io::{self, Read, Write};

/// How many octets are sealed at once: some records, so that a system call carries them together.
const SEALED_AT_ONCE: usize = 64 * 1024;

/// TLS on one connection. The socket is handed to each call; nothing blocks.
#[derive(Debug)]
pub struct TlsStream {
    connection: Box<Connection>,
    /// A handshake that resumes nothing is broken off, before the peer is given a ticket.
    must_resume: bool,
    /// Octets that are sealed but not all written, of the caller's next write.
    sealed: usize,
    closing: bool,
    /// We sent the ClientHello.
    is_client: bool,
    failed: Option<rustls::Error>,
}

/// How far a handshake has come.
#[derive(Debug)]
pub enum Handshake {
    /// TLS is up.
    Done(TlsFacts),
    /// The socket must become readable.
    WantRead,
    /// The socket must become writable.
    WantWrite,
}

impl TlsStream {
    pub(super) fn new(connection: impl Into<Connection>, must_resume: bool) -> Self {
        let connection = Box::new(connection.into());
        let is_client = matches!(*connection, Connection::Client(_));
        Self { connection, must_resume, sealed: 0, closing: false, is_client, failed: None }
    }

    /// Goes on with the handshake.
    ///
    /// # Errors
    /// [`Failure::Tls`] when the two do not agree ([`failure`](Self::failure) says why), [`Failure::NotResumed`], or the
    /// socket's.
    pub fn handshake(&mut self, socket: &mut (impl Read + Write)) -> Result<Handshake, Failure> {
        loop {
            match self.write_sealed(socket) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Handshake::WantWrite),
                Err(error) => return Err(crate::errors::failure(&error)),
            }
            if !self.connection.is_handshaking() {
                return Ok(Handshake::Done(self.facts()));
            }
            match self.connection.read_tls(socket) {
                Ok(0) => return Err(Failure::Reset),
                Ok(_) => self.open(socket)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Handshake::WantRead),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(crate::errors::failure(&error)),
            }
        }
    }

    /// Why TLS failed, for people.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failed.as_ref().map(ToString::to_string)
    }

    /// Reads; 0 is the peer's close_notify.
    ///
    /// # Errors
    /// `UnexpectedEof` when the stream ends without close_notify, `InvalidData` when it is not TLS, and the socket's.
    pub fn read(&mut self, socket: &mut (impl Read + Write), into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            // An answer to a change of keys; if it does not go out now, it goes before the next write.
            let _ = self.write_sealed(socket);
            if self.connection.read_tls(socket)? > 0 {
                self.open(socket).map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
    }

    /// Seals and writes a first part of `octets`. What was sealed but could not be written goes before the next.
    ///
    /// # Errors
    /// The socket's.
    pub fn write(&mut self, socket: &mut impl Write, octets: &[u8]) -> io::Result<usize> {
        self.write_sealed(socket)?;
        let sealed = self.seal(octets)?;
        match self.write_sealed(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(sealed),
        }
    }

    /// Likewise, but says only then that octets are written when the socket has them all: `octets` must be the same again
    /// after `WouldBlock`, or begin with the same.
    ///
    /// # Errors
    /// The socket's.
    pub fn write_through(&mut self, socket: &mut impl Write, octets: &[u8]) -> io::Result<usize> {
        if self.sealed == 0 {
            self.write_sealed(socket)?;
            self.sealed = self.seal(octets)?;
        }
        self.write_sealed(socket)?;
        Ok(core::mem::take(&mut self.sealed).min(octets.len()))
    }

    /// Writes what was sealed and could not be written.
    ///
    /// # Errors
    /// The socket's.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        self.write_sealed(socket)
    }

    /// Sends close_notify, after all that was written. Called again after `WouldBlock`.
    ///
    /// # Errors
    /// The socket's.
    pub fn close(&mut self, socket: &mut impl Write) -> io::Result<()> {
        if !core::mem::replace(&mut self.closing, true) {
            self.connection.send_close_notify();
        }
        self.write_sealed(socket)
    }

    /// Whether we are the TLS client.
    #[must_use]
    pub const fn is_client(&self) -> bool {
        self.is_client
    }

    /// Takes one record, which is whole. True when it was the peer's close_notify. What it holds is thrown away.
    pub(super) fn discard_record(
        &mut self,
        mut record: &[u8],
        socket: &mut impl Write,
    ) -> Result<bool, Failure> {
        while !record.is_empty() {
            self.connection.read_tls(&mut record).map_err(|_| Failure::Tls)?;
            self.open(socket)?;
        }
        Ok(self.discard_opened())
    }

    /// Throws away what was opened. True when the peer's close_notify is behind it.
    pub(super) fn discard_opened(&mut self) -> bool {
        let mut waste = [0; 4096];
        loop {
            match self.connection.reader().read(&mut waste) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    fn seal(&mut self, octets: &[u8]) -> io::Result<usize> {
        let most = octets.get(..SEALED_AT_ONCE).unwrap_or(octets);
        self.connection.writer().write(most)
    }

    /// Writes what is sealed, all of it unless the socket is full.
    fn write_sealed(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(socket) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Opens the records that were read. When they cannot be, the peer is told by an alert.
    fn open(&mut self, socket: &mut impl Write) -> Result<(), Failure> {
        if let Err(error) = self.connection.process_new_packets() {
            let _ = self.write_sealed(socket);
            self.failed = Some(error);
            return Err(Failure::Tls);
        }
        let kind = self.connection.handshake_kind();
        if self.must_resume && kind.is_some_and(|kind| kind != HandshakeKind::Resumed) {
            return Err(Failure::NotResumed);
        }
        Ok(())
    }

    fn facts(&self) -> TlsFacts {
        let resumed = self.connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let owned = |octets: &[u8]| octets.to_vec().into();
        let server_name = match &*self.connection {
            Connection::Server(server) => server.server_name().map(|name| owned(name.as_bytes())),
            Connection::Client(_) => None,
        };
        let first = self.connection.peer_certificates().and_then(<[_]>::first);
        TlsFacts {
            // No other session can be resumed: see `ServerTls` and `ClientTls`.
            resumption: if resumed { Resumption::ControlSession } else { Resumption::None },
            tls13: self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3),
            server_name,
            alpn: self.connection.alpn_protocol().map(owned),
            peer_certificate: first.map(|certificate| owned(certificate)),
        }
    }
}
