//! A file's name, one component: the only thing that a listing can contribute to a local pathname.

use core::fmt;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use ftp_proto::escape::escape;

/// What file systems allow.
const MAX_OCTETS: usize = 255;
/// What the part of an unfinished download ends in.
const PART: &[u8] = b".ftp-part";
/// What the note beside it ends in.
const NOTE: &[u8] = b".ftp-part-note";

/// One component of a pathname: not empty, not `.` or `..`, without `/`, CR, LF and NUL, at most 255 octets.
///
/// Opened at a directory's descriptor without following links, it cannot lead anywhere else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileName(Box<[u8]>);

/// Why octets are not a file's name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub(crate) enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name would lead to another directory")]
    OtherDirectory,
    #[error("the name has a slash")]
    Slash,
    #[error("the name has a backslash")]
    Backslash,
    #[error("the name stands for a home directory")]
    Tilde,
    #[error("the name begins with a pipe")]
    Pipe,
    #[error("the name has octet {0:#04x}")]
    Forbidden(u8),
    #[error("the name is longer than 255 octets")]
    TooLong,
    #[error("names like this are kept for unfinished downloads")]
    Reserved,
}

impl FileName {
    /// A name that the user gave, or the local file system.
    ///
    /// # Errors
    /// When it is not one component.
    pub(crate) fn new(octets: &[u8]) -> Result<Self, NameError> {
        match octets {
            b"" => return Err(NameError::Empty),
            b"." | b".." => return Err(NameError::OtherDirectory),
            _ if octets.len() > MAX_OCTETS => return Err(NameError::TooLong),
            _ => {}
        }
        match octets.iter().find(|octet| matches!(octet, b'/' | b'\r' | b'\n' | 0)) {
            Some(b'/') => Err(NameError::Slash),
            Some(&octet) => Err(NameError::Forbidden(octet)),
            None => Ok(Self(octets.into())),
        }
    }

    /// A name that a server gave. Refuses, besides, what other programs or systems would take for something else: a
    /// backslash, `~`, a leading pipe, and our own temporary names.
    ///
    /// # Errors
    /// When it is not one harmless component.
    pub(crate) fn from_server(octets: &[u8]) -> Result<Self, NameError> {
        let name = Self::new(octets)?;
        match octets {
            _ if octets.contains(&b'\\') => Err(NameError::Backslash),
            b"~" => Err(NameError::Tilde),
            [b'|', ..] => Err(NameError::Pipe),
            _ if name.is_temporary() => Err(NameError::Reserved),
            _ => Ok(name),
        }
    }

    /// The octets.
    #[must_use]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For calls of the file system.
    #[must_use]
    pub(crate) fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }

    /// Whether it names an unfinished download.
    #[must_use]
    pub(crate) fn is_temporary(&self) -> bool {
        self.0.first() == Some(&b'.') && (self.0.ends_with(PART) || self.0.ends_with(NOTE))
    }

    /// Where the octets of an unfinished download are: beside it and hidden.
    #[must_use]
    pub(crate) fn part(&self) -> Self {
        self.beside(PART)
    }

    /// Where it is noted what the part is a part of.
    #[must_use]
    pub(crate) fn note(&self) -> Self {
        self.beside(NOTE)
    }

    /// `.NAME` and `suffix`; of a long name, the beginning and a digest, so that it fits and stays distinct.
    fn beside(&self, suffix: &[u8]) -> Self {
        let room = MAX_OCTETS - NOTE.len() - 1;
        let mut octets = vec![b'.'];
        if self.0.len() <= room {
            octets.extend_from_slice(&self.0);
        } else {
            let digest = format!("~{:016x}", fnv1a(&self.0));
            octets.extend(self.0.iter().take(room - digest.len()));
            octets.extend_from_slice(digest.as_bytes());
        }
        octets.extend_from_slice(suffix);
        Self(octets.into())
    }
}

/// FNV-1a, 64 bits: the same in every version of this program, unlike the standard library's hasher.
fn fnv1a(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.0).fmt(f)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_names_that_lead_elsewhere_are_refused() {
        for (octets, why) in [
            (&b""[..], NameError::Empty),
            (b".", NameError::OtherDirectory),
            (b"..", NameError::OtherDirectory),
            (b"../x", NameError::Slash),
            (b"/etc/passwd", NameError::Slash),
            (b"a/b", NameError::Slash),
            (b"..\\x", NameError::Backslash),
            (b"c:\\x", NameError::Backslash),
            (b"~", NameError::Tilde),
            (b"~/x", NameError::Slash),
            (b"|id", NameError::Pipe),
            (b"a\0b", NameError::Forbidden(0)),
            (b"a\rb", NameError::Forbidden(b'\r')),
            (b"a\nb", NameError::Forbidden(b'\n')),
            (b".a.ftp-part", NameError::Reserved),
            (b".a.ftp-part-note", NameError::Reserved),
            (&[b'x'; 256], NameError::TooLong),
        ] {
            assert_eq!(FileName::from_server(octets), Err(why), "{}", escape(octets));
        }
    }

    #[test]
    fn names_that_only_look_strange_are_taken() {
        for octets in [
            &b"-rf"[..],
            b"...",
            "größe".as_bytes(),
            b"$(id)",
            b"~$letter.docx",
            b"a b",
            b"\xff",
            b"a.ftp-part",
        ] {
            assert!(FileName::from_server(octets).is_ok(), "{}", escape(octets));
        }
        assert!(FileName::new(b"back\\slash").is_ok());
    }

    #[test]
    fn temporary_names_are_hidden_short_and_distinct() {
        let short = FileName::new(b"a").expect("a name");
        assert_eq!(short.part().as_bytes(), b".a.ftp-part");
        assert_eq!(short.note().as_bytes(), b".a.ftp-part-note");
        let long = |last: u8| {
            let mut octets = [b'x'; 255];
            octets[254] = last;
            FileName::new(&octets).expect("a name")
        };
        assert!(long(b'a').note().as_bytes().len() <= MAX_OCTETS);
        assert_ne!(long(b'a').part(), long(b'b').part());
        assert!(long(b'a').part().is_temporary());
    }
}
