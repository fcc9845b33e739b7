//! A listing on its way from the data connection into entries.

use bytes::Bytes;
use ftp_dtp::storage::{ChunkSink, Sink};
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::list::{ListingClock, ListingError, ListingFormat, ListingLimits, ListingReader};
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is in a directory.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The entries, in the server's order, without those for the directory itself and its parent.
    pub entries: Vec<Entry>,
    /// Times are exact and in UTC (MLSD); else they are what `ls` shows, in the server's time zone, which is not known.
    pub exact_times: bool,
    /// How many lines were not understood, and the beginning of the first.
    pub skipped: Option<(u64, Bytes)>,
}

/// Reads a listing while it comes. The sink goes to the data connection; what it has read stays here.
#[derive(Debug, Clone)]
pub(crate) struct Collector(Arc<Mutex<Collected>>);

#[derive(Debug)]
struct Collected {
    format: ListingFormat,
    reader: ListingReader,
    entries: Vec<Entry>,
    error: Option<ListingError>,
}

impl Collector {
    pub(crate) fn new(format: ListingFormat, limits: ListingLimits) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = TimeVal::from_seconds(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let reader = ListingReader::new(format, ListingClock::utc(now), limits);
        Self(Arc::new(Mutex::new(Collected { format, reader, entries: Vec::new(), error: None })))
    }

    pub(crate) fn sink(&self) -> Sink {
        Sink::Chunks(Box::new(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn finish(self) -> Result<Listing, ListingError> {
        let mut guard = self.lock();
        let collected = &mut *guard;
        if let Some(error) = collected.error {
            return Err(error);
        }
        collected.reader.finish(&mut collected.entries)?;
        let mut entries = core::mem::take(&mut collected.entries);
        entries.retain(is_child);
        let reader = &collected.reader;
        let skipped = reader.first_skipped().map(|first| (reader.skipped(), Bytes::copy_from_slice(first)));
        Ok(Listing { entries, exact_times: collected.format == ListingFormat::Mlsd, skipped })
    }
}

impl ChunkSink for Collector {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        let mut guard = self.lock();
        let collected = &mut *guard;
        collected.reader.push(&chunk, &mut collected.entries).map_err(|error| {
            collected.error = Some(error);
            StorageFailure::TooLarge
        })
    }
}

fn is_child(entry: &Entry) -> bool {
    !matches!(entry.kind, EntryKind::ListedDirectory | EntryKind::ParentDirectory)
        && !matches!(&entry.name[..], b"." | b"..")
}
