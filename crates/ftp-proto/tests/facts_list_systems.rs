//! Whole listings of systems other than Unix and Windows, which are files beside this one. Every name is made up.

use EntryKind::{Directory as Dir, File, Other, ParentDirectory};
use ftp_proto::facts::list::{LineFormat, ListingClock, ListingFormat, ListingLimits, ListingReader};
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use ftp_proto::testing::listing_in_chunks;
use proptest::prelude::*;

/// Reads a listing that is all entries and headings.
fn read(format: LineFormat, text: &str) -> Vec<Entry> {
    let clock = ListingClock::utc(TimeVal::parse(b"20240701120000").expect("a time"));
    let mut reader = ListingReader::new(ListingFormat::List, clock, ListingLimits::default());
    let mut entries = Vec::new();
    reader.push(text.as_bytes(), &mut entries).expect("within limits");
    reader.finish(&mut entries).expect("within limits");
    assert_eq!(reader.first_skipped().map(<[u8]>::escape_ascii).map(|line| line.to_string()), None);
    assert_eq!(reader.line_format(), Some(format));
    entries
}

type Row = (EntryKind, &'static str, Option<u64>, Option<&'static str>);

fn check(format: LineFormat, text: &str, expected: &[Row]) -> Vec<Entry> {
    let entries = read(format, text);
    let brief = |entry: &Entry| {
        (
            entry.kind,
            String::from_utf8_lossy(&entry.name).into_owned(),
            entry.size,
            entry.modify.map(|time| time.to_string()),
        )
    };
    let found: Vec<_> = entries.iter().map(brief).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|&(kind, name, size, modify)| (kind, name.to_owned(), size, modify.map(str::to_owned)))
        .collect();
    assert_eq!(found, expected);
    entries
}

const VMS: &str = include_str!("listings/vms.txt");
const MVS_DATASETS: &str = include_str!("listings/mvs_dataset.txt");
const MVS_MEMBERS: &str = include_str!("listings/mvs_member.txt");
const OS400: &str = include_str!("listings/os400.txt");
const OS2: &str = include_str!("listings/os2.txt");
const NETWARE: &str = include_str!("listings/netware.txt");
const ZVM: &str = include_str!("listings/zvm.txt");

#[test]
fn vms_entries_may_take_two_lines_and_names_keep_their_version() {
    let entries = check(
        LineFormat::Vms,
        VMS,
        &[
            (Dir, "ATTIC", None, Some("20240304160311")),
            (File, "NOTES.TXT;2", None, Some("20240304160300")),
            (File, "NOTES.TXT;1", None, Some("20190228090511")),
            (File, "A_NAME_THAT_IS_LONGER_THAN_ITS.COLUMN;14", None, Some("20240129033312")),
            (File, "NOSIZE.TXT;1", None, Some("20240304160300")),
            (File, "HIDDEN.TXT;1", None, None),
            (File, "ANOTHER_NAME_THAT_IS_LONGER_THAN_ITS.COLUMN;1", None, None),
        ],
    );
    assert_eq!(entries[0].owner.as_deref(), Some(&b"EVE"[..]));
    assert_eq!(entries[0].group.as_deref(), Some(&b"STAFF"[..]));
    assert_eq!((entries[1].owner.as_deref(), &entries[1].group), (Some(&b"EVE"[..]), &None));
}

#[test]
fn a_vms_name_that_nothing_follows_is_skipped_and_the_next_line_is_not_lost() {
    let clock = ListingClock::utc(TimeVal::from_seconds(1_719_835_200));
    let mut reader = ListingReader::new(ListingFormat::List, clock, ListingLimits::default());
    let mut entries = Vec::new();
    let text = b"ALONE.TXT;1\r\nNOTES.TXT;2   3  4-MAR-2024 16:03\r\nLAST.TXT;1\r\n";
    reader.push(text, &mut entries).expect("within limits");
    reader.finish(&mut entries).expect("within limits");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].name, "NOTES.TXT;2");
    assert_eq!((reader.skipped(), reader.first_skipped()), (2, Some(&b"ALONE.TXT;1"[..])));
}

