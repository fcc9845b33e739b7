//! A wire under TLS, for the cases' side of it.

use super::Wire;
use core::net::SocketAddr;
use ftp_dtp::tls::{Handshake, TlsStream};
use std::io::{self, Read, Write};

/// A connection under TLS.
pub(crate) struct TlsWire {
    below: Box<dyn Wire>,
    tls: TlsStream,
}

/// A wire as TLS sees it: it waits instead of saying that it would block.
struct Below<'a>(&'a mut dyn Wire);

impl Read for Below<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets).map(|()| octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TlsWire {
    /// The handshake, as the client of it.
    pub(crate) fn new(mut below: Box<dyn Wire>, mut tls: TlsStream) -> io::Result<Self> {
        match tls.handshake(&mut Below(&mut *below)) {
            Ok(Handshake::Done(_)) => Ok(Self { below, tls }),
            other => Err(io::Error::other(format!("{other:?} {:?}", tls.failure()))),
        }
    }
}

impl Wire for TlsWire {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let written = self.tls.write(&mut Below(&mut *self.below), rest)?;
            rest = &rest[written..];
        }
        Ok(())
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.tls.read(&mut Below(&mut *self.below), into)
    }

    fn finish(&mut self) {
        // Who does not take it is the server, which the case then sees.
        let _ = self.tls.close(&mut Below(&mut *self.below));
        self.below.finish();
    }

    fn finish_without_tls(&mut self) {
        self.below.finish();
    }

    fn local(&self) -> SocketAddr {
        self.below.local()
    }

    fn peer(&self) -> SocketAddr {
        self.below.peer()
    }

    fn without_tls(mut self: Box<Self>) -> Box<dyn Wire> {
        let _ = self.tls.close(&mut Below(&mut *self.below));
        self.below
    }
}

/// Stands where a wire was taken from, until another is put there.
pub(crate) struct NoWire;

impl Wire for NoWire {
    fn write(&mut self, _octets: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn finish(&mut self) {}

    fn local(&self) -> SocketAddr {
        ([0, 0, 0, 0], 0).into()
    }

    fn peer(&self) -> SocketAddr {
        ([0, 0, 0, 0], 0).into()
    }

    fn without_tls(self: Box<Self>) -> Box<dyn Wire> {
        self
    }
}
