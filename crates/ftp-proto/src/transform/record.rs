//! STRU R under MODE S: records have end marks on the wire (RFC 959 §3.4.1).
//!
//! | in storage | on the wire |
//! |---|---|
//! | LF: a record ends | FF 01 (EOR) |
//! | octet FF | FF FF |
//! | the file ends | FF 02 (EOF) |
//!
//! Storage here knows octets and no records, so a record is a line. That can be undone exactly for text, which is what
//! RFC 1123 §4.1.2.4 asks for; a record with an LF in it comes back as two. TYPE makes no difference: the mark is the end of
//! a line, so there is no CRLF to convert. FF 03 (EOR and EOF) is read and never written.

use super::scan::find;
use super::{State, Transform, room};
use bytes::{BufMut, BytesMut};

/// Before a mark, and before itself.
const ESCAPE: u8 = 0xff;
const END_OF_RECORD: u8 = 1;
const END_OF_FILE: u8 = 2;

/// Storage to wire.
#[derive(Debug, Clone, Default)]
pub struct ToNetwork(());

impl ToNetwork {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Transform for ToNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        loop {
            let text = rest.iter().position(|&octet| matches!(octet, b'\n' | ESCAPE)).unwrap_or(rest.len());
            let copied = text.min(room(out));
            let (plain, after) = rest.split_at(copied);
            out.put_slice(plain);
            rest = after;
            let Some((&mark, after)) = rest.split_first().filter(|_| copied == text && room(out) >= 2) else {
                return input.len() - rest.len();
            };
            out.put_slice(&[ESCAPE, if mark == b'\n' { END_OF_RECORD } else { ESCAPE }]);
            rest = after;
        }
    }

    fn finish(&mut self, out: &mut BytesMut) -> bool {
        let fits = room(out) >= 2;
        if fits {
            out.put_slice(&[ESCAPE, END_OF_FILE]);
        }
        fits
    }
}

/// Wire to storage.
#[derive(Debug, Clone)]
pub struct FromNetwork {
    /// An escape has been taken: what follows says what it is.
    escaped: bool,
    state: State,
}

impl FromNetwork {
    /// At the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { escaped: false, state: State::Unended }
    }

    fn take_escaped(&mut self, octet: u8, out: &mut BytesMut) {
        self.escaped = false;
        match octet {
            ESCAPE => out.put_u8(ESCAPE),
            END_OF_RECORD => out.put_u8(b'\n'),
            END_OF_FILE => self.state = State::Ended,
            3 => {
                out.put_u8(b'\n');
                self.state = State::Ended;
            }
            _ => self.state = State::Malformed,
        }
    }
}

impl Default for FromNetwork {
    fn default() -> Self {
        Self::new()
    }
}

impl Transform for FromNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        while self.state == State::Unended && room(out) > 0 {
            let Some((&first, after)) = rest.split_first() else { break };
            if self.escaped {
                self.take_escaped(first, out);
                rest = after;
            } else if first == ESCAPE {
                self.escaped = true;
                rest = after;
            } else {
                let text = find(rest, ESCAPE).unwrap_or(rest.len()).min(room(out));
                let (text, after) = rest.split_at(text);
                out.put_slice(text);
                rest = after;
            }
        }
        input.len() - rest.len()
    }

    fn finish(&mut self, _out: &mut BytesMut) -> bool {
        *self = Self::new();
        true
    }

    fn state(&self) -> State {
        self.state
    }
}
