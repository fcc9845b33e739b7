//! Framing of a control connection: bounded, and the same for every way in which TCP may cut the stream.

use super::scan::find_any;
use super::telnet::{self, Meaning, SPECIAL, Telnet};
use bytes::{Buf as _, Bytes, BytesMut};

/// CR LF.
const LINE_END: usize = 2;

/// Refusals of Telnet options that are kept for sending; those beyond are forgotten, which RFC 854 allows: an option
/// that is not answered is not in force.
const MAX_TELNET_REPLIES: usize = 32;

/// How much a [`LineBuffer`] takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineLimits {
    /// Octets of one line, Telnet commands counted and the line end not.
    pub max_line: usize,
    /// Octets buffered in all. At least one longest line with its line end always fits.
    pub max_buffered: usize,
}

impl LineLimits {
    /// A client that has not logged in: a line of 2 KiB (a password may be a token).
    pub const BEFORE_LOGIN: Self = Self { max_line: 2048, max_buffered: 16 * 1024 };
    /// A client that has logged in: a line of 8 KiB (a pathname may be 4 KiB, and each octet doubled).
    pub const AFTER_LOGIN: Self = Self { max_line: 8192, max_buffered: 16 * 1024 };

    const fn room(self) -> usize {
        let longest = self.max_line.saturating_add(LINE_END);
        if self.max_buffered < longest { longest } else { self.max_buffered }
    }
}

/// Splits the octets of a control connection into lines.
///
/// A line ends at LF; a CR before it is dropped, and bare LF is accepted. Telnet commands are taken out (RFC 959 §5.3,
/// RFC 854) and IAC IAC becomes 0xFF. CR NUL becomes CR (RFC 2640 §3.1); NUL anywhere else makes the line an error, for
/// a name or a password that is cut at a NUL is another name or password.
///
/// The octets of a line that is too long are reported once and dropped up to its end; no part of it is ever a line.
#[derive(Debug)]
pub struct LineBuffer {
    limits: LineLimits,
    /// Starts at a line's first octet, or inside of a line that is being dropped.
    buffer: BytesMut,
    /// The octets of `buffer` that have been looked at and hold no line end.
    scanned: usize,
    telnet: Telnet,
    /// The line holds Telnet commands or NUL and must be rewritten.
    rewrite: bool,
    interrupt: bool,
    /// The line was too long: its octets are dropped up to its end.
    dropping: bool,
    /// NUL is an octet like another; for replies, which are only looked at.
    tolerate_nul: bool,
    replies: BytesMut,
}

/// Whether a line's end is in the buffer.
enum Scan {
    NotYet,
    TooLong,
    /// The line and its end are that many octets.
    Whole(usize),
}

