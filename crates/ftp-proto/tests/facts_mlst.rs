//! Machine-readable entries, written and read.

use bytes::{Bytes, BytesMut};
use ftp_proto::facts::{Entry, EntryKind, Fact, FactSet, Permissions, TimeVal, mlst};
use proptest::option;
use proptest::prelude::*;

fn file(name: &'static str) -> Entry {
    Entry { name: Bytes::from_static(name.as_bytes()), kind: EntryKind::File, ..Entry::default() }
}

fn line(entry: &Entry, facts: FactSet) -> Option<String> {
    let mut out = BytesMut::from(&b"before"[..]);
    let written = mlst::write_line(entry, facts, &mut out);
    let text = String::from_utf8(out.split_off(6).to_vec()).expect("text");
    assert_eq!(written, !text.is_empty());
    written.then_some(text)
}

fn read(line: &str) -> Entry {
    mlst::parse(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"))
}

fn full() -> Entry {
    Entry {
        size: Some(4161),
        modify: TimeVal::parse(b"19970214165800.5"),
        create: TimeVal::parse(b"19961001124534"),
        permissions: Some(Permissions::from_letters(b"rwadf")),
        unique: Some(Bytes::from_static(b"801g4b2")),
        unix_mode: Some(0o644),
        owner: Some(Bytes::from_static(b"1000")),
        group: Some(Bytes::from_static(b"staff")),
        ..file("  two leading spaces; and a semicolon")
    }
}

#[test]
fn rfc3659_14_an_entry_is_facts_one_space_and_the_name_as_it_is() {
    assert_eq!(
        line(&full(), FactSet::ALL).as_deref(),
        Some(concat!(
            "type=file;size=4161;modify=19970214165800.5;create=19961001124534;perm=adfrw;unique=801g4b2;",
            "UNIX.mode=0644;UNIX.owner=1000;UNIX.group=staff;   two leading spaces; and a semicolon\r\n"
        ))
    );
    assert_eq!(line(&file("a"), FactSet::EMPTY).as_deref(), Some(" a\r\n"));
}

#[test]
fn rfc3659_24_facts_not_wanted_are_not_written() {
    for fact in FactSet::ALL.iter() {
        let text = line(&full(), FactSet::EMPTY.with(fact)).expect("written");
        assert!(text.starts_with(&format!("{}=", fact.name())), "{text}");
        assert_eq!(text.matches('=').count(), 1, "{text}");
    }
}

#[test]
fn rfc3659_18_the_type_fact() {
    let table = [
        (EntryKind::File, "file"),
        (EntryKind::Directory, "dir"),
        (EntryKind::ListedDirectory, "cdir"),
        (EntryKind::ParentDirectory, "pdir"),
        (EntryKind::SymbolicLink, "OS.unix=slink"),
        (EntryKind::Other, "OS.unix=special"),
    ];
    for (kind, text) in table {
        let entry = Entry { kind, ..file("n") };
        assert_eq!(line(&entry, FactSet::ALL), Some(format!("type={text}; n\r\n")));
        assert_eq!(read(&format!("type={text}; n")), entry);
        assert_eq!(read(&format!("Type={}; n", text.to_uppercase())), entry);
    }
}

#[test]
fn rfc3659_18_titles_are_left_out_when_the_type_is_not_wanted() {
    for kind in [EntryKind::ListedDirectory, EntryKind::ParentDirectory] {
        let entry = Entry { kind, ..file("/pub") };
        assert_eq!(line(&entry, FactSet::EMPTY.with(Fact::Size)), None);
    }
}

#[test]
fn rfc3659_18_mlst_knows_no_titles() {
    for kind in [EntryKind::Directory, EntryKind::ListedDirectory, EntryKind::ParentDirectory] {
        let mut out = BytesMut::new();
        assert!(mlst::write_entry(&Entry { kind, ..file("/pub") }, FactSet::ALL, &mut out));
        assert_eq!(out, "type=dir; /pub");
    }
}

#[test]
fn rfc3659_18_a_link_tells_its_target_if_that_is_a_token() {
    let link = |target: &'static str| Entry {
        kind: EntryKind::SymbolicLink,
        target: Some(Bytes::from_static(target.as_bytes())),
        ..file("l")
    };
    let facts = FactSet::EMPTY.with(Fact::Type);
    assert_eq!(line(&link("../a/b"), facts).as_deref(), Some("type=OS.unix=slink:../a/b; l\r\n"));
    for target in ["a b", "a;b", "a=b", "a\r\nb", "", "é"] {
        assert_eq!(line(&link(target), facts).as_deref(), Some("type=OS.unix=slink; l\r\n"), "{target}");
    }
}

#[test]
fn rfc3659_14_a_value_that_is_no_token_is_left_out() {
    for value in ["", "a;b", "a b", "a\nb", "a=b"] {
        let entry = Entry { unique: Some(value.into()), owner: Some(value.into()), ..file("n") };
        assert_eq!(line(&entry, FactSet::ALL).as_deref(), Some("type=file; n\r\n"), "{value:?}");
    }
}

