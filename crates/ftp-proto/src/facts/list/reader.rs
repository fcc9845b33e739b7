//! A listing as it comes over a data connection: chunks in, entries out.

use super::clock::ListingClock;
use super::format::{Detection, LineFormat, NoEntry, finish, mlsd, named};
use crate::facts::{Entry, EntryKind};
use alloc::vec::Vec;
use bytes::Bytes;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListingFormat {
    /// MLSD (RFC 3659 §7).
    Mlsd,
    /// LIST: the format is found out.
    List,
    /// NLST: names, perhaps with the path in front.
    Nlst,
}

/// How much of a listing is taken from a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingLimits {
    /// Octets of one line; a longer line is skipped.
    pub line: usize,
    /// Entries; more of them are an error.
    pub entries: u64,
    /// Octets of the listing; more of them are an error.
    pub octets: u64,
}

impl Default for ListingLimits {
    /// 16 KiB, 1,000,000 entries, 256 MiB.
    fn default() -> Self {
        Self { line: 16 * 1024, entries: 1_000_000, octets: 256 * 1024 * 1024 }
    }
}

/// A listing is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// More entries than [`ListingLimits::entries`].
    #[error("the listing has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// More octets than [`ListingLimits::octets`].
    #[error("the listing is longer than {limit} octets")]
    TooLong {
        /// The limit.
        limit: u64,
    },
}

/// Reads a listing. Lines end in LF or CRLF. Lines that are no entry are skipped and counted: servers put all sorts of
/// text into listings.
///
/// Names are what the server says: a caller that makes files of them checks them first.
///
/// ```
/// use ftp_proto::facts::TimeVal;
/// use ftp_proto::facts::list::{ListingClock, ListingFormat, ListingLimits, ListingReader};
///
/// let clock = ListingClock::utc(TimeVal::from_seconds(1_600_000_000));
/// let mut reader = ListingReader::new(ListingFormat::List, clock, ListingLimits::default());
/// let mut entries = Vec::new();
/// reader.push(b"total 8\r\n-rw-r--r--  1 eve  staff  1830 Mar ", &mut entries)?;
/// reader.push(b" 4 16:03 notes.txt\r\n", &mut entries)?;
/// reader.finish(&mut entries)?;
/// assert_eq!(entries[0].name, "notes.txt");
/// assert_eq!(entries[0].size, Some(1830));
/// # Ok::<(), ftp_proto::facts::list::ListingError>(())
/// ```
#[derive(Debug)]
pub struct ListingReader {
    format: ListingFormat,
    clock: ListingClock,
    limits: ListingLimits,
    detection: Detection,
    /// The beginning of a line whose end has not come; at most `limits.line` octets.
    line: Vec<u8>,
    /// The line in `line` is too long: the rest of it is dropped.
    overlong: bool,
    /// A line with the beginning of an entry, which the next line ends.
    begun: Option<Bytes>,
    entries: u64,
    octets: u64,
    skipped: u64,
    first_skipped: Option<Bytes>,
}

/// How much of the first line that was skipped is kept.
const SAMPLE: usize = 200;

impl ListingReader {
    /// At the beginning of a listing.
    #[must_use]
    pub fn new(format: ListingFormat, clock: ListingClock, limits: ListingLimits) -> Self {
        Self {
            format,
            clock,
            limits,
            detection: Detection::default(),
            line: Vec::new(),
            overlong: false,
            begun: None,
            entries: 0,
            octets: 0,
            skipped: 0,
            first_skipped: None,
        }
    }