impl LineBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new(limits: LineLimits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            scanned: 0,
            telnet: Telnet::Data,
            rewrite: false,
            interrupt: false,
            dropping: false,
            tolerate_nul: false,
            replies: BytesMut::new(),
        }
    }

    /// For replies: NUL is kept.
    #[must_use]
    pub(super) fn tolerating_nul(mut self) -> Self {
        self.tolerate_nul = true;
        self
    }

    /// Takes a prefix of `octets` and returns its length. The rest stays with the caller until lines have been taken:
    /// this is where TCP's own flow control sets in.
    #[must_use = "the octets that were not taken must be offered again"]
    pub fn push(&mut self, octets: &[u8]) -> usize {
        let room = self.limits.room().saturating_sub(self.buffer.len());
        let taken = &octets[..octets.len().min(room)];
        self.buffer.extend_from_slice(taken);
        taken.len()
    }

    /// The next line; `None` when its end has not come yet.
    pub fn next_line(&mut self) -> Option<Result<Line, LineError>> {
        if self.dropping && !self.drop_to_line_end() {
            return None;
        }
        let result = match self.scan() {
            Scan::NotYet => return None,
            Scan::TooLong => {
                // What was looked at holds no line end, only perhaps an LF inside of a Telnet command.
                self.buffer.advance(self.scanned);
                self.start_line();
                self.dropping = true;
                self.drop_to_line_end();
                Err(LineError::TooLong { limit: self.limits.max_line })
            }
            Scan::Whole(length) => self.take_line(length),
        };
        self.give_memory_back();
        Some(result)
    }

    /// Another limit for a line, from the next octet that is looked at.
    pub const fn set_max_line(&mut self, max_line: usize) {
        self.limits.max_line = max_line;
    }

    /// Octets that are buffered, whole lines or not.
    #[must_use]
    pub fn residue(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the octets that come next, up to a line end, belong to a line that was too long.
    pub(crate) const fn is_dropping(&self) -> bool {
        self.dropping
    }

    /// Whether nothing is buffered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Forgets everything that was received, also a line of which a part has come, and says how many octets were
    /// buffered. For the moment before TLS: what came in the clear must not be taken for what comes under it.
    pub fn discard(&mut self) -> usize {
        let octets = self.buffer.len();
        let Self { limits, tolerate_nul, .. } = *self;
        *self = Self { tolerate_nul, ..Self::new(limits) };
        octets
    }

    /// Refusals to be sent for the Telnet options that the peer asked for in the lines taken so far
    /// (RFC 1123 §4.1.2.12): at most 32 since they were last taken.
    pub fn take_telnet_replies(&mut self) -> Option<Bytes> {
        (!self.replies.is_empty()).then(|| core::mem::take(&mut self.replies).freeze())
    }

    /// Looks for the line's end in what has not been looked at, and no further than a line may be long.
    fn scan(&mut self) -> Scan {
        let longest = self.limits.max_line.saturating_add(LINE_END);
        let end = self.buffer.len().min(longest);
        while let Some(window) = self.buffer.get(self.scanned..end).filter(|window| !window.is_empty()) {
            let plain = match self.telnet {
                Telnet::Data => find_any(window, SPECIAL).unwrap_or(window.len()),
                _ => 0,
            };
            let Some(&octet) = window.get(plain) else {
                self.scanned = end;
                break;
            };
            self.scanned += plain + 1;
            if self.is_line_end(octet) {
                return Scan::Whole(self.scanned);
            }
        }
        if self.scanned >= longest { Scan::TooLong } else { Scan::NotYet }
    }

    fn is_line_end(&mut self, octet: u8) -> bool {
        match self.telnet.step(octet) {
            Meaning::Octet(b'\n') | Meaning::KeptWithIac(b'\n') => return true,
            Meaning::Octet(_) | Meaning::KeptWithIac(_) | Meaning::Nothing => {}
            Meaning::Interrupt => self.interrupt = true,
            Meaning::Refuse(reply) => {
                if self.replies.len() < MAX_TELNET_REPLIES * reply.len() {
                    self.replies.extend_from_slice(&reply);
                }
            }
        }
        self.rewrite = true;
        false
    }

    /// Takes the line whose octets, with its line end, are `length` many.
    fn take_line(&mut self, length: usize) -> Result<Line, LineError> {
        let mut octets = self.buffer.split_to(length);
        let (rewrite, interrupt) = (self.rewrite, self.interrupt);
        self.start_line();
        if without_line_end(&octets) > self.limits.max_line {
            return Err(LineError::TooLong { limit: self.limits.max_line });
        }
        if rewrite {
            // With its LF, before which there may be a 0xFF that is data.
            telnet::strip(&mut octets);
        }
        octets.truncate(without_line_end(&octets));
        if rewrite {
            self.strip_nul(&mut octets)?;
        }
        Ok(Line { octets: octets.freeze(), interrupt })
    }

    /// CR NUL to CR; any other NUL is an error, unless it is tolerated.
    fn strip_nul(&self, octets: &mut BytesMut) -> Result<(), LineError> {
        let mut kept = 0;
        for at in 0..octets.len() {
            let octet = octets[at];
            if octet == 0 {
                match at.checked_sub(1).map(|before| octets[before]) {
                    Some(b'\r') => continue,
                    _ if self.tolerate_nul => {}
                    _ => return Err(LineError::ForbiddenOctet { octet }),
                }
            }
            octets[kept] = octet;
            kept += 1;
        }
        octets.truncate(kept);
        Ok(())
    }

    fn start_line(&mut self) {
        self.scanned = 0;
        self.telnet = Telnet::Data;
        self.rewrite = false;
        self.interrupt = false;
    }

    /// Drops octets up to the line's end; false when it has not come.
    fn drop_to_line_end(&mut self) -> bool {
        match find_any(&self.buffer, [b'\n']) {
            Some(at) => {
                self.buffer.advance(at + 1);
                self.dropping = false;
            }
            None => self.buffer.clear(),
        }
        !self.dropping
    }

    /// An idle session holds no buffer: there may be thousands.
    fn give_memory_back(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }
}

/// How many octets of a line come before its LF or CR LF.
fn without_line_end(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    octets: Bytes,
    interrupt: bool,
}

impl Line {
    /// What a test expects.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) const fn new(octets: Bytes, interrupt: bool) -> Self {
        Self { octets, interrupt }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// The octets.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.octets
    }

    /// Whether a Telnet interrupt (IP, or the data mark of a Synch) came with the line, as RFC 959 §4.1.3 wants it
    /// before ABOR.
    #[must_use]
    pub const fn interrupt(&self) -> bool {
        self.interrupt
    }
}

/// Why there is no line. The next line is not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Longer than [`LineLimits::max_line`]; reported once, and the whole line is dropped.
    #[error("line longer than {limit} octets")]
    TooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// NUL that does not follow CR.
    #[error("octet {octet:#04x} is not allowed in a control line")]
    ForbiddenOctet {
        /// The octet.
        octet: u8,
    },
}
