//! Whole listings, in chunks.

use ftp_proto::facts::list::{
    LineFormat, ListingClock, ListingError, ListingFormat, ListingLimits, ListingReader,
};
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use ftp_proto::testing::{listing, listing_in_chunks, listing_line};
use proptest::prelude::*;

fn reader(format: ListingFormat, limits: ListingLimits) -> ListingReader {
    ListingReader::new(format, ListingClock::utc(TimeVal::from_seconds(1_719_835_200)), limits)
}

fn read(format: ListingFormat, text: &str) -> (Vec<Entry>, ListingReader) {
    let mut reader = reader(format, ListingLimits::default());
    let mut entries = Vec::new();
    reader.push(text.as_bytes(), &mut entries).expect("within limits");
    reader.finish(&mut entries).expect("within limits");
    (entries, reader)
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect()
}

const UNIX: &str = "-rw-r--r-- 1 eve staff 7 Mar  4 16:03";

#[test]
fn junk_is_skipped_and_counted() {
    let text = format!("total 12\r\n{UNIX} a\r\n\r\nls: b: Permission denied\r\n{UNIX} c\r\n<html>\r\n");
    let (entries, reader) = read(ListingFormat::List, &text);
    assert_eq!(names(&entries), ["a", "c"]);
    assert_eq!(reader.skipped(), 2);
    assert_eq!(reader.first_skipped(), Some(&b"ls: b: Permission denied"[..]));
    assert_eq!(reader.line_format(), Some(LineFormat::Unix));
}

#[test]
fn two_entries_settle_the_format() {
    let text = format!("{UNIX} a\n{UNIX} b\n01-31-20  12:10PM  7 c\ntype=file; d\n{UNIX} e\n");
    let (entries, reader) = read(ListingFormat::List, &text);
    assert_eq!(names(&entries), ["a", "b", "e"]);
    assert_eq!(reader.skipped(), 2);
}

#[test]
fn a_greeting_that_looks_like_an_entry_does_not_settle_it() {
    let text = format!("type=file; is what we have here\n{UNIX} a\n{UNIX} b\n");
    let (entries, reader) = read(ListingFormat::List, &text);
    assert_eq!(names(&entries), ["is what we have here", "a", "b"]);
    assert_eq!(reader.line_format(), Some(LineFormat::Unix));
}

#[test]
fn every_line_end_that_occurs_is_one() {
    let (entries, _) = read(ListingFormat::List, &format!("{UNIX} a\n{UNIX} b\r\n{UNIX} c\r\r\n{UNIX} d"));
    assert_eq!(names(&entries), ["a", "b", "c", "d"]);
}

#[test]
fn rfc3659_14_mlsd() {
    let text = "type=cdir; /pub\r\ntype=file;size=1;  x\r\nnonsense\r\n y\r\ntype=dir; \r\n";
    let (entries, reader) = read(ListingFormat::Mlsd, text);
    assert_eq!(names(&entries), ["/pub", " x", "y"]);
    assert_eq!(entries[0].kind, EntryKind::ListedDirectory);
    assert_eq!(reader.skipped(), 2);
}

#[test]
fn nlst_may_have_paths_in_front() {
    let (entries, reader) =
        read(ListingFormat::Nlst, "a\r\npub/b\r\n/pub/c d\r\npub/e/\r\n.\r\npub/..\r\n/\r\n");
    assert_eq!(names(&entries), ["a", "b", "c d", "e", ".", ".."]);
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    use EntryKind::{Directory, ListedDirectory, Other, ParentDirectory};
    assert_eq!(kinds, [Other, Other, Other, Directory, ListedDirectory, ParentDirectory]);
    assert_eq!(reader.skipped(), 1);
}

#[test]
fn an_empty_listing_has_no_entries() {
    for format in [ListingFormat::Mlsd, ListingFormat::List, ListingFormat::Nlst] {
        let (entries, reader) = read(format, "");
        assert!(entries.is_empty());
        assert_eq!(reader.skipped(), 0);
    }
}

