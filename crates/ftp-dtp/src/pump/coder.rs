//! The transform between storage and wire that a plan asks for: text, then transmission mode, each if there is
//! something to do.

use super::deflate::{Deflate, Inflate};
use bytes::{Buf, Bytes, BytesMut};
use core::fmt;
use ftp_proto::io::{Flow, StreamEncoding, TransmissionMode};
use ftp_proto::transform::{State, Transform, ascii, block, record};

/// What is done to the octets on their way.
pub(super) enum Coder {
    /// Nothing.
    Unchanged,
    /// This.
    Changed(Box<dyn Transform + Send>),
}

type Step = Box<dyn Transform + Send>;

impl Coder {
    pub(super) fn new(encoding: StreamEncoding, flow: Flow) -> Self {
        match (text(encoding, flow), mode(encoding, flow)) {
            (None, None) => Self::Unchanged,
            (Some(only), None) | (None, Some(only)) => Self::Changed(only),
            (Some(text), Some(mode)) => Self::Changed(Box::new(match flow {
                Flow::ToPeer => Chain::new(text, mode),
                Flow::FromPeer => Chain::new(mode, text),
            })),
        }
    }

    pub(super) const fn is_unchanged(&self) -> bool {
        matches!(self, Self::Unchanged)
    }
}

/// Line ends. Records have them in their marks, which in blocks are part of the mode.
fn text(encoding: StreamEncoding, flow: Flow) -> Option<Step> {
    let in_blocks = encoding.mode == TransmissionMode::Block;
    Some(match (encoding.records, flow) {
        (true, _) if in_blocks => return None,
        (true, Flow::ToPeer) => Box::new(record::ToNetwork::new()),
        (true, Flow::FromPeer) => Box::new(record::FromNetwork::new()),
        (false, Flow::ToPeer) if encoding.ascii => Box::new(ascii::ToNetwork::new()),
        (false, Flow::FromPeer) if encoding.ascii => Box::new(ascii::FromNetwork::new()),
        (false, _) => return None,
    })
}

fn mode(encoding: StreamEncoding, flow: Flow) -> Option<Step> {
    Some(match (encoding.mode, flow) {
        (TransmissionMode::Stream, _) => return None,
        (TransmissionMode::Block, Flow::ToPeer) => Box::new(block::ToNetwork::new(encoding.records)),
        (TransmissionMode::Block, Flow::FromPeer) => Box::new(block::FromNetwork::new(encoding.records)),
        (TransmissionMode::Deflate { level }, Flow::ToPeer) => Box::new(Deflate::new(level)),
        (TransmissionMode::Deflate { .. }, Flow::FromPeer) => Box::new(Inflate::new()),
    })
}

/// What is between the two steps of a chain.
const MIDDLE: usize = 8 * 1024;

/// Two transforms, one after the other.
struct Chain {
    first: Step,
    second: Step,
    /// What the first made and the second has not taken.
    middle: BytesMut,
    /// The first has given what it held back.
    first_finished: bool,
    /// A marker of the first.
    marker: Option<Bytes>,
    /// The second has given what came before the marker.
    marker_due: bool,
}

impl Chain {
    fn new(first: Step, second: Step) -> Self {
        Self {
            first,
            second,
            middle: BytesMut::new(),
            first_finished: false,
            marker: None,
            marker_due: false,
        }
    }

    /// Moves on what is in the middle. Returns whether that was all.
    fn drain(&mut self, out: &mut BytesMut) -> bool {
        while !self.middle.is_empty() {
            let taken = self.second.push(&self.middle, out);
            if taken == 0 {
                return false;
            }
            self.middle.advance(taken);
        }
        true
    }
}

impl Transform for Chain {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let mut rest = input;
        while self.drain(out) {
            if self.marker.is_some() {
                self.marker_due = self.marker_due || self.second.finish(out);
                break;
            }
            self.middle.reserve(MIDDLE);
            let taken = self.first.push(rest, &mut self.middle);
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 && self.middle.is_empty() {
                self.marker = self.first.take_marker();
                if self.marker.is_none() {
                    break;
                }
            }
        }
        input.len() - rest.len()
    }

    fn finish(&mut self, out: &mut BytesMut) -> bool {
        if !self.drain(out) {
            return false;
        }
        if !self.first_finished {
            self.middle.reserve(MIDDLE);
            self.first_finished = self.first.finish(&mut self.middle);
            if !self.drain(out) || !self.first_finished {
                return false;
            }
        }
        self.first_finished = !self.second.finish(out);
        !self.first_finished
    }

    fn state(&self) -> State {
        match (self.first.state(), self.second.state()) {
            (State::Malformed, _) | (_, State::Malformed) => State::Malformed,
            (State::Unended, _) => State::Unended,
            _ if !self.middle.is_empty() => State::Unended,
            // The file would go on, but there is nothing that it could go on with.
            (State::Ended, State::Open) => State::Ended,
            (_, second) => second,
        }
    }

    fn take_marker(&mut self) -> Option<Bytes> {
        if core::mem::take(&mut self.marker_due) { self.marker.take() } else { None }
    }

    fn put_marker(&mut self, marker: &[u8], out: &mut BytesMut) -> bool {
        self.middle.is_empty() && self.second.put_marker(marker, out)
    }
}

impl fmt::Debug for Coder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_unchanged() { "Unchanged" } else { "Changed" })
    }
}
