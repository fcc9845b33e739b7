//! A tree of files as a listing tells it, of either side.

use crate::local::FileName;
use core::fmt;
use std::collections::BTreeMap;

/// How deep a tree may be: deeper ones are cut off with a message (a server can make up names for ever).
pub(crate) const MAX_DEPTH: usize = 100;
/// How many entries a tree may have, for the same reason.
pub(crate) const MAX_ENTRIES: usize = 1_000_000;

/// A directory and what is below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    /// By name.
    pub(crate) entries: BTreeMap<FileName, Node>,
    /// Something is missing: it could not be read whole, or a name had to be left out. Nothing is deleted to match it.
    pub(crate) incomplete: bool,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A file.
    File(FileFacts),
    /// A directory.
    Directory(Directory),
    /// A symbolic link: never followed, never made.
    Link,
    /// A device, a FIFO, something unknown.
    Other,
}

/// What decides whether a file is copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// Octets.
    pub(crate) size: Option<u64>,
    /// Last modification.
    pub(crate) modify: Option<Stamp>,
}

/// A time and how exactly it is known: `ls` tells minutes, or only days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// The moment is in `seconds .. seconds + precision`; at least 1.
    pub(crate) precision: u32,
}

impl Stamp {
    /// Known to the second.
    #[must_use]
    pub(crate) const fn exact(seconds: i64) -> Self {
        Self { seconds, precision: 1 }
    }

    /// Whether it is certainly later than `other`.
    #[must_use]
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.seconds >= other.seconds.saturating_add(other.precision.into())
    }
}

/// A pathname below the top of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RelPath(Vec<FileName>);

impl RelPath {
    /// Below this one.
    #[must_use]
    pub(crate) fn join(&self, name: &FileName) -> Self {
        Self(self.0.iter().chain(core::iter::once(name)).cloned().collect())
    }

    /// The names, from the top.
    #[must_use]
    pub(crate) fn names(&self) -> &[FileName] {
        &self.0
    }

    /// The last name and those before it; `None` at the top.
    #[must_use]
    pub(crate) fn split_last(&self) -> Option<(&FileName, &[FileName])> {
        self.0.split_last()
    }

    /// With slashes, as octets.
    #[must_use]
    pub(crate) fn to_octets(&self) -> Vec<u8> {
        self.0.iter().map(FileName::as_bytes).collect::<Vec<_>>().join(&b'/')
    }
}

impl FromIterator<FileName> for RelPath {
    fn from_iter<I: IntoIterator<Item = FileName>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        ftp_proto::escape::escape(&self.to_octets()).fmt(f)
    }
}
