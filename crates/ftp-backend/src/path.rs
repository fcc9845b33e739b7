//! Pathnames as the user sees them, made normal.

use bytes::Bytes;
use core::fmt;
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;

/// The longest path, in octets, without the leading slash: `PATH_MAX` of Linux with its NUL taken off. A longer one is
/// [`StorageFailure::BadName`], so neither a path nor the reply that quotes it grows without bound.
pub const MAX_PATH: usize = 4095;

/// An absolute path below the user's root: no empty, `.` or `..` component, no CR, LF or NUL. `/` separates, every other octet stands
/// for itself (RFC 3659 §6). `..` takes the last component off, and at the root nothing.
///
/// This is about names only: whether a component is a symbolic link that leads elsewhere is for the storage to find out
/// at the moment of use, in the system call that opens it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct VirtualPath {
    /// The components with slashes between; empty for the root.
    octets: Bytes,
}

impl VirtualPath {
    /// The root.
    #[must_use]
    pub const fn root() -> Self {
        Self { octets: Bytes::new() }
    }

    /// What `path` means when the working directory is `self`.
    ///
    /// # Errors
    /// [`StorageFailure::BadName`] when the result is longer than [`MAX_PATH`], or `path` has an octet that a
    /// [`PathName`] cannot have.
    pub fn join(&self, path: &[u8]) -> Result<Self, StorageFailure> {
        if path.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return Err(StorageFailure::BadName);
        }
        let mut octets = if path.first() == Some(&b'/') { Vec::new() } else { self.octets.to_vec() };
        for component in path.split(|&octet| octet == b'/') {
            match component {
                b"" | b"." => {}
                b".." => octets.truncate(octets.iter().rposition(|&octet| octet == b'/').unwrap_or(0)),
                name => {
                    if !octets.is_empty() {
                        octets.push(b'/');
                    }
                    octets.extend_from_slice(name);
                }
            }
        }
        if octets.len() > MAX_PATH {
            return Err(StorageFailure::BadName);
        }
        Ok(Self { octets: octets.into() })
    }

    /// The directory that holds it; the root's is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.split_last().map_or_else(Self::root, |(parent, _)| parent)
    }

    /// The directory that holds it and its name there; `None` for the root.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, Bytes)> {
        if self.is_root() {
            return None;
        }
        Some(match self.octets.iter().rposition(|&octet| octet == b'/') {
            Some(slash) => (Self { octets: self.octets.slice(..slash) }, self.octets.slice(slash + 1..)),
            None => (Self::root(), self.octets.clone()),
        })
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.octets.is_empty()
    }

    /// Whether it is `directory` or something below it.
    #[must_use]
    pub fn starts_with(&self, directory: &Self) -> bool {
        match self.octets.strip_prefix(&directory.octets[..]) {
            Some(rest) => directory.is_root() || rest.is_empty() || rest.first() == Some(&b'/'),
            None => false,
        }
    }

    /// The names from the root down.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.octets.split(|&octet| octet == b'/').filter(|name| !name.is_empty())
    }

    /// The path without its leading slash; empty for the root.
    #[must_use]
    pub fn relative(&self) -> &[u8] {
        &self.octets
    }

    /// The path as replies show it.
    #[must_use]
    pub fn to_path_name(&self) -> PathName {
        let mut absolute = Vec::with_capacity(self.octets.len() + 1);
        absolute.push(b'/');
        absolute.extend_from_slice(&self.octets);
        // No octet that a `PathName` refuses gets past `join`.
        PathName::new(absolute).unwrap_or_else(|_| PathName::root())
    }
}

impl fmt::Debug for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualPath(/{})", self.octets.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(from: &str, path: &str) -> String {
        let at = VirtualPath::root().join(from.as_bytes()).unwrap();
        String::from_utf8(at.join(path.as_bytes()).unwrap().to_path_name().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn rfc3659_10_dot_and_dot_dot_are_taken_out_and_the_root_has_no_parent() {
        for (from, path, expected) in [
            ("/", "a", "/a"),
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "/c", "/c"),
            ("/a/b", "..", "/a"),
            ("/a/b", "../../..", "/"),
            ("/", "..", "/"),
            ("/a", "./b/./../c//d/", "/a/c/d"),
            ("/a", "...", "/a/..."),
            ("/a", "..\\..", "/a/..\\.."),
            ("/a", "%2e%2e", "/a/%2e%2e"),
        ] {
            assert_eq!(join(from, path), expected, "{path} from {from}");
        }
    }

    #[test]
    fn s5_cr_lf_and_nul_are_no_part_of_a_path() {
        for path in [&b"a\rb"[..], b"a\nb", b"a\0b"] {
            assert_eq!(VirtualPath::root().join(path), Err(StorageFailure::BadName));
        }
    }

    #[test]
    fn s27_a_path_longer_than_the_longest_is_refused() {
        let long = vec![b'x'; MAX_PATH];
        let at = VirtualPath::root().join(&long).unwrap();
        assert_eq!(at.join(b"y"), Err(StorageFailure::BadName));
        assert_eq!(at.join(b"../y").unwrap().relative(), b"y");
    }

    #[test]
    fn a_path_is_below_itself_and_its_parents_only() {
        let path = |text: &[u8]| VirtualPath::root().join(text).unwrap();
        assert!(path(b"/a/b").starts_with(&path(b"/a")));
        assert!(path(b"/a").starts_with(&path(b"/a")));
        assert!(path(b"/a").starts_with(&VirtualPath::root()));
        assert!(!path(b"/ab").starts_with(&path(b"/a")));
    }
}
