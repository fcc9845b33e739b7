//! The end of a stream, and octets that do not fit.

use super::pair::{End, client, control, server};
use crate::stream::{DataStream, Protected};
use std::io::{self, Read as _, Write as _};

#[test]
fn rfc4217_13_close_notify_is_an_end_and_tcps_end_alone_is_not() {
    let (mut here, mut there) = control(&client(), &server().session());
    there.write(b"all");
    there.tls.close(&mut there.end).unwrap();
    there.end.finish();
    assert_eq!(here.read().unwrap(), b"all");
    assert_eq!(here.read().unwrap(), b"");

    let (mut here, there) = control(&client(), &server().session());
    there.end.finish();
    assert_eq!(here.read().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn octets_count_as_written_through_when_the_socket_has_them_all() {
    let (mut here, mut there) = control(&client(), &server().session());
    there.end.limit(50);
    let reply = [b'x'; 300];
    let mut received = Vec::new();
    let written = loop {
        match there.tls.write_through(&mut there.end, &reply) {
            Ok(written) => break written,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        match here.read() {
            Ok(octets) => received.extend(octets),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    assert_eq!(written, 300);
    received.extend(here.read().unwrap_or_default());
    assert_eq!(received, reply);
}

#[test]
fn what_is_no_tls_is_an_error_and_never_octets() {
    let (mut here, mut there) = control(&client(), &server().session());
    there.end.write_all(b"220 in the clear\r\n").unwrap();
    assert_eq!(here.read().unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(here.tls.failure().is_some());
    // The peer is told by an alert.
    assert!(there.read().is_err());
}

/// A wire as the pump has it.
struct Below(End);

impl DataStream for Below {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.0.finish();
        Ok(())
    }
}

#[test]
fn a_connection_that_is_kept_holds_nothing_back() {
    let (mut here, there) = control(&client(), &server().session());
    there.end.limit(50);
    let (mut below, mut tls) = (Below(there.end), there.tls);
    let mut kept = Protected { socket: &mut below, tls: Some(&mut tls) };
    // Sealed, and more than the socket takes at once.
    assert_eq!(kept.write(&[b'x'; 300]).unwrap(), 300);
    let mut received = Vec::new();
    while let Err(error) = kept.flush() {
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        received.extend(here.read().unwrap_or_default());
    }
    received.extend(here.read().unwrap_or_default());
    assert_eq!(received, [b'x'; 300]);
}
