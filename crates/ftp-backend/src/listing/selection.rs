//! What the argument of a listing command means.

use crate::path::VirtualPath;
use crate::storage::{Detail, Item, Items, Links, Storage};
use bytes::Bytes;
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::EntryKind;
use ftp_proto::facts::glob::{Pattern, is_pattern};

/// What is to be listed.
#[derive(Debug)]
pub(crate) enum Selection {
    /// What is in a directory.
    Directory {
        /// Which.
        path: VirtualPath,
        /// What stands before its names in NLST, so that they can be used from the working directory
        /// (RFC 1123 §4.1.2.7).
        prefix: Bytes,
        /// Only these names.
        pattern: Option<Pattern>,
    },
    /// One object itself.
    One {
        /// Its facts.
        item: Box<Item>,
        /// How it was asked for, without its own name.
        prefix: Bytes,
    },
}

impl Selection {
    /// Finds what `path` names, from `here`; `here` itself when there is none. `itself`: a directory is not looked into
    /// (`-d`). A last component that is a pattern, and no object's name, selects from its directory.
    pub(crate) fn find(
        storage: &dyn Storage,
        here: &VirtualPath,
        path: Option<&PathName>,
        itself: bool,
    ) -> Result<Self, StorageFailure> {
        let asked = path.map_or(&b""[..], PathName::as_bytes);
        let at = here.join(asked)?;
        // A link that leads nowhere, or out, is shown as itself.
        let found =
            storage.facts(&at, Links::Follow).or_else(|why| storage.facts(&at, Links::Keep).map_err(|_| why));
        let mut item = match found {
            Err(why) => return Self::matching(storage, &at, asked, why),
            Ok(item) => item,
        };
        if item.entry.kind == EntryKind::Directory && !itself {
            return Ok(Self::Directory { path: at, prefix: directory_prefix(asked), pattern: None });
        }
        let slash = asked.iter().rposition(|&octet| octet == b'/').map_or(0, |slash| slash + 1);
        if item.entry.name.is_empty() || asked.get(slash..) != Some(&item.entry.name[..]) {
            // Asked for by a name that is not its own: `.`, `..`, `a/`, nothing.
            let name = if asked.is_empty() { b"." } else { asked };
            item.entry.name = Bytes::copy_from_slice(name);
            return Ok(Self::One { item: Box::new(item), prefix: Bytes::new() });
        }
        Ok(Self::One { item: Box::new(item), prefix: Bytes::copy_from_slice(&asked[..slash]) })
    }

    /// Nothing has the name `asked`: perhaps it is a pattern.
    fn matching(
        storage: &dyn Storage,
        at: &VirtualPath,
        asked: &[u8],
        why: StorageFailure,
    ) -> Result<Self, StorageFailure> {
        let Some((directory, name)) = at.split_last().filter(|(_, name)| is_pattern(name)) else {
            return Err(why);
        };
        let Some(prefix) = asked.strip_suffix(&name[..]) else { return Err(why) };
        let pattern = Pattern::parse(&name).map_err(|_| StorageFailure::BadName)?;
        let item = storage.facts(&directory, Links::Follow)?;
        if item.entry.kind != EntryKind::Directory {
            return Err(StorageFailure::NotADirectory);
        }
        let prefix = Bytes::copy_from_slice(prefix);
        Ok(Self::Directory { path: directory, prefix, pattern: Some(pattern) })
    }

    /// The entries, in no particular order, those that are not to be shown among them.
    pub(crate) fn items(&self, storage: &dyn Storage, detail: Detail) -> Result<Items, StorageFailure> {
        match self {
            Self::Directory { path, .. } => storage.list(path, detail),
            Self::One { item, .. } => Ok(Box::new(core::iter::once(Ok((**item).clone())))),
        }
    }

    /// Whether the entry called `name` is to be shown. Names that begin with a dot are with `all` only.
    pub(crate) fn wants(&self, name: &[u8], all: bool) -> bool {
        match self {
            Self::Directory { pattern: Some(pattern), .. } => pattern.matches(name),
            Self::Directory { pattern: None, .. } => all || !name.starts_with(b"."),
            Self::One { .. } => true,
        }
    }

    /// What stands before its names in NLST.
    pub(crate) fn prefix(&self) -> &[u8] {
        match self {
            Self::Directory { prefix, .. } | Self::One { prefix, .. } => prefix,
        }
    }
}

/// What the names in the directory that was asked for as `asked` begin with.
fn directory_prefix(asked: &[u8]) -> Bytes {
    match asked {
        b"" | b"." | b"./" => Bytes::new(),
        [.., b'/'] => Bytes::copy_from_slice(asked),
        _ => [asked, b"/"].concat().into(),
    }
}
