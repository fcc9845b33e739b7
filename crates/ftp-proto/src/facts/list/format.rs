//! The formats of LIST, and telling which one a server uses.

use super::clock::ListingClock;
use super::{dos, eplf, mvs_dataset, mvs_member, netware, os2, os400, unix, vms, zvm};
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
    /// OpenVMS.
    Vms,
    /// MVS and z/OS: data sets.
    MvsDataset,
    /// MVS and z/OS: members of a partitioned data set.
    MvsMember,
    /// OS/400 (IBM i).
    Os400,
    /// OS/2.
    Os2,
    /// NetWare.
    NetWare,
    /// z/VM (CMS).
    ZVm,
}

/// Why a line is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// It is part of the format all the same.
    Heading,
    /// It is the beginning of an entry that goes on in the next line.
    Begun,
    /// It is not of this format, or of no use.
    Foreign,
}

type Parse = fn(&[u8], &ListingClock) -> Result<Entry, NoEntry>;

/// One format.
#[derive(Debug, Clone, Copy)]
struct Format {
    name: LineFormat,
    parse: Parse,
    /// How lines are read after its heading, if that settles the format.
    after_heading: Option<Parse>,
}

const fn format(name: LineFormat, parse: Parse) -> Format {
    Format { name, parse, after_heading: None }
}

/// Every format, in the order in which they are tried: the ones with the clearest marks first. No line is an entry in
/// two of them.
const FORMATS: [Format; 11] = [
    format(LineFormat::Eplf, eplf::parse),
    format(LineFormat::Mlsx, mlsx),
    format(LineFormat::Dos, dos::parse),
    format(LineFormat::Unix, unix::parse),
    format(LineFormat::NetWare, netware::parse),
    format(LineFormat::Os2, os2::parse),
    format(LineFormat::Os400, os400::parse),
    format(LineFormat::Vms, vms::parse),
    format(LineFormat::MvsDataset, mvs_dataset::parse),
    Format {
        name: LineFormat::MvsMember,
        parse: mvs_member::parse,
        after_heading: Some(mvs_member::parse_after_heading),
    },
    format(LineFormat::ZVm, zvm::parse),
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
    FORMATS.iter().find_map(|format| (format.parse)(line, clock).ok())
}

/// Which format a listing is in. Two entries settle that, or a heading that no other format has, and from then on lines of other formats are no entries: a
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
        for Format { name, parse, after_heading } in FORMATS {
            match parse(line, clock) {
                Ok(entry) => {
                    self.found = Some((name, parse));
                    return Ok(entry);
                }
                Err(NoEntry::Foreign) => {}
                Err(known) => {
                    why = known;
                    if let Some(parse) = after_heading {
                        (self.found, self.settled) = (Some((name, parse)), true);
                    }
                }
            }
        }
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::TimeVal;

    /// Listings of every format, with names that are made up.
    const LISTINGS: [(LineFormat, &str); 11] = [
        (LineFormat::Dos, include_str!("../../../tests/listings/dos.txt")),
        (LineFormat::Eplf, include_str!("../../../tests/listings/eplf.txt")),
        (LineFormat::Mlsx, include_str!("../../../tests/listings/mlsx.txt")),
        (LineFormat::MvsDataset, include_str!("../../../tests/listings/mvs_dataset.txt")),
        (LineFormat::MvsMember, include_str!("../../../tests/listings/mvs_member.txt")),
        (LineFormat::NetWare, include_str!("../../../tests/listings/netware.txt")),
        (LineFormat::Os2, include_str!("../../../tests/listings/os2.txt")),
        (LineFormat::Os400, include_str!("../../../tests/listings/os400.txt")),
        (LineFormat::Unix, include_str!("../../../tests/listings/unix.txt")),
        (LineFormat::Vms, include_str!("../../../tests/listings/vms.txt")),
        (LineFormat::ZVm, include_str!("../../../tests/listings/zvm.txt")),
    ];

    #[test]
    fn no_reader_takes_lines_of_another_format() {
        let clock = ListingClock::utc(TimeVal::from_seconds(1_719_835_200));
        for (own, text) in LISTINGS {
            let entries = |format: &Format| {
                text.lines().filter(|line| (format.parse)(line.as_bytes(), &clock).is_ok()).count()
            };
            for format in &FORMATS {
                assert_eq!(format.name == own, entries(format) > 0, "{:?} reads {own:?}", format.name);
            }
        }
    }
}
