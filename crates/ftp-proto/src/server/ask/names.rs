//! Directories, renaming, facts: what is asked about names, and its answers.

use super::{AskId, Decision, OctetSpan, Verdict};
use crate::command::{ListArgument, PathName};
use crate::data::StorageFailure;
use crate::facts::{Entry, TimeVal};
use crate::params::TransferParams;
use alloc::vec::Vec;
use bytes::Bytes;

/// Something about names.
#[derive(Debug)]
pub struct NameAsk {
    pub(crate) ask: AskId,
    pub(crate) query: Query,
}

impl NameAsk {
    /// What is asked.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// The answer. One of another kind than the query's is a bug of the application: the peer is told 451.
    pub fn answer(self, answer: Answer) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Name(Ok(answer)) }
    }

    /// It cannot be done.
    pub fn fail(self, why: StorageFailure) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Name(Err(why)) }
    }
}

/// A question about names. Typed, so that no application writes protocol text. Paths are as sent: relative ones are
/// relative to the working directory, which the application keeps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Query {
    /// Change the working directory: `Done`.
    Cwd(PathName),
    /// Change to the parent; at the root, stay: `Done`.
    Cdup,
    /// The working directory: `Path`, absolute.
    Pwd,
    /// Make a directory: `Path`, absolute.
    Mkd(PathName),
    /// Remove an empty directory: `Done`.
    Rmd(PathName),
    /// Delete a file or link: `Done`.
    Dele(PathName),
    /// Is it there and may it be renamed: `Done`.
    RenameFrom(PathName),
    /// Rename: `Done`.
    RenameTo {
        /// What RNFR named.
        from: PathName,
        /// The new name.
        to: PathName,
    },
    /// Exact octets of a transfer under `params`, never an estimate: `Octets`.
    Size {
        /// Of this file.
        path: PathName,
        /// TYPE, STRU, MODE.
        params: TransferParams,
    },
    /// Modification time: `Time`.
    Modified(PathName),
    /// Set it: `Done`.
    SetModified {
        /// Of this.
        path: PathName,
        /// The new time.
        time: TimeVal,
    },
    /// Set several facts, all or none: `Facts`, values in force, in the order asked. The core has checked that it knows
    /// each fact.
    SetFacts {
        /// Of this.
        path: PathName,
        /// What to set.
        facts: Vec<SetFact>,
    },
    /// Facts of one object: `Entry` with the name as asked for, or the working directory's path when nothing was.
    Facts {
        /// Of this; the working directory when there is none.
        path: Option<PathName>,
    },
    /// Entries for STAT, which go over the control connection: `Entries`, at most `most`, and one more if there are
    /// more.
    List {
        /// Options and path.
        what: ListArgument,
        /// How many at the most.
        most: usize,
    },
    /// Digest of a range: `Digest`.
    Hash {
        /// Of this file.
        path: PathName,
        /// The algorithm.
        algorithm: HashAlgorithm,
        /// Which octets.
        span: OctetSpan,
    },
    /// Octets that could be stored: `Octets`.
    Available {
        /// In this directory; the working directory when there is none.
        path: Option<PathName>,
    },
    /// Change permission bits: `Done`. The core has refused setuid, setgid and sticky bits.
    ChangeMode {
        /// Of this.
        path: PathName,
        /// 0 to 0o777.
        mode: u16,
    },
    /// Make a symbolic link: `Done`.
    SymbolicLink {
        /// What it points to.
        target: PathName,
        /// The link itself.
        link: PathName,
    },
}

/// One fact to set (draft-somers-ftp-mfxx §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SetFact {
    /// Modification time.
    Modify(TimeVal),
    /// Permission bits, 0 to 0o777.
    UnixMode(u16),
}

/// An answer to a [`Query`].
#[derive(Debug, Clone)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// It is done.
    Done,
    /// An absolute path.
    Path(PathName),
    /// A number of octets.
    Octets(u64),
    /// A time.
    Time(TimeVal),
    /// Values in force, in the order asked.
    Facts(Vec<SetFact>),
    /// One entry.
    Entry(Entry),
    /// Several entries.
    Entries {
        /// In the order in which they are told.
        entries: Vec<Entry>,
        /// The time of day, by which `ls` shows the hour or the year.
        now: TimeVal,
    },
    /// A digest.
    Digest {
        /// Its octets.
        #[cfg_attr(feature = "serde", serde(with = "crate::octets"))]
        digest: Bytes,
        /// What it is of: `end` is where the file ended, if that was sooner than asked.
        span: (u64, u64),
    },
}

/// HASH's algorithms (draft-bryan-ftpext-hash).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// CRC32.
    Crc32,
}

impl HashAlgorithm {
    /// Every algorithm, the preferred first.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5, Self::Crc32];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// The algorithm of this name, in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| name.eq_ignore_ascii_case(algorithm.name().as_bytes()))
    }
}
