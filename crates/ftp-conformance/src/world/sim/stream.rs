//! The simulator's sockets as the data transfer process uses sockets.

use core::net::{IpAddr, SocketAddr};
use ftp_dtp::errors::failure;
use ftp_dtp::stream::DataStream;
use ftp_proto::data::{Failure, PortRange};
use ftp_sim::{Host, ListenerId, SocketId};
use std::io::{self, Read, Write};

/// Connections that wait to be admitted.
const BACKLOG: usize = 8;

/// A data connection.
pub(super) struct SimStream<'a, 'b> {
    pub(super) host: &'a mut Host<'b>,
    pub(super) socket: SocketId,
}

impl DataStream for SimStream<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.host.read(self.socket, into)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.host.write(self.socket, octets)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.host.finish(self.socket);
        Ok(())
    }
}

/// A control connection.
pub(super) struct SimControl<'a, 'b> {
    pub(super) host: &'a mut Host<'b>,
    pub(super) socket: SocketId,
}

impl Read for SimControl<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.host.read(self.socket, into)
    }
}

impl Write for SimControl<'_, '_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.host.write(self.socket, octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Listens on a port of the range, whichever chance says; none outside of it.
pub(super) fn listen(
    host: &mut Host<'_>,
    ip: IpAddr,
    ports: PortRange,
) -> Result<(ListenerId, SocketAddr), Failure> {
    let bound = |host: &mut Host<'_>, port| {
        let listener = host.listen(SocketAddr::new(ip, port), BACKLOG)?;
        let local = host.listener_address(listener).ok_or(io::ErrorKind::NotConnected)?;
        Ok((listener, local))
    };
    if ports.is_ephemeral() {
        return bound(host, 0).map_err(|error: io::Error| failure(&error));
    }
    let first = host.rng().u16(ports.first..=ports.last);
    for port in (first..=ports.last).chain(ports.first..first) {
        match bound(host, port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            done => return done.map_err(|error| failure(&error)),
        }
    }
    Err(Failure::PortsExhausted)
}
