//! MODE B: the file goes in blocks, each with a descriptor and a count in front (RFC 959 §3.4.2).
//!
//! The end of the file is a mark in a descriptor, so the data connection can be kept for the next transfer. Under STRU R a
//! descriptor says too that a record ends; a record is a line, as in [`record`](super::record).
//!
//! A block can be a restart marker instead of data: [`Transform::take_marker`] gives it, and whoever receives the file
//! tells the sender how far it has come (reply 110, RFC 959 §3.5). [`Transform::put_marker`] sends one; a sender of files does
//! so every [`MARKED`] octets.

use super::scan::find;
use super::{State, Transform, room};
use bytes::{BufMut, Bytes, BytesMut};

/// How many octets of a file a sender lets pass, at least, from one restart marker to the next: what is sent again after
/// a break is little, and so are the markers.
pub const MARKED: u64 = 1 << 20;

/// The block ends a record.
const END_OF_RECORD: u8 = 128;
/// The block ends the file.
const END_OF_FILE: u8 = 64;
/// The block may have errors, which the sender knows of: it is still the sender's data.
const SUSPECT: u8 = 32;
/// The block is a restart marker.
const MARKER: u8 = 16;

/// Descriptor and count.
const HEADER: usize = 3;
/// A marker is a short printable text; more than so many octets are none.
const LONGEST_MARKER: u16 = 255;

/// Storage to wire.
#[derive(Debug, Clone)]
pub struct ToNetwork {
    records: bool,
}

impl ToNetwork {
    /// At the beginning of a file, whose lines are records if `records`.
    #[must_use]
    pub const fn new(records: bool) -> Self {
        Self { records }
    }

    fn put(descriptor: u8, octets: &[u8], out: &mut BytesMut) {
        out.put_u8(descriptor);
        // A block is never larger than what its count can say.
        out.put_u16(u16::try_from(octets.len()).unwrap_or(u16::MAX));
        out.put_slice(octets);
    }
}

impl Transform for ToNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        while !rest.is_empty() && room(out) > HEADER {
            let most = (room(out) - HEADER).min(usize::from(u16::MAX));
            let line = if self.records { find(rest, b'\n') } else { None };
            let wanted = line.unwrap_or(rest.len());
            let (octets, after) = rest.split_at(wanted.min(most));
            if line == Some(octets.len()) {
                Self::put(END_OF_RECORD, octets, out);
                rest = after.get(1..).unwrap_or_default();
            } else {
                Self::put(0, octets, out);
                rest = after;
            }
        }
        input.len() - rest.len()
    }

    fn finish(&mut self, out: &mut BytesMut) -> bool {
        let fits = room(out) >= HEADER;
        if fits {
            Self::put(END_OF_FILE, &[], out);
        }
        fits
    }

    fn put_marker(&mut self, marker: &[u8], out: &mut BytesMut) -> bool {
        let fits = marker.len() <= LONGEST_MARKER.into() && room(out) >= HEADER + marker.len();
        if fits {
            Self::put(MARKER, marker, out);
        }
        fits
    }
}

/// Wire to storage.
#[derive(Debug, Clone)]
pub struct FromNetwork {
    records: bool,
    part: Part,
    marker: BytesMut,
    /// A marker is complete and has not been taken.
    marked: bool,
    state: State,
}

/// What comes next on the wire.
#[derive(Debug, Clone, Copy)]
enum Part {
    Descriptor,
    CountHigh { descriptor: u8 },
    CountLow { descriptor: u8, high: u8 },
    Data { descriptor: u8, left: u16 },
}

impl FromNetwork {
    /// At the beginning of a file, whose lines are records if `records`.
    #[must_use]
    pub fn new(records: bool) -> Self {
        Self {
            records,
            part: Part::Descriptor,
            marker: BytesMut::new(),
            marked: false,
            state: State::Unended,
        }
    }

    /// Takes something from the front of `rest`, which is not empty; there is room for an octet.
    fn take<'a>(&mut self, rest: &'a [u8], out: &mut BytesMut) -> &'a [u8] {
        let Some((&first, after)) = rest.split_first() else { return rest };
        match self.part {
            Part::Descriptor => self.descriptor(first),
            Part::CountHigh { descriptor } => self.part = Part::CountLow { descriptor, high: first },
            Part::CountLow { descriptor, high } => {
                self.count(descriptor, u16::from_be_bytes([high, first]), out)
            }
            Part::Data { descriptor, left } => return self.data(descriptor, left, rest, out),
        }
        after
    }

    fn descriptor(&mut self, descriptor: u8) {
        if descriptor & !(END_OF_RECORD | END_OF_FILE | SUSPECT | MARKER) == 0 {
            self.part = Part::CountHigh { descriptor };
        } else {
            self.state = State::Malformed;
        }
    }

    fn count(&mut self, descriptor: u8, count: u16, out: &mut BytesMut) {
        if descriptor & MARKER != 0 && count > LONGEST_MARKER {
            self.state = State::Malformed;
        } else if count == 0 {
            self.end_block(descriptor, out);
        } else {
            self.part = Part::Data { descriptor, left: count };
        }
    }

    fn data<'a>(&mut self, descriptor: u8, left: u16, rest: &'a [u8], out: &mut BytesMut) -> &'a [u8] {
        let is_marker = descriptor & MARKER != 0;
        let most = if is_marker { usize::from(LONGEST_MARKER) } else { self.room_for_data(out) };
        let (octets, after) = rest.split_at(usize::from(left).min(most).min(rest.len()));
        if is_marker { &mut self.marker } else { &mut *out }.put_slice(octets);
        // No more than `left`, which is a u16.
        match left.saturating_sub(octets.len() as u16) {
            0 => self.end_block(descriptor, out),
            left => self.part = Part::Data { descriptor, left },
        }
        after
    }

    /// The end of a record takes an octet too.
    fn room_for_data(&self, out: &BytesMut) -> usize {
        room(out).saturating_sub(usize::from(self.records))
    }

    fn end_block(&mut self, descriptor: u8, out: &mut BytesMut) {
        self.part = Part::Descriptor;
        self.marked = descriptor & MARKER != 0;
        if self.records && descriptor & END_OF_RECORD != 0 {
            out.put_u8(b'\n');
        }
        if descriptor & END_OF_FILE != 0 {
            self.state = State::Ended;
        }
    }
}

impl Transform for FromNetwork {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        while !rest.is_empty()
            && self.state == State::Unended
            && !self.marked
            && room(out) > usize::from(self.records)
        {
            rest = self.take(rest, out);
        }
        input.len() - rest.len()
    }

    fn finish(&mut self, _out: &mut BytesMut) -> bool {
        *self = Self::new(self.records);
        true
    }

    fn state(&self) -> State {
        self.state
    }

    fn take_marker(&mut self) -> Option<Bytes> {
        core::mem::take(&mut self.marked).then(|| self.marker.split().freeze())
    }
}
