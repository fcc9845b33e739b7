//! Lines of servers on OS/400 (IBM i): owner, size, date, time, type, name; where something is not known the column is
//! blank.
//!
//! ```text
//! EVE            36864 24/03/04 16:03:11 *DIR       attic/
//! EVE             1830 24/03/04 16:03:11 *STMF      notes.txt
//! EVE                                    *MEM       SOURCE.FILE/MAIN.MBR
//! ```
//!
//! The server's job decides the order of day, month and year. A date that can be read in two ways is not known.

use super::clock::{ListedDate, ListingClock};
use super::date::{small, time};
use super::dos::year;
use super::fields::{Fields, is_blank};
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind, TimeVal};
use bytes::Bytes;

/// Reads one line.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line, clock).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    let fields = Fields::split(line);
    let at = fields.as_slice().iter().take(5).position(|field| is_object_type(field))?;
    let (details, [object_type, ..]) = fields.as_slice().split_at_checked(at)? else { return None };
    let mut entry = Entry { kind: kind(object_type), ..Entry::default() };
    let details = match details {
        [before @ .., of_day, at] if time(at).is_some() => {
            entry.modify = moment(of_day, time(at)?, clock);
            before
        }
        details => details,
    };
    let owner = match details {
        [] => None,
        [owner] => Some(owner),
        [owner, size] => {
            entry.size = Some(decimal(size)?);
            Some(owner)
        }
        _ => return None,
    };
    entry.owner = owner.map(|owner| Bytes::copy_from_slice(owner));
    let name = fields.after(at + 1)?;
    let start = name.iter().position(|&octet| !is_blank(octet))?;
    let name = name.get(start..)?;
    Some(named(entry, name.strip_suffix(b"/").unwrap_or(name)))
}

/// `*STMF`.
fn is_object_type(field: &[u8]) -> bool {
    field.strip_prefix(b"*").is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_uppercase))
}

fn kind(object_type: &[u8]) -> EntryKind {
    match object_type {
        b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR" => EntryKind::Directory,
        b"*FILE" | b"*MEM" | b"*STMF" | b"*DSTMF" | b"*DOC" => EntryKind::File,
        b"*SYMLNK" => EntryKind::SymbolicLink,
        _ => EntryKind::Other,
    }
}

/// The one moment, not after now, that the date can mean.
fn moment(date: &[u8], time: (u8, u8, u8), clock: &ListingClock) -> Option<TimeVal> {
    let mut parts = date.split(|octet| b"/-.".contains(octet));
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let orders = [(first, second, third), (third, first, second), (third, second, first)];
    let mut found = orders.into_iter().filter_map(|(of_year, month, day)| {
        let date = ListedDate {
            year: Some(year(of_year)?),
            month: Some(small(month, 12)?),
            day: small(day, 31)?,
            time: Some(time),
            utc_offset: None,
        };
        date.resolve(clock)
            .filter(|moment| moment.seconds_since_epoch <= clock.now.seconds_since_epoch + 86_400)
    });
    let only = found.next()?;
    found.all(|other| other == only).then_some(only)
}
