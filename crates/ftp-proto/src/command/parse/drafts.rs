//! What drafts define, and what no document does: AVBL, CLNT, HASH, MFMT, MFCT, MFF, RANG, XCRC and its kin.

use super::Parsed;
use super::facts::{mff, time_and_path};
use super::field::{malformed, optional_path, path, text, words};
use super::params::octets;
use crate::command::{Command, DigestArgument, Verb};
use crate::reply::split_quoted;

pub(super) fn command(verb: Verb, given: &[u8]) -> Parsed<Command> {
    match verb {
        Verb::Avbl => optional_path(given).map(Command::Avbl),
        Verb::Clnt => text(given).map(Command::Clnt),
        Verb::Hash => path(given).map(Command::Hash),
        Verb::Mfct => time_and_path(given).map(|(time, path)| Command::Mfct { time, path }),
        Verb::Mff => mff(given),
        Verb::Mfmt => time_and_path(given).map(|(time, path)| Command::Mfmt { time, path }),
        Verb::Rang => rang(given),
        Verb::Xcrc => digest(given).map(Command::Xcrc),
        Verb::Xmd5 => digest(given).map(Command::Xmd5),
        Verb::Xsha1 => digest(given).map(Command::Xsha1),
        Verb::Xsha256 => digest(given).map(Command::Xsha256),
        Verb::Xsha512 => digest(given).map(Command::Xsha512),
        // The caller sends nothing else here.
        _ => malformed("This command is not implemented"),
    }
}

/// RANG (draft-bryan-ftp-range-08 §3).
fn rang(given: &[u8]) -> Parsed<Command> {
    let what = "RANG takes the first and the last octet of a range, or 1 0 for all octets";
    let mut words = words(given);
    match (words.next().and_then(octets), words.next().and_then(octets), words.next()) {
        (Some(first), Some(last), None) if first <= last || (first, last) == (1, 0) => {
            Ok(Command::Rang { first, last })
        }
        _ => malformed(what),
    }
}

/// The argument of XCRC and its kin. What is not in quotes is a pathname, whatever is in it.
fn digest(given: &[u8]) -> Parsed<DigestArgument> {
    let Some((quoted, rest)) = split_quoted(given) else {
        return Ok(DigestArgument { path: path(given)?, start: 0, end: None });
    };
    let what = "After the pathname in quotes may come the first octet, and the octet after the last";
    let mut words = words(rest);
    let (start, end) = (words.next().map(octets), words.next().map(octets));
    let (start, end) = match (start, end, words.next()) {
        (None, _, None) => (0, None),
        (Some(Some(start)), None, None) => (start, None),
        (Some(Some(start)), Some(Some(end)), None) if start <= end => (start, Some(end)),
        _ => return malformed(what),
    };
    Ok(DigestArgument { path: path(&quoted)?, start, end })
}
