//! Removing what broken uploads left.

use super::LocalStorage;
use super::root::failure;
use super::{facts, names};
use crate::path::VirtualPath;
use core::time::Duration;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::EntryKind;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, unlinkat};
use std::time::SystemTime;

/// How deep it looks.
const MAX_DEPTH: usize = 64;

impl LocalStorage {
    /// Removes what is kept of uploads and has not changed for `age`; returns how many files that were. Goes through the whole tree, so
    /// it is for a thread of its own; call it at start, and now and then. With an age of zero it also takes uploads that are in
    /// progress.
    ///
    /// # Errors
    /// When the root cannot be read; what cannot be read below it is left out.
    pub fn sweep(&self, age: Duration) -> Result<u64, StorageFailure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let root = self.root.open(&VirtualPath::root(), flags, Mode::empty()).map_err(failure)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let before = i64::try_from(now.saturating_sub(age).as_secs()).unwrap_or(i64::MAX);
        Ok(sweep(root, before, MAX_DEPTH))
    }
}

/// In `directory` and below, links not followed.
fn sweep(directory: OwnedFd, before: i64, depth: usize) -> u64 {
    let Ok(mut entries) = Dir::new(directory) else { return 0 };
    let mut removed = 0;
    while let Some(Ok(entry)) = entries.read() {
        let name = entry.file_name().to_bytes();
        let Ok(directory) = entries.fd() else { break };
        if matches!(name, b"." | b"..") {
            continue;
        }
        let Ok(found) = facts::of_name(directory, name) else { continue };
        match facts::kind(&found) {
            EntryKind::File if names::is_ours(name) && found.stx_mtime.tv_sec <= before => {
                removed += u64::from(unlinkat(directory, name, AtFlags::empty()).is_ok());
            }
            EntryKind::Directory if depth > 0 => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                if let Ok(below) = openat(directory, name, flags, Mode::empty()) {
                    removed += sweep(below, before, depth - 1);
                }
            }
            _ => {}
        }
    }
    removed
}
