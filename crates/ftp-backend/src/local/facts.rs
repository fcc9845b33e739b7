//! What the system says about a file, as facts.

use super::Owners;
use crate::storage::{Access, Item};
use bytes::Bytes;
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use rustix::fd::AsFd;
use rustix::fs::{self, AtFlags, FileType, Statx, StatxFlags, StatxTimestamp};
use rustix::io::Errno;
use rustix::process::geteuid;

const STICKY: u16 = 0o1000;

/// What is asked of the system: everything that an [`Entry`] can hold.
const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME);

/// Facts of `name` in `directory`, links not followed.
pub(super) fn of_name(directory: impl AsFd, name: &[u8]) -> Result<Statx, Errno> {
    fs::statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, WANTED)
}

/// Facts of what is open.
pub(super) fn of_open(file: impl AsFd) -> Result<Statx, Errno> {
    fs::statx(file, c"", AtFlags::EMPTY_PATH, WANTED)
}

pub(super) fn kind(facts: &Statx) -> EntryKind {
    kind_of(FileType::from_raw_mode(facts.stx_mode.into()))
}

pub(super) const fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::SymbolicLink,
        _ => EntryKind::Other,
    }
}

pub(super) fn time(stamp: StatxTimestamp) -> TimeVal {
    TimeVal { seconds_since_epoch: stamp.tv_sec, nanos: None }
}

/// Facts as an item; `access` comes from elsewhere.
pub(super) fn item(
    name: Bytes,
    facts: &Statx,
    target: Option<Bytes>,
    owners: Owners,
    access: Access,
) -> Item {
    let kind = kind(facts);
    let modify = time(facts.stx_mtime);
    let created = time(facts.stx_btime);
    // Creation can never be later than modification (RFC 3659 §7.5.4); where a time was set back, it is not told.
    let is_known = facts.stx_mask & StatxFlags::BTIME.bits() != 0 && created <= modify;
    let number = |id: u32| (owners == Owners::Numeric).then(|| Bytes::from(id.to_string()));
    Item {
        entry: Entry {
            name,
            kind,
            size: (kind == EntryKind::File).then_some(facts.stx_size),
            modify: Some(modify),
            create: is_known.then_some(created),
            permissions: None,
            unique: Some(unique(facts)),
            unix_mode: Some(facts.stx_mode & 0o7777),
            owner: number(facts.stx_uid),
            group: number(facts.stx_gid),
            links: Some(facts.stx_nlink.into()),
            target,
        },
        access,
    }
}

/// Device and number, in hexadecimal with dots between.
fn unique(facts: &Statx) -> Bytes {
    let numbers = [facts.stx_dev_major.into(), facts.stx_dev_minor.into(), facts.stx_ino];
    let mut text = [0; 36];
    let mut at = text.len();
    for (place, mut number) in numbers.into_iter().enumerate().rev() {
        loop {
            at -= 1;
            text[at] = b"0123456789abcdef"[(number & 0xF) as usize];
            number >>= 4;
            if number == 0 {
                break;
            }
        }
        if place > 0 {
            at -= 1;
            text[at] = b'.';
        }
    }
    Bytes::copy_from_slice(&text[at..])
}

/// What the process may do with `name` in `directory`, asked of the system: modes alone do not know of access lists and read-only
/// mounts. Links are not followed.
pub(super) fn access(directory: impl AsFd, name: &[u8], kind: EntryKind, remove: bool) -> Access {
    use fs::Access as Mode;
    let may = |mode| {
        let flags = AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW;
        fs::accessat(&directory, name, mode, flags).is_ok()
    };
    let search = kind == EntryKind::Directory;
    let all = Mode::READ_OK | Mode::WRITE_OK | if search { Mode::EXEC_OK } else { Mode::empty() };
    if kind == EntryKind::SymbolicLink || may(all) {
        return Access { read: true, write: true, search, remove };
    }
    Access {
        read: may(Mode::READ_OK),
        write: may(Mode::WRITE_OK),
        search: search && may(Mode::EXEC_OK),
        remove,
    }
}

/// Attributes with which the bits of the mode are not all: it cannot be changed, only appended to, or is another mount.
const SPECIAL: u64 = 0x10 | 0x20 | 0x2000;

/// The same for what belongs to `process`, without asking: access lists give the owner what the owner's bits say. `None` where
/// that is not all; on a mount that can only be read `remove` is never true.
pub(super) fn own_access(facts: &Statx, kind: EntryKind, remove: bool, process: u32) -> Option<Access> {
    let plain = matches!(kind, EntryKind::File | EntryKind::Directory);
    if !plain || !remove || facts.stx_uid != process || facts.stx_attributes.bits() & SPECIAL != 0 {
        return None;
    }
    let may = |bit: u16| facts.stx_mode & bit != 0;
    let search = kind == EntryKind::Directory && may(0o100);
    Some(Access { read: may(0o400), write: may(0o200), search, remove })
}

/// Who may remove names from a directory.
#[derive(Debug, Clone, Copy)]
pub(super) enum Removing {
    Nobody,
    Anybody,
    /// Sticky: the owner of what is removed, if that is who the process runs as.
    Owner,
}

impl Removing {
    /// In this directory.
    pub(super) fn of(directory: impl AsFd) -> Self {
        let writable = access(&directory, b".", EntryKind::Directory, false);
        if !writable.write || !writable.search {
            return Self::Nobody;
        }
        match of_open(&directory) {
            Ok(facts) if facts.stx_mode & STICKY == 0 => Self::Anybody,
            Ok(facts) if facts.stx_uid == geteuid().as_raw() || geteuid().is_root() => Self::Anybody,
            _ => Self::Owner,
        }
    }

    /// What these facts are of.
    pub(super) fn allows(self, facts: &Statx) -> bool {
        match self {
            Self::Nobody => false,
            Self::Anybody => true,
            Self::Owner => facts.stx_uid == geteuid().as_raw(),
        }
    }
}
