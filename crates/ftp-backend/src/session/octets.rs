//! Questions that read a file: exact sizes and digests.

use super::UserSession;
use super::digest::Hasher;
use crate::rights::Right;
use crate::withdrawal::Withdrawal;
use ftp_dtp::storage::{Source, storage_failure};
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::EntryKind;
use ftp_proto::params::{DataType, Structure, TransferMode, TransferParams};
use ftp_proto::server::{Answer, HashAlgorithm, OctetSpan};
use ftp_proto::transform::ascii::NetworkLength;
use std::os::unix::fs::FileExt;

/// The largest file that SIZE reads to count its line ends under TYPE A: 16 MiB. For larger ones the answer is that it
/// cannot be told, never an estimate (RFC 3659 §4).
pub const MAX_COUNTED: u64 = 16 << 20;

/// Octets read at once.
const CHUNK: usize = 256 << 10;

impl UserSession {
    pub(super) fn size(
        &self,
        path: &PathName,
        params: TransferParams,
        withdrawal: &Withdrawal,
    ) -> Result<u64, StorageFailure> {
        self.rights.require(Right::List)?;
        let path = self.resolve(path)?;
        let entry = self.facts_or_partial(&path)?.entry;
        let size = match entry.kind {
            EntryKind::File => entry.size.ok_or(StorageFailure::Unsupported)?,
            kind if kind.is_directory() => return Err(StorageFailure::IsADirectory),
            _ => return Err(StorageFailure::NotARegularFile),
        };
        if params.structure != Structure::File || params.mode != TransferMode::Stream {
            return Err(StorageFailure::Unsupported);
        }
        match params.data_type {
            DataType::Image | DataType::Local(8) => Ok(size),
            DataType::Ascii(_) if size <= MAX_COUNTED => {
                let mut length = NetworkLength::new();
                let source = self.storage.open(&path)?.source;
                read(source, u64::MAX, withdrawal, |octets| length.push(octets))?;
                Ok(length.octets())
            }
            _ => Err(StorageFailure::Unsupported),
        }
    }

    /// [`size`](Self::size), where nothing has to be read or waited for.
    pub(super) fn size_at_once(&self, path: &PathName, params: TransferParams) -> Option<u64> {
        let plain = params.structure == Structure::File
            && params.mode == TransferMode::Stream
            && matches!(params.data_type, DataType::Image | DataType::Local(8));
        self.rights.require(Right::List).ok().filter(|()| plain)?;
        Some(self.storage.look_at_once(&self.resolve(path).ok()?)?.size)
    }

    /// The digest of a span and where the span is: it ends with the file, if that is sooner than asked.
    pub(super) fn digest(
        &self,
        path: &PathName,
        algorithm: HashAlgorithm,
        span: OctetSpan,
        withdrawal: &Withdrawal,
    ) -> Result<Answer, StorageFailure> {
        self.rights.require(Right::Read)?;
        let mut hasher = Hasher::new(algorithm)?;
        let download = self.storage.open(&self.resolve(path)?)?;
        let end = span.end.unwrap_or(u64::MAX).min(download.size);
        let length = end.checked_sub(span.start).ok_or(StorageFailure::BadOffset)?;
        read(download.from(span.start).source, length, withdrawal, |octets| hasher.update(octets))?;
        Ok(Answer::Digest { digest: hasher.finish(), span: (span.start, end) })
    }
}

/// Reads `source` to its end, at most `most` octets of it.
fn read(
    source: Source,
    most: u64,
    withdrawal: &Withdrawal,
    mut take: impl FnMut(&[u8]),
) -> Result<(), StorageFailure> {
    let mut left = most;
    match source {
        Source::File { file, mut offset, length } => {
            left = left.min(length.unwrap_or(u64::MAX));
            let mut buffer = vec![0; CHUNK];
            while left > 0 {
                withdrawal.check()?;
                let room = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
                let got = match file.read_at(&mut buffer[..room], offset) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    got => got.map_err(|error| storage_failure(&error))?,
                };
                if got == 0 {
                    // It became shorter: what was counted so far is no answer.
                    return if length.is_some() { Err(StorageFailure::Changed) } else { Ok(()) };
                }
                take(&buffer[..got]);
                offset += got as u64;
                left -= got as u64;
            }
        }
        Source::Chunks(mut chunks) => {
            while left > 0 {
                withdrawal.check()?;
                let room = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
                let Some(chunk) = chunks.next_chunk(room)? else { return Ok(()) };
                take(&chunk);
                left = left.saturating_sub(chunk.len() as u64);
            }
        }
    }
    Ok(())
}
