//! What a kind of storage must be able to do. Users, rights, working directories, listings, digests are built on it and are the
//! same for every kind.

use crate::path::VirtualPath;
use core::fmt;
use ftp_dtp::storage::{Sink, Source};
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{Entry, TimeVal};
use ftp_proto::server::SetFact;
use std::time::SystemTime;

/// A tree of directories and files. Calls block; they come from many threads at once.
///
/// Symbolic links are followed as long as they stay below the root; one that leads out is
/// [`StorageFailure::Denied`], and is never followed on the way to an answer.
pub trait Storage: Send + Sync + fmt::Debug {
    /// Facts of what `path` leads to. [`Entry::name`] is the path's last component, empty for the root.
    ///
    /// # Errors
    /// [`StorageFailure::NotFound`], among others.
    fn facts(&self, path: &VirtualPath, links: Links) -> Result<Item, StorageFailure>;

    /// What is in a directory, in no particular order, without `.` and `..`.
    ///
    /// # Errors
    /// [`StorageFailure::NotADirectory`], among others.
    fn list(&self, directory: &VirtualPath, detail: Detail) -> Result<Items, StorageFailure>;

    /// Opens a regular file for reading, without blocking on anything else.
    ///
    /// # Errors
    /// [`StorageFailure::NotARegularFile`] for FIFOs, sockets and devices, [`StorageFailure::IsADirectory`].
    fn open(&self, file: &VirtualPath) -> Result<Download, StorageFailure>;

    /// [`open`](Self::open), if it succeeds and nothing has to be waited for, neither a disk nor another machine; else `None`, and
    /// `open` tells more. Called on event loops, where nobody may wait.
    fn open_at_once(&self, file: &VirtualPath) -> Option<Download> {
        let _ = file;
        None
    }

    /// Size and time of a regular file, likewise.
    fn look_at_once(&self, file: &VirtualPath) -> Option<Look> {
        let _ = file;
        None
    }

    /// Begins to write a file.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`StorageFailure::BadOffset`] when `start` is beyond the end of what is there;
    /// [`StorageFailure::NoSpace`] when what is announced does not fit.
    fn create(&self, file: &VirtualPath, plan: &UploadPlan<'_>) -> Result<Box<dyn Upload>, StorageFailure>;

    /// What is kept of an upload that this owner did not finish, as long as no file has the name.
    ///
    /// # Errors
    /// [`StorageFailure::NotFound`] when there is nothing.
    fn partial(&self, file: &VirtualPath, owner: &[u8]) -> Result<Item, StorageFailure> {
        let _ = (file, owner);
        Err(StorageFailure::NotFound)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`StorageFailure::Exists`], among others.
    fn make_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`StorageFailure::NotEmpty`], among others.
    fn remove_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure>;

    /// Removes a file, or a link itself.
    ///
    /// # Errors
    /// [`StorageFailure::IsADirectory`], among others.
    fn remove_file(&self, path: &VirtualPath) -> Result<(), StorageFailure>;

    /// Renames a file, directory or link itself, in one step.
    ///
    /// # Errors
    /// [`StorageFailure::Exists`] when the new name is taken and `replace` is false.
    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: bool) -> Result<(), StorageFailure>;

    /// Sets facts, all or none.
    ///
    /// # Errors
    /// When one of them cannot be set; none is then.
    fn set_facts(&self, path: &VirtualPath, facts: &[SetFact]) -> Result<(), StorageFailure>;

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// [`StorageFailure::Exists`], among others.
    fn make_link(&self, target: &[u8], link: &VirtualPath) -> Result<(), StorageFailure>;

    /// The time, as it is for this storage.
    fn now(&self) -> TimeVal {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        TimeVal { seconds_since_epoch: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: None }
    }

    /// Octets that could be stored below `path`.
    ///
    /// # Errors
    /// [`StorageFailure::Unsupported`] when nobody knows.
    fn available(&self, path: &VirtualPath) -> Result<u64, StorageFailure>;
}

/// What a directory holds, one at a time.
pub type Items = Box<dyn Iterator<Item = Result<Item, StorageFailure>> + Send>;

/// How much is wanted of each entry of a directory; more may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Name and kind.
    Names,
    /// Facts, and not what may be done with it.
    Facts,
    /// What may be done with it, too.
    Access,
}

