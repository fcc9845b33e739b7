//! Storage in a directory on disk that cannot be left.
//!
//! * **Nothing outside the root is reached**, whatever names, links or races say: see the comment on the `root` module. Links inside
//!   the root work, relative ones; absolute ones are not followed, even if they would lead inside.
//! * **Only regular files are opened**: a FIFO, socket or device is [`StorageFailure::NotARegularFile`] at once. Files are not mapped,
//!   so a file that is cut while it is sent is an error and no signal.
//! * **An upload takes its name when it is complete**: it is written under a name that no listing shows, synced, renamed, and
//!   its directory is synced ([`LocalOptions`] can switch both off). What replaces a link, or a file in a directory that the
//!   process may not write to, is written in place; so is what follows octets that are there (APPE, REST).
//! * **An upload that breaks off is kept** for the user who sent it: as long as no file has the name, that user
//!   sees its size and can go on with it by REST and STOR, or APPE. [`LocalStorage::sweep`] removes what is old.
//! * **Names of the system's users are not shown**, and their numbers only on request.

mod directory;
mod facts;
mod names;
mod root;
mod sweep;
#[cfg(test)]
mod tests;
mod upload;

use crate::path::VirtualPath;
use crate::standard::Homes;
use crate::storage::{Access, Detail, Download, Item, Items, Links, Look, Storage, Upload, UploadPlan};
use bytes::Bytes;
use facts::Removing;
use ftp_dtp::storage::Source;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{EntryKind, TimeVal};
use ftp_proto::server::SetFact;
use root::{Place, Root, failure};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// How files are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalOptions {
    /// An upload is on disk before it counts as stored (default). Off: it survives a crash of the server, not one of the
    /// machine.
    pub durable: bool,
    /// A file is replaced as a whole when its successor is complete (default). Off: it is written over as octets come.
    pub atomic: bool,
    /// What is told about owners.
    pub owners: Owners,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self { durable: true, atomic: true, owners: Owners::Hidden }
    }
}

/// What is told about the owners of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owners {
    /// Nothing: who has accounts on this machine is nobody's business.
    #[default]
    Hidden,
    /// Their numbers.
    Numeric,
}

/// A directory on disk. Clones share its descriptor.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    root: Root,
    options: LocalOptions,
    /// Its file system answers from memory where it can: opening asks no other machine and no other process.
    prompt: bool,
}

impl LocalStorage {
    /// Opens the directory. Whatever becomes of its name later, this directory stays the root.
    ///
    /// # Errors
    /// When it cannot be opened, or the system has no `openat2` (Linux has since 5.6), without which nothing is served.
    pub fn open(directory: impl AsRef<Path>, options: LocalOptions) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = Root::new(fs::openat(CWD, directory.as_ref(), flags, Mode::empty())?);
        root.open(&VirtualPath::root(), OFlags::PATH, Mode::empty())?;
        let prompt = is_prompt(root.as_fd());
        Ok(Self { root, options, prompt })
    }

    /// A directory in it as a storage of its own.
    ///
    /// # Errors
    /// When it is not there, or is not below the root.
    pub fn subdirectory(&self, path: &VirtualPath) -> Result<Self, StorageFailure> {
        let directory =
            self.root.open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map_err(failure)?;
        let prompt = is_prompt(&directory);
        Ok(Self { root: Root::new(directory), options: self.options, prompt })
    }

    /// Facts of what a link leads to, if that is inside.
    fn followed(&self, path: &VirtualPath, name: Bytes, remove: bool) -> Result<Item, StorageFailure> {
        let target = self.root.open(path, OFlags::PATH, Mode::empty()).map_err(failure)?;
        let facts = facts::of_open(&target).map_err(failure)?;
        let opens =
            |flags| self.root.open(path, flags | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty()).is_ok();
        let access = match facts::kind(&facts) {
            EntryKind::Directory => facts::access(&target, b".", EntryKind::Directory, remove),
            EntryKind::File => {
                Access { read: opens(OFlags::RDONLY), write: opens(OFlags::WRONLY), search: false, remove }
            }
            _ => Access { remove, ..Access::NONE },
        };
        Ok(facts::item(name, &facts, None, self.options.owners, access))
    }

    fn file_at_once(&self, file: &VirtualPath, flags: OFlags) -> Option<OwnedFd> {
        let is_ours = || file.split_last().is_some_and(|(_, name)| names::is_ours(&name));
        if !self.prompt || is_ours() { None } else { self.root.open_at_once(file, flags) }
    }

    fn root_facts(&self) -> Result<Item, StorageFailure> {
        let facts = facts::of_open(self.root.as_fd()).map_err(failure)?;
        let access = facts::access(self.root.as_fd(), b".", EntryKind::Directory, false);
        Ok(facts::item(Bytes::new(), &facts, None, self.options.owners, access))
    }

    /// Opens a regular file or a directory to change its facts; only by `O_PATH` when it can neither be read nor written.
    fn open_any(&self, path: &VirtualPath) -> Result<OwnedFd, StorageFailure> {
        let calm = OFlags::NONBLOCK | OFlags::NOCTTY;
        let open = |flags| self.root.open(path, flags, Mode::empty());
        let file = open(OFlags::RDONLY | calm)
            .or_else(|why| if why == Errno::ACCESS { open(OFlags::WRONLY | calm) } else { Err(why) })
            .or_else(|why| if why == Errno::ACCESS { open(OFlags::PATH) } else { Err(why) })
            .map_err(failure)?;
        match facts::kind(&facts::of_open(&file).map_err(failure)?) {
            EntryKind::File | EntryKind::Directory => Ok(file),
            _ => Err(StorageFailure::NotARegularFile),
        }
    }
}

