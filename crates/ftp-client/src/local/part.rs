//! Downloads that appear under their name only when they are whole.
//!
//! Octets go to `.NAME.ftp-part` beside the target; `.NAME.ftp-part-note` says which version of the remote file they are
//! of. Both stay when a download breaks, so that it can be resumed; the old file stays until the rename.

use super::dir::set_modify;
use super::{Dir, FileName, Kind};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};

/// A note is two numbers.
const MAX_NOTE: u64 = 4096;

/// What tells two versions of a remote file apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Octets, as SIZE or a listing tells.
    pub(crate) size: Option<u64>,
    /// Last modification in seconds since 1970, as MDTM or a listing tells.
    pub(crate) modify: Option<i64>,
}

/// A download under way.
#[derive(Debug)]
pub(crate) struct Download {
    dir: Dir,
    name: FileName,
    file: File,
    offset: u64,
}

/// Why a download cannot begin or be completed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// The local file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The name is taken by something else than a file.
    #[error("the target is not a regular file")]
    NotAFile,
    /// Another process writes the same part.
    #[error("another download of it is under way")]
    Busy,
    /// The remote file is another one now.
    #[error("the remote file is not the one whose download was begun; fetch it anew without --resume")]
    Changed,
    /// Nothing tells whether it is the same one.
    #[error("the server tells neither size nor time, so it cannot be known whether this is the same file")]
    Unknown,
}

impl Download {
    /// Begins, or with `resume` continues, the download of `version` to `name` in `dir`.
    ///
    /// # Errors
    /// When the target cannot be written, or `resume` is asked for and the part is of another version.
    pub(crate) fn begin(
        dir: Dir,
        name: FileName,
        version: Version,
        resume: bool,
    ) -> Result<Self, DownloadError> {
        if dir.facts(&name)?.is_some_and(|facts| !matches!(facts.kind, Kind::File | Kind::Link)) {
            return Err(DownloadError::NotAFile);
        }
        let file = dir.open_or_create(&name.part())?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => DownloadError::Busy,
            error => DownloadError::Io(error.into()),
        })?;
        let begun = file.metadata()?.len();
        let offset = if resume && begun > 0 { checked_offset(&dir, &name, version, begun)? } else { 0 };
        file.set_len(offset)?;
        let download = Self { dir, name, file, offset };
        download.write_note(version)?;
        Ok(download)
    }

    /// Where the part ends: the transfer starts at this octet.
    #[must_use]
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is to be written from [`offset`](Self::offset) on.
    #[must_use]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// How many octets the part has now.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// It is whole: sets its time, writes it to the disk, and gives it its name.
    ///
    /// # Errors
    /// Those of the system; then the part stays.
    pub(crate) fn complete(self, modify: Option<i64>) -> io::Result<()> {
        if let Some(modify) = modify {
            set_modify(&self.file, modify)?;
        }
        self.file.sync_data()?;
        self.dir.rename(&self.name.part(), &self.name)?;
        remove_if_there(&self.dir, &self.name.note())
    }

    /// It broke: keeps what can be resumed, and says how many octets that are. What cannot be checked later is removed.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn keep(self) -> io::Result<u64> {
        let length = self.len()?;
        let checkable = read_note(&self.dir, &self.name)?.is_some_and(|note| note != Version::default());
        match length > 0 && checkable {
            true => Ok(length),
            false => self.discard().map(|()| 0),
        }
    }

    /// Removes what was fetched.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn discard(self) -> io::Result<()> {
        remove_if_there(&self.dir, &self.name.part())?;
        remove_if_there(&self.dir, &self.name.note())
    }

    fn write_note(&self, version: Version) -> io::Result<()> {
        let mut note = self.dir.open_or_create(&self.name.note())?;
        note.set_len(0)?;
        note.write_all(&serde_json::to_vec(&version)?)
    }
}

/// The octets that are there, if they are of `version`.
fn checked_offset(dir: &Dir, name: &FileName, version: Version, begun: u64) -> Result<u64, DownloadError> {
    if version.size.is_none() && version.modify.is_none() {
        return Err(DownloadError::Unknown);
    }
    let same = read_note(dir, name)?.is_some_and(|note| note == version);
    match same && version.size.is_none_or(|size| begun <= size) {
        true => Ok(begun),
        false => Err(DownloadError::Changed),
    }
}

