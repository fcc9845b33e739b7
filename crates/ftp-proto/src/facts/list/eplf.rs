//! Easily Parsed LIST Format: `+`, facts that commas separate, a tab, and the name, as in
//! `+i8388621.48594,m825718503,r,s280,up644,<TAB>index.html`.

use super::clock::ListingClock;
use super::format::{NoEntry, finish, named};
use crate::facts::digits::{decimal, octal};
use crate::facts::{Entry, EntryKind, TimeVal};
use bytes::Bytes;

/// Reads one line.
pub(super) fn parse(line: &[u8], _clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8]) -> Option<Entry> {
    let facts = line.strip_prefix(b"+")?;
    let end = facts.iter().position(|&octet| octet == b'\t').or_else(|| {
        // Some servers write a space for the tab.
        facts.windows(2).position(|window| window == b", ").map(|at| at + 1)
    })?;
    let (facts, name) = facts.split_at_checked(end)?;
    let mut entry = Entry { kind: EntryKind::Other, ..Entry::default() };
    for fact in facts.split(|&octet| octet == b',') {
        take_fact(&mut entry, fact);
    }
    Some(named(entry, name.get(1..)?))
}

/// Facts that are not known, or make no sense, say nothing.
fn take_fact(entry: &mut Entry, fact: &[u8]) {
    match fact {
        b"/" => entry.kind = EntryKind::Directory,
        b"r" if entry.kind == EntryKind::Other => entry.kind = EntryKind::File,
        [b's', size @ ..] => entry.size = decimal(size),
        [b'm', time @ ..] => {
            entry.modify = decimal(time).and_then(|time| i64::try_from(time).ok()).map(TimeVal::from_seconds);
        }
        [b'i', unique @ ..] => entry.unique = Some(Bytes::copy_from_slice(unique)),
        [b'u', b'p', mode @ ..] => entry.unix_mode = octal(mode).map(|mode| (mode & 0o7777) as u16),
        _ => {}
    }
}