/// The target of a link, if it may be told: an absolute one names places that are none of the user's business.
fn shown_target(directory: impl AsFd, name: &[u8]) -> Option<Bytes> {
    let target = fs::readlinkat(directory, name, Vec::new()).ok()?.into_bytes();
    (!target.starts_with(b"/")).then(|| target.into())
}

/// A name of ours is nothing that is there.
fn hidden(why: StorageFailure) -> StorageFailure {
    if why == StorageFailure::BadName { StorageFailure::NotFound } else { why }
}

impl Storage for LocalStorage {
    fn facts(&self, path: &VirtualPath, links: Links) -> Result<Item, StorageFailure> {
        if path.is_root() {
            return self.root_facts();
        }
        let Place { directory, name } = self.root.place(path).map_err(hidden)?;
        let facts = facts::of_name(&directory, &name).map_err(failure)?;
        let remove = Removing::of(&directory).allows(&facts);
        let kind = facts::kind(&facts);
        let mut target = None;
        if kind == EntryKind::SymbolicLink {
            if links == Links::Follow {
                return self.followed(path, name.into(), remove);
            }
            target = shown_target(&directory, &name);
        }
        let access = facts::access(&directory, &name, kind, remove);
        Ok(facts::item(name.into(), &facts, target, self.options.owners, access))
    }

    fn list(&self, directory: &VirtualPath, detail: Detail) -> Result<Items, StorageFailure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let opened = self.root.open(directory, flags, Mode::empty()).map_err(failure)?;
        Ok(Box::new(directory::Entries::new(opened, detail, self.options.owners)))
    }

    fn open(&self, file: &VirtualPath) -> Result<Download, StorageFailure> {
        if file.split_last().is_some_and(|(_, name)| names::is_ours(&name)) {
            return Err(StorageFailure::NotFound);
        }
        // NONBLOCK: a FIFO without a writer must not hold anybody.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = self.root.open(file, flags, Mode::empty()).map_err(failure)?;
        let facts = facts::of_open(&opened).map_err(failure)?;
        must_be_a_file(&facts)?;
        let size = facts.stx_size;
        let file = Arc::new(File::from(opened));
        Ok(Download { source: Source::File { file, offset: 0, length: Some(size) }, size })
    }

    fn open_at_once(&self, file: &VirtualPath) -> Option<Download> {
        let opened = self.file_at_once(file, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let facts = facts::of_open(&opened).ok()?;
        must_be_a_file(&facts).ok()?;
        let size = facts.stx_size;
        let file = Arc::new(File::from(opened));
        Some(Download { source: Source::File { file, offset: 0, length: Some(size) }, size })
    }

    fn look_at_once(&self, file: &VirtualPath) -> Option<Look> {
        let facts = facts::of_open(self.file_at_once(file, OFlags::PATH)?).ok()?;
        must_be_a_file(&facts).ok()?;
        Some(Look { size: facts.stx_size, modify: facts::time(facts.stx_mtime) })
    }

    fn create(&self, file: &VirtualPath, plan: &UploadPlan<'_>) -> Result<Box<dyn Upload>, StorageFailure> {
        upload::begin(&self.root, self.options, file, plan)
    }

    fn partial(&self, file: &VirtualPath, owner: &[u8]) -> Result<Item, StorageFailure> {
        let Place { directory, name } = self.root.place(file).map_err(hidden)?;
        let facts = facts::of_name(&directory, &names::kept(owner, &name)).map_err(failure)?;
        must_be_a_file(&facts)?;
        Ok(facts::item(name.into(), &facts, None, self.options.owners, Access::FULL))
    }

    fn make_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        if path.is_root() {
            return Err(StorageFailure::Exists);
        }
        let Place { directory, name } = self.root.place(path)?;
        fs::mkdirat(directory, name, Mode::from_raw_mode(0o777)).map_err(failure)
    }

    fn remove_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        let Place { directory, name } = self.root.place(path).map_err(hidden)?;
        fs::unlinkat(directory, name, AtFlags::REMOVEDIR).map_err(failure)
    }

    fn remove_file(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        let Place { directory, name } = self.root.place(path).map_err(hidden)?;
        fs::unlinkat(directory, name, AtFlags::empty()).map_err(failure)
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: bool) -> Result<(), StorageFailure> {
        let from = self.root.place(from).map_err(hidden)?;
        let to = self.root.place(to)?;
        let (from, to) = ((&from.directory, &from.name[..]), (&to.directory, &to.name[..]));
        rename(from, to, replace).map_err(|errno| match errno {
            // Not the way out of the root that this error number is when a path is resolved.
            Errno::XDEV => StorageFailure::Unsupported,
            other => failure(other),
        })
    }

    fn set_facts(&self, path: &VirtualPath, facts: &[SetFact]) -> Result<(), StorageFailure> {
        let file = self.open_any(path)?;
        let before = facts::of_open(&file).map_err(failure)?;
        let mut done = Ok(());
        for fact in facts {
            done = done.and_then(|()| set_fact(&file, fact));
        }
        done.inspect_err(|_| {
            // None or all: what was set before the one that failed is put back.
            let _ = set_mode(&file, Mode::from_raw_mode((before.stx_mode & 0o7777).into()));
            let time = Timespec { tv_sec: before.stx_mtime.tv_sec, tv_nsec: before.stx_mtime.tv_nsec.into() };
            let _ = set_modified(&file, time);
        })
    }

    fn make_link(&self, target: &[u8], link: &VirtualPath) -> Result<(), StorageFailure> {
        if target.split(|&octet| octet == b'/').any(names::is_ours) {
            return Err(StorageFailure::BadName);
        }
        let Place { directory, name } = self.root.place(link)?;
        fs::symlinkat(target, directory, name).map_err(failure)
    }

    fn available(&self, path: &VirtualPath) -> Result<u64, StorageFailure> {
        let there = self.root.open(path, OFlags::PATH, Mode::empty()).map_err(failure)?;
        let room = fs::fstatvfs(there).map_err(failure)?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }
}

