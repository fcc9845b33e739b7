//! What is in a directory, read as it is asked for.

use super::facts::{self, Removing};
use super::root::failure;
use super::{Owners, names, shown_target};
use crate::storage::{Access, Detail, Item};
use bytes::{Bytes, BytesMut};
use core::mem::MaybeUninit;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{Entry, EntryKind};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::collections::VecDeque;

/// Names are read in pieces of so many octets: some hundred in one call of the system.
const PIECE: usize = 32 * 1024;

/// The entries of an open directory.
pub(super) struct Entries {
    directory: OwnedFd,
    names: Names,
    detail: Detail,
    removing: Removing,
    owners: Owners,
    /// Whom the process runs as.
    process: u32,
}

/// Names as the system gives them, a piece at a time.
struct Names {
    room: Box<[MaybeUninit<u8>]>,
    read: VecDeque<(Bytes, FileType)>,
    ended: bool,
}

impl Names {
    fn next(&mut self, directory: &OwnedFd) -> Result<Option<(Bytes, FileType)>, Errno> {
        if self.read.is_empty() && !self.ended {
            self.read_more(directory)?;
        }
        Ok(self.read.pop_front())
    }

    fn read_more(&mut self, directory: &OwnedFd) -> Result<(), Errno> {
        let mut raw = RawDir::new(directory, &mut self.room);
        // All names of a piece share their memory.
        let mut octets = BytesMut::with_capacity(PIECE / 2);
        loop {
            let Some(entry) = raw.next() else {
                self.ended = true;
                return Ok(());
            };
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") && !names::is_ours(name) {
                octets.extend_from_slice(name);
                self.read.push_back((octets.split().freeze(), entry.file_type()));
            }
            if raw.is_buffer_empty() && !self.read.is_empty() {
                return Ok(());
            }
        }
    }
}

impl Entries {
    pub(super) fn new(directory: OwnedFd, detail: Detail, owners: Owners) -> Self {
        let removing = if detail == Detail::Access { Removing::of(&directory) } else { Removing::Nobody };
        let room = vec![MaybeUninit::uninit(); PIECE].into_boxed_slice();
        let names = Names { room, read: VecDeque::new(), ended: false };
        Self { directory, names, detail, removing, owners, process: geteuid().as_raw() }
    }

    /// An entry; `None` when it has gone in the meantime.
    fn item(&self, name: Bytes, file_type: FileType) -> Result<Option<Item>, Errno> {
        if self.detail == Detail::Names && file_type != FileType::Unknown {
            let entry = Entry { name, kind: facts::kind_of(file_type), ..Entry::default() };
            return Ok(Some(Item { entry, access: Access::NONE }));
        }
        let found = match facts::of_name(&self.directory, &name) {
            Err(Errno::NOENT) => return Ok(None),
            found => found?,
        };
        let kind = facts::kind(&found);
        let target =
            if kind == EntryKind::SymbolicLink { shown_target(&self.directory, &name) } else { None };
        let access = match self.detail {
            Detail::Access => {
                let remove = self.removing.allows(&found);
                facts::own_access(&found, kind, remove, self.process)
                    .unwrap_or_else(|| facts::access(&self.directory, &name, kind, remove))
            }
            Detail::Names | Detail::Facts => Access::NONE,
        };
        Ok(Some(facts::item(name, &found, target, self.owners, access)))
    }
}

impl Iterator for Entries {
    type Item = Result<Item, StorageFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, file_type) = match self.names.next(&self.directory) {
                Ok(next) => next?,
                Err(errno) => return Some(Err(failure(errno))),
            };
            match self.item(name, file_type) {
                Ok(None) => {}
                Ok(Some(item)) => return Some(Ok(item)),
                Err(errno) => return Some(Err(failure(errno))),
            }
        }
    }
}
