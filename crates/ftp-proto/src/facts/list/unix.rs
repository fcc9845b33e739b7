//! Lines of `ls -l` and of servers that imitate it.
//!
//! Every line has a mode (`drwxr-xr-x`), the name at the end, and mostly a size and a date before the name. What else
//! there is differs: an inode and blocks before the mode, links, owner and group (whose names may have blanks), the two
//! numbers of a device instead of the size. So the date is looked for first, and the rest is told by its place.

use super::clock::ListingClock;
use super::date::{self, Found, Words};
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};
use bytes::Bytes;

/// Reads one line.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    let fields = Fields::split(line);
    let entry = Mode::find(&fields).and_then(|(mode, at)| entry(&fields, mode, at, clock));
    match entry {
        Some(entry) => finish(entry),
        None if is_total(fields.as_slice()) => Err(NoEntry::Heading),
        None => Err(NoEntry::Foreign),
    }
}

/// `total 12`, in any language.
fn is_total(fields: &[&[u8]]) -> bool {
    match fields {
        [word, number] => decimal(number).is_some() && word.iter().all(|octet| !octet.is_ascii_digit()),
        _ => false,
    }
}

fn entry(fields: &Fields<'_>, mode: Mode, at: usize, clock: &ListingClock) -> Option<Entry> {
    let details = fields.from(at + 1);
    let (before_date, found) = match find_date(details) {
        Some((nth, found)) => (nth, Some(found)),
        // No date at all: links, owner, group, size and the name, or it could be anything.
        None => (4, None),
    };
    let modify = found.and_then(|found| found.date.resolve(clock));
    let used = found.map_or(0, |found| found.fields);
    let mut name = fields.after(at + 1 + before_date + used)?;
    if found.is_some_and(|found| found.fields == 1) {
        // A date alone is padded by a blank where a time would be.
        name = name.strip_prefix(b" ").unwrap_or(name);
    }
    let mut entry =
        Entry { kind: mode.kind, unix_mode: mode.bits, links: mode.links, modify, ..Entry::default() };
    if !take_details(&mut entry, details.get(..before_date)?) && found.is_none() {
        return None;
    }
    take_name(&mut entry, name);
    Some(entry)
}

/// The date, which a number precedes: the size. Mostly it follows links, owner, group and size; then it is looked for
/// before that, and at last after that, since groups' names may have blanks. Months whose names are known come first.
fn find_date(details: &[&[u8]]) -> Option<(usize, Found)> {
    let after_number = |nth: &usize| {
        let before = nth.checked_sub(1).and_then(|before| details.get(before));
        before.is_none_or(|field| field.last().is_some_and(u8::is_ascii_digit))
    };
    let find = |words| {
        let places = (0..=4).rev().chain(5..details.len());
        places.filter(after_number).find_map(|nth| Some((nth, date::parse(details.get(nth..)?, words)?)))
    };
    find(Words::Known).or_else(|| find(Words::Any))
}

/// Takes links, owner, group and size. Returns whether all of them are there.
fn take_details(entry: &mut Entry, details: &[&[u8]]) -> bool {
    let Some((&last, mut accounts)) = details.split_last() else { return false };
    let size = decimal(last);
    let is_device = match accounts.split_last() {
        // `8, 0`: the numbers of a device.
        Some((major, before)) if major.strip_suffix(b",").is_some_and(|major| decimal(major).is_some()) => {
            accounts = before;
            true
        }
        _ => last.contains(&b','),
    };
    entry.size = size.filter(|_| !is_device);
    if entry.links.is_none()
        && let Some((&first, after)) = accounts.split_first()
        && let Some(links) = decimal(first).filter(|_| accounts.len() > 1)
    {
        entry.links = Some(links);
        accounts = after;
    }
    if let Some((&owner, groups)) = accounts.split_first() {
        entry.owner = Some(Bytes::copy_from_slice(owner));
        entry.group = (!groups.is_empty()).then(|| Bytes::from(groups.join(&b' ')));
    }
    entry.links.is_some() && entry.group.is_some() && (size.is_some() || is_device)
}

