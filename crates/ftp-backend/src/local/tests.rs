use super::*;
use crate::storage::Place as Where;
use ftp_dtp::storage::Sink;
use std::fs as std_fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use tempfile::TempDir;

fn path(text: &[u8]) -> VirtualPath {
    VirtualPath::root().join(text).unwrap()
}

/// A root with a file, a directory, and links in and out; beside it, what must not be reached.
fn scene() -> (TempDir, LocalStorage) {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join("root");
    std_fs::create_dir_all(root.join("dir/sub")).unwrap();
    std_fs::create_dir(top.path().join("outside")).unwrap();
    std_fs::write(top.path().join("outside/secret"), "secret").unwrap();
    std_fs::write(root.join("file"), "0123456789").unwrap();
    std_fs::write(root.join("dir/inner"), "inner").unwrap();
    symlink("../outside", root.join("out")).unwrap();
    symlink(top.path().join("outside/secret"), root.join("absolute")).unwrap();
    symlink("dir/inner", root.join("in")).unwrap();
    symlink("dir", root.join("indir")).unwrap();
    let storage = LocalStorage::open(&root, LocalOptions::default()).unwrap();
    (top, storage)
}

fn read(storage: &LocalStorage, name: &[u8]) -> Result<Vec<u8>, StorageFailure> {
    let Download { source: Source::File { file, offset, length }, .. } = Storage::open(storage, &path(name))?
    else {
        panic!("a directory on disk has files")
    };
    let mut octets = vec![0; usize::try_from(length.unwrap()).unwrap()];
    file.read_exact_at(&mut octets, offset).unwrap();
    Ok(octets)
}

fn plan(place: Where) -> UploadPlan<'static> {
    UploadPlan { place, announced: None, owner: Some(b"alice") }
}

const WHOLE: Where = Where::Whole { replace: true };

fn begin(storage: &LocalStorage, name: &[u8], place: Where) -> Result<Box<dyn Upload>, StorageFailure> {
    storage.create(&path(name), &plan(place))
}

/// Writes `octets` where the upload wants them.
fn send(upload: &mut Box<dyn Upload>, octets: &[u8]) {
    let Sink::File { file, offset } = upload.sink() else { panic!("a directory on disk has files") };
    file.write_all_at(octets, offset).unwrap();
}

fn store(storage: &LocalStorage, name: &[u8], place: Where, octets: &[u8]) -> Result<(), StorageFailure> {
    let mut upload = begin(storage, name, place)?;
    send(&mut upload, octets);
    upload.commit(octets.len() as u64)
}

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std_fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// S1: ways to write `outside/secret`.
const SPELLINGS: [&[u8]; 28] = [
    b"../outside/secret",
    b"/../outside/secret",
    b"../../outside/secret",
    b"/../../../../outside/secret",
    b"dir/../../outside/secret",
    b"dir/../../../outside/secret",
    b"./../outside/secret",
    b"//../outside/secret",
    b"..//outside/secret",
    b".././outside/secret",
    b"/./../outside/secret",
    b"dir/./../../outside/secret",
    b"dir//..//..//outside/secret",
    b"missing/../../outside/secret",
    b"out/secret",
    b"/out/secret",
    b"indir/../out/secret",
    b"out/../outside/secret",
    b"out/./secret",
    b"absolute",
    b"dir/../absolute",
    b"..\\outside\\secret",
    b"%2e%2e/outside/secret",
    b"..%2foutside/secret",
    b"\xc0\xae\xc0\xae/outside/secret",
    b"\xc0\xae\xc0\xae\xc0\xafoutside\xc0\xafsecret",
    b".../outside/secret",
    b"~/../outside/secret",
];