#[test]
fn mvs_datasets_with_members_are_directories_wherever_they_are_kept() {
    check(
        LineFormat::MvsDataset,
        MVS_DATASETS,
        &[
            (Dir, "EVE.SOURCE", None, None),
            (File, "EVE.NOTES", None, None),
            (Dir, "EVE.NEW.LIB", None, None),
            (File, "'SHARED.LOAD.MAP'", None, None),
            (Other, "EVE.KEYS.INDEX", None, None),
            (File, "EVE.OLD.DATA", None, None),
            (File, "EVE.OLDER.DATA", None, None),
            (File, "EVE.TAPE.BACKUP", None, None),
            (Dir, "EVE.ATTIC", None, None),
        ],
    );
}

#[test]
fn mvs_members_need_no_statistics_after_the_heading() {
    let entries = check(
        LineFormat::MvsMember,
        MVS_MEMBERS,
        &[
            (File, "COMPILE", None, Some("20240304160300")),
            (File, "$INDEX", None, Some("20190228090500")),
            (File, "NOSTATS", None, None),
            (File, "MODULE1", None, None),
        ],
    );
    assert_eq!(entries[1].owner.as_deref(), Some(&b"BOB"[..]));
    assert_eq!(entries[0].create.map(|time| time.to_string()).as_deref(), Some("20230912000000"));
}

#[test]
fn os400_dates_are_known_where_they_can_be_read_in_one_way() {
    check(
        LineFormat::Os400,
        OS400,
        &[
            (Dir, "attic", Some(36864), Some("19971107101906")),
            (File, "notes and more.txt", Some(1830), Some("20240331160311")),
            (File, "SOURCE.FILE", Some(1830), Some("20000223160311")),
            (File, "who knows when", Some(1830), None),
            (File, "SOURCE.FILE/MAIN.MBR", None, None),
            (Dir, "TOOLS.LIB", Some(77824), Some("20061128151930")),
            (Other, "RUN.PGM", Some(100), Some("19971107101906")),
        ],
    );
}

#[test]
fn os2_lines() {
    check(
        LineFormat::Os2,
        OS2,
        &[
            (Dir, "attic", None, Some("19950411162600")),
            (ParentDirectory, "..", None, Some("19950411162600")),
            (File, "notes and more.txt", Some(1830), Some("19950728164500")),
            (File, "hidden", Some(12), Some("20240304160300")),
            (File, "plain", Some(7), Some("20240304160300")),
        ],
    );
}

#[test]
fn netware_lines() {
    let entries = check(
        LineFormat::NetWare,
        NETWARE,
        &[
            (Dir, "attic", None, Some("20240304160300")),
            (Dir, "VOL1", None, Some("20190304000000")),
            (File, "notes and more.txt", Some(1830), Some("20240304160300")),
        ],
    );
    assert_eq!(entries[2].owner.as_deref(), Some(&b"eve"[..]));
}

#[test]
fn zvm_records_of_fixed_length_tell_the_size() {
    check(
        LineFormat::ZVm,
        ZVM,
        &[
            (File, "PROFILE.EXEC", None, Some("20240304160311")),
            (File, "NOTES.SCRIPT", Some(1840), Some("20190228090511")),
            (Dir, "ATTIC", None, Some("20240304160311")),
        ],
    );
}

/// Lines of all these listings, in any order.
fn lines() -> impl Strategy<Value = String> {
    let all: Vec<&str> = [VMS, MVS_DATASETS, MVS_MEMBERS, OS400, OS2, NETWARE, ZVM]
        .iter()
        .flat_map(|text| text.lines())
        .collect();
    let line = (proptest::sample::select(all), proptest::sample::select(vec!["\n", "\r\n"]));
    proptest::collection::vec(line, 0..12)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end]).collect())
}

proptest! {
    #[test]
    fn every_chunking_gives_the_same(text in lines(), plan in proptest::collection::vec(1_u8..60, 0..6)) {
        listing_in_chunks(ListingFormat::List, &plan, text.as_bytes());
    }
}