fn take_name(entry: &mut Entry, name: &[u8]) {
    if entry.kind == EntryKind::SymbolicLink
        && let Some((name, target)) = split_link(name, entry.size)
    {
        entry.target = Some(Bytes::copy_from_slice(target));
        *entry = named(core::mem::take(entry), name);
        return;
    }
    let slashes = name.iter().rev().take_while(|&&octet| octet == b'/' && entry.kind.is_directory()).count();
    *entry = named(core::mem::take(entry), name.get(..name.len() - slashes).unwrap_or(name));
}

/// Cuts `name -> target` in two. Both can have an arrow in them: the size of a link is the length of its target, and
/// where no cut fits that, the first arrow is it.
fn split_link(name: &[u8], size: Option<u64>) -> Option<(&[u8], &[u8])> {
    const ARROW: &[u8] = b" -> ";
    let cuts = || {
        let arrows = name.windows(ARROW.len()).enumerate().filter(|&(_, window)| window == ARROW);
        arrows.filter_map(|(at, _)| Some((name.get(..at)?, name.get(at + ARROW.len()..)?)))
    };
    let fits = |&(_, target): &(&[u8], &[u8])| size == Some(target.len() as u64);
    cuts().find(fits).or_else(|| cuts().next())
}

/// The mode: what it is, who may do what.
#[derive(Debug, Clone, Copy)]
struct Mode {
    kind: EntryKind,
    bits: Option<u16>,
    /// Some servers leave no blank between mode and links.
    links: Option<u64>,
}

impl Mode {
    /// The mode and which field it is: there may be an inode and blocks before it.
    fn find(fields: &Fields<'_>) -> Option<(Self, usize)> {
        let at = fields.as_slice().iter().take(2).take_while(|field| decimal(field).is_some()).count();
        Some((Self::parse(fields.from(at).first()?)?, at))
    }

    fn parse(field: &[u8]) -> Option<Self> {
        let (kind, rest) = field.split_first()?;
        let kind = match kind {
            b'-' => EntryKind::File,
            b'd' => EntryKind::Directory,
            b'l' => EntryKind::SymbolicLink,
            b'b' | b'c' | b'p' | b's' | b'D' | b'n' | b'w' | b'P' | b'C' | b'M' | b'?' => EntryKind::Other,
            _ => return None,
        };
        let (letters, rest) = rest.split_at_checked(9)?;
        // Marks of access control lists and the like.
        let marks = rest.iter().take_while(|mark| b"+.@*".contains(mark)).count();
        let rest = rest.get(marks..)?;
        let links = decimal(rest);
        if links.is_none() && !rest.is_empty() {
            return None;
        }
        Some(Self { kind, bits: permission_bits(letters)?, links })
    }
}

/// Nine letters as bits. The outer `None`: these are no permissions. The inner: they are, but some cannot be told.
fn permission_bits(letters: &[u8]) -> Option<Option<u16>> {
    if letters.iter().all(|&letter| letter == b'?') {
        return Some(None);
    }
    let mut bits = 0;
    for (nth, class) in letters.chunks(3).enumerate() {
        let [read, write, execute] = class else { return None };
        let shift = 6 - 3 * nth;
        let special = 0o4000 >> nth;
        let value = flag(*read, b'r')? << 2 | flag(*write, b'w')? << 1;
        let (execute, special) = match execute {
            b'-' => (0, 0),
            b'x' => (1, 0),
            b's' | b't' => (1, special),
            b'S' | b'T' | b'l' | b'L' => (0, special),
            _ => return None,
        };
        bits |= (value | execute) << shift | special;
    }
    Some(Some(bits))
}

fn flag(letter: u8, set: u8) -> Option<u16> {
    match letter {
        b'-' => Some(0),
        _ if letter == set => Some(1),
        _ => None,
    }
}
