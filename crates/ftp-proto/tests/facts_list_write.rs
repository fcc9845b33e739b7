//! Lines of LIST and NLST, written.

use bytes::{Bytes, BytesMut};
use ftp_proto::facts::list::{ListingClock, parse_line, write_name, write_unix, write_unix_entry};
use ftp_proto::facts::{Entry, EntryKind, Permissions, TimeVal};
use proptest::prelude::*;

fn time(text: &str) -> TimeVal {
    TimeVal::parse(text.as_bytes()).expect("a time")
}

fn now() -> TimeVal {
    time("20240701120000")
}

fn file(name: &'static str) -> Entry {
    Entry {
        name: Bytes::from_static(name.as_bytes()),
        kind: EntryKind::File,
        size: Some(1830),
        modify: Some(time("20240304160311")),
        unix_mode: Some(0o644),
        owner: Some(Bytes::from_static(b"1000")),
        group: Some(Bytes::from_static(b"staff")),
        links: Some(2),
        ..Entry::default()
    }
}

fn line(entry: &Entry) -> String {
    let mut out = BytesMut::new();
    write_unix(entry, now(), &mut out);
    let text = String::from_utf8_lossy(&out).into_owned();
    text.strip_suffix("\r\n").expect("CRLF").to_owned()
}

#[test]
fn a_line_is_like_that_of_ls() {
    assert_eq!(line(&file("notes.txt")), "-rw-r--r--    2 1000     staff        1830 Mar  4 16:03 notes.txt");
    let directory =
        Entry { kind: EntryKind::Directory, unix_mode: Some(0o755), size: Some(4096), ..file("d") };
    assert_eq!(line(&directory), "drwxr-xr-x    2 1000     staff        4096 Mar  4 16:03 d");
}

#[test]
fn rfc1123_08_the_line_ends_in_crlf_and_without_it_is_the_same() {
    let mut whole = BytesMut::new();
    write_unix(&file("n"), now(), &mut whole);
    let mut bare = BytesMut::new();
    write_unix_entry(&file("n"), now(), &mut bare);
    bare.extend_from_slice(b"\r\n");
    assert_eq!(whole, bare);
}

#[test]
fn the_year_is_written_outside_the_last_half_year() {
    let table = [
        ("20240701120000", "Jul  1 12:00"),
        ("20240701120001", "Jul  1  2024"),
        ("20240101120000", "Jan  1 12:00"),
        ("20231231000000", "Dec 31  2023"),
        ("20250101000000", "Jan  1  2025"),
        ("20230704010203", "Jul  4  2023"),
        ("19700101000000", "Jan  1  1970"),
    ];
    for (modify, text) in table {
        let entry = Entry { modify: Some(time(modify)), ..file("n") };
        assert!(line(&entry).ends_with(&format!(" {text} n")), "{modify}: {}", line(&entry));
    }
}

#[test]
fn a_link_shows_its_target_and_has_its_size() {
    let link = Entry {
        kind: EntryKind::SymbolicLink,
        target: Some("a/b".into()),
        unix_mode: Some(0o777),
        ..file("l")
    };
    assert_eq!(line(&link), "lrwxrwxrwx    2 1000     staff           3 Mar  4 16:03 l -> a/b");
    let broken = Entry { target: None, ..link };
    assert!(line(&broken).ends_with(" l"));
    let no_link = Entry { target: Some("a/b".into()), ..file("n") };
    assert!(line(&no_link).ends_with(" n"));
}

#[test]
fn setuid_setgid_and_sticky_bits_have_their_letters() {
    let table = [
        (0o4755, "-rwsr-xr-x"),
        (0o4644, "-rwSr--r--"),
        (0o2755, "-rwxr-sr-x"),
        (0o2745, "-rwxr-Sr-x"),
        (0o1777, "-rwxrwxrwt"),
        (0o1776, "-rwxrwxrwT"),
        (0o7000, "---S--S--T"),
        (0, "----------"),
    ];
    for (mode, text) in table {
        assert!(line(&Entry { unix_mode: Some(mode), ..file("n") }).starts_with(text), "{mode:o}");
    }
}

#[test]
fn what_is_not_known_is_filled() {
    let entry = Entry { name: "n".into(), ..Entry::default() };
    assert_eq!(line(&entry), "-rw-r--r--    1 ftp      ftp             0 Jan  1  1970 n");
}

#[test]
fn a_mode_is_made_up_from_what_the_user_may_do() {
    let with = |kind, letters: &[u8]| {
        let permissions = Some(Permissions::from_letters(letters));
        line(&Entry { kind, unix_mode: None, permissions, ..file("n") })[..10].to_owned()
    };
    assert_eq!(with(EntryKind::File, b"r"), "-r--r--r--");
    assert_eq!(with(EntryKind::File, b"rwadf"), "-rw-r--r--");
    assert_eq!(with(EntryKind::File, b""), "----------");
    assert_eq!(with(EntryKind::Directory, b"el"), "dr-xr-xr-x");
    assert_eq!(with(EntryKind::Directory, b"elcmp"), "drwxr-xr-x");
}