#[test]
fn rfc3659_22_a_directory_has_no_size_fact() {
    let entry = Entry { kind: EntryKind::Directory, size: Some(4096), ..file("d") };
    assert_eq!(line(&entry, FactSet::ALL).as_deref(), Some("type=dir; d\r\n"));
}

#[test]
fn rfc3659_10_s5_a_name_that_could_end_its_line_is_left_out() {
    for name in ["a\r\nb", "a\nb", "a\rb", "a\0b"] {
        assert_eq!(line(&file(name), FactSet::ALL), None, "{name:?}");
        let mut out = BytesMut::new();
        assert!(!mlst::write_entry(&file(name), FactSet::ALL, &mut out));
        assert!(out.is_empty());
    }
}

#[test]
fn rfc3659_23_the_line_of_feat() {
    let feat = |supported, selected| {
        let mut out = BytesMut::new();
        mlst::write_feat(supported, selected, &mut out);
        out
    };
    let supported: FactSet = [Fact::Type, Fact::Size, Fact::UnixMode].into_iter().collect();
    assert_eq!(feat(supported, FactSet::from_names(["SIZE", "type"])), "MLST type*;size*;UNIX.mode;");
    assert_eq!(feat(supported, FactSet::EMPTY), "MLST type;size;UNIX.mode;");
    assert_eq!(feat(FactSet::EMPTY, FactSet::ALL), "MLST");
}

#[test]
fn rfc3659_24_the_reply_to_opts_mlst() {
    let supported: FactSet = [Fact::Type, Fact::Size].into_iter().collect();
    let opts = |names: &[&str]| {
        let mut out = BytesMut::new();
        mlst::write_opts(FactSet::from_names(names) & supported, &mut out);
        out
    };
    assert_eq!(opts(&["size", "frogs", "TYPE", "unique"]), "MLST OPTS type;size;");
    assert_eq!(opts(&["zz"]), "MLST OPTS");
}

/// RFC 3659 §7.7: examples.
#[test]
fn rfc3659_14_the_examples_of_the_rfc_are_read() {
    let entry = read("Type=file;Size=1024990;Perm=r; /tmp/cap60.pl198.tar.gz");
    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(1_024_990)));
    assert_eq!(entry.name, "/tmp/cap60.pl198.tar.gz");
    let entry = read("Type=file;Modify=19990929003355.237; file1");
    assert_eq!(entry.modify, TimeVal::parse(b"19990929003355.237"));
    let entry = read("Type=OS.unix=slink:/foobar;Perm=;Unique=keVO1+4G4; foobar");
    assert_eq!((entry.kind, entry.target.as_deref()), (EntryKind::SymbolicLink, Some(&b"/foobar"[..])));
    assert_eq!(entry.permissions, Some(Permissions::default()));
    let entry = read("Type=file;Size=4096;Modify=19990929011440;Perm=r;Unique=keVO1+bd8; FILE1");
    assert_eq!(entry.unique.as_deref(), Some(&b"keVO1+bd8"[..]));
    assert_eq!(read("Type=file;     ").name, "    ");
    assert_eq!(read("Type=cdir;Modify=19990219183438; /iana/assignments").kind, EntryKind::ListedDirectory);
    assert_eq!(read("Type=pdir;Modify=19990112030453; ..").kind, EntryKind::ParentDirectory);
}

#[test]
fn oddities_of_servers_are_read() {
    let table = [
        ("no semicolon at the end", "type=file;size=7 n", file("n")),
        ("no space", "type=file;size=7;n.txt", file("n.txt")),
        ("upper case", "TYPE=FILE;SIZE=7; n", file("n")),
        ("a fact that nobody knows", "type=file;x.colour=red;Frog=1;size=7; n", file("n")),
        ("an empty fact", "type=file;lang=;size=7; n", file("n")),
        (
            "a value with =",
            "type=file;unique=ab==;size=7; n",
            Entry { unique: Some("ab==".into()), ..file("n") },
        ),
        (
            "a target with spaces",
            "type=OS.unix=slink:/a b;size=7; n",
            Entry { kind: EntryKind::SymbolicLink, target: Some("/a b".into()), ..file("n") },
        ),
        (
            "type and size of a directory",
            "type=dir;sizd=7; n",
            Entry { kind: EntryKind::Directory, ..file("n") },
        ),
        ("a mode with the file type", "type=file;size=7;UNIX.mode=0100644; n", mode(0o644)),
        (
            "a name for the owner",
            "type=file;size=7;UNIX.ownername=eve; n",
            Entry { owner: Some("eve".into()), ..file("n") },
        ),
        (
            "a number for the owner",
            "type=file;size=7;unix.uid=12; n",
            Entry { owner: Some("12".into()), ..file("n") },
        ),
        ("a time without sense", "type=file;size=7;modify=yesterday; n", file("n")),
        ("an impossible time", "type=file;size=7;modify=20230229000000; n", file("n")),
        (
            "another system's type",
            "type=OS.windows=reparse;size=7; n",
            Entry { kind: EntryKind::Other, ..file("n") },
        ),
    ];
    for (what, line, entry) in table {
        assert_eq!(read(line), Entry { size: Some(7), ..entry }, "{what}");
    }
}

