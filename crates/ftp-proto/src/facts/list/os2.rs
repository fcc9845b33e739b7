//! Lines of servers on OS/2: size, attributes, date, time, name.
//!
//! ```text
//!     0           DIR   04-11-95   16:26  attic
//!  1830      A          07-28-95   16:45  notes.txt
//! ```

use super::clock::{ListedDate, ListingClock};
use super::date::time;
use super::dos::date;
use super::fields::{Fields, is_blank};
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};

/// Attributes (archived, hidden, read-only, system), and what is a directory.
const ATTRIBUTES: &[u8] = b"AHRS";
const DIRECTORY: &[u8] = b"DIR";

/// Reads one line.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line, clock).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    let fields = Fields::split(line);
    let (size, others) = fields.as_slice().split_first()?;
    let size = decimal(size)?;
    let is_mark =
        |field: &&&[u8]| **field == DIRECTORY || field.iter().all(|octet| ATTRIBUTES.contains(octet));
    let marks = others.iter().take_while(is_mark).count();
    let [day, at, ..] = others.get(marks..)? else { return None };
    let modify = ListedDate { time: Some(time(at)?), ..date(day)? }.resolve(clock);
    let name = fields.after(marks + 3)?;
    let name = name.strip_prefix(b" ").unwrap_or(name);
    let is_directory = others.get(..marks)?.contains(&DIRECTORY);
    let entry = if is_directory {
        Entry { kind: EntryKind::Directory, modify, ..Entry::default() }
    } else {
        Entry { kind: EntryKind::File, size: Some(size), modify, ..Entry::default() }
    };
    (!name.first().is_some_and(|&octet| is_blank(octet))).then(|| named(entry, name))
}
