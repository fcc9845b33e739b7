//! Names on both sides: patterns into names, and what can be completed.

use super::session::Session;
use super::words::{Word, quote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::{Dir, FileName, Kind};
use ftp_proto::command::PathName;
use ftp_proto::escape::escape;
use ftp_proto::facts::glob::Pattern;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Where a word's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Local,
    Remote,
    /// It names no file, or is not looked at.
    Neither,
}

/// A name and whether it is a directory.
pub(super) type Named = (FileName, bool);

/// The side of the word that follows `before`, the command first.
pub(super) fn side(before: &[Word]) -> Side {
    let Some(command) = before.first() else { return Side::Neither };
    let plain = before.iter().skip(1).filter(|word| !word.text.starts_with(b"-")).count();
    let reverse = before.iter().any(|word| matches!(&word.text[..], b"-R" | b"--reverse"));
    match &command.text[..] {
        b"cd" | b"ls" | b"dir" | b"cat" | b"mget" | b"rm" | b"mkdir" | b"rmdir" | b"mv" | b"stat" => {
            Side::Remote
        }
        b"lcd" | b"mput" => Side::Local,
        b"get" if plain == 0 => Side::Remote,
        b"get" => Side::Local,
        b"put" if plain == 0 => Side::Local,
        b"put" => Side::Remote,
        b"mirror" if (plain == 0) != reverse => Side::Remote,
        b"mirror" => Side::Local,
        _ => Side::Neither,
    }
}

/// The names in a directory, as `dir/` or empty.
pub(super) fn list(session: &mut Session, side: Side, directory: &[u8]) -> Result<Vec<Named>, Failure> {
    let mut names = match side {
        Side::Remote => remote(session, directory)?,
        Side::Local => local(Path::new(OsStr::from_bytes(directory)))?,
        Side::Neither => Vec::new(),
    };
    names.sort();
    Ok(names)
}

/// Names that would lead elsewhere are not offered.
fn remote(session: &mut Session, directory: &[u8]) -> Result<Vec<Named>, Failure> {
    let path = match directory.strip_suffix(b"/") {
        Some(b"") => Some(PathName::root()),
        Some(path) => PathName::new(path.to_vec()).ok(),
        None => None,
    };
    let listing = session.there()?.connection.client.list(path.as_ref())?;
    let named = |entry: ftp_proto::facts::Entry| {
        let name = FileName::from_server(&entry.name).ok()?;
        Some((name, entry.kind.is_directory()))
    };
    Ok(listing.entries.into_iter().filter_map(named).collect())
}

fn local(directory: &Path) -> Result<Vec<Named>, Failure> {
    let entries = Dir::open(directory).and_then(|dir| dir.entries());
    let entries = entries.map_err(|error| Failure::local(directory.display(), &error))?;
    let named = |entry: crate::local::LocalEntry| {
        Some((FileName::new(&entry.name).ok()?, entry.facts.kind == Kind::Directory))
    };
    Ok(entries.into_iter().filter_map(named).collect())
}

/// `dir/` and what is behind it.
fn cut(path: &[u8]) -> (&[u8], &[u8]) {
    let length = path.iter().rposition(|&octet| octet == b'/').map_or(0, |at| at + 1);
    path.split_at(length)
}

/// The names that a word stands for; the word itself, when it is no pattern.
pub(super) fn expand(session: &mut Session, side: Side, word: &Word) -> Result<Vec<Vec<u8>>, Failure> {
    if !word.is_pattern || side == Side::Neither {
        return Ok(vec![word.text.clone()]);
    }
    let shown = escape(&word.text);
    let (directory, _) = cut(&word.text);
    let (above, pattern) = cut(&word.pattern);
    if above.iter().any(|octet| matches!(octet, b'*' | b'?' | b'[')) {
        return Err(Failure::usage(format!("{shown}: a pattern can stand behind the last slash only")));
    }
    let pattern = Pattern::parse(pattern).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    let names = list(session, side, directory)?;
    let matching = names.iter().filter(|(name, _)| pattern.matches(name.as_bytes()));
    let paths: Vec<_> = matching.map(|(name, _)| harmless(directory, name)).collect();
    match paths.is_empty() {
        true => Err(Failure::new(Exit::NotFound, format!("{shown}: nothing fits"))),
        false => Ok(paths),
    }
}

/// A name that begins with a dash is no option.
fn harmless(directory: &[u8], name: &FileName) -> Vec<u8> {
    let above = if directory.is_empty() && name.as_bytes().starts_with(b"-") { b"./" } else { directory };
    [above, name.as_bytes()].concat()
}

/// What the word may become, quoted.
pub(super) fn complete(session: &mut Session, side: Side, word: &Word) -> Vec<String> {
    let (directory, begun) = cut(&word.text);
    let names = list(session, side, directory).unwrap_or_default();
    let fits = |(name, is_directory): &Named| {
        let fits = name.as_bytes().starts_with(begun)
            && (name.as_bytes().first() != Some(&b'.') || begun.first() == Some(&b'.'));
        fits.then(|| {
            let end: &[u8] = if *is_directory { b"/" } else { b"" };
            quote(&[directory, name.as_bytes(), end].concat())
        })
    };
    names.iter().filter_map(fits).collect()
}