#[test]
fn sizes_are_not_cut() {
    let entry = Entry { size: Some(u64::MAX), ..file("n") };
    assert!(line(&entry).contains(" 18446744073709551615 Mar"));
}

#[test]
fn s5_a_name_cannot_make_a_second_line() {
    assert!(line(&file("a\r\n-rw b\0c\nd")).ends_with(" a??-rw b?c?d"));
    let link = Entry { kind: EntryKind::SymbolicLink, target: Some("x\r\ny".into()), ..file("l\n") };
    assert!(line(&link).ends_with(" l? -> x??y"));
    let owner = Entry { owner: Some("a b\nc".into()), ..file("n") };
    assert!(line(&owner).contains(" a_b_c    staff "));
}

#[test]
fn rfc1123_07_every_line_of_nlst_is_a_name() {
    let mut out = BytesMut::new();
    assert!(write_name(b" a -> b", &mut out));
    for name in [&b""[..], b"a\nb", b"a\rb", b"a\0b"] {
        assert!(!write_name(name, &mut out));
    }
    assert_eq!(out, " a -> b\r\n");
}

fn name() -> impl Strategy<Value = Bytes> {
    let octets = proptest::collection::vec(any::<u8>(), 1..20);
    let arrows = "[a-c]{1,3}( -> [a-c]{0,3}){0,3}".prop_map(String::into_bytes);
    prop_oneof![octets, arrows]
        .prop_map(|name| name.into_iter().filter(|octet| !b"\r\n\0/".contains(octet)).collect::<Bytes>())
        .prop_filter("no name", |name| !name.is_empty() && name != "." && name != "..")
}

fn kind() -> impl Strategy<Value = EntryKind> {
    proptest::sample::select(vec![
        EntryKind::File,
        EntryKind::Directory,
        EntryKind::SymbolicLink,
        EntryKind::Other,
    ])
}

prop_compose! {
    /// An entry that says all that a line can say.
    fn entry()(
        name in name(),
        kind in kind(),
        size in any::<u64>(),
        age in -100_000_000_i64..2_000_000_000,
        unix_mode in 0_u16..0o10000,
        owner in "[a-z0-9_.@+-]{1,12}",
        group in "[a-z0-9_.@+-]{1,12}",
        links in any::<u64>(),
        target in name(),
    ) -> Entry {
        let is_link = kind == EntryKind::SymbolicLink;
        Entry {
            name,
            kind,
            size: Some(if is_link { target.len() as u64 } else { size }),
            modify: Some(TimeVal::from_seconds(now().seconds_since_epoch - age)),
            unix_mode: Some(unix_mode),
            owner: Some(owner.into()),
            group: Some(group.into()),
            links: Some(links),
            target: is_link.then_some(target),
            ..Entry::default()
        }
    }
}

/// As precise as a line is: to the minute within half a year, to the day otherwise.
fn rounded(time: TimeVal) -> TimeVal {
    let age = now().seconds_since_epoch - time.seconds_since_epoch;
    let step = if (0..15_778_476).contains(&age) { 60 } else { 86_400 };
    TimeVal::from_seconds(time.seconds_since_epoch.div_euclid(step) * step)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(entry in entry()) {
        let mut out = BytesMut::new();
        write_unix_entry(&entry, now(), &mut out);
        let read = parse_line(&out, &ListingClock::utc(now())).expect("an entry");
        let modify = entry.modify.map(rounded);
        // Two cuts of a link can fit its size; then the name is a guess, but nothing is lost.
        let whole = |entry: &Entry| [&entry.name[..], b" -> ", entry.target.as_deref().unwrap_or_default()].concat();
        prop_assert_eq!(whole(&read), whole(&entry));
        let (name, target) = (read.name.clone(), read.target.clone());
        prop_assert_eq!(read, Entry { modify, name, target, ..entry });
    }

    #[test]
    fn s5_one_entry_is_one_line(name in proptest::collection::vec(any::<u8>(), 0..20), target in any::<[u8; 4]>()) {
        let target = Some(Bytes::copy_from_slice(&target));
        let entry = Entry { name: name.into(), kind: EntryKind::SymbolicLink, target, ..Entry::default() };
        let mut out = BytesMut::new();
        write_unix(&entry, now(), &mut out);
        prop_assert_eq!(out.iter().filter(|octet| b"\r\n\0".contains(octet)).count(), 2);
    }
}
