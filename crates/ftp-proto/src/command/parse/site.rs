//! SITE's subcommands (RFC 959 §4.1.3 leaves them to the server; these have become common).

use super::Parsed;
use super::field::{malformed, path, split_word, text};
use crate::address::decimal;
use crate::command::{CommandError, PathName, SiteCommand};
use crate::facts::TimeVal;
use crate::reply::split_quoted;

/// The verbs that [`site`] knows.
const KNOWN: [&str; 8] = ["HELP", "CHMOD", "UTIME", "SYMLINK", "MKDIR", "RMDIR", "IDLE", "SAW"];

impl SiteCommand {
    /// Whether `verb`, in any case, is one that is understood here; else the command is [`SiteCommand::Other`].
    #[must_use]
    pub fn is_known(verb: &[u8]) -> bool {
        KNOWN.iter().any(|known| verb.eq_ignore_ascii_case(known.as_bytes()))
    }
}

/// Understands what follows SITE. What is not known is [`SiteCommand::Other`], as it was sent.
pub(super) fn site(given: &[u8]) -> Parsed<SiteCommand> {
    let (name, rest) = split_word(given);
    let rest = rest.unwrap_or_default();
    match name.to_ascii_uppercase().as_slice() {
        b"HELP" => Ok(SiteCommand::Help),
        b"CHMOD" => chmod(rest),
        b"UTIME" => utime(rest),
        b"SYMLINK" => symlink(rest),
        b"MKDIR" => path(rest).map(SiteCommand::Mkdir),
        b"RMDIR" => path(rest).map(SiteCommand::Rmdir),
        b"IDLE" => idle(rest),
        b"SAW" if rest.trim_ascii().is_empty() => Ok(SiteCommand::Saw),
        _ => text(given).map(SiteCommand::Other),
    }
}

fn chmod(given: &[u8]) -> Parsed<SiteCommand> {
    let (mode, rest) = split_word(given);
    let is_mode = (1..=4).contains(&mode.len()) && mode.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    if !is_mode {
        return malformed("SITE CHMOD takes one to four octal digits and a pathname");
    }
    let mode = mode.iter().fold(0, |mode, digit| mode * 8 + u16::from(digit - b'0'));
    Ok(SiteCommand::Chmod { mode, path: path(rest.unwrap_or_default())? })
}

fn idle(given: &[u8]) -> Parsed<SiteCommand> {
    let given = given.trim_ascii();
    if given.is_empty() {
        return Ok(SiteCommand::Idle(None));
    }
    let what = "SITE IDLE takes a number of seconds, or nothing";
    decimal(given).map(|seconds| SiteCommand::Idle(Some(seconds))).ok_or(CommandError::Argument { what })
}

/// `target link`. A target with SP in it is quoted as 257 quotes names.
fn symlink(given: &[u8]) -> Parsed<SiteCommand> {
    let (target, link) = match split_quoted(given) {
        Some((target, rest)) => (PathName::new(target).ok(), rest.strip_prefix(b" ")),
        None => {
            let (target, rest) = split_word(given);
            (path(target).ok(), rest)
        }
    };
    match (target, link) {
        (Some(target), Some(link)) => Ok(SiteCommand::Symlink { target, link: path(link)? }),
        _ => malformed("SITE SYMLINK takes a target and the link's pathname"),
    }
}

/// `YYYYMMDDhhmm[ss] path`, or `path atime mtime ctime UTC`. What can be read as the first is the first.
fn utime(given: &[u8]) -> Parsed<SiteCommand> {
    let (time, path) = short_utime(given).or_else(|| long_utime(given)).ok_or(CommandError::Argument {
        what: "SITE UTIME takes YYYYMMDDhhmm[ss] and a pathname, or a pathname, three such times and UTC",
    })?;
    Ok(SiteCommand::Utime { time, path })
}

fn short_utime(given: &[u8]) -> Option<(TimeVal, PathName)> {
    let (time, rest) = split_word(given);
    Some((minutes_or_seconds(time)?, path(rest?).ok()?))
}

fn long_utime(given: &[u8]) -> Option<(TimeVal, PathName)> {
    let mut rest = given;
    let mut last_word = || {
        let at = rest.iter().rposition(|&octet| octet == b' ')?;
        let word = rest.get(at + 1..);
        rest = rest.get(..at)?;
        word
    };
    let (zone, _created, modified, accessed) = (last_word()?, last_word()?, last_word()?, last_word()?);
    minutes_or_seconds(accessed)?;
    let time = minutes_or_seconds(modified)?;
    if zone.eq_ignore_ascii_case(b"UTC") { Some((time, path(rest).ok()?)) } else { None }
}

/// `YYYYMMDDhhmm` or `YYYYMMDDhhmmss`.
fn minutes_or_seconds(given: &[u8]) -> Option<TimeVal> {
    match given.len() {
        12 => {
            let mut whole = *b"00000000000000";
            whole.get_mut(..12)?.copy_from_slice(given);
            TimeVal::parse(&whole)
        }
        14 => TimeVal::parse(given),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_verbs_that_are_known_are_those_that_are_understood() {
        for known in KNOWN {
            assert!(!matches!(site(known.as_bytes()), Ok(SiteCommand::Other(_))), "{known}");
            let longer = format!("{known}X");
            assert!(matches!(site(longer.as_bytes()), Ok(SiteCommand::Other(_))), "{longer}");
        }
    }
}
