//! The sandbox: every name is resolved by the kernel, beneath one open directory.
//!
//! Whether a path stays below the root is never decided by looking at it and then using it: in between, somebody may
//! have swapped a directory for a link. `openat2` with `RESOLVE_BENEATH` decides while it opens, and what has no such
//! call (making, removing, renaming) is done in a parent directory that was opened so, with one last component that the
//! system call does not follow.

use super::names;
use crate::path::VirtualPath;
use ftp_dtp::storage::storage_failure;
use ftp_proto::data::StorageFailure;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use std::sync::Arc;

/// `..` in a link's target while somebody renames directories makes the kernel say EAGAIN (1.9 % of calls under a
/// constant storm). After this many in a row something else is wrong.
const ATTEMPTS: u32 = 128;

/// A directory that cannot be left.
#[derive(Debug, Clone)]
pub(super) struct Root {
    directory: Arc<OwnedFd>,
}

/// Where a name is: the directory, and the name in it.
pub(super) struct Place {
    /// Opened with `O_PATH`.
    pub(super) directory: OwnedFd,
    /// One component; not one of our own temporary names.
    pub(super) name: Vec<u8>,
}

/// An error number in the protocol's terms.
pub(super) fn failure(errno: Errno) -> StorageFailure {
    storage_failure(&errno.into())
}

impl Root {
    pub(super) fn new(directory: OwnedFd) -> Self {
        Self { directory: Arc::new(directory) }
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Opens `path`, wherever links lead, as long as it is below the root.
    pub(super) fn open(&self, path: &VirtualPath, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let relative = if path.is_root() { b"." } else { path.relative() };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let mut attempts = 0;
        loop {
            match openat2(&self.directory, relative, flags | OFlags::CLOEXEC, mode, resolve) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if attempts < ATTEMPTS => attempts += 1,
                opened => return opened,
            }
        }
    }

    /// [`open`](Self::open) where the kernel has every name on the way in memory, and no other file system is entered; `None`
    /// otherwise, and for every error.
    pub(super) fn open_at_once(&self, path: &VirtualPath, flags: OFlags) -> Option<OwnedFd> {
        let resolve = ResolveFlags::BENEATH
            | ResolveFlags::NO_MAGICLINKS
            | ResolveFlags::CACHED
            | ResolveFlags::NO_XDEV;
        let relative = if path.is_root() { b"." } else { path.relative() };
        openat2(&self.directory, relative, flags | OFlags::CLOEXEC, Mode::empty(), resolve).ok()
    }

    /// Opens the directory that `path` is in. The name itself may be missing, or a link.
    ///
    /// # Errors
    /// [`StorageFailure::Denied`] for the root, which is in no directory.
    pub(super) fn place(&self, path: &VirtualPath) -> Result<Place, StorageFailure> {
        let (parent, name) = path.split_last().ok_or(StorageFailure::Denied)?;
        if names::is_ours(&name) {
            return Err(StorageFailure::BadName);
        }
        let directory =
            self.open(&parent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map_err(failure)?;
        Ok(Place { directory, name: name.to_vec() })
    }
}
