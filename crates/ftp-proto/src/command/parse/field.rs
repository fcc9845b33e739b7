//! The pieces that arguments are made of.

use super::Parsed;
use crate::command::{ArgumentError, CommandError, PathName, Secret, Text, Word};
use bytes::Bytes;

pub(super) const fn malformed<T>(what: &'static str) -> Parsed<T> {
    Err(CommandError::Argument { what })
}

/// Nothing, or SP that a user has left at the end.
pub(super) fn no_argument(given: &[u8]) -> Parsed<()> {
    if given.trim_ascii().is_empty() { Ok(()) } else { malformed("This command takes no argument") }
}

fn checked<T>(result: Result<T, ArgumentError>, empty: &'static str) -> Parsed<T> {
    result.map_err(|error| CommandError::Argument {
        what: match error {
            ArgumentError::Empty => empty,
            ArgumentError::Forbidden { .. } => "The argument holds an octet that is not allowed there",
        },
    })
}

/// A pathname, every SP of it (RFC 2640 §3.1).
pub(super) fn path(given: &[u8]) -> Parsed<PathName> {
    checked(PathName::new(Bytes::copy_from_slice(given)), "A pathname is needed")
}

pub(super) fn optional_path(given: &[u8]) -> Parsed<Option<PathName>> {
    if given.is_empty() { Ok(None) } else { path(given).map(Some) }
}

/// Text as it is.
pub(super) fn text(given: &[u8]) -> Parsed<Text> {
    checked(Text::new(Bytes::copy_from_slice(given)), "An argument is needed")
}

pub(super) fn optional_text(given: &[u8]) -> Parsed<Option<Text>> {
    let given = given.trim_ascii();
    if given.is_empty() { Ok(None) } else { text(given).map(Some) }
}

pub(super) fn word(given: &[u8]) -> Parsed<Word> {
    checked(Word::new(Bytes::copy_from_slice(given)), "A word is needed")
}

pub(super) fn secret(given: &[u8]) -> Parsed<Secret> {
    checked(Secret::new(Bytes::copy_from_slice(given)), "An argument is needed")
}

/// The first word, and what follows the one SP after it.
pub(super) fn split_word(given: &[u8]) -> (&[u8], Option<&[u8]>) {
    match given.iter().position(|&octet| octet == b' ') {
        Some(at) => (given.get(..at).unwrap_or_default(), given.get(at + 1..)),
        None => (given, None),
    }
}

/// The words between SP, however many of these there are.
pub(super) fn words(given: &[u8]) -> impl Iterator<Item = &[u8]> {
    given.split(|&octet| octet == b' ').filter(|word| !word.is_empty())
}

/// The letter, upper case, of an argument of one letter.
pub(super) fn letter(given: &[u8]) -> Option<u8> {
    match given {
        [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_uppercase()),
        _ => None,
    }
}
