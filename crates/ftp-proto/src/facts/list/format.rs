//! The formats of LIST, and telling which one a server uses.

use super::clock::ListingClock;
use super::{dos, eplf, unix};
use crate::facts::{Entry, EntryKind, is_writable, mlst};
use bytes::Bytes;

/// A format of LIST. No standard says what LIST's lines are like (RFC 959 §4.1.3), so there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LineFormat {
    /// `ls -l` and its imitations.
    Unix,
    /// `dir`, as on Windows.
    Dos,
    /// Easily Parsed LIST Format.
    Eplf,
    /// Entries as of MLSD, in answer to LIST.
    Mlsx,
}

/// Why a line is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// It is part of the format all the same.
    Heading,
    /// It is not of this format, or of no use.
    Foreign,
}

type Parse = fn(&[u8], &ListingClock) -> Result<Entry, NoEntry>;

/// Every format, in the order in which they are tried: the ones with the clearest marks first.
const FORMATS: [(LineFormat, Parse); 4] = [
    (LineFormat::Eplf, eplf::parse),
    (LineFormat::Mlsx, mlsx),
    (LineFormat::Dos, dos::parse),
    (LineFormat::Unix, unix::parse),
];

fn mlsx(line: &[u8], _clock: &ListingClock) -> Result<Entry, NoEntry> {
    // Without facts a line that begins with a blank would do.
    if line.starts_with(b" ") { Err(NoEntry::Foreign) } else { mlsd(line) }
}

/// A line of MLSD.
pub(super) fn mlsd(line: &[u8]) -> Result<Entry, NoEntry> {
    mlst::parse(line).ok_or(NoEntry::Foreign).and_then(finish)
}

/// The entry with `name`; `.` and `..` are the listed directory and its parent.
pub(super) fn named(entry: Entry, name: &[u8]) -> Entry {
    let kind = match (entry.kind, name) {
        (EntryKind::Directory, b".") => EntryKind::ListedDirectory,
        (EntryKind::Directory, b"..") => EntryKind::ParentDirectory,
        (kind, _) => kind,
    };
    Entry { name: Bytes::copy_from_slice(name), kind, ..entry }
}

/// A line's entry, unless there is no way to ask for it: no name, or CR or NUL in it.
pub(super) fn finish(entry: Entry) -> Result<Entry, NoEntry> {
    if entry.name.is_empty() || !is_writable(&entry.name) { Err(NoEntry::Foreign) } else { Ok(entry) }
}

/// Reads one line of LIST's output, or of STAT's, without its line end, in whichever format it is. `None` if it is no
/// entry.
///
/// Of many lines, [`ListingReader`](super::ListingReader) makes more: there, one line tells about the others.
#[must_use]
pub fn parse_line(line: &[u8], clock: &ListingClock) -> Option<Entry> {
    FORMATS.iter().find_map(|(_, parse)| parse(line, clock).ok())
}

/// Which format a listing is in. Two entries settle that, and from then on lines of other formats are no entries: a
/// name may look like anything. One entry does not, since it may have been somebody's greeting.
#[derive(Debug, Clone, Default)]
pub(super) struct Detection {
    found: Option<(LineFormat, Parse)>,
    settled: bool,
}

impl Detection {
    /// The format, once there was an entry.
    pub(super) fn format(&self) -> Option<LineFormat> {
        self.found.map(|(format, _)| format)
    }

    pub(super) fn read(&mut self, line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
        if let Some((_, parse)) = self.found {
            let outcome = parse(line, clock);
            if self.settled || outcome != Err(NoEntry::Foreign) {
                self.settled |= outcome.is_ok();
                return outcome;
            }
        }
        self.detect(line, clock)
    }

    fn detect(&mut self, line: &[u8], clock: &ListingClock) -> Result<Entry, NoEntry> {
        let mut why = NoEntry::Foreign;
        for row in FORMATS {
            match row.1(line, clock) {
                Ok(entry) => {
                    self.found = Some(row);
                    return Ok(entry);
                }
                Err(NoEntry::Heading) => why = NoEntry::Heading,
                Err(NoEntry::Foreign) => {}
            }
        }
        Err(why)
    }
}
