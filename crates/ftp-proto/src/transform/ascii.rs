//! TYPE A: line ends are LF in storage and CRLF on the wire (RFC 959 §3.1.1.1).
//!
//! # What becomes of what
//!
//! | in storage | on the wire | | on the wire | in storage |
//! |---|---|---|---|---|
//! | LF | CRLF | | CRLF | LF |
//! | CRLF | CRLF | | LF | LF |
//! | CR | CR | | CR | CR |
//! | | | | CR NUL | CR |
//!
//! Text comes back exactly from a round over the other side: from the wire if its CRs and LFs are all in pairs, from
//! storage if it has no CR before LF or NUL (RFC 1123 §4.1.2.4 asks for invertible conversions). Two things are lost on
//! purpose. A CRLF in storage is sent as it is, as vsftpd, ProFTPD and pyftpdlib do: it is the line end of a file that
//! was written elsewhere, and CR CR LF would give every reader of it one CR too many. And CR NUL, which is how the NVT
//! writes a CR that ends no line (RFC 854), becomes CR; a lone CR is sent without NUL, since peers would store the NUL.

use super::scan::{count_bare_line_feeds, find};
use super::{Transform, room};
use bytes::{BufMut, BytesMut};

/// Storage to wire.
#[derive(Debug, Clone, Default)]
pub struct ToNetwork {
    /// The last octet was CR: an LF after it is already the end of a line on the wire.
    after_cr: bool,
}

impl ToNetwork {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { after_cr: false }
    }
}

impl Transform for ToNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        loop {
            let line = find(rest, b'\n').unwrap_or(rest.len());
            let copied = line.min(room(out));
            let (text, after) = rest.split_at(copied);
            out.put_slice(text);
            if let Some(&last) = text.last() {
                self.after_cr = last == b'\r';
            }
            rest = after;
            let end: &[u8] = if self.after_cr { b"\n" } else { b"\r\n" };
            if copied < line || rest.is_empty() || room(out) < end.len() {
                return input.len() - rest.len();
            }
            out.put_slice(end);
            self.after_cr = false;
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    fn finish(&mut self, _out: &mut BytesMut) -> bool {
        *self = Self::new();
        true
    }
}

/// Wire to storage.
#[derive(Debug, Clone, Default)]
pub struct FromNetwork {
    /// A CR has been taken but not yet given: what follows decides what it is.
    held_cr: bool,
}

impl FromNetwork {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { held_cr: false }
    }

    /// Decides what the CR that is held is, now that `next` follows. Returns whether `next` is used up by that.
    fn release(&mut self, next: u8, out: &mut BytesMut) -> bool {
        self.held_cr = false;
        out.put_u8(if next == b'\n' { b'\n' } else { b'\r' });
        matches!(next, b'\n' | 0)
    }
}

impl Transform for FromNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        while let Some(&next) = rest.first() {
            if room(out) == 0 {
                break;
            }
            if self.held_cr {
                let used = usize::from(self.release(next, out));
                rest = rest.get(used..).unwrap_or_default();
                continue;
            }
            let text = find(rest, b'\r').unwrap_or(rest.len());
            let (copied, after) = rest.split_at(text.min(room(out)));
            out.put_slice(copied);
            self.held_cr = copied.len() == text && !after.is_empty();
            rest = after.get(usize::from(self.held_cr)..).unwrap_or_default();
        }
        input.len() - rest.len()
    }

    fn finish(&mut self, out: &mut BytesMut) -> bool {
        if self.held_cr && room(out) == 0 {
            return false;
        }
        if self.held_cr {
            out.put_u8(b'\r');
        }
        *self = Self::new();
        true
    }
}

/// How many octets [`ToNetwork`] makes of a file, without making them: what SIZE says under TYPE A (RFC 3659 §4).
#[derive(Debug, Clone, Default)]
pub struct NetworkLength {
    octets: u64,
    after_cr: bool,
}

impl NetworkLength {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: 0, after_cr: false }
    }

    /// Counts the next octets of the file.
    pub fn push(&mut self, input: &[u8]) {
        let Some(&last) = input.last() else { return };
        let added = count_bare_line_feeds(input, self.after_cr);
        self.octets = self.octets.saturating_add(input.len() as u64).saturating_add(added);
        self.after_cr = last == b'\r';
    }

    /// Octets on the wire so far.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }
}
