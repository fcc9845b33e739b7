//! What a transfer reads from or writes to, and why storage says no.
//!
//! A storage backend opens one of these for each transfer. What it returns may block: the [pump](crate::pump) touches
//! it only inside [`StorageJob`](crate::pump::StorageJob)s, which a driver runs on threads of their own.

use bytes::Bytes;
use ftp_proto::data::StorageFailure;
use rustix::io::Errno;
use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// What is sent to the peer.
pub enum Source {
    /// Part of a regular file; may go out by sendfile.
    File {
        /// The file, open for reading. The backend may keep its own share of it.
        file: Arc<File>,
        /// Where to begin (REST), in octets.
        offset: u64,
        /// How many octets there are from `offset` to the end, as seen when the file was opened: no more are sent,
        /// and it is [`StorageFailure::Changed`] when the file turns out to be shorter. `None` sends whatever there is
        /// up to the end, for files that do not know their size.
        length: Option<u64>,
    },
    /// Anything else: a listing, a buffer in memory, an object store.
    Chunks(Box<dyn ChunkSource>),
}

/// What is received from the peer.
pub enum Sink {
    /// A regular file.
    File {
        /// The file, open for writing. The backend may keep its own share of it, to commit it later.
        file: Arc<File>,
        /// Where the first octet goes (REST). Without meaning when the file was opened for appending.
        offset: u64,
    },
    /// Anything else.
    Chunks(Box<dyn ChunkSink>),
}

/// Octets for the peer, piece by piece.
pub trait ChunkSource: Send {
    /// The next piece, at most `max` octets (`max` is never 0); `None` at the end. An empty piece is not the end.
    /// May block. Not called again after the end or a failure.
    ///
    /// # Errors
    /// The transfer ends with the failure; what was sent before stays sent.
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure>;
}

/// Takes the peer's octets, piece by piece.
pub trait ChunkSink: Send {
    /// Takes the whole of `chunk`, which is never empty. May block. Not called again after a failure. That the stream
    /// is complete is not told here but by the [`Settle`](ftp_proto::server::Ask::Settle) question that follows.
    ///
    /// # Errors
    /// The transfer ends with the failure.
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure>;
}

impl Source {
    /// Octets that are in memory already.
    #[must_use]
    pub fn octets(octets: impl Into<Bytes>) -> Self {
        Self::Chunks(Box::new(octets.into()))
    }
}

impl ChunkSource for Bytes {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        let chunk = self.split_to(max.min(self.len()));
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { offset, length, .. } => {
                f.debug_struct("File").field("offset", offset).field("length", length).finish_non_exhaustive()
            }
            Self::Chunks(_) => f.write_str("Chunks"),
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { offset, .. } => {
                f.debug_struct("File").field("offset", offset).finish_non_exhaustive()
            }
            Self::Chunks(_) => f.write_str("Chunks"),
        }
    }
}

/// A chunk source of pieces that are already in memory.
#[derive(Debug, Clone)]
pub struct BytesSource(Bytes);

impl BytesSource {
    /// Sends `octets`.
    #[must_use]
    pub fn new(octets: impl Into<Bytes>) -> Self {
        Self(octets.into())
    }
}

impl ChunkSource for BytesSource {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let length = self.0.len().min(max);
        Ok(Some(self.0.split_to(length)))
    }
}

