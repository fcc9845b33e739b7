//! `~/.netrc`: who to log in as, in the form that ftp has used since 4.2BSD.
//!
//! Tokens are separated by white space; a token in double quotes may contain it, and `\` before a character takes it
//! literally there. `macdef` and what follows it up to an empty line is passed over.

use bytes::Bytes;
use ftp_proto::command::{ArgumentError, Secret, Text};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// More than any real file has; the rest of the program does not want to be fed /dev/zero.
const MAX_OCTETS: u64 = 1 << 20;

/// One `machine` or the `default`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// The host; `None` is the default entry.
    pub(crate) machine: Option<Bytes>,
    /// The user.
    pub(crate) login: Option<Text>,
    /// The password.
    pub(crate) password: Option<Secret>,
    /// The account, for servers that ask for one.
    pub(crate) account: Option<Secret>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetrcError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It holds passwords, and others may read it.
    #[error("others can read it (mode {mode:03o}) and it holds passwords: chmod 600 it")]
    Permissions {
        /// The permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("it belongs to another user")]
    Owner,
    /// A word that the format does not know.
    #[error("line {line}: {what}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads `path`, and checks that a file with passwords is the user's own and closed to others.
///
/// # Errors
/// When it cannot be read, is not safe, or is not a netrc.
pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, NetrcError> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut text = Vec::new();
    file.take(MAX_OCTETS).read_to_end(&mut text)?;
    let entries = parse(&text)?;
    if entries.iter().any(|entry| entry.password.is_some()) {
        check(metadata.mode(), metadata.uid(), rustix::process::geteuid().as_raw())?;
    }
    Ok(entries)
}

fn check(mode: u32, owner: u32, user: u32) -> Result<(), NetrcError> {
    if owner != user && owner != 0 {
        return Err(NetrcError::Owner);
    }
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(NetrcError::Permissions { mode: mode & 0o777 }),
    }
}

/// The entry for `host`, and for `user` if one is given; a `default` matches every host.
#[must_use]
pub(crate) fn find<'a>(entries: &'a [Entry], host: &str, user: Option<&[u8]>) -> Option<&'a Entry> {
    entries.iter().find(|entry| {
        let host_fits =
            entry.machine.as_ref().is_none_or(|machine| machine.eq_ignore_ascii_case(host.as_bytes()));
        host_fits
            && user.is_none_or(|user| entry.login.as_ref().is_some_and(|login| login.as_bytes() == user))
    })
}

fn parse(text: &[u8]) -> Result<Vec<Entry>, NetrcError> {
    let mut tokens = Tokens { rest: text, line: 1 };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(token) = tokens.next()? {
        match &token[..] {
            b"machine" => entries.push(Entry { machine: Some(tokens.value()?), ..Entry::default() }),
            b"default" => entries.push(Entry::default()),
            b"login" => tokens.last(&mut entries)?.login = Some(tokens.checked(Text::new)?),
            b"password" => tokens.last(&mut entries)?.password = Some(tokens.checked(Secret::new)?),
            b"account" => tokens.last(&mut entries)?.account = Some(tokens.checked(Secret::new)?),
            b"macdef" => tokens.skip_macro(),
            _ => return Err(tokens.error("unknown word")),
        }
    }
    Ok(entries)
}

struct Tokens<'a> {
    rest: &'a [u8],
    line: usize,
}