    /// Takes the next octets and appends the entries that they complete.
    ///
    /// # Errors
    /// When the listing is larger than the limits; `entries` then has what came before.
    pub fn push(&mut self, octets: &[u8], entries: &mut Vec<Entry>) -> Result<(), ListingError> {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        if self.octets > self.limits.octets {
            return Err(ListingError::TooLong { limit: self.limits.octets });
        }
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|&octet| octet == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            self.end_line(line, entries)?;
        }
        self.keep(rest);
        Ok(())
    }

    /// The listing has ended; the last line need not have an end.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(&mut self, entries: &mut Vec<Entry>) -> Result<(), ListingError> {
        let result = self.end_line(b"", entries);
        self.skip_begun();
        result
    }

    /// How many lines were skipped.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The beginning of the first line that was skipped, to show what they are like.
    #[must_use]
    pub fn first_skipped(&self) -> Option<&[u8]> {
        self.first_skipped.as_deref()
    }

    /// The format of LIST, once there was an entry.
    #[must_use]
    pub fn line_format(&self) -> Option<LineFormat> {
        self.detection.format()
    }

    /// Keeps the beginning of a line.
    fn keep(&mut self, octets: &[u8]) {
        let room = self.limits.line.saturating_sub(self.line.len());
        self.overlong |= octets.len() > room;
        self.line.extend_from_slice(octets.get(..room).unwrap_or(octets));
    }

    /// `rest` ends the line whose beginning was kept.
    fn end_line(&mut self, rest: &[u8], entries: &mut Vec<Entry>) -> Result<(), ListingError> {
        if self.line.is_empty() && rest.len() <= self.limits.line {
            return self.take_line(rest, entries);
        }
        self.keep(rest);
        let line = core::mem::take(&mut self.line);
        let result = if core::mem::take(&mut self.overlong) {
            self.skip_begun();
            self.skip(&line);
            Ok(())
        } else {
            self.take_line(&line, entries)
        };
        self.line = line;
        self.line.clear();
        result
    }

    fn take_line(&mut self, line: &[u8], entries: &mut Vec<Entry>) -> Result<(), ListingError> {
        let ends = line.iter().rev().take_while(|&&octet| octet == b'\r').count();
        let line = line.get(..line.len() - ends).unwrap_or_default();
        if line.is_empty() {
            return Ok(());
        }
        let outcome = match self.format {
            ListingFormat::Mlsd => mlsd(line),
            ListingFormat::List => self.list(line),
            ListingFormat::Nlst => bare_name(line),
        };
        match outcome {
            Ok(_) if self.entries >= self.limits.entries => {
                return Err(ListingError::TooManyEntries { limit: self.limits.entries });
            }
            Ok(entry) => {
                self.entries += 1;
                entries.push(entry);
            }
            Err(NoEntry::Heading) => {}
            Err(NoEntry::Begun) => self.begun = Some(Bytes::copy_from_slice(line)),
            Err(NoEntry::Foreign) => self.skip(line),
        }
        Ok(())
    }

    /// A line of LIST, perhaps the second of an entry.
    fn list(&mut self, line: &[u8]) -> Result<Entry, NoEntry> {
        if let Some(begun) = &self.begun {
            let whole = [begun, line].join(&b' ');
            if let Ok(entry) = self.detection.read(&whole, &self.clock) {
                self.begun = None;
                return Ok(entry);
            }
        }
        self.skip_begun();
        self.detection.read(line, &self.clock)
    }

    /// What was begun is no entry after all.
    fn skip_begun(&mut self) {
        if let Some(line) = self.begun.take() {
            self.skip(&line);
        }
    }

    fn skip(&mut self, line: &[u8]) {
        self.skipped += 1;
        if self.first_skipped.is_none() {
            self.first_skipped = Some(Bytes::copy_from_slice(line.get(..SAMPLE).unwrap_or(line)));
        }
    }
}

/// A line of NLST: the name is what follows the last slash. Only a slash at the end tells what it is.
fn bare_name(line: &[u8]) -> Result<Entry, NoEntry> {
    let (path, kind) = match line.strip_suffix(b"/") {
        Some(path) => (path, EntryKind::Directory),
        None => (line, EntryKind::Other),
    };
    let name = path.rsplit(|&octet| octet == b'/').next().unwrap_or(path);
    let kind = if matches!(name, b"." | b"..") { EntryKind::Directory } else { kind };
    finish(named(Entry { kind, ..Entry::default() }, name))
}
