//! The end of TLS on a control connection that goes on in the clear (CCC, REIN).
//!
//! Clear octets may stand in the same segment as the peer's close_notify, and there are peers that send none: so octets are
//! taken record by record, and the first that begins no record is the first in the clear.

use super::TlsStream;
use ftp_proto::data::Failure;
use ftp_proto::time::Instant;
use std::io::{self, Read, Write};

/// Octets of a record's header.
const HEADER: usize = 5;

/// What a peer may send before its close_notify: the longest record of TLS 1.2, and some more.
const MOST: usize = 64 * 1024;

/// TLS that is being taken down.
#[derive(Debug)]
pub(crate) struct Ending {
    stream: TlsStream,
    /// Read, and not yet taken as a record.
    octets: Vec<u8>,
    /// When the peer's close_notify is not waited for any more.
    until: Instant,
}

enum Next {
    /// A record of so many octets.
    Record(usize),
    /// More octets are needed to tell.
    Unknown,
    /// What is there is in the clear.
    Clear,
}

impl Ending {
    pub(crate) const fn new(stream: TlsStream, until: Instant) -> Self {
        Self { stream, octets: Vec::new(), until }
    }

    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// Goes on. What it returns came after the end, in the clear.
    ///
    /// # Errors
    /// `WouldBlock`; or the socket's, or that what comes is neither TLS nor clear text.
    pub(crate) fn poll(&mut self, socket: &mut (impl Read + Write), now: Instant) -> io::Result<Vec<u8>> {
        self.stream.close(socket)?;
        if self.stream.discard_opened() {
            // It came together with the reply after which TLS ends.
            return Ok(core::mem::take(&mut self.octets));
        }
        let mut room = [0; 4096];
        loop {
            match self.take_records(socket) {
                Ok(true) => return Ok(core::mem::take(&mut self.octets)),
                Ok(false) if self.octets.len() < MOST => {}
                Ok(false) | Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
            match socket.read(&mut room) {
                // The end of the stream is read once more, in the clear.
                Ok(0) => return Ok(Vec::new()),
                Ok(octets) => self.octets.extend_from_slice(room.get(..octets).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && now >= self.until => {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether TLS has ended; then the rest is in the clear.
    fn take_records(&mut self, socket: &mut impl Write) -> Result<bool, Failure> {
        loop {
            match next(&self.octets) {
                Next::Unknown => return Ok(false),
                Next::Clear => return Ok(true),
                Next::Record(length) => {
                    let record: Vec<u8> = self.octets.drain(..length).collect();
                    if self.stream.discard_record(&record, socket)? {
                        return Ok(true);
                    }
                }
            }
        }
    }
}

/// RFC 8446 §5.1: a content type of 20 to 24, two octets of version, two of length.
fn next(octets: &[u8]) -> Next {
    match octets {
        [] => Next::Unknown,
        [20..=24, _, _, high, low, ..] => {
            let length = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
            if octets.len() >= length { Next::Record(length) } else { Next::Unknown }
        }
        [20..=24, ..] => Next::Unknown,
        _ => Next::Clear,
    }
}
