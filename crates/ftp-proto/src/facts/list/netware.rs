//! Lines of servers on NetWare: what it is, trustee rights in brackets, owner, size, date, name.
//!
//! ```text
//! d [RWCEAFMS] eve                   512 Mar  4 16:03 attic
//! - [R----F--] eve                  1830 Mar  4  2019 notes.txt
//! ```

use super::clock::ListingClock;
use super::date::{self, Words};
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};
use bytes::Bytes;

/// Read, write, create, erase, access control, file scan, modify, supervisor.
const RIGHTS: &[u8] = b"RWCEAFMS-";

/// Reads one line. The heading, `total 0`, is that of `ls`.
pub(super) fn parse(line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
    entry(line, clock).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    let fields = Fields::split(line);
    let [what, rights, owner, size, date @ ..] = fields.as_slice() else { return None };
    let kind = match *what {
        b"d" => EntryKind::Directory,
        b"-" => EntryKind::File,
        _ => return None,
    };
    let rights = rights.strip_prefix(b"[")?.strip_suffix(b"]")?;
    if !rights.iter().all(|octet| RIGHTS.contains(octet)) {
        return None;
    }
    let size = decimal(size)?;
    let found = date::parse(date, Words::Known)?;
    let entry = Entry {
        kind,
        size: Some(size).filter(|_| kind == EntryKind::File),
        modify: found.date.resolve(clock),
        owner: Some(Bytes::copy_from_slice(owner)),
        ..Entry::default()
    };
    Some(named(entry, fields.after(4 + found.fields)?))
}
