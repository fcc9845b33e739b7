//! One direction of a control connection: lines, and the octets that they came as.

use crate::wire::{Line, LineBuffer, LineLimits};
use bytes::{Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct Direction {
    lines: LineBuffer,
    /// The octets that are in `lines`, as they came: Telnet commands and line ends are taken out there.
    raw: BytesMut,
    untouched: bool,
}

/// A line and its octets.
#[derive(Debug)]
pub(super) struct RawLine {
    line: Option<Line>,
    octets: Bytes,
}

impl Direction {
    pub(super) fn new(limits: LineLimits) -> Self {
        Self { lines: LineBuffer::new(limits), raw: BytesMut::new(), untouched: true }
    }

    /// Nothing has come yet.
    pub(super) const fn is_untouched(&self) -> bool {
        self.untouched
    }

    pub(super) fn push(&mut self, octets: &[u8]) -> usize {
        let taken = self.lines.push(octets);
        self.untouched &= taken == 0;
        self.raw.extend_from_slice(octets.get(..taken).unwrap_or_default());
        taken
    }

    /// The next line; without content where it is one that no end may read: too long, or with a NUL in it.
    pub(super) fn next(&mut self) -> Option<RawLine> {
        if let Some(octets) = self.rest_of_too_long() {
            return Some(RawLine { line: None, octets });
        }
        let line = self.lines.next_line();
        // An end negotiates Telnet options with the other end, not with us.
        self.lines.take_telnet_replies();
        let consumed = self.raw.len().saturating_sub(self.lines.residue());
        match line {
            None if consumed == 0 => None,
            line => Some(RawLine {
                line: line.and_then(Result::ok),
                octets: self.raw.split_to(consumed).freeze(),
            }),
        }
    }

    /// The end of a line that was too long. The buffer drops it when it looks for the next line, with that line.
    fn rest_of_too_long(&mut self) -> Option<Bytes> {
        if !self.lines.is_dropping() || self.raw.len() < self.lines.residue() {
            return None;
        }
        let end = self.raw.iter().position(|&octet| octet == b'\n')?;
        Some(self.raw.split_to(end + 1).freeze())
    }

    pub(super) fn take_all(&mut self) -> Bytes {
        self.lines.discard();
        self.raw.split().freeze()
    }
}

impl RawLine {
    pub(super) fn content(&self) -> Option<&[u8]> {
        self.line.as_ref().map(Line::as_bytes)
    }

    pub(super) fn octets(&self) -> Bytes {
        self.octets.clone()
    }

    /// Whether an offset in the content is the same one in the octets.
    pub(super) fn is_verbatim(&self) -> bool {
        self.content().is_some_and(|content| self.octets.starts_with(content))
    }

    /// How many octets come before the line end.
    pub(super) fn before_line_end(&self) -> usize {
        let line = self.octets.strip_suffix(b"\n").unwrap_or(&self.octets);
        line.strip_suffix(b"\r").unwrap_or(line).len()
    }
}
