//! Transforms: the same octets for every way to cut the input and every room in the output, and what a plain reading
//! of the table of conversions gives.

use super::{chunks, split_plan};
use crate::transform::ascii::{FromNetwork, NetworkLength, ToNetwork};
use crate::transform::{MIN_ROOM, State, Transform, block, record};
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

/// [`ascii_in_chunks`], with the lengths of the chunks taken from the start of `data`.
pub fn ascii(data: &[u8]) {
    let (plan, octets) = split_plan(data);
    ascii_in_chunks(plan, octets);
}

/// Converts `octets` both ways, in chunks of the lengths in `plan` and in one piece, with little room and with much,
/// and compares with a conversion octet by octet.
pub fn ascii_in_chunks(plan: &[u8], octets: &[u8]) {
    let (to, from) = (plain_to_network(octets), plain_from_network(octets));
    for room in [MIN_ROOM, 2 * octets.len() + MIN_ROOM] {
        for plan in [plan, &[], &[1]] {
            assert_eq!(run(&mut ToNetwork::new(), chunks(plan, octets), room), to, "to the wire");
            assert_eq!(run(&mut FromNetwork::new(), chunks(plan, octets), room), from, "from the wire");
        }
    }
    let mut length = NetworkLength::new();
    for chunk in chunks(plan, octets) {
        length.push(chunk);
    }
    assert_eq!(length.octets(), to.len() as u64, "the length that SIZE tells");
}

/// [`framing_in_chunks`], with the lengths of the chunks taken from the start of `data`.
pub fn framing(data: &[u8]) {
    let (plan, octets) = split_plan(data);
    framing_in_chunks(plan, octets);
}

/// STRU R and MODE B: `octets` as a file come back from a round over the wire, and as something that a peer sent they
/// are read in the same way however they are cut, to the end mark or to what is no framing.
pub fn framing_in_chunks(plan: &[u8], octets: &[u8]) {
    round_trip(record::ToNetwork::new(), record::FromNetwork::new(), plan, octets);
    for records in [false, true] {
        round_trip(block::ToNetwork::new(records), block::FromNetwork::new(records), plan, octets);
    }
}

fn round_trip(mut to: impl Transform + Clone, from: impl Transform + Clone, plan: &[u8], octets: &[u8]) {
    for room in [MIN_ROOM, 3 * octets.len() + MIN_ROOM] {
        let wire = run(&mut to, chunks(plan, octets), room);
        let back = read(from.clone(), chunks(plan, &wire), room);
        assert_eq!((back.octets.as_slice(), back.state), (octets, State::Ended), "over the wire and back");
        let mut more = wire;
        more.push(0);
        assert_eq!(
            read(from.clone(), chunks(plan, &more), room).taken,
            more.len() - 1,
            "behind the end mark"
        );
        let whole = read(from.clone(), core::iter::once(octets), 2 * octets.len() + MIN_ROOM);
        assert_eq!(read(from.clone(), chunks(plan, octets), room), whole, "what a peer sent");
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Read {
    octets: Vec<u8>,
    /// Each marker, and how many octets came before it.
    markers: Vec<(usize, Bytes)>,
    state: State,
    taken: usize,
}

/// What `transform` makes of what a peer sent.
fn read<'a>(mut transform: impl Transform, chunks: impl Iterator<Item = &'a [u8]>, room: usize) -> Read {
    let mut read = Read { octets: Vec::new(), markers: Vec::new(), state: transform.state(), taken: 0 };
    let mut out = BytesMut::with_capacity(room);
    for mut chunk in chunks {
        while !chunk.is_empty() && transform.state() == State::Unended {
            let taken = transform.push(chunk, &mut out);
            read.octets.extend_from_slice(&out);
            out.clear();
            let marker = transform.take_marker();
            assert!(taken > 0 || marker.is_some(), "no progress");
            read.markers.extend(marker.map(|marker| (read.octets.len(), marker)));
            read.taken += taken;
            chunk = &chunk[taken..];
        }
    }
    read.state = transform.state();
    read
}

/// What `transform` makes of `chunks`, through a buffer with that much room. It is used twice, since the end of one file
/// must leave nothing behind.
fn run<'a, T: Transform>(
    transform: &mut T,
    chunks: impl Iterator<Item = &'a [u8]> + Clone,
    room: usize,
) -> Vec<u8> {
    let first = run_once(transform, chunks.clone(), room);
    assert_eq!(run_once(transform, chunks, room), first, "the second time");
    first
}

fn run_once<'a>(
    transform: &mut impl Transform,
    chunks: impl Iterator<Item = &'a [u8]>,
    room: usize,
) -> Vec<u8> {
    let mut result = Vec::new();
    let mut out = BytesMut::with_capacity(room);
    let capacity = out.capacity();
    for mut chunk in chunks {
        while !chunk.is_empty() {
            let taken = transform.push(chunk, &mut out);
            assert!(taken > 0, "no progress with room for {capacity}");
            assert_eq!(out.capacity(), capacity, "the output buffer grew");
            assert_eq!(transform.state(), State::Open);
            result.extend_from_slice(&out);
            out.clear();
            chunk = &chunk[taken..];
        }
    }
    loop {
        let done = transform.finish(&mut out);
        assert!(done || !out.is_empty(), "no progress at the end");
        assert_eq!(out.capacity(), capacity, "the output buffer grew at the end");
        result.extend_from_slice(&out);
        out.clear();
        if done {
            return result;
        }
    }
}

fn plain_to_network(octets: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    for &octet in octets {
        if octet == b'\n' && result.last() != Some(&b'\r') {
            result.push(b'\r');
        }
        result.push(octet);
    }
    result
}

fn plain_from_network(octets: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = octets;
    while let Some((&first, after)) = rest.split_first() {
        let (octet, used) = match (first, after.first()) {
            (b'\r', Some(b'\n')) => (b'\n', 2),
            (b'\r', Some(0)) => (b'\r', 2),
            _ => (first, 1),
        };
        result.push(octet);
        rest = &rest[used..];
    }
    result
}