#[test]
fn c6_too_many_entries_are_an_error_and_the_first_are_kept() {
    let limits = ListingLimits { entries: 2, ..ListingLimits::default() };
    let mut exact = reader(ListingFormat::Nlst, limits);
    let mut entries = Vec::new();
    assert_eq!(exact.push(b"a\nb\n", &mut entries), Ok(()));
    assert_eq!(exact.finish(&mut entries), Ok(()));
    let mut over = reader(ListingFormat::Nlst, limits);
    let mut entries = Vec::new();
    assert_eq!(over.push(b"a\nb\nc\nd\n", &mut entries), Err(ListingError::TooManyEntries { limit: 2 }));
    assert_eq!(names(&entries), ["a", "b"]);
}

#[test]
fn c6_too_many_octets_are_an_error_whatever_they_are() {
    let mut reader = reader(ListingFormat::List, ListingLimits { octets: 10, ..ListingLimits::default() });
    let mut entries = Vec::new();
    assert_eq!(reader.push(b"junk\njunk\n", &mut entries), Ok(()));
    assert_eq!(reader.push(b"\n", &mut entries), Err(ListingError::TooLong { limit: 10 }));
}

#[test]
fn c6_a_line_that_is_too_long_is_skipped_and_the_others_come() {
    let limits = ListingLimits { line: 8, ..ListingLimits::default() };
    let text = b"short\n12345678\n123456789\n1234567890123456789\nlast";
    for size in 1..=text.len() {
        let mut reader = reader(ListingFormat::Nlst, limits);
        let mut entries = Vec::new();
        for chunk in text.chunks(size) {
            reader.push(chunk, &mut entries).expect("within limits");
        }
        reader.finish(&mut entries).expect("within limits");
        assert_eq!(names(&entries), ["short", "12345678", "last"], "in chunks of {size}");
        assert_eq!(reader.skipped(), 2);
        assert_eq!(reader.first_skipped(), Some(&b"12345678"[..]));
    }
}

/// Listings of lines that are entries, nearly entries, and no entries.
fn lines() -> impl Strategy<Value = String> {
    let line = proptest::sample::select(vec![
        "-rw-r--r-- 1 eve staff 7 Mar  4 16:03 a",
        "lrwxrwxrwx 1 eve staff 7 Mar  4  2019 a -> b",
        "01-31-20  12:10PM       <DIR>          a",
        "+i8388621.48594,m825718503,r,s280,\ta",
        "type=file;size=7; a",
        "total 7",
        "junk",
        "",
        "a line that is longer than the limit allows, wherever it stands in the listing, and whatever is in it otherwise",
    ]);
    let end = proptest::sample::select(vec!["\n", "\r\n", "\r\r\n"]);
    proptest::collection::vec((line, end), 0..12)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end]).collect())
}

/// A line out of pieces of lines.
fn nearly_an_entry() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 40] = [
        b"-rw-r--r--",
        b"drwxr-xr-x",
        b"lrwxrwxrwx",
        b"brw-rw----",
        b"1",
        b"31",
        b"8,",
        b"8,0",
        b"eve",
        b"may",
        b"2019",
        b"12345",
        b"Mar",
        b"Feb",
        b"4",
        b"30",
        b"16:03",
        b"16:03:11",
        b"2019-03-04",
        b"+0100",
        b"->",
        b" -> ",
        b"01-31-20",
        b"12:10PM",
        b"<DIR>",
        b"<JUNCTION>",
        b"1,234",
        b"+",
        b"r,",
        b"s280,",
        b"\t",
        b"type=",
        b"dir;",
        b"size=7;",
        b"OS.unix=slink:",
        b"perm=el;",
        b";",
        b"=",
        b"/",
        b"\xe9",
    ];
    let piece = prop_oneof![
        6 => proptest::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        3 => Just(b" ".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..3),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_chunking_gives_the_same(
        text in lines(),
        format in proptest::sample::select(vec![ListingFormat::Mlsd, ListingFormat::List, ListingFormat::Nlst]),
        plan in proptest::collection::vec(1_u8..30, 0..6),
    ) {
        listing_in_chunks(format, &plan, text.as_bytes());
    }

    #[test]
    fn any_octets_are_a_listing(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        listing(&data);
    }

    #[test]
    fn any_line_is_read_and_written(line in nearly_an_entry()) {
        listing_line(&line);
    }
}