#[test]
fn s1_no_spelling_reaches_what_is_outside() {
    let (top, storage) = scene();
    let facts = [SetFact::UnixMode(0o600)];
    for spelling in SPELLINGS {
        let at = path(spelling);
        assert!(read(&storage, spelling).is_err(), "read {at:?}");
        assert!(storage.facts(&at, Links::Follow).is_err(), "facts {at:?}");
        assert!(
            storage
                .list(&at.parent(), Detail::Access)
                .map_or(true, |items| { items.flatten().all(|item| item.entry.name != "secret") }),
            "list {at:?}"
        );
        assert!(storage.set_facts(&at, &facts).is_err(), "set {at:?}");
        let _ = store(&storage, spelling, WHOLE, b"x");
        let _ = store(&storage, spelling, Where::End, b"x");
        let _ = storage.rename(&path(b"file"), &at, true);
        let _ = storage.rename(&at, &path(b"file"), true);
        let _ = storage.make_directory(&at);
        let _ = storage.remove_directory(&at);
        let _ = storage.remove_file(&at);
    }
    assert_eq!(std_fs::read(top.path().join("outside/secret")).unwrap(), b"secret");
    assert_eq!(names_in(&top.path().join("outside")), ["secret"]);
    assert_eq!(names_in(top.path()), ["outside", "root"]);
}

/// S2, bounded: somebody swaps a directory and a link that leads out as fast as they can.
#[test]
fn s2_a_directory_swapped_for_a_link_never_leads_out() {
    let (top, storage) = scene();
    let root = top.path().join("root");
    std_fs::create_dir(root.join("swap")).unwrap();
    std_fs::write(root.join("swap/secret"), "inside").unwrap();
    symlink("../outside", root.join("evil")).unwrap();
    let stop = core::sync::atomic::AtomicBool::new(false);
    let swaps = std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut swaps = 0;
            while !stop.load(core::sync::atomic::Ordering::Relaxed) {
                fs::renameat_with(CWD, root.join("swap"), CWD, root.join("evil"), RenameFlags::EXCHANGE)
                    .unwrap();
                swaps += 1;
            }
            swaps
        });
        for round in 0..3000 {
            if let Ok(octets) = read(&storage, b"swap/secret") {
                assert_eq!(octets, b"inside", "round {round}");
            }
            let _ = storage.make_directory(&path(b"swap/made"));
            let _ = storage.remove_directory(&path(b"swap/made"));
            if let Ok(mut upload) = begin(&storage, b"swap/new", WHOLE) {
                send(&mut upload, b"x");
                upload.abandon(false);
            }
        }
        stop.store(true, core::sync::atomic::Ordering::Relaxed);
        swapper.join().unwrap()
    });
    assert!(swaps > 0);
    assert_eq!(names_in(&top.path().join("outside")), ["secret"]);
    assert_eq!(std_fs::read(top.path().join("outside/secret")).unwrap(), b"secret");
}

#[test]
fn s3_links_that_lead_out_are_not_followed_and_those_inside_are() {
    let (_top, storage) = scene();
    assert_eq!(read(&storage, b"in").unwrap(), b"inner");
    assert_eq!(read(&storage, b"indir/inner").unwrap(), b"inner");
    assert_eq!(storage.facts(&path(b"indir"), Links::Follow).unwrap().entry.kind, EntryKind::Directory);
    for out in [&b"out/secret"[..], b"absolute", b"out"] {
        assert_eq!(storage.facts(&path(out), Links::Follow).unwrap_err(), StorageFailure::Denied);
        assert!(storage.list(&path(out), Detail::Access).is_err());
    }
    let link = storage.facts(&path(b"absolute"), Links::Keep).unwrap().entry;
    assert_eq!((link.kind, link.target), (EntryKind::SymbolicLink, None), "where it leads is not told");
}