/// Why an operation on files failed, in the protocol's terms. Which reply that becomes is the core's table.
///
/// `EXDEV` and `ELOOP` are what resolving beneath a directory gives for a way out of it, or through a loop of links:
/// both are [`Denied`](StorageFailure::Denied). What has no name of its own is [`Local`](StorageFailure::Local): the
/// operator's to mend, and never blamed on the peer.
#[must_use]
pub fn storage_failure(error: &io::Error) -> StorageFailure {
    use StorageFailure as F;
    use io::ErrorKind as K;
    if let Some(failure) = Errno::from_io_error(error).and_then(by_errno) {
        return failure;
    }
    match error.kind() {
        K::NotFound => F::NotFound,
        K::NotADirectory => F::NotADirectory,
        K::IsADirectory => F::IsADirectory,
        K::AlreadyExists => F::Exists,
        K::DirectoryNotEmpty => F::NotEmpty,
        K::PermissionDenied => F::Denied,
        K::ReadOnlyFilesystem => F::ReadOnly,
        K::ResourceBusy | K::ExecutableFileBusy | K::WouldBlock | K::Deadlock => F::Busy,
        K::StorageFull | K::WriteZero => F::NoSpace,
        K::QuotaExceeded => F::QuotaExceeded,
        K::FileTooLarge => F::TooLarge,
        K::InvalidFilename | K::InvalidInput => F::BadName,
        K::Unsupported => F::Unsupported,
        K::UnexpectedEof => F::Changed,
        _ => F::Local,
    }
}

/// The error numbers for which the standard library has no kind, or one that says too little.
fn by_errno(errno: Errno) -> Option<StorageFailure> {
    Some(match errno {
        Errno::LOOP | Errno::XDEV => StorageFailure::Denied,
        Errno::ILSEQ => StorageFailure::BadName,
        Errno::NXIO | Errno::NODEV => StorageFailure::NotARegularFile,
        Errno::OPNOTSUPP | Errno::NOSYS => StorageFailure::Unsupported,
        Errno::OVERFLOW => StorageFailure::TooLarge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_number_of_storage_has_its_failure() {
        let table = [
            (Errno::NOENT, StorageFailure::NotFound),
            (Errno::NOTDIR, StorageFailure::NotADirectory),
            (Errno::ISDIR, StorageFailure::IsADirectory),
            (Errno::EXIST, StorageFailure::Exists),
            (Errno::NOTEMPTY, StorageFailure::NotEmpty),
            (Errno::ACCESS, StorageFailure::Denied),
            (Errno::PERM, StorageFailure::Denied),
            (Errno::LOOP, StorageFailure::Denied),
            (Errno::XDEV, StorageFailure::Denied),
            (Errno::ROFS, StorageFailure::ReadOnly),
            (Errno::BUSY, StorageFailure::Busy),
            (Errno::TXTBSY, StorageFailure::Busy),
            (Errno::AGAIN, StorageFailure::Busy),
            (Errno::NOSPC, StorageFailure::NoSpace),
            (Errno::DQUOT, StorageFailure::QuotaExceeded),
            (Errno::FBIG, StorageFailure::TooLarge),
            (Errno::OVERFLOW, StorageFailure::TooLarge),
            (Errno::NAMETOOLONG, StorageFailure::BadName),
            (Errno::INVAL, StorageFailure::BadName),
            (Errno::ILSEQ, StorageFailure::BadName),
            (Errno::NXIO, StorageFailure::NotARegularFile),
            (Errno::OPNOTSUPP, StorageFailure::Unsupported),
            (Errno::IO, StorageFailure::Local),
            (Errno::MFILE, StorageFailure::Local),
            (Errno::NOMEM, StorageFailure::Local),
            (Errno::STALE, StorageFailure::Local),
        ];
        for (errno, failure) in table {
            assert_eq!(storage_failure(&errno.into()), failure, "{errno:?}");
        }
    }

    #[test]
    fn errors_without_a_number_are_told_by_their_kind() {
        let of = |kind: io::ErrorKind| storage_failure(&kind.into());
        assert_eq!(of(io::ErrorKind::WriteZero), StorageFailure::NoSpace);
        assert_eq!(of(io::ErrorKind::UnexpectedEof), StorageFailure::Changed);
        assert_eq!(of(io::ErrorKind::Other), StorageFailure::Local);
    }

    #[test]
    fn octets_in_memory_come_in_pieces_of_at_most_what_was_asked() {
        let mut source = BytesSource::new(&b"abcde"[..]);
        let mut pieces = Vec::new();
        while let Some(piece) = source.next_chunk(2).unwrap() {
            pieces.push(piece);
        }
        assert_eq!(pieces, [&b"ab"[..], b"cd", b"e"]);
    }
}
