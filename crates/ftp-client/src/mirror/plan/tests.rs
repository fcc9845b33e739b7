use super::super::tree::Stamp;
use super::*;

/// `name` or `name/` for a directory, `name@` for a link, `name!` for a device; files with size and time.
type Row<'a> = (&'a str, u64, i64);

fn tree(rows: &[Row<'_>]) -> Directory {
    let mut top = Directory::default();
    for &(path, size, seconds) in rows {
        insert(&mut top, path, FileFacts { size: Some(size), modify: Some(Stamp::exact(seconds)) });
    }
    top
}

fn insert(dir: &mut Directory, path: &str, facts: FileFacts) {
    let name = |text: &str| FileName::new(text.as_bytes()).expect("a name");
    match path.split_once('/') {
        Some((first, rest)) => {
            let node =
                dir.entries.entry(name(first)).or_insert_with(|| Node::Directory(Directory::default()));
            let Node::Directory(inner) = node else { panic!("{first} is no directory") };
            if !rest.is_empty() {
                insert(inner, rest, facts);
            }
        }
        None => {
            let (text, node) = match path.strip_suffix(['@', '!']) {
                Some(text) if path.ends_with('@') => (text, Node::Link),
                Some(text) => (text, Node::Other),
                None => (path, Node::File(facts)),
            };
            dir.entries.insert(name(text), node);
        }
    }
}

/// One word an action: `-x` and `-x/` clear, `+d/` make, `x` copy, `~x` remove afterwards, `?x` skip.
fn words(plan: &Plan) -> Vec<String> {
    let slash = |directory: bool| if directory { "/" } else { "" };
    let mut words: Vec<String> = Vec::new();
    words.extend(plan.clear.iter().map(|r| format!("-{}{}", r.path, slash(r.directory))));
    words.extend(plan.directories.iter().map(|path| format!("+{path}/")));
    words.extend(plan.copies.iter().map(|copy| copy.path.to_string()));
    words.extend(plan.remove.iter().map(|r| format!("~{}{}", r.path, slash(r.directory))));
    words.extend(plan.skipped.iter().map(|(path, _)| format!("?{path}")));
    words
}

fn options(delete: bool, replace: Replace, exclude: &[&str]) -> Options {
    let exclude: Vec<String> = exclude.iter().map(|&pattern| pattern.to_owned()).collect();
    Options { delete, replace, exclude: Excludes::new(&exclude).expect("patterns") }
}

#[track_caller]
fn check(source: &[Row<'_>], target: &[Row<'_>], options: &Options, expected: &[&str]) {
    assert_eq!(words(&plan(&tree(source), &tree(target), options)), expected);
}

#[test]
fn what_is_missing_is_made_parents_first() {
    let source = [("a", 1, 0), ("d/b", 1, 0), ("d/e/c", 1, 0), ("empty/", 0, 0)];
    check(&source, &[], &Options::default(), &["+d/", "+d/e/", "+empty/", "a", "d/b", "d/e/c"]);
    check(&source, &source, &Options::default(), &[]);
}

#[test]
fn files_on_both_sides_are_compared_as_the_options_say() {
    use Replace::{Always, Different, Newer};
    for (replace, new, old, copied) in [
        (Different, (5, 10), (5, 10), false),
        (Different, (5, 11), (5, 10), true),
        (Different, (5, 9), (5, 10), false),
        (Different, (6, 9), (5, 10), true),
        (Newer, (6, 10), (5, 10), false),
        (Newer, (6, 9), (5, 10), false),
        (Newer, (5, 11), (5, 10), true),
        (Always, (5, 10), (5, 10), true),
    ] {
        let plan =
            plan(&tree(&[("f", new.0, new.1)]), &tree(&[("f", old.0, old.1)]), &options(false, replace, &[]));
        assert_eq!(plan.copies.len(), usize::from(copied), "{replace:?} {new:?} {old:?}");
        assert_eq!(plan.up_to_date, u64::from(!copied));
    }
}

#[test]
fn a_time_that_is_known_to_the_minute_is_not_newer_within_it() {
    let facts = |seconds, precision| FileFacts { size: Some(1), modify: Some(Stamp { seconds, precision }) };
    assert!(!is_wanted(Replace::Different, facts(119, 1), facts(60, 60)));
    assert!(is_wanted(Replace::Different, facts(120, 1), facts(60, 60)));
    assert!(!is_wanted(Replace::Different, facts(60, 60), facts(119, 1)));
}

#[test]
fn files_of_which_nothing_is_known_are_copied() {
    let unknown = FileFacts::default();
    let known = FileFacts { size: Some(1), modify: Some(Stamp::exact(1)) };
    assert!(is_wanted(Replace::Different, unknown, known));
    assert!(!is_wanted(Replace::Newer, unknown, known));
}

#[test]
fn surplus_stays_unless_delete_is_asked_for_and_goes_contents_first() {
    let (source, target) = ([("a", 1, 0)], [("a", 1, 0), ("d/x", 1, 0), ("d/e/y", 1, 0), ("z@", 0, 0)]);
    check(&source, &target, &Options::default(), &[]);
    check(
        &source,
        &target,
        &options(true, Replace::Different, &[]),
        &["~d/e/y", "~d/e/", "~d/x", "~d/", "~z"],
    );
}

#[test]
fn something_of_another_kind_is_removed_first_or_skipped() {
    let (source, target) = ([("x", 1, 0), ("y/f", 1, 0)], [("x/old", 1, 0), ("y", 1, 0)]);
    check(&source, &target, &Options::default(), &["?x", "?y"]);
    check(
        &source,
        &target,
        &options(true, Replace::Different, &[]),
        &["-x/old", "-x/", "-y", "+y/", "x", "y/f"],
    );
}

#[test]
fn c2_links_and_devices_of_the_source_are_skipped_and_never_made() {
    let source = [("link@", 0, 0), ("dev!", 0, 0), ("f", 1, 0)];
    check(&source, &[], &Options::default(), &["f", "?dev", "?link"]);
    // A link on the target that stands where a file or directory is to go is not written through.
    check(&[("d/f", 1, 0)], &[("d@", 0, 0)], &Options::default(), &["?d"]);
    check(&[("d/f", 1, 0)], &[("d@", 0, 0)], &options(true, Replace::Different, &[]), &["-d", "+d/", "d/f"]);
}

#[test]
fn an_incomplete_source_deletes_nothing_in_that_directory() {
    let mut source = tree(&[("d/a", 1, 0)]);
    let Some(Node::Directory(d)) = source.entries.values_mut().next() else { panic!("d") };
    d.incomplete = true;
    let target = tree(&[("d/a", 1, 0), ("d/b", 1, 0), ("c", 1, 0)]);
    assert_eq!(words(&plan(&source, &target, &options(true, Replace::Different, &[]))), ["~c"]);
}

#[test]
fn what_is_not_wholly_known_is_not_removed() {
    let mut target = tree(&[("d/a", 1, 0)]);
    let Some(Node::Directory(d)) = target.entries.values_mut().next() else { panic!("d") };
    d.incomplete = true;
    assert!(words(&plan(&tree(&[]), &target, &options(true, Replace::Different, &[]))).is_empty());
}

#[test]
fn excluded_names_are_neither_copied_nor_removed() {
    let source = [("a.o", 1, 0), ("d/b.o", 1, 0), ("d/c", 1, 0), ("build/x", 1, 0), ("d/build/y", 1, 0)];
    let target = [("old.o", 1, 0), ("gone/keep.o", 1, 0), ("surplus", 1, 0)];
    check(
        &source,
        &target,
        &options(true, Replace::Different, &["*.o", "/build/"]),
        &["+d/", "+d/build/", "d/build/y", "d/c", "~surplus"],
    );
    check(&source, &[], &options(false, Replace::Different, &["d/*", "build/", "*.o"]), &["+d/"]);
}

#[test]
fn patterns_that_are_none_are_refused() {
    assert!(Excludes::new(&["[".to_owned()]).is_err());
}
