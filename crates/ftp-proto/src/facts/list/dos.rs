//! Lines of `dir`, as IIS and other servers on Windows and DOS write them:
//!
//! ```text
//! 01-31-20  12:10PM       <DIR>          name
//! 2020-01-31  12:10             1,234,567 name
//! ```

use super::clock::{ListedDate, ListingClock};
use super::date::time;
use super::fields::{Fields, is_blank};
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};
use bytes::Bytes;

/// Reads one line.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line, clock).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    let fields = Fields::split(line);
    let (&date_field, &time_field, &third) =
        (fields.as_slice().first()?, fields.as_slice().get(1)?, fields.as_slice().get(2)?);
    let apart = half_of_day(third).is_some();
    let time = if apart { time_of_day(time_field, third) } else { time_with_half(time_field) }?;
    let date = ListedDate { time: Some(time), ..date(date_field)? };
    let before = if apart { 3 } else { 2 };
    let what = fields.from(before).first()?;
    let rest = fields.after(before + 1)?;
    let entry = Entry { modify: date.resolve(clock), ..Entry::default() };
    match KINDS.iter().find(|(mark, _)| what.eq_ignore_ascii_case(mark)) {
        Some(&(_, kind)) => Some(directory_or_link(Entry { kind, ..entry }, rest)),
        None => Some(named(Entry { kind: EntryKind::File, size: Some(grouped(what)?), ..entry }, rest)),
    }
}

const KINDS: [(&[u8], EntryKind); 4] = [
    (b"<DIR>", EntryKind::Directory),
    (b"<JUNCTION>", EntryKind::SymbolicLink),
    (b"<SYMLINKD>", EntryKind::SymbolicLink),
    (b"<SYMLINK>", EntryKind::SymbolicLink),
];

/// After `<DIR>` the column of sizes is padded with blanks, so a blank before the name cannot be told from those. A
/// link's target is in brackets.
fn directory_or_link(entry: Entry, rest: &[u8]) -> Entry {
    let start = rest.iter().position(|&octet| !is_blank(octet)).unwrap_or(rest.len());
    let name = rest.get(start..).unwrap_or_default();
    let bracketed = || {
        let inner = name.strip_suffix(b"]")?;
        let at = inner.windows(2).position(|window| window == b" [")?;
        Some((inner.get(..at)?, inner.get(at + 2..)?))
    };
    match bracketed().filter(|_| entry.kind == EntryKind::SymbolicLink) {
        Some((name, target)) => named(Entry { target: Some(Bytes::copy_from_slice(target)), ..entry }, name),
        None => named(entry, name),
    }
}

/// `01-31-20`, `01-31-2020`, `01/31/2020`, `31.01.2020`, `2020-01-31`. Where the order is open, the month is first, as
/// IIS has it; with full stops, the day.
pub(super) fn date(field: &[u8]) -> Option<ListedDate> {
    let separator = *field.iter().find(|octet| !octet.is_ascii_digit())?;
    if !b"-/.".contains(&separator) {
        return None;
    }
    let mut parts = field.split(|&octet| octet == separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let two =
        |part: &[u8]| decimal(part).filter(|_| part.len() <= 2).and_then(|number| u8::try_from(number).ok());
    let (year, mut month, mut day) = match separator {
        _ if first.len() == 4 => (year(first)?, two(second)?, two(third)?),
        b'.' => (year(third)?, two(second)?, two(first)?),
        _ => (year(third)?, two(first)?, two(second)?),
    };
    if month > 12 && day <= 12 {
        core::mem::swap(&mut month, &mut day);
    }
    let possible = (1..=12).contains(&month) && (1..=31).contains(&day);
    possible.then_some(ListedDate { year: Some(year), month: Some(month), day, ..ListedDate::default() })
}

/// Four digits, or two: 70 to 99 are of the twentieth century.
pub(super) fn year(digits: &[u8]) -> Option<u16> {
    let number = u16::try_from(decimal(digits)?).ok()?;
    match digits.len() {
        4 => Some(number),
        2 if number >= 70 => Some(1900 + number),
        2 => Some(2000 + number),
        _ => None,
    }
}

/// `12:10PM`, `12:10p`, `12:10`.
fn time_with_half(field: &[u8]) -> Option<(u8, u8, u8)> {
    let letters = field.iter().rev().take_while(|octet| octet.is_ascii_alphabetic()).count();
    let (digits, half) = field.split_at_checked(field.len() - letters)?;
    if half.is_empty() { time(digits) } else { time_of_day(digits, half) }
}

fn time_of_day(digits: &[u8], half: &[u8]) -> Option<(u8, u8, u8)> {
    let (hour, minute, second) = time(digits)?;
    let hour = match (half_of_day(half)?, hour) {
        (_, 13..) => hour,
        (Half::Morning, _) => hour % 12,
        (Half::Afternoon, _) => hour % 12 + 12,
    };
    Some((hour, minute, second))
}

enum Half {
    Morning,
    Afternoon,
}

fn half_of_day(text: &[u8]) -> Option<Half> {
    let is = |names: [&[u8]; 2]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is([b"AM", b"A"]) {
        Some(Half::Morning)
    } else if is([b"PM", b"P"]) {
        Some(Half::Afternoon)
    } else {
        None
    }
}

/// A size, with separators between groups of three digits perhaps: comma, full stop, apostrophe, or no-break space in
/// the code pages that servers use.
fn grouped(field: &[u8]) -> Option<u64> {
    let is_separator = |octet: u8| matches!(octet, b',' | b'.' | b'\'' | 0xa0 | 0xff);
    let mut groups =
        field.split(|&octet| is_separator(octet)).map(|group| group.strip_suffix(b"\xc2").unwrap_or(group));
    let first = groups.next()?;
    groups.try_fold(decimal(first)?, |number, group| {
        let value = decimal(group).filter(|_| group.len() == 3)?;
        number.checked_mul(1000)?.checked_add(value)
    })
}