/// What becomes of a symbolic link at the end of a path; those before the end are always followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It stands for what it points to.
    Follow,
    /// It is meant itself.
    Keep,
}

/// An object and what the storage lets this process do with it. [`Entry::permissions`] is left open: it needs the user's
/// [`Rights`](crate::rights::Rights).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Facts.
    pub entry: Entry,
    /// What storage allows.
    pub access: Access,
}

/// What storage lets this process do with an object, whoever the FTP user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// Read the file, or list the directory.
    pub read: bool,
    /// Write to the file, or make and remove names in the directory.
    pub write: bool,
    /// Enter the directory.
    pub search: bool,
    /// Remove or rename the object itself: its directory may be written to.
    pub remove: bool,
}

impl Access {
    /// Everything.
    pub const FULL: Self = Self { read: true, write: true, search: true, remove: true };
    /// Nothing.
    pub const NONE: Self = Self { read: false, write: false, search: false, remove: false };
}

/// What is seen of a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// In octets.
    pub size: u64,
    /// When it was modified last.
    pub modify: TimeVal,
}

/// A file that is open for reading.
#[derive(Debug)]
pub struct Download {
    /// Its octets, from the first.
    pub source: Source,
    /// How many there are.
    pub size: u64,
}

impl Download {
    /// The octets from `start` on; none when the file ends before.
    #[must_use]
    pub fn from(mut self, start: u64) -> Self {
        let skipped = start.min(self.size);
        self.size -= skipped;
        self.source = match self.source {
            Source::File { file, offset, length } => Source::File {
                file,
                offset: offset.saturating_add(skipped),
                length: length.map(|octets| octets.saturating_sub(skipped)),
            },
            Source::Chunks(chunks) => Source::Chunks(Box::new(Skipping { chunks, left: skipped })),
        };
        self
    }
}

/// Chunks without the first so many octets.
struct Skipping {
    chunks: Box<dyn ftp_dtp::storage::ChunkSource>,
    left: u64,
}

impl ftp_dtp::storage::ChunkSource for Skipping {
    fn next_chunk(&mut self, max: usize) -> Result<Option<bytes::Bytes>, StorageFailure> {
        let Some(mut chunk) = self.chunks.next_chunk(max)? else { return Ok(None) };
        let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
        self.left -= skipped as u64;
        Ok(Some(chunk.split_off(skipped)))
    }
}

/// How a file is to be written.
#[derive(Debug, Clone, Copy)]
pub struct UploadPlan<'a> {
    /// Where the octets go.
    pub place: Place,
    /// How many were announced (ALLO).
    pub announced: Option<u64>,
    /// Who may go on with what is kept when the upload breaks off; `None`: nothing is kept.
    pub owner: Option<&'a [u8]>,
}

/// Where the octets of an upload go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// They become the whole file; what was there until then is replaced when they are complete.
    Whole {
        /// Whether there may be a file of that name; otherwise it is [`StorageFailure::Exists`], at the end at the latest.
        replace: bool,
    },
    /// They become the whole file, under a name that is free and is taken at once.
    New,
    /// They follow what is there: a file, or else what is kept of an earlier upload.
    End,
    /// They follow the first so many octets of what is there, a file or else what is kept of an earlier upload, and replace the
    /// rest. Not 0.
    At(u64),
}

/// A file that is being written. Exactly one of `commit` and `abandon` ends it; one that is dropped is undone.
pub trait Upload: Send + fmt::Debug {
    /// Where the octets go; called once.
    fn sink(&mut self) -> Sink;

    /// Every octet has come, `stored` of them: makes it the file, which ends with the last of them, and makes it last.
    ///
    /// # Errors
    /// Why not; a file that was to be replaced is what it was before.
    fn commit(self: Box<Self>, stored: u64) -> Result<(), StorageFailure>;

    /// It broke off, or never began. `keep`: what came is worth keeping for its owner.
    fn abandon(self: Box<Self>, keep: bool);
}

/// What a driver moves octets from or to.
#[derive(Debug)]
pub enum Handle {
    /// A download or a listing.
    Source(Source),
    /// An upload.
    Sink(Sink),
}
