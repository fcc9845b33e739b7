//! Lines of `DIRECTORY`, as servers on OpenVMS write them. A name that is too long for its column has a line of its
//! own, and the rest follows on the next:
//!
//! ```text
//! Directory DISK$USER:[EVE]
//!
//! NOTES.TXT;2               3/6   4-MAR-2024 16:03:11  [STAFF,EVE]  (RWED,RWED,RE,)
//! A_NAME_THAT_IS_LONGER_THAN_ITS.COLUMN;1
//!                         213/216  29-JAN-2024 03:33  [EVE]  (RWED,RWED,,)
//! Total of 2 files, 216/222 blocks.
//! ```
//!
//! Names keep their version: each version is a file of its own. Sizes are in blocks, which says too little to be a size
//! in octets.

use super::clock::{ListedDate, ListingClock};
use super::date::{small, time, year};
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use super::months;
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};
use bytes::Bytes;

/// Reads one line, or two that belong together.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    let fields = Fields::split(line);
    match fields.as_slice() {
        [b"Directory", place] if place.ends_with(b"]") => Err(NoEntry::Heading),
        [b"Total", b"of", number, ..] if decimal(number).is_some() => Err(NoEntry::Heading),
        [b"Grand", b"total", b"of", ..] => Err(NoEntry::Heading),
        [name] if split_version(name).is_some() => Err(NoEntry::Begun),
        [name, details @ ..] => entry(name, details, clock).ok_or(NoEntry::Foreign).and_then(finish),
        [] => Err(NoEntry::Foreign),
    }
}

fn entry(name: &[u8], details: &[&[u8]], clock: &ListingClock) -> Option<Entry> {
    let bare = split_version(name)?;
    let mut entry = match bare.strip_suffix(b".DIR") {
        Some(directory) => named(Entry { kind: EntryKind::Directory, ..Entry::default() }, directory),
        None => named(Entry::default(), without_directory(name)),
    };
    // `%RMS-E-PRV, insufficient privilege`: it is there, and that is all.
    if details.first()?.starts_with(b"%") {
        return Some(entry);
    }
    let after_size = if is_size(details.first()?) { details.get(1..)? } else { details };
    let (first, after_date) = after_size.split_first()?;
    let date = ListedDate { time: after_date.first().and_then(|field| time(field)), ..date(first)? };
    entry.modify = date.resolve(clock);
    take_owner(&mut entry, after_date);
    Some(entry)
}

/// The name without directory and version; `None` if there is no version.
fn split_version(name: &[u8]) -> Option<&[u8]> {
    let at = name.iter().rposition(|&octet| octet == b';')?;
    let (bare, version) = name.split_at_checked(at)?;
    decimal(version.get(1..)?)?;
    Some(without_directory(bare))
}

/// `[EVE.ATTIC]NOTES.TXT;1` is a file called `NOTES.TXT;1`.
fn without_directory(name: &[u8]) -> &[u8] {
    name.rsplit(|&octet| octet == b']').next().unwrap_or(name)
}

/// `3`, `3/6`: blocks used, and allocated.
fn is_size(field: &[u8]) -> bool {
    field.splitn(2, |&octet| octet == b'/').all(|part| decimal(part).is_some())
}

/// `4-MAR-2024`.
fn date(field: &[u8]) -> Option<ListedDate> {
    let mut parts = field.split(|&octet| octet == b'-');
    let (day, month, of_year) = (parts.next()?, parts.next()?, parts.next()?);
    let found = ListedDate {
        year: Some(year(of_year)?),
        month: Some(months::from_name(month)?),
        day: small(day, 31)?,
        ..ListedDate::default()
    };
    parts.next().is_none().then_some(found)
}

/// `[EVE]`, `[STAFF,EVE]`.
fn take_owner(entry: &mut Entry, fields: &[&[u8]]) {
    let bracketed = |field: &&[u8]| field.strip_prefix(b"[")?.strip_suffix(b"]").map(Bytes::copy_from_slice);
    let Some(account) = fields.iter().find_map(bracketed) else { return };
    let comma = account.iter().position(|&octet| octet == b',');
    entry.owner = Some(account.slice(comma.map_or(0, |at| at + 1)..));
    entry.group = comma.map(|at| account.slice(..at));
}
