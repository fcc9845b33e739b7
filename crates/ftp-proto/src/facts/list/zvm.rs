//! Lines of servers on z/VM (CMS): file name, file type, record format, record length, records, blocks, date, time, and
//! a label.
//!
//! ```text
//! PROFILE  EXEC     V         70         18          1 2024-03-04 16:03:11 DISK01
//! ATTIC             DIR        -          -          - 2024-03-04 16:03:11 -
//! ```

use super::clock::ListingClock;
use super::date::{self, Words};
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};
use alloc::vec::Vec;

/// Reads one line.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line, clock).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    let fields = Fields::split(line);
    let (name, kind, size, date) = match fields.as_slice() {
        [name, b"DIR", b"-", b"-", b"-", date @ ..] => (name.to_vec(), EntryKind::Directory, None, date),
        [name, of_type, format, length, records, blocks, date @ ..] => {
            let (length, records) = (decimal(length)?, decimal(records)?);
            decimal(blocks)?;
            (file_name(name, of_type), EntryKind::File, size(format, length, records)?, date)
        }
        _ => return None,
    };
    let found = date::parse(date, Words::Known).filter(|found| found.date.year.is_some())?;
    Some(named(Entry { kind, size, modify: found.date.resolve(clock), ..Entry::default() }, &name))
}

fn file_name(name: &[u8], of_type: &[u8]) -> Vec<u8> {
    [name, of_type].join(&b'.')
}

/// Only records of fixed length tell the size. The outer `None`: this is no record format.
fn size(format: &[u8], length: u64, records: u64) -> Option<Option<u64>> {
    match format {
        b"F" => Some(length.checked_mul(records)),
        b"V" => Some(None),
        _ => None,
    }
}
