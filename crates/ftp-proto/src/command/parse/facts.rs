//! MFMT, MFCT, MFF, OPTS: facts and their names.

use super::Parsed;
use super::field::{malformed, path, split_word, word};
use crate::command::{Command, CommandError, OptsCommand, PathName, Word};
use crate::facts::{Fact, TimeVal};
use alloc::vec::Vec;

/// `time-val SP pathname` (draft-somers-ftp-mfxx §3.1, §4.1).
pub(super) fn time_and_path(given: &[u8]) -> Parsed<(TimeVal, PathName)> {
    let (time, rest) = split_word(given);
    let what = "A time is needed, YYYYMMDDHHMMSS in UTC, that exists";
    let time = TimeVal::parse(time).ok_or(CommandError::Argument { what })?;
    Ok((time, path(rest.unwrap_or_default())?))
}

/// `1*( name "=" value ";" ) SP pathname` (draft-somers-ftp-mfxx §5.1).
pub(super) fn mff(given: &[u8]) -> Parsed<Command> {
    let (facts, rest) = split_word(given);
    let what = "MFF takes facts, name=value; each, and a pathname";
    let facts = facts.strip_suffix(b";").ok_or(CommandError::Argument { what })?;
    let facts = facts.split(|&octet| octet == b';').map(fact).collect::<Parsed<Vec<_>>>()?;
    Ok(Command::Mff { facts, path: path(rest.unwrap_or_default())? })
}

fn fact(given: &[u8]) -> Parsed<(Word, Word)> {
    let mut parts = given.splitn(2, |&octet| octet == b'=');
    let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
        return malformed("A fact is name=value;");
    };
    let is_time = matches!(Fact::from_name(name), Some(Fact::Modify | Fact::Create));
    if is_time && TimeVal::parse(value).is_none() {
        return malformed("A fact has a time that does not exist; it is YYYYMMDDHHMMSS in UTC");
    }
    Ok((word(name)?, word(value)?))
}

/// OPTS (RFC 2389 §4): 501 for anything that is not known.
pub(super) fn opts(given: &[u8]) -> Parsed<Command> {
    let (name, rest) = split_word(given);
    let rest = rest.unwrap_or_default().trim_ascii();
    let command = match name.to_ascii_uppercase().as_slice() {
        b"MLST" => OptsCommand::Mlst(fact_names(rest)?),
        b"UTF8" | b"UTF-8" => OptsCommand::Utf8 { on: switch(rest)? },
        b"HASH" if rest.is_empty() => OptsCommand::Hash(None),
        b"HASH" => OptsCommand::Hash(Some(word(rest)?)),
        b"MODE" => OptsCommand::ModeZ { level: mode_z(rest)? },
        _ => return malformed("OPTS knows MLST, UTF8, MODE Z and HASH"),
    };
    Ok(Command::Opts(command))
}

/// `*( name ";" )` (RFC 3659 §7.9).
fn fact_names(given: &[u8]) -> Parsed<Vec<Word>> {
    let names = given.split(|&octet| octet == b';').map(<[u8]>::trim_ascii);
    names.filter(|name| !name.is_empty()).map(word).collect()
}

/// `Z`, `Z LEVEL 6`.
fn mode_z(given: &[u8]) -> Parsed<Option<u8>> {
    let what = "OPTS MODE takes Z, or Z LEVEL and 1 to 9";
    match *given.to_ascii_uppercase().split(|&octet| octet == b' ').collect::<Vec<_>>() {
        [b"Z"] => Ok(None),
        [b"Z", b"LEVEL", [level @ b'1'..=b'9']] => Ok(Some(level - b'0')),
        _ => malformed(what),
    }
}

fn switch(given: &[u8]) -> Parsed<bool> {
    match given.to_ascii_uppercase().as_slice() {
        b"" | b"ON" => Ok(true),
        b"OFF" => Ok(false),
        _ => malformed("OPTS UTF8 takes ON or OFF"),
    }
}
