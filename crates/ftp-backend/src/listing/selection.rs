//! What the argument of a listing command means.

use crate::path::VirtualPath;
use crate::storage::{Item, Items, Links, Storage};
use bytes::Bytes;
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::EntryKind;

/// What is to be listed.
#[derive(Debug)]
pub enum Selection {
    /// What is in a directory.
    Directory {
        /// Which.
        path: VirtualPath,
        /// What stands before its names in NLST, so that they can be used from the working directory
        /// (RFC 1123 §4.1.2.7).
        prefix: Bytes,
    },
    /// One object itself.
    One(Box<Item>, Bytes),
}

impl Selection {
    /// Finds what `path` names, from `here`; `here` itself when there is none. `itself`: a directory is not looked into
    /// (`-d`).
    pub(crate) fn find(
        storage: &dyn Storage,
        here: &VirtualPath,
        path: Option<&PathName>,
        itself: bool,
    ) -> Result<Self, StorageFailure> {
        let asked = path.map_or(&b""[..], PathName::as_bytes);
        let at = here.join(asked)?;
        // A link that leads nowhere, or out, is shown as itself.
        let item = storage
            .facts(&at, Links::Follow)
            .or_else(|why| storage.facts(&at, Links::Keep).map_err(|_| why))?;
        if item.entry.kind == EntryKind::Directory && !itself {
            return Ok(Self::Directory { path: at, prefix: prefix(asked) });
        }
        let name = if asked.is_empty() { b"." } else { asked };
        Ok(Self::One(Box::new(item), Bytes::copy_from_slice(name)))
    }

    /// The entries, in no particular order.
    pub(crate) fn items(&self, storage: &dyn Storage) -> Result<Items, StorageFailure> {
        match self {
            Self::Directory { path, .. } => storage.list(path),
            Self::One(item, name) => {
                let mut item = (**item).clone();
                if item.entry.name.is_empty() {
                    item.entry.name = name.clone();
                }
                Ok(Box::new(core::iter::once(Ok(item))))
            }
        }
    }

    /// Whether the entry called `name` is to be shown.
    pub(crate) fn wants(&self, name: &[u8], all: bool) -> bool {
        match self {
            Self::Directory { .. } => all || !name.starts_with(b"."),
            Self::One(..) => true,
        }
    }
}

/// What the names in the directory that was asked for as `asked` begin with.
fn prefix(asked: &[u8]) -> Bytes {
    match asked {
        b"" | b"." | b"./" => Bytes::new(),
        [.., b'/'] => Bytes::copy_from_slice(asked),
        _ => [asked, b"/"].concat().into(),
    }
}
