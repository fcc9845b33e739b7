//! Members of a partitioned data set, as servers on MVS and z/OS write them:
//!
//! ```text
//!  Name     VV.MM   Created       Changed      Size  Init   Mod   Id
//! COMPILE   01.03 2023/09/12 2024/03/04 16:03    11    11     0 EVE
//! NOSTATS
//! ```
//!
//! Without statistics a member is a name and nothing else. So the heading has to say that these are members.

use super::clock::{ListedDate, ListingClock};
use super::date::time;
use super::dos::date;
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use super::mvs_dataset::is_qualifier;
use crate::facts::Entry;
use crate::facts::digits::decimal;
use bytes::Bytes;

/// Reads one line of a listing of which nothing is known.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    let fields = Fields::split(line);
    match fields.as_slice() {
        [b"Name", b"VV.MM", ..] | [b"Name", b"Size", b"TTR", ..] => Err(NoEntry::Heading),
        fields => with_statistics(fields, clock).ok_or(NoEntry::Foreign).and_then(finish),
    }
}

/// Likewise after the heading.
pub(super) fn parse_after_heading(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    parse(line, clock).or_else(|why| match Fields::split(line).as_slice() {
        [name] if is_qualifier(name) => finish(named(Entry::default(), name)),
        [name, size, ..] if is_qualifier(name) && is_hexadecimal(size) => {
            finish(named(Entry::default(), name))
        }
        _ => Err(why),
    })
}

/// Sizes are counted in records.
fn with_statistics(fields: &[&[u8]], clock: &ListingClock) -> Option<Entry> {
    let [name, version, created, changed, at, _size, _initial, _modified, rest @ ..] = fields else {
        return None;
    };
    if !is_qualifier(name) || !version.split(|&octet| octet == b'.').all(|part| decimal(part).is_some()) {
        return None;
    }
    let changed = ListedDate { time: Some(time(at)?), ..date(changed)? };
    let entry = Entry {
        modify: changed.resolve(clock),
        create: date(created)?.resolve(clock),
        owner: rest.first().map(|id| Bytes::copy_from_slice(id)),
        ..Entry::default()
    };
    Some(named(entry, name))
}

/// The size of a load module: eight digits, or six.
fn is_hexadecimal(field: &[u8]) -> bool {
    matches!(field.len(), 6 | 8) && field.iter().all(u8::is_ascii_hexdigit)
}
