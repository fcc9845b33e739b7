//! A local directory as an open descriptor.
//!
//! Everything below it is reached by one [`FileName`] at a time and never through a symbolic link, so that neither a name
//! from a listing nor a link that appears meanwhile can lead out of it. What the user names himself ([`Dir::open`]) may go
//! through links.

use super::FileName;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Non-blocking, so that opening a FIFO does not wait for its other end.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const NEW_FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const NEW_DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);

/// An open directory.
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    /// For messages only.
    path: PathBuf,
}

/// What is known of a local entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalFacts {
    /// What it is; links are not followed.
    pub(crate) kind: Kind,
    /// Octets.
    pub(crate) size: u64,
    /// Last modification, seconds since 1970.
    pub(crate) modify: i64,
}

/// What a local entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// An entry as the directory has it; the name may be one that cannot be sent.
#[derive(Debug, Clone)]
pub(crate) struct LocalEntry {
    /// The name.
    pub(crate) name: Vec<u8>,
    /// What is known.
    pub(crate) facts: LocalFacts,
}

impl Dir {
    /// Opens a directory that the user named.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let shown = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(Self { fd: rustix::fs::open(shown, DIRECTORY, Mode::empty())?, path: shown.to_owned() })
    }

    /// For messages.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path for messages.
    #[must_use]
    pub(crate) fn path_of(&self, name: &FileName) -> PathBuf {
        self.path.join(name.as_os_str())
    }

    /// Opens a subdirectory; a link to one is refused.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn open_dir(&self, name: &FileName) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.fd, name.as_os_str(), DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd, path: self.path_of(name) })
    }

    /// Makes a subdirectory, or opens it if it is there.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn make_dir(&self, name: &FileName) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.fd, name.as_os_str(), NEW_DIRECTORY_MODE) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => self.open_dir(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the directory that `names` lead to from here.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn descend<'a>(&self, names: impl IntoIterator<Item = &'a FileName>) -> io::Result<Self> {
        let here = Self { fd: self.fd.try_clone()?, path: self.path.clone() };
        names.into_iter().try_fold(here, |dir, name| dir.open_dir(name))
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// Those of the system; [`io::ErrorKind::InvalidInput`] when it is a device, a FIFO or a directory.
    pub(crate) fn open_file(&self, name: &FileName) -> io::Result<File> {
        self.regular(name, FILE | OFlags::RDONLY)
    }

    /// Opens a regular file for reading and writing, and makes it if it is not there. It is not shortened.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub(crate) fn open_or_create(&self, name: &FileName) -> io::Result<File> {
        self.regular(name, FILE | OFlags::RDWR | OFlags::CREATE)
    }

    fn regular(&self, name: &FileName, flags: OFlags) -> io::Result<File> {
        let file = File::from(rustix::fs::openat(&self.fd, name.as_os_str(), flags, NEW_FILE_MODE)?);
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
        }
    }

    /// What is there under this name; `None` when nothing is.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn facts(&self, name: &FileName) -> io::Result<Option<LocalFacts>> {
        self.facts_of(name.as_os_str())
    }

    fn facts_of(&self, name: &std::ffi::OsStr) -> io::Result<Option<LocalFacts>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(LocalFacts {
                kind: Kind::from(FileType::from_raw_mode(stat.st_mode)),
                size: u64::try_from(stat.st_size).unwrap_or(0),
                modify: stat.st_mtime,
            })),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The entries, without `.` and `..`, in no order. Those that vanish meanwhile are left out.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn entries(&self) -> io::Result<Vec<LocalEntry>> {
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            if let Some(facts) = self.facts_of(std::ffi::OsStr::from_bytes(name))? {
                entries.push(LocalEntry { name: name.to_vec(), facts });
            }
        }
        Ok(entries)
    }

    /// Renames within this directory, over what is there.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn rename(&self, from: &FileName, to: &FileName) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from.as_os_str(), &self.fd, to.as_os_str())?)
    }

    /// Removes a file or a link.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn remove_file(&self, name: &FileName) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name.as_os_str(), AtFlags::empty())?)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn remove_dir(&self, name: &FileName) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name.as_os_str(), AtFlags::REMOVEDIR)?)
    }
}

/// Sets the time of the last modification, in seconds since 1970.
///
/// # Errors
/// Those of the system.
pub(crate) fn set_modify(file: &File, seconds: i64) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: seconds, tv_nsec: 0 },
    };
    Ok(rustix::fs::futimens(file, &times)?)
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn name(text: &str) -> FileName {
        FileName::new(text.as_bytes()).expect("a name")
    }

    #[test]
    fn c2_links_are_not_followed_for_reading_writing_or_descending() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("file"), "old").unwrap();
        symlink(outside.path(), inside.path().join("dir")).unwrap();
        symlink(outside.path().join("file"), inside.path().join("link")).unwrap();
        symlink(outside.path().join("new"), inside.path().join("dangling")).unwrap();
        let dir = Dir::open(inside.path()).unwrap();
        assert!(dir.open_dir(&name("dir")).is_err());
        assert!(dir.make_dir(&name("dir")).is_err());
        assert!(dir.open_file(&name("link")).is_err());
        assert!(dir.open_or_create(&name("link")).is_err());
        assert!(dir.open_or_create(&name("dangling")).is_err());
        assert!(!outside.path().join("new").exists());
        assert_eq!(dir.facts(&name("link")).unwrap().map(|facts| facts.kind), Some(Kind::Link));
    }

    #[test]
    fn a_fifo_is_refused_and_nobody_waits() {
        let inside = tempfile::tempdir().unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            inside.path().join("fifo"),
            FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let dir = Dir::open(inside.path()).unwrap();
        assert!(dir.open_file(&name("fifo")).is_err());
    }

    #[test]
    fn entries_have_their_facts() {
        let inside = tempfile::tempdir().unwrap();
        std::fs::write(inside.path().join("file"), "12345").unwrap();
        let dir = Dir::open(inside.path()).unwrap();
        dir.make_dir(&name("sub")).unwrap();
        let file = dir.open_or_create(&name("file")).unwrap();
        set_modify(&file, 1_000_000_000).unwrap();
        let mut entries = dir.entries().unwrap();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let [file, sub] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!(file.facts, LocalFacts { kind: Kind::File, size: 5, modify: 1_000_000_000 });
        assert_eq!((&sub.name[..], sub.facts.kind), (&b"sub"[..], Kind::Directory));
    }
}