fn read_note(dir: &Dir, name: &FileName) -> io::Result<Option<Version>> {
    if dir.facts(&name.note())?.is_none() {
        return Ok(None);
    }
    let mut text = Vec::new();
    dir.open_file(&name.note())?.take(MAX_NOTE).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

fn remove_if_there(dir: &Dir, name: &FileName) -> io::Result<()> {
    match dir.remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    const VERSION: Version = Version { size: Some(10), modify: Some(1_000_000_000) };

    fn begin(at: &Path, version: Version, resume: bool) -> Result<Download, DownloadError> {
        Download::begin(Dir::open(at).unwrap(), FileName::new(b"f").unwrap(), version, resume)
    }

    fn names(at: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(at)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn broken_after(at: &Path, octets: &[u8]) {
        let download = begin(at, VERSION, false).unwrap();
        download.file().write_all(octets).unwrap();
        assert_eq!(download.keep().unwrap(), octets.len() as u64);
    }

    #[test]
    fn c12_the_old_file_stays_until_the_new_one_is_whole() {
        let at = tempfile::tempdir().unwrap();
        std::fs::write(at.path().join("f"), "old").unwrap();
        let download = begin(at.path(), VERSION, false).unwrap();
        download.file().write_all(b"0123456789").unwrap();
        assert_eq!(std::fs::read(at.path().join("f")).unwrap(), b"old");
        download.complete(VERSION.modify).unwrap();
        assert_eq!(std::fs::read(at.path().join("f")).unwrap(), b"0123456789");
        assert_eq!(std::fs::metadata(at.path().join("f")).unwrap().mtime(), 1_000_000_000);
        assert_eq!(names(at.path()), ["f"]);
    }

    #[test]
    fn c12_a_broken_download_leaves_nothing_under_its_name() {
        let at = tempfile::tempdir().unwrap();
        broken_after(at.path(), b"0123");
        assert_eq!(names(at.path()), [".f.ftp-part", ".f.ftp-part-note"]);
        begin(at.path(), VERSION, false).unwrap().discard().unwrap();
        assert!(names(at.path()).is_empty());
    }

    #[test]
    fn c13_a_part_of_the_same_version_is_continued() {
        let at = tempfile::tempdir().unwrap();
        broken_after(at.path(), b"0123");
        assert_eq!(begin(at.path(), VERSION, true).unwrap().offset(), 4);
    }

    #[test]
    fn c13_a_part_of_another_version_is_refused_and_kept() {
        let at = tempfile::tempdir().unwrap();
        broken_after(at.path(), b"0123");
        for version in [
            Version { size: Some(11), ..VERSION },
            Version { modify: Some(1_000_000_001), ..VERSION },
            Version { modify: None, ..VERSION },
        ] {
            assert!(matches!(begin(at.path(), version, true), Err(DownloadError::Changed)), "{version:?}");
        }
        assert!(matches!(begin(at.path(), Version::default(), true), Err(DownloadError::Unknown)));
        assert_eq!(begin(at.path(), VERSION, true).unwrap().offset(), 4);
    }

    #[test]
    fn c13_a_part_without_a_note_or_longer_than_the_file_is_refused() {
        let at = tempfile::tempdir().unwrap();
        broken_after(at.path(), b"0123456789+");
        assert!(matches!(begin(at.path(), VERSION, true), Err(DownloadError::Changed)));
        std::fs::write(at.path().join(".f.ftp-part"), "0123").unwrap();
        std::fs::remove_file(at.path().join(".f.ftp-part-note")).unwrap();
        assert!(matches!(begin(at.path(), VERSION, true), Err(DownloadError::Changed)));
    }

    #[test]
    fn two_downloads_of_the_same_file_do_not_mix() {
        let at = tempfile::tempdir().unwrap();
        let _first = begin(at.path(), VERSION, false).unwrap();
        assert!(matches!(begin(at.path(), VERSION, false), Err(DownloadError::Busy)));
    }

    #[test]
    fn a_part_that_cannot_be_checked_later_is_not_kept() {
        let at = tempfile::tempdir().unwrap();
        let download = begin(at.path(), Version::default(), false).unwrap();
        download.file().write_all(b"0123").unwrap();
        assert_eq!(download.keep().unwrap(), 0);
        assert!(names(at.path()).is_empty());
    }

    #[test]
    fn directories_are_not_overwritten_and_links_not_written_through() {
        let at = tempfile::tempdir().unwrap();
        std::fs::create_dir(at.path().join("f")).unwrap();
        assert!(matches!(begin(at.path(), VERSION, false), Err(DownloadError::NotAFile)));
        std::fs::remove_dir(at.path().join("f")).unwrap();
        std::fs::write(at.path().join("other"), "kept").unwrap();
        std::os::unix::fs::symlink("other", at.path().join("f")).unwrap();
        let download = begin(at.path(), VERSION, false).unwrap();
        download.file().write_all(b"new").unwrap();
        download.complete(None).unwrap();
        assert_eq!(std::fs::read(at.path().join("other")).unwrap(), b"kept");
        assert_eq!(std::fs::read(at.path().join("f")).unwrap(), b"new");
    }
}