impl Tokens<'_> {
    fn error(&self, what: &'static str) -> NetrcError {
        NetrcError::Syntax { line: self.line, what }
    }

    fn last<'e>(&self, entries: &'e mut [Entry]) -> Result<&'e mut Entry, NetrcError> {
        entries.last_mut().ok_or_else(|| self.error("expected machine or default first"))
    }

    fn value(&mut self) -> Result<Bytes, NetrcError> {
        Ok(self.next()?.ok_or_else(|| self.error("a value is missing"))?.into())
    }

    /// A value that will be sent.
    fn checked<T>(&mut self, check: fn(Bytes) -> Result<T, ArgumentError>) -> Result<T, NetrcError> {
        check(self.value()?).map_err(|_| self.error("an empty value, or one with CR, LF or NUL"))
    }

    fn take(&mut self) -> Option<u8> {
        let (&octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.line += usize::from(octet == b'\n');
        Some(octet)
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, NetrcError> {
        self.skip_space_and_comments();
        match self.rest.first() {
            None => Ok(None),
            Some(b'"') => self.quoted().map(Some),
            Some(_) => Ok(Some(self.bare())),
        }
    }

    fn skip_space_and_comments(&mut self) {
        while let Some(octet) = self.rest.first() {
            if *octet == b'#' {
                while self.take().is_some_and(|octet| octet != b'\n') {}
            } else if octet.is_ascii_whitespace() {
                self.take();
            } else {
                break;
            }
        }
    }

    fn bare(&mut self) -> Vec<u8> {
        let length = self.rest.iter().position(u8::is_ascii_whitespace).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        token.to_vec()
    }

    fn quoted(&mut self) -> Result<Vec<u8>, NetrcError> {
        self.take();
        let mut token = Vec::new();
        loop {
            match self.take() {
                Some(b'"') => return Ok(token),
                Some(b'\\') => token.extend(self.take()),
                Some(octet) => token.push(octet),
                None => return Err(self.error("the quotation is not closed")),
            }
        }
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        let mut after_newline = false;
        while let Some(octet) = self.take() {
            if octet == b'\n' && after_newline {
                break;
            }
            after_newline = octet == b'\n';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Entry> {
        parse(text.as_bytes()).expect("a good netrc")
    }

    fn password(entry: &Entry) -> &[u8] {
        entry.password.as_ref().map_or(&[], |secret| secret.expose())
    }

    fn login(entry: &Entry) -> &[u8] {
        entry.login.as_ref().map_or(&[], |login| login.as_bytes())
    }

    #[test]
    fn the_first_entry_for_host_and_user_is_found() {
        let all = entries(
            "machine a login x password 1\nmachine b\n\tlogin y\n\tpassword 2 account 3\nmachine a login z password 4\n",
        );
        assert_eq!(find(&all, "a", None).map(password), Some(&b"1"[..]));
        assert_eq!(find(&all, "A", Some(b"z")).map(password), Some(&b"4"[..]));
        let b = find(&all, "b", None).expect("b");
        assert_eq!((login(b), password(b)), (&b"y"[..], &b"2"[..]));
        assert!(b.account.is_some());
        assert!(find(&all, "c", None).is_none());
        assert!(find(&all, "b", Some(b"x")).is_none());
    }

    #[test]
    fn the_default_entry_fits_every_host() {
        let all = entries("machine a login x password 1 default login anonymous password me@");
        assert_eq!(find(&all, "other", None).map(login), Some(&b"anonymous"[..]));
    }

    #[test]
    fn quotes_comments_and_macros_are_understood() {
        let all = entries(
            "# a comment\nmachine a login \"with space\" password \"q\\\"u#te\" # mine\nmacdef init\ncd /pub\nmachine evil\n\nmachine b login c password d#e",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(login(&all[0]), b"with space");
        assert_eq!(password(&all[0]), b"q\"u#te");
        assert_eq!(password(&all[1]), b"d#e");
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line) in [
            ("machine a\nlogin", 2),
            ("login x", 1),
            ("machine a\n\nfoo bar", 3),
            ("machine a login \"x", 1),
            ("machine a password \"a\nb\"", 2),
        ] {
            assert!(
                matches!(parse(text.as_bytes()), Err(NetrcError::Syntax { line: at, .. }) if at == line),
                "{text:?}: {:?}",
                parse(text.as_bytes())
            );
        }
    }

    #[test]
    fn passwords_that_others_can_read_are_refused() {
        assert!(check(0o100600, 1000, 1000).is_ok());
        assert!(check(0o100400, 0, 1000).is_ok());
        assert!(matches!(check(0o100640, 1000, 1000), Err(NetrcError::Permissions { mode: 0o640 })));
        assert!(matches!(check(0o100600, 1001, 1000), Err(NetrcError::Owner)));
    }
}
