//! What is in a directory, read as it is asked for.

use super::facts::{self, Removing};
use super::root::failure;
use super::{Owners, names, shown_target};
use crate::storage::Item;
use bytes::Bytes;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::EntryKind;
use rustix::fd::OwnedFd;
use rustix::fs::Dir;
use rustix::io::Errno;

/// The entries of an open directory.
pub(super) struct Entries {
    directory: Dir,
    removing: Removing,
    owners: Owners,
}

impl Entries {
    pub(super) fn new(directory: OwnedFd, owners: Owners) -> Result<Self, StorageFailure> {
        let removing = Removing::of(&directory);
        Ok(Self { directory: Dir::new(directory).map_err(failure)?, removing, owners })
    }

    /// Facts of an entry; `None` when it has gone in the meantime.
    fn item(&self, name: Bytes) -> Result<Option<Item>, Errno> {
        let directory = self.directory.fd()?;
        let found = match facts::of_name(directory, &name) {
            Err(Errno::NOENT) => return Ok(None),
            found => found?,
        };
        let kind = facts::kind(&found);
        let target = if kind == EntryKind::SymbolicLink { shown_target(directory, &name) } else { None };
        let access = facts::access(directory, &name, kind, self.removing.allows(&found));
        Ok(Some(facts::item(name, &found, target, self.owners, access)))
    }
}

impl Iterator for Entries {
    type Item = Result<Item, StorageFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let name = match self.directory.read()? {
                Ok(entry) => Bytes::copy_from_slice(entry.file_name().to_bytes()),
                Err(errno) => return Some(Err(failure(errno))),
            };
            if matches!(&name[..], b"." | b"..") || names::is_ours(&name) {
                continue;
            }
            match self.item(name) {
                Ok(None) => {}
                Ok(Some(item)) => return Some(Ok(item)),
                Err(errno) => return Some(Err(failure(errno))),
            }
        }
    }
}
