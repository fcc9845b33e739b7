//! Data sets, as servers on MVS and z/OS write them:
//!
//! ```text
//! Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
//! WORK01 3390   2024/03/04  1   15  FB      80  6160  PO  EVE.SOURCE
//! Migrated                                                EVE.OLD.DATA
//! Pseudo Directory                                        EVE.ATTIC
//! ```
//!
//! A partitioned data set is a directory: it has members. The date is that of the last reference, and space is counted
//! in tracks: neither is a fact that an [`Entry`] has.

use super::clock::ListingClock;
use super::fields::Fields;
use super::format::{NoEntry, finish, named};
use crate::facts::digits::decimal;
use crate::facts::{Entry, EntryKind};

/// Reads one line.
pub(super) fn parse(line: &[u8], _clock: &ListingClock) -> Result<Entry, NoEntry> {
    let fields = Fields::split(line);
    let fields = fields.as_slice();
    if fields.first() == Some(&&b"Volume"[..]) && fields.last() == Some(&&b"Dsname"[..]) {
        return Err(NoEntry::Heading);
    }
    entry(fields).ok_or(NoEntry::Foreign).and_then(finish)
}

fn entry(fields: &[&[u8]]) -> Option<Entry> {
    let (&name, attributes) = fields.split_last().filter(|(name, _)| is_dataset_name(name))?;
    let kind = remark(attributes).or_else(|| organization(attributes))?;
    Some(named(Entry { kind, ..Entry::default() }, name))
}

/// What stands for the attributes of a data set that is not on a disk at hand.
const REMARKS: [(&[&[u8]], EntryKind); 6] = [
    (&[b"Migrated"], EntryKind::File),
    (&[b"Pseudo", b"Directory"], EntryKind::Directory),
    (&[b"Tape"], EntryKind::File),
    (&[b"Not", b"Direct", b"Access", b"Device"], EntryKind::File),
    (&[b"Not", b"Mounted"], EntryKind::File),
    (&[b"Error", b"determining", b"attributes"], EntryKind::Other),
];

/// A remark, after the volume perhaps.
fn remark(attributes: &[&[u8]]) -> Option<EntryKind> {
    let after_volume =
        attributes.get(1..).filter(|_| attributes.first().is_some_and(|field| is_volume(field)));
    let is = |words: &[&[u8]]| attributes == words || after_volume == Some(words);
    REMARKS.iter().find(|(words, _)| is(words)).map(|&(_, kind)| kind)
}

fn is_volume(field: &[u8]) -> bool {
    field.len() <= 6
        && field
            .iter()
            .all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit() || b"$#@*".contains(octet))
}

/// The data set's organization, which is before its name. The unit may be missing.
fn organization(attributes: &[&[u8]]) -> Option<EntryKind> {
    if let [volume, _unit, b"VSAM"] = attributes {
        return is_volume(volume).then_some(EntryKind::Other);
    }
    let (volume, [.., referred, _extents, _used, format, record, block, organization]) =
        attributes.split_first()?
    else {
        return None;
    };
    let in_place = matches!(attributes.len(), 8 | 9)
        && is_volume(volume)
        && (referred.starts_with(b"**") || referred.split(|&octet| octet == b'/').count() == 3)
        && format.iter().all(u8::is_ascii_uppercase)
        && decimal(record).is_some()
        && decimal(block).is_some();
    match organization.get(..2).filter(|_| in_place)? {
        b"PO" => Some(EntryKind::Directory),
        b"PS" => Some(EntryKind::File),
        b"DA" | b"IS" | b"VS" => Some(EntryKind::Other),
        _ => None,
    }
}

/// Qualifiers of up to eight characters, with full stops between them; in apostrophes when nothing is to go before it.
fn is_dataset_name(field: &[u8]) -> bool {
    let name = field.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'")).unwrap_or(field);
    name.split(|&octet| octet == b'.').all(is_qualifier)
}

/// Capital letters, digits, `$`, `#`, `@` and hyphens; the first is no digit and no hyphen.
pub(super) fn is_qualifier(name: &[u8]) -> bool {
    let is_letter = |octet: &u8| octet.is_ascii_uppercase() || b"$#@".contains(octet);
    let is_inner = |octet: &u8| is_letter(octet) || octet.is_ascii_digit() || *octet == b'-';
    name.len() <= 8 && name.first().is_some_and(is_letter) && name.iter().all(is_inner)
}
