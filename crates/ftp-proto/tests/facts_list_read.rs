//! Lines of LIST in the formats that servers use; every name in them is invented.

use bytes::Bytes;
use ftp_proto::facts::list::{ListingClock, parse_line};
use ftp_proto::facts::{Entry, EntryKind, TimeVal};

fn time(text: &str) -> TimeVal {
    TimeVal::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
}

fn clock() -> ListingClock {
    ListingClock::utc(time("20240701120000"))
}

fn read(line: impl AsRef<[u8]>) -> Entry {
    let line = line.as_ref();
    parse_line(line, &clock()).unwrap_or_else(|| panic!("not read: {}", line.escape_ascii()))
}

/// What most lines are compared by.
#[derive(Debug, PartialEq)]
struct Brief {
    kind: EntryKind,
    name: String,
    size: Option<u64>,
    modify: Option<String>,
}

fn brief(entry: &Entry) -> Brief {
    Brief {
        kind: entry.kind,
        name: String::from_utf8_lossy(&entry.name).into_owned(),
        size: entry.size,
        modify: entry.modify.map(|time| time.to_string()),
    }
}

type Row = (&'static str, EntryKind, &'static str, Option<u64>, Option<&'static str>);

fn check(table: &[Row]) {
    for &(line, kind, name, size, modify) in table {
        let expected = Brief { kind, name: name.to_owned(), size, modify: modify.map(str::to_owned) };
        assert_eq!(brief(&read(line)), expected, "{line}");
    }
}

use EntryKind::{Directory as Dir, File, ListedDirectory, Other, ParentDirectory, SymbolicLink as Link};

#[test]
fn unix_lines() {
    const MARCH: Option<&str> = Some("20240304160300");
    check(&[
        ("-rw-r--r--   1 eve  staff  1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        (
            "-rw-r--r--    1 1000     1000         1830 Mar 04 16:03 notes.txt",
            File,
            "notes.txt",
            Some(1830),
            MARCH,
        ),
        ("drwxr-xr-x   2 eve  staff  4096 Mar  4 16:03 attic", Dir, "attic", Some(4096), MARCH),
        ("drwxr-xr-x   2 eve  staff  4096 Mar  4 16:03 .", ListedDirectory, ".", Some(4096), MARCH),
        ("drwxr-xr-x   2 eve  staff  4096 Mar  4 16:03 ..", ParentDirectory, "..", Some(4096), MARCH),
        ("drwxr-xr-x   2 eve  staff  4096 Mar  4 16:03 attic/", Dir, "attic", Some(4096), MARCH),
        // Without group; without owner and group; with blocks and inode.
        ("-rw-r--r--   1 eve  1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("-rw-r--r--   1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("  8 -rw-r--r-- 1 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("131 8 -rw-r--r-- 1 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        // Access control lists and other marks; no blank before the links.
        ("-rw-r--r--+  1 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("-rw-r--r--.  1 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("-rw-r--r--@  1 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("-rw-r--r--12345 eve staff 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        (
            "----------   1 owner    group        1830 Mar  4 16:03 notes.txt",
            File,
            "notes.txt",
            Some(1830),
            MARCH,
        ),
        // Devices and the like.
        ("brw-r-----   1 root disk   8,   0 Mar  4 16:03 sda", Other, "sda", None, MARCH),
        ("crw-rw-rw-   1 root root 1,3 Mar  4 16:03 null", Other, "null", None, MARCH),
        ("prw-r--r--   1 eve  staff     0 Mar  4 16:03 pipe", Other, "pipe", Some(0), MARCH),
        ("srw-r--r--   1 eve  staff     0 Mar  4 16:03 socket", Other, "socket", Some(0), MARCH),
        // Accounts with blanks in their names, or like months.
        (
            "-rw-r--r-- 1 OAK+eve Domain Users 1830 Mar  4 16:03 notes.txt",
            File,
            "notes.txt",
            Some(1830),
            MARCH,
        ),
        ("-rw-r--r-- 1 may 12 1830 Mar  4 16:03 notes.txt", File, "notes.txt", Some(1830), MARCH),
        ("-rw-r--r-- 1 eve 12 2019 Mar  4 16:03 notes.txt", File, "notes.txt", Some(2019), MARCH),
        ("-rw-r--r-- 1 jan 12 2019 Mar  4 16:03 notes.txt", File, "notes.txt", Some(2019), MARCH),
        ("-rw-r--r-- eve 1830 Mar  4 16:03 5 Mar 2019 x", File, "5 Mar 2019 x", Some(1830), MARCH),
        // Large.
        (
            "-rw-r--r-- 1 eve staff 18446744073709551615 Mar  4 16:03 n",
            File,
            "n",
            Some(18_446_744_073_709_551_615),
            MARCH,
        ),
        ("-rw-r--r-- 1 eve staff 18446744073709551616 Mar  4 16:03 n", File, "n", None, MARCH),
    ]);
}

#[test]
fn unix_names() {
    let name = |text: &str| read(format!("-rw-r--r-- 1 eve staff 7 Mar  4 16:03 {text}")).name;
    for text in [
        "a b  c",
        " leading",
        "  two leading",
        "trailing ",
        "a -> b",
        "Mar  4 16:03 x",
        "naïve",
        "*[?]",
        "-n",
    ] {
        assert_eq!(name(text), text);
    }
    assert_eq!(read(b"-rw-r--r-- 1 eve staff 7 Mar  4 16:03 caf\xe9".as_slice()).name, &b"caf\xe9"[..]);
    assert_eq!(read("-rw-r--r-- 1 eve staff 7 Mar  4  2019 2020").name, "2020");
    assert_eq!(read("-rw-r--r-- 1 eve staff 7 Mar  4 16:03 2020").name, "2020");
}

#[test]
fn unix_links() {
    let link = |line: &str| {
        let entry = read(line);
        assert_eq!(entry.kind, Link);
        let text = |octets: Bytes| String::from_utf8_lossy(&octets).into_owned();
        (text(entry.name), entry.target.map(text))
    };
    let some = |name: &str, target: &str| (name.to_owned(), Some(target.to_owned()));
    assert_eq!(
        link("lrwxrwxrwx 1 eve staff 9 Mar  4 16:03 latest -> notes.txt"),
        some("latest", "notes.txt")
    );
    assert_eq!(link("lrwxrwxrwx 1 eve staff 6 Mar  4 16:03 a -> b -> c"), some("a", "b -> c"));
    assert_eq!(link("lrwxrwxrwx 1 eve staff 1 Mar  4 16:03 a -> b -> c"), some("a -> b", "c"));
    assert_eq!(link("lrwxrwxrwx 1 eve staff 77 Mar  4 16:03 a -> b -> c"), some("a", "b -> c"));
    assert_eq!(link("lrwxrwxrwx 1 eve staff 9 Mar  4 16:03 latest"), ("latest".to_owned(), None));
}

#[test]
fn unix_modes_and_accounts() {
    let entry = read("-rwsr-Sr-t 3 eve Domain Users 7 Mar  4 16:03 n");
    assert_eq!(entry.unix_mode, Some(0o7745));
    assert_eq!(entry.links, Some(3));
    assert_eq!(entry.owner.as_deref(), Some(&b"eve"[..]));
    assert_eq!(entry.group.as_deref(), Some(&b"Domain Users"[..]));
    let entry = read("-rwxrwxrwT 3 0 0 7 Mar  4 16:03 n");
    assert_eq!(entry.unix_mode, Some(0o1776));
    assert_eq!(entry.owner.as_deref(), Some(&b"0"[..]));
    assert_eq!(read("-????????? 1 eve staff 7 Mar  4 16:03 n").unix_mode, None);
}

/// The date's place is kept by the name after it.
fn check_dates(table: &[(&str, Option<&str>)]) {
    for &(date, modify) in table {
        let entry = read(format!("-rw-r--r-- 1 eve staff 7 {date} n"));
        assert_eq!(entry.name, "n", "{date}");
        assert_eq!(entry.size, Some(7), "{date}");
        assert_eq!(entry.modify.map(|time| time.to_string()).as_deref(), modify, "{date}");
    }
}

#[test]
fn unix_dates() {
    check_dates(&[
        ("Mar  4  2019", Some("20190304000000")),
        ("Mar 04 2019", Some("20190304000000")),
        ("4 Mar 2019", Some("20190304000000")),
        ("4. Mär 16:03", Some("20240304160300")),
        ("Mar 4 16:03:11 2019", Some("20190304160311")),
        ("Mon Mar 4 16:03:11 2019", Some("20190304160311")),
        ("Mar 4 16:03:11", Some("20240304160311")),
        ("2019-03-04 16:03", Some("20190304160300")),
        ("2019-03-04 16:03:11", Some("20190304160311")),
        ("2019-03-04 16:03:11.123456789 +0100", Some("20190304150311")),
        ("2019-03-04 16:03:11.000000000 -0330", Some("20190304193311")),
        ("2019-03-04 ", Some("20190304000000")),
        ("2019-03-04", Some("20190304000000")),
        ("03-04 16:03", Some("20240304160300")),
        ("MAR 4 16:03", Some("20240304160300")),
    ]);
}

#[test]
fn unix_dates_that_do_not_exist_are_not_known() {
    check_dates(&[
        ("Feb 30  2019", None),
        ("Feb 29  2019", None),
        ("2019-02-29 16:03", None),
        ("Mar 4 24:30", None),
    ]);
}

#[test]
fn unix_dates_in_other_languages() {
    check_dates(&[
        ("4 mars 16:03", Some("20240304160300")),
        ("4 févr. 16:03", Some("20240204160300")),
        ("Dez 24  2019", Some("20191224000000")),
        ("24 дек 2019", Some("20191224000000")),
        ("3月  4 16:03", Some("20240304160300")),
        ("3月  4日 2019", Some("20190304000000")),
        ("2019年 3月 4日", Some("20190304000000")),
        ("3월  4 16:03", Some("20240304160300")),
        // Not in any table: the name is right, the time is not known.
        ("4 xyzzy 16:03", None),
        ("xyzzy 4  2019", None),
    ]);
}

#[test]
fn the_year_is_the_latest_that_is_not_in_the_future() {
    let table = [
        // Now, the date, the year.
        ("20240701120000", "Jul  1 12:00", "20240701120000"),
        ("20240701120000", "Jul  2 11:59", "20240702115900"),
        ("20240701120000", "Jul  2 12:01", "20230702120100"),
        ("20240101001000", "Dec 31 23:50", "20231231235000"),
        ("20231231235000", "Jan  1 01:00", "20240101010000"),
        ("20240301000000", "Feb 29 12:00", "20240229120000"),
        ("20250110000000", "Feb 29 12:00", "20240229120000"),
        ("19030110000000", "Feb 29 12:00", "18960229120000"),
    ];
    for (now, date, modify) in table {
        let line = format!("-rw-r--r-- 1 eve staff 7 {date} n");
        let entry = parse_line(line.as_bytes(), &ListingClock::utc(time(now))).expect("an entry");
        assert_eq!(entry.modify, Some(time(modify)), "{date} seen on {now}");
    }
}

#[test]
fn the_servers_zone_is_taken_off() {
    let read = |now: &str, hours: i32, date: &str| {
        let clock = ListingClock { now: time(now), utc_offset: hours * 3600 };
        let line = format!("-rw-r--r-- 1 eve staff 7 {date} n");
        parse_line(line.as_bytes(), &clock).and_then(|entry| entry.modify).map(|time| time.to_string())
    };
    assert_eq!(read("20240701120000", 2, "Jul  1 13:59").as_deref(), Some("20240701115900"));
    assert_eq!(read("20240701120000", -5, "Jul  1 06:59").as_deref(), Some("20240701115900"));
    assert_eq!(read("20231231230000", 9, "Jan  1 07:30").as_deref(), Some("20231231223000"));
    assert_eq!(read("20240701120000", 2, "2024-07-01 13:59:00.0 +0100").as_deref(), Some("20240701125900"));
}

#[test]
fn unix_lines_without_date() {
    check(&[
        ("-rw-r--r--   1 eve  staff  1830 notes.txt", File, "notes.txt", Some(1830), None),
        ("drwxr-xr-x   1 eve  staff  0 my attic", Dir, "my attic", Some(0), None),
    ]);
}

#[test]
fn dos_lines() {
    let noon = Some("20200131121000");
    check(&[
        ("01-31-20  12:10PM       <DIR>          attic", Dir, "attic", None, noon),
        ("01-31-20  12:10PM              1234567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        ("01-31-2020  12:10PM              1234567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        ("01-31-2020  12:10              1234567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        ("2020-01-31  12:10            1,234,567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        ("31.01.2020  12:10            1.234.567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        ("31/01/2020  12:10            1'234'567 notes.txt", File, "notes.txt", Some(1_234_567), noon),
        (
            "01/31/2020  12:10 PM         1\u{a0}234\u{a0}567 notes.txt",
            File,
            "notes.txt",
            Some(1_234_567),
            noon,
        ),
        ("01-31-20  12:10PM       <dir>          attic", Dir, "attic", None, noon),
        ("01-31-20  12:10AM                    7 n", File, "n", Some(7), Some("20200131001000")),
        ("01-31-20  01:10AM                    7 n", File, "n", Some(7), Some("20200131011000")),
        ("01-31-20  11:10p                     7 n", File, "n", Some(7), Some("20200131231000")),
        ("01-31-20  23:10                      7 n", File, "n", Some(7), Some("20200131231000")),
        ("01-31-99  12:10PM                    7 n", File, "n", Some(7), Some("19990131121000")),
        ("02-30-20  12:10PM                    7 n", File, "n", Some(7), None),
        ("01-31-20  12:10PM                    7  a b ", File, " a b ", Some(7), noon),
        ("01-31-20  12:10PM       <DIR>          .", ListedDirectory, ".", None, noon),
        ("01-31-20  12:10PM       <DIR>          ..", ParentDirectory, "..", None, noon),
    ]);
}

#[test]
fn dos_links() {
    for mark in ["<JUNCTION>", "<SYMLINKD>", "<SYMLINK>"] {
        let entry = read(format!(r"01-31-20  12:10PM    {mark}     my attic [C:\old attic]"));
        assert_eq!((entry.kind, &entry.name[..]), (Link, &b"my attic"[..]));
        assert_eq!(entry.target.as_deref(), Some(&br"C:\old attic"[..]));
    }
    let entry = read("01-31-20  12:10PM       <DIR>          attic [old]");
    assert_eq!((entry.kind, &entry.name[..], entry.target), (Dir, &b"attic [old]"[..], None));
}

#[test]
fn eplf_lines() {
    let modify = Some("19960301223503");
    check(&[
        ("+i8388621.48594,m825719703,r,s280,\tnotes.txt", File, "notes.txt", Some(280), modify),
        ("+i8388621.50690,m825719703,/,\t my attic", Dir, " my attic", None, modify),
        ("+m825719703,r,s280, notes.txt", File, "notes.txt", Some(280), modify),
        ("+s280,x7,\tnotes.txt", Other, "notes.txt", Some(280), None),
        ("+,\tn", Other, "n", None, None),
    ]);
    let entry = read("+i8388621.48594,up644,r,\tn");
    assert_eq!(entry.unique.as_deref(), Some(&b"8388621.48594"[..]));
    assert_eq!(entry.unix_mode, Some(0o644));
}

#[test]
fn entries_of_mlsd_in_answer_to_list() {
    check(&[("type=dir;modify=20190304160311; attic", Dir, "attic", None, Some("20190304160311"))]);
}

#[test]
fn lines_that_are_no_entries() {
    for line in [
        "",
        " ",
        "total 12",
        "insgesamt 12",
        "notes.txt",
        " notes.txt",
        "./attic:",
        "ls: attic: Permission denied",
        "-rw-r--r--",
        "-rw-r--r-- 1 eve staff 1830 Mar  4 16:03",
        "-rw-r--r-- 1 eve staff 1830 Mar  4 16:03 ",
        "-rw-r--r-- 1 eve",
        "-rw-r--r-x- 1 eve staff 1830 Mar  4 16:03 n",
        "-rw 1 eve staff 1830 Mar  4 16:03 n",
        "xrw-r--r-- 1 eve staff 1830 Mar  4 16:03 n",
        "-rw-r--r-- 1 eve staff 1830 Mar  4 16:03 a\rb",
        "-rw-r--r-- 1 eve staff 1830 Mar  4 16:03 a\0b",
        "01-31-20  12:10PM  n",
        "01-31-20  12:10PM  <DIR>",
        "01-31-20  12:10XM  7 n",
        "13-32-20  12:10PM  7 n",
        "01-31-20  12:10PM  1,23 n",
        "01-31  12:10PM  7 n",
        "+notes.txt",
        "+r,\t",
        "key=value; notes.txt",
        "226 Transfer complete.",
    ] {
        assert_eq!(parse_line(line.as_bytes(), &clock()), None, "{line:?}");
    }
}
