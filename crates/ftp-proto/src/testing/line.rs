//! Framing: the same lines for every way to cut the stream, nothing beyond the limits, and what a plain reading of the
//! whole stream gives.

use super::{chunks, split_plan};
use crate::wire::{Line, LineBuffer, LineError, LineLimits};
use alloc::vec::Vec;
use bytes::Bytes;

const LIMITS: LineLimits = LineLimits { max_line: 48, max_buffered: 64 };
/// No line of a fuzzer's input is too long for these.
const WIDE: LineLimits = LineLimits { max_line: 1 << 20, max_buffered: 1 << 20 };

/// [`line_framing_in_chunks`], with the lengths of the chunks taken from the start of `data`.
pub fn line_framing(data: &[u8]) {
    let (plan, stream) = split_plan(data);
    line_framing_in_chunks(plan, stream);
}

/// Frames `stream` in chunks of the lengths in `plan`, in one piece, octet by octet, and by a plain reading, and
/// compares.
pub fn line_framing_in_chunks(plan: &[u8], stream: &[u8]) {
    let framed = frame(LIMITS, chunks(plan, stream));
    assert_eq!(framed, frame(LIMITS, chunks(&[], stream)), "in one piece");
    assert_eq!(framed, frame(LIMITS, chunks(&[1], stream)), "octet by octet");
    for line in framed.0.iter().flatten() {
        assert!(line.as_bytes().len() <= LIMITS.max_line);
        assert!(!line.as_bytes().contains(&b'\n') && !line.as_bytes().contains(&0));
    }
    assert_eq!(frame(WIDE, chunks(plan, stream)).0, plain_reading(stream), "with no line too long");
}

type Framed = Vec<Result<Line, LineError>>;

/// The lines, and the refusals of Telnet options.
fn frame<'a>(limits: LineLimits, chunks: impl Iterator<Item = &'a [u8]>) -> (Framed, Bytes) {
    let mut buffer = LineBuffer::new(limits);
    let (mut lines, mut refusals) = (Vec::new(), Vec::new());
    for mut chunk in chunks {
        while !chunk.is_empty() {
            let taken = buffer.push(chunk);
            assert!(buffer.residue() <= limits.max_buffered, "more is buffered than allowed");
            chunk = &chunk[taken..];
            let before = lines.len();
            while let Some(line) = buffer.next_line() {
                lines.push(line);
                refusals.extend(buffer.take_telnet_replies());
            }
            refusals.extend(buffer.take_telnet_replies());
            assert!(taken > 0 || lines.len() > before, "no octet is taken and no line comes");
        }
    }
    (lines, refusals.concat().into())
}

/// A reading of the whole stream that has no limits and no state to lose.
fn plain_reading(stream: &[u8]) -> Framed {
    let mut lines = Vec::new();
    let (mut line, mut interrupt) = (Vec::new(), false);
    let mut rest = stream;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet == 0xFF {
            rest = match after {
                [] => break,
                [0xFF, after @ ..] => {
                    line.push(0xFF);
                    after
                }
                [0xFB..=0xFE, after @ ..] => after.get(1..).unwrap_or_default(),
                [0xFA, after @ ..] => end_of_subnegotiation(after),
                [command @ 0xF0..=0xF9, after @ ..] => {
                    interrupt |= matches!(command, 0xF4 | 0xF2);
                    after
                }
                _ => {
                    line.push(0xFF);
                    after
                }
            };
        } else if octet == b'\n' {
            lines.push(plain_line(&line).map(|octets| Line::new(octets, interrupt)));
            line.clear();
            interrupt = false;
        } else {
            line.push(octet);
        }
    }
    lines
}

fn end_of_subnegotiation(mut rest: &[u8]) -> &[u8] {
    while let Some((&octet, after)) = rest.split_first() {
        rest = match (octet, after) {
            (0xFF, [0xF0, after @ ..]) => return after,
            (0xFF, [_, after @ ..]) => after,
            _ => after,
        };
    }
    rest
}

fn plain_line(line: &[u8]) -> Result<Bytes, LineError> {
    let mut octets = Vec::new();
    let mut after_cr = false;
    for &octet in line.strip_suffix(b"\r").unwrap_or(line) {
        match octet {
            0 if !after_cr => return Err(LineError::ForbiddenOctet { octet }),
            0 => {}
            _ => octets.push(octet),
        }
        after_cr = octet == b'\r';
    }
    Ok(octets.into())
}