/// File systems whose files are opened, and asked about, from memory once they are known.
const PROMPT: [u64; 6] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0xF2F5_2010, // F2FS
    0x2FC1_2FC1, // ZFS
    0x0102_1994, // tmpfs
];

fn is_prompt(directory: impl AsFd) -> bool {
    fs::fstatfs(directory)
        .is_ok_and(|system| u64::try_from(system.f_type).is_ok_and(|magic| PROMPT.contains(&magic)))
}

/// Only regular files are transferred.
fn must_be_a_file(facts: &fs::Statx) -> Result<(), StorageFailure> {
    match facts::kind(facts) {
        EntryKind::File => Ok(()),
        EntryKind::Directory => Err(StorageFailure::IsADirectory),
        _ => Err(StorageFailure::NotARegularFile),
    }
}

/// Renames in one step. Where the file system cannot refuse to replace, a second name is made and the first one removed.
fn rename(from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8]), replace: bool) -> Result<(), Errno> {
    if replace {
        return fs::renameat(from.0, from.1, to.0, to.1);
    }
    match fs::renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
            fs::unlinkat(from.0, from.1, AtFlags::empty())
        }
        renamed => renamed,
    }
}

fn set_fact(file: &OwnedFd, fact: &SetFact) -> Result<(), StorageFailure> {
    match *fact {
        SetFact::Modify(TimeVal { seconds_since_epoch, nanos }) => {
            let time = Timespec { tv_sec: seconds_since_epoch, tv_nsec: nanos.unwrap_or(0).into() };
            set_modified(file, time).map_err(failure)
        }
        SetFact::UnixMode(mode) => {
            set_mode(file, Mode::from_raw_mode((mode & 0o777).into())).map_err(failure)
        }
        _ => Err(StorageFailure::Unsupported),
    }
}

/// A name of what was opened by `O_PATH`, for calls that do not take such descriptors; it leads to that very file.
fn name_in_proc(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn set_mode(file: &OwnedFd, mode: Mode) -> Result<(), Errno> {
    match fs::fchmod(file, mode) {
        Err(Errno::BADF) => fs::chmod(name_in_proc(file), mode),
        set => set,
    }
}

/// A new modification time; the time of access stays.
fn set_modified(file: &OwnedFd, time: Timespec) -> Result<(), Errno> {
    let last_access = Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT };
    let times = Timestamps { last_access, last_modification: time };
    match fs::futimens(file, &times) {
        Err(Errno::BADF) => fs::utimensat(CWD, name_in_proc(file), &times, AtFlags::empty()),
        set => set,
    }
}

/// Homes are directories: relative ones below this one, and not outside it whatever links say; absolute ones anywhere.
impl Homes for LocalStorage {
    fn open(&self, home: Option<&str>) -> Result<Arc<dyn Storage>, StorageFailure> {
        Ok(match home {
            None => Arc::new(self.clone()),
            Some(absolute) if absolute.starts_with('/') => Arc::new(
                Self::open(absolute, self.options)
                    .map_err(|error| ftp_dtp::storage::storage_failure(&error))?,
            ),
            Some(relative) => Arc::new(self.subdirectory(&VirtualPath::root().join(relative.as_bytes())?)?),
        })
    }
}
