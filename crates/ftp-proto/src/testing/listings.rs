//! Listings: the same entries for every way to cut them, nothing beyond the limits, and nothing that cannot be written
//! again in one line.

use super::{chunks, split_plan};
use crate::facts::list::{
    LineFormat, ListingClock, ListingError, ListingFormat, ListingLimits, ListingReader, parse_line,
    write_name, write_unix,
};
use crate::facts::{Entry, FactSet, TimeVal, glob, mlst};
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

const LIMITS: ListingLimits = ListingLimits { line: 96, entries: 20, octets: 2000 };

/// [`listing_in_chunks`], with the format and the lengths of the chunks taken from the start of `data`.
pub fn listing(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else { return };
    let format = [ListingFormat::Mlsd, ListingFormat::List, ListingFormat::Nlst][usize::from(choice % 3)];
    let (plan, octets) = split_plan(data);
    listing_in_chunks(format, plan, octets);
}

/// Reads `octets` in chunks of the lengths in `plan`, in one piece and octet by octet, and compares.
pub fn listing_in_chunks(format: ListingFormat, plan: &[u8], octets: &[u8]) {
    let read = read(format, chunks(plan, octets));
    assert_eq!(read, self::read(format, chunks(&[1], octets)), "octet by octet");
    // In one piece, too much is noticed before anything is read.
    if octets.len() as u64 <= LIMITS.octets {
        let whole = self::read(format, core::iter::once(octets));
        assert_eq!(read, whole, "in one piece");
    }
    let lines = octets.split(|&octet| octet == b'\n').count();
    assert!(read.entries.len() as u64 + read.skipped <= lines as u64, "more than there are lines");
    assert!(read.entries.len() as u64 <= LIMITS.entries);
    assert!(read.first_skipped.is_none_or(|line| line.len() <= LIMITS.line));
    for entry in &read.entries {
        assert!(entry.name.len() <= LIMITS.line);
        check(entry);
    }
}

/// What can be told about a reader when it is done.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    result: Result<(), ListingError>,
    entries: Vec<Entry>,
    skipped: u64,
    first_skipped: Option<Bytes>,
    format: Option<LineFormat>,
}

fn read<'a>(format: ListingFormat, chunks: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut reader = ListingReader::new(format, clock(), LIMITS);
    let mut entries = Vec::new();
    let mut result = Ok(());
    for chunk in chunks {
        result = result.and_then(|()| reader.push(chunk, &mut entries));
    }
    result = result.and_then(|()| reader.finish(&mut entries));
    Read {
        result,
        entries,
        skipped: reader.skipped(),
        first_skipped: reader.first_skipped().map(Bytes::copy_from_slice),
        format: reader.line_format(),
    }
}

/// Reads `line` as an entry of LIST and of MLSx, and what is read is written again.
pub fn listing_line(line: &[u8]) {
    if let Some(entry) = parse_line(line, &clock()) {
        check(&entry);
    }
    if let Some(entry) = mlst::parse(line)
        && !line.iter().any(|octet| b"\r\n\0".contains(octet))
    {
        let written = write_mlsx(&entry);
        let again = mlst::parse(&written);
        let normal = again.expect("what was written is read");
        assert_eq!(normal.name, entry.name);
        assert_eq!(mlst::parse(&write_mlsx(&normal)), Some(normal), "once written, nothing changes");
    }
}

/// Reads a pattern and a name, with a zero octet between them, and matches.
pub fn pattern(data: &[u8]) {
    let mut parts = data.splitn(2, |&octet| octet == 0);
    let (pattern, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(pattern) = glob::Pattern::parse(pattern) else { return };
    let _ = pattern.matches(name);
}

/// 2024-07-01T12:00:00Z.
fn clock() -> ListingClock {
    ListingClock::utc(TimeVal::from_seconds(1_719_835_200))
}

fn write_mlsx(entry: &Entry) -> BytesMut {
    let mut out = BytesMut::new();
    assert!(mlst::write_entry(entry, FactSet::ALL, &mut out), "a name that was read can be written");
    out
}

/// An entry of a reader can be asked for, and makes one line in every format.
fn check(entry: &Entry) {
    assert!(!entry.name.is_empty());
    assert!(!entry.name.iter().any(|octet| b"\r\n\0".contains(octet)), "no way to ask for it");
    let mut lines = BytesMut::new();
    write_unix(entry, clock().now, &mut lines);
    assert!(write_name(&entry.name, &mut lines));
    assert!(mlst::write_line(entry, FactSet::ALL, &mut lines));
    assert_eq!(lines.iter().filter(|octet| b"\r\n\0".contains(octet)).count(), 6, "three lines");
}