fn mode(mode: u16) -> Entry {
    Entry { unix_mode: Some(mode), ..file("n") }
}

#[test]
fn without_type_only_a_directorys_own_facts_make_a_directory() {
    assert_eq!(read("perm=el; n").kind, EntryKind::Directory);
    assert_eq!(read("sizd=4096; n").kind, EntryKind::Directory);
    assert_eq!(read("perm=radfw; n").kind, EntryKind::Other);
    assert_eq!(read(" n").kind, EntryKind::Other);
}

#[test]
fn s25_a_size_that_does_not_fit_is_not_known() {
    assert_eq!(read("type=file;size=18446744073709551615; n").size, Some(u64::MAX));
    assert_eq!(read("type=file;size=18446744073709551616; n").size, None);
    assert_eq!(read("type=file;size=-1; n").size, None);
}

#[test]
fn lines_of_other_formats_are_not_read() {
    for line in [
        "",
        "readme.txt",
        "total 12",
        "a=b; c",
        "a=b;c=d; e",
        "key=value",
        "=; x",
        "size=; n",
        "type=; n",
        "modify=now; n",
        "-rw-r--r--    1 1000     1000            7 Jan 01 12:00 n",
        "-rw-r--r--    1 1000     1000            7 Jan 01 12:00 size=7;type=file; n",
        "01-31-20  12:00PM       <DIR>          n",
        "+i8388621.48594,m825718503,r,s280,\tn",
    ] {
        assert_eq!(mlst::parse(line.as_bytes()), None, "{line}");
    }
}

fn token() -> impl Strategy<Value = Bytes> {
    "[!-):+-:?-Za-z_^\\\\]{1,12}"
        .prop_filter("no token", |text| !text.contains([';', '=']))
        .prop_map(Bytes::from)
}

fn time() -> impl Strategy<Value = TimeVal> {
    let seconds = TimeVal::MIN.seconds_since_epoch..=TimeVal::MAX.seconds_since_epoch;
    (seconds, option::of(0_u32..1_000_000_000))
        .prop_map(|(seconds_since_epoch, nanos)| TimeVal { seconds_since_epoch, nanos })
}

fn kind() -> impl Strategy<Value = EntryKind> {
    proptest::sample::select(vec![
        EntryKind::File,
        EntryKind::Directory,
        EntryKind::ListedDirectory,
        EntryKind::ParentDirectory,
        EntryKind::SymbolicLink,
        EntryKind::Other,
    ])
}

fn entry() -> impl Strategy<Value = Entry> {
    let name = proptest::collection::vec(any::<u8>(), 1..20)
        .prop_map(|name| Bytes::from_iter(name.into_iter().filter(|octet| !b"\r\n\0".contains(octet))))
        .prop_filter("empty", |name| !name.is_empty());
    let permissions = "[acdeflmprw]{0,10}".prop_map(|letters| Permissions::from_letters(letters.as_bytes()));
    let ids = (option::of(token()), option::of(token()), option::of(token()));
    let first = (name, kind(), any::<u64>(), option::of(time()), option::of(time()));
    (first, option::of(permissions), option::of(0_u16..0o10000), ids, option::of(token())).prop_map(
        |((name, kind, size, modify, create), permissions, unix_mode, (unique, owner, group), target)| {
            Entry {
                name,
                kind,
                size: (!kind.is_directory()).then_some(size),
                modify,
                create,
                permissions,
                unique,
                unix_mode,
                owner,
                group,
                links: None,
                target: target.filter(|_| kind == EntryKind::SymbolicLink),
            }
        },
    )
}

proptest! {
    #[test]
    fn rfc3659_14_what_is_written_is_read_back(entry in entry()) {
        let mut out = BytesMut::new();
        prop_assert!(mlst::write_line(&entry, FactSet::ALL, &mut out));
        let line = out.strip_suffix(b"\r\n").expect("CRLF");
        prop_assert_eq!(mlst::parse(line), Some(entry));
    }

    #[test]
    fn rfc3659_24_the_name_does_not_depend_on_the_facts_wanted(entry in entry(), bits in any::<u16>()) {
        let wanted: FactSet = FactSet::ALL.iter().filter(|&fact| bits & (1 << fact as u16) != 0).collect();
        let mut out = BytesMut::new();
        prop_assert!(mlst::write_entry(&entry, wanted, &mut out));
        let read = mlst::parse(&out);
        prop_assert_eq!(read.map(|read| read.name), Some(entry.name));
    }

    #[test]
    fn any_octets_are_read_without_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = mlst::parse(&line);
    }
}