#[test]
fn s4_what_is_no_file_is_refused_at_once() {
    let (top, storage) = scene();
    let fifo = top.path().join("root/fifo");
    fs::mknodat(CWD, &fifo, fs::FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(top.path().join("root/socket")).unwrap();
    for name in [&b"fifo"[..], b"socket"] {
        assert_eq!(read(&storage, name), Err(StorageFailure::NotARegularFile));
        for place in [WHOLE, Where::End, Where::At(1)] {
            assert_eq!(begin(&storage, name, place).unwrap_err(), StorageFailure::NotARegularFile);
        }
    }
    assert_eq!(read(&storage, b"dir"), Err(StorageFailure::IsADirectory));
    assert_eq!(begin(&storage, b"dir", WHOLE).unwrap_err(), StorageFailure::IsADirectory);
    assert_eq!(begin(&storage, b"/", WHOLE).unwrap_err(), StorageFailure::IsADirectory);
}

#[test]
fn s31_a_broken_upload_leaves_the_old_file_and_no_listed_name() {
    let (top, storage) = scene();
    let mut upload = begin(&storage, b"file", WHOLE).unwrap();
    send(&mut upload, b"new");
    assert_eq!(read(&storage, b"file").unwrap(), b"0123456789", "not before it is complete");
    let listed = storage.list(&VirtualPath::root(), Detail::Access).unwrap().count();
    assert_eq!(listed, 6, "what is being written is not listed");
    drop(upload);
    assert_eq!(read(&storage, b"file").unwrap(), b"0123456789");
    assert_eq!(names_in(&top.path().join("root")).len(), 6, "nothing is left");
    store(&storage, b"file", WHOLE, b"repeat").unwrap();
    assert_eq!(read(&storage, b"file").unwrap(), b"repeat");
}

#[test]
fn what_broke_off_is_continued_by_its_owner_only() {
    let (top, storage) = scene();
    let mut upload = begin(&storage, b"new", WHOLE).unwrap();
    send(&mut upload, b"first ");
    upload.abandon(true);
    assert_eq!(storage.facts(&path(b"new"), Links::Follow).unwrap_err(), StorageFailure::NotFound);
    assert_eq!(storage.partial(&path(b"new"), b"alice").unwrap().entry.size, Some(6));
    assert_eq!(storage.partial(&path(b"new"), b"bob").unwrap_err(), StorageFailure::NotFound);
    assert_eq!(begin(&storage, b"new", Where::At(7)).unwrap_err(), StorageFailure::BadOffset);
    let mut upload = begin(&storage, b"new", Where::At(6)).unwrap();
    upload.as_mut().sink();
    upload.abandon(false);
    assert_eq!(storage.partial(&path(b"new"), b"alice").unwrap().entry.size, Some(6), "still kept");
    store(&storage, b"new", Where::End, b"second").unwrap();
    assert_eq!(read(&storage, b"new").unwrap(), b"first second");
    assert_eq!(storage.sweep(core::time::Duration::ZERO), Ok(0), "nothing is left over");
    begin(&storage, b"dir/sub/x", WHOLE).map(|mut upload| send(&mut upload, b"y")).unwrap();
    let mut upload = begin(&storage, b"dir/sub/x", WHOLE).unwrap();
    send(&mut upload, b"y");
    upload.abandon(true);
    assert_eq!(storage.sweep(core::time::Duration::from_secs(3600)), Ok(0));
    assert_eq!(storage.sweep(core::time::Duration::ZERO), Ok(1));
    assert!(names_in(&top.path().join("root/dir/sub")).is_empty());
}

#[test]
fn s25_an_offset_beyond_the_end_makes_no_hole() {
    let (_top, storage) = scene();
    assert_eq!(begin(&storage, b"file", Where::At(11)).unwrap_err(), StorageFailure::BadOffset);
    assert_eq!(begin(&storage, b"none", Where::At(1 << 40)).unwrap_err(), StorageFailure::BadOffset);
    assert_eq!(Storage::open(&storage, &path(b"file")).unwrap().from(1 << 40).size, 0);
    store(&storage, b"file", Where::At(4), b"xy").unwrap();
    assert_eq!(read(&storage, b"file").unwrap(), b"0123xy");
    store(&storage, b"file", Where::End, b"z").unwrap();
    assert_eq!(read(&storage, b"file").unwrap(), b"0123xyz");
}

#[test]
fn names_of_ours_cannot_be_asked_for() {
    let (_top, storage) = scene();
    let mut upload = begin(&storage, b"kept", WHOLE).unwrap();
    send(&mut upload, b"x");
    upload.abandon(true);
    let ours = names::kept(b"alice", b"kept");
    assert_eq!(read(&storage, &ours), Err(StorageFailure::NotFound));
    assert_eq!(storage.facts(&path(&ours), Links::Keep).unwrap_err(), StorageFailure::NotFound);
    assert_eq!(storage.remove_file(&path(&ours)), Err(StorageFailure::NotFound));
    assert_eq!(storage.rename(&path(&ours), &path(b"mine"), true), Err(StorageFailure::NotFound));
    assert_eq!(storage.rename(&path(b"file"), &path(&ours), true), Err(StorageFailure::BadName));
    assert_eq!(storage.make_link(&ours, &path(b"link")), Err(StorageFailure::BadName));
}

#[test]
fn s27_paths_as_long_as_they_may_be_work() {
    let (_top, storage) = scene();
    let mut at = VirtualPath::root();
    let name = [b'd'; 200];
    while at.relative().len() + 201 < crate::path::MAX_PATH {
        at = at.join(&name).unwrap();
        storage.make_directory(&at).unwrap();
    }
    assert!(at.relative().len() > 3800);
    let file = at.join(b"file").unwrap();
    storage.create(&file, &plan(WHOLE)).unwrap().commit(0).unwrap();
    assert_eq!(storage.list(&at, Detail::Access).unwrap().count(), 1);
    assert_eq!(storage.facts(&file, Links::Follow).unwrap().entry.size, Some(0));
    assert_eq!(storage.make_directory(&path(&[b'n'; 256])), Err(StorageFailure::BadName));
}

#[test]
fn rfc3659_19_unique_is_the_same_for_two_names_of_one_file() {
    let (top, storage) = scene();
    std_fs::hard_link(top.path().join("root/file"), top.path().join("root/again")).unwrap();
    let unique = |name: &[u8]| storage.facts(&path(name), Links::Follow).unwrap().entry.unique.unwrap();
    assert_eq!(unique(b"file"), unique(b"again"));
    assert_eq!(unique(b"in"), unique(b"dir/inner"));
    assert_ne!(unique(b"file"), unique(b"in"));
}

#[test]
fn mfxx_2_facts_are_set_all_or_none() {
    let (top, storage) = scene();
    let meta = || std_fs::metadata(top.path().join("root/file")).unwrap();
    let (mode, time) = (meta().mode(), meta().mtime());
    let late = TimeVal { seconds_since_epoch: i64::MAX, nanos: Some(2_000_000_000) };
    let facts = [SetFact::UnixMode(0o600), SetFact::Modify(late)];
    assert!(storage.set_facts(&path(b"file"), &facts).is_err());
    assert_eq!((meta().mode(), meta().mtime()), (mode, time));
    let early = TimeVal { seconds_since_epoch: 86_400, nanos: None };
    storage.set_facts(&path(b"file"), &[SetFact::UnixMode(0o600), SetFact::Modify(early)]).unwrap();
    assert_eq!((meta().mode() & 0o7777, meta().mtime()), (0o600, 86_400));
}

#[test]
fn s28_special_bits_are_never_set() {
    let (top, storage) = scene();
    storage.set_facts(&path(b"file"), &[SetFact::UnixMode(0o7755)]).unwrap();
    let mode = std_fs::metadata(top.path().join("root/file")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
}

#[test]
fn renaming_replaces_only_when_it_may() {
    let (_top, storage) = scene();
    store(&storage, b"other", WHOLE, b"other").unwrap();
    assert_eq!(storage.rename(&path(b"other"), &path(b"file"), false), Err(StorageFailure::Exists));
    storage.rename(&path(b"other"), &path(b"file"), true).unwrap();
    assert_eq!(read(&storage, b"file").unwrap(), b"other");
    assert_eq!(storage.rename(&path(b"dir"), &path(b"dir/sub/x"), true), Err(StorageFailure::BadName));
    assert_eq!(storage.rename(&VirtualPath::root(), &path(b"x"), true), Err(StorageFailure::Denied));
}

#[test]
fn two_uploads_of_one_name_do_not_mix() {
    let (_top, storage) = scene();
    let mut first = begin(&storage, b"name", Where::Whole { replace: false }).unwrap();
    let mut second = begin(&storage, b"name", Where::Whole { replace: false }).unwrap();
    send(&mut first, b"first");
    send(&mut second, b"second");
    first.commit(5).unwrap();
    assert_eq!(second.commit(6), Err(StorageFailure::Exists));
    assert_eq!(read(&storage, b"name").unwrap(), b"first");
}

#[test]
fn storing_through_a_link_inside_changes_what_it_leads_to() {
    let (top, storage) = scene();
    store(&storage, b"in", WHOLE, b"longer than before").unwrap();
    store(&storage, b"in", WHOLE, b"short").unwrap();
    assert_eq!(read(&storage, b"dir/inner").unwrap(), b"short");
    assert!(std_fs::symlink_metadata(top.path().join("root/in")).unwrap().is_symlink());
    assert_eq!(begin(&storage, b"out/new", WHOLE).unwrap_err(), StorageFailure::Denied);
    assert_eq!(begin(&storage, b"absolute", WHOLE).unwrap_err(), StorageFailure::Denied);
}

#[test]
fn s34_more_than_fits_is_refused_before_it_is_sent() {
    let (_top, storage) = scene();
    let plan = UploadPlan { announced: Some(u64::MAX), ..plan(WHOLE) };
    assert_eq!(storage.create(&path(b"big"), &plan).unwrap_err(), StorageFailure::NoSpace);
    assert!(storage.available(&VirtualPath::root()).unwrap() > 0);
}

#[test]
fn a_home_is_below_the_served_directory_even_if_somebody_put_a_link_there() {
    let (_top, storage) = scene();
    assert!(Homes::open(&storage, Some("dir")).unwrap().facts(&path(b"inner"), Links::Follow).is_ok());
    assert_eq!(Homes::open(&storage, Some("out")).unwrap_err(), StorageFailure::Denied);
}

#[test]
fn what_is_answered_at_once_is_what_would_be_answered_later_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    std_fs::write(folder.path().join("file"), b"octets").unwrap();
    std_fs::create_dir(folder.path().join("directory")).unwrap();
    symlink("file", folder.path().join("inside")).unwrap();
    symlink("/etc/passwd", folder.path().join("outside")).unwrap();
    fs::mknodat(CWD, folder.path().join("fifo"), fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
    let storage = LocalStorage::open(folder.path(), LocalOptions::default()).unwrap();
    for name in ["file", "inside", "directory", "outside", "fifo", "missing"] {
        let at = path(name.as_bytes());
        let later = Storage::open(&storage, &at).map(|download| download.size).ok();
        // It may always be put off: the kernel may have forgotten.
        let size = storage.open_at_once(&at).map(|download| download.size);
        assert!(size.is_none() || size == later, "{name}: {size:?}, {later:?}");
        let look = storage.look_at_once(&at).map(|look| look.size);
        assert!(look.is_none() || look == later, "{name}: {look:?}, {later:?}");
    }
    if storage.prompt {
        assert_eq!(
            storage.look_at_once(&path(b"file")).map(|look| look.size),
            Some(6),
            "it was just written"
        );
    }
}

#[test]
fn as_much_of_each_entry_is_looked_at_as_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3000 {
        std_fs::write(folder.path().join(format!("a rather long name of a file {number}")), b"x").unwrap();
    }
    let storage = LocalStorage::open(folder.path(), LocalOptions::default()).unwrap();
    let all = |detail| {
        let mut items: Vec<_> =
            storage.list(&VirtualPath::root(), detail).unwrap().collect::<Result<_, _>>().unwrap();
        items.sort_by(|a: &Item, b| a.entry.name.cmp(&b.entry.name));
        items
    };
    let (names, facts, access) = (all(Detail::Names), all(Detail::Facts), all(Detail::Access));
    assert_eq!((names.len(), facts.len(), access.len()), (3000, 3000, 3000));
    for ((name, fact), full) in names.iter().zip(&facts).zip(&access) {
        assert_eq!((&name.entry.name, name.entry.kind), (&full.entry.name, full.entry.kind));
        assert_eq!(fact.entry, full.entry);
        assert!(full.access.read && full.access.write && full.access.remove);
    }
}
