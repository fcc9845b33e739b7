//! The files that are moved, and how two directories are compared.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A file to be moved: its name, its length.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    length: usize,
}

/// The file that is resumed. Its length is no multiple of any buffer's.
pub(crate) const LARGE: &str = "large.bin";
pub(crate) const LARGE_LENGTH: usize = 3_000_001;
/// How much of the large file is there before it is resumed.
pub(crate) const HALF: usize = 1_000_003;

/// The file that takes a while.
pub(crate) const HUGE: &str = "huge.bin";
const HUGE_LENGTH: usize = 100 << 20;

/// Lengths at the edges, and names that clients and servers tend to take for something else.
pub(crate) const SAMPLES: [Sample; 7] = [
    Sample { name: "empty", length: 0 },
    Sample { name: "one", length: 1 },
    Sample { name: LARGE, length: LARGE_LENGTH },
    Sample { name: "two words.txt", length: 700 },
    Sample { name: "grüße ☃.txt", length: 701 },
    Sample { name: "it's \"quoted\".txt", length: 702 },
    Sample { name: "-dash.txt", length: 703 },
];

/// What stands below the directory that is moved as a tree.
const TREE: [Sample; 6] = [
    Sample { name: "tree/one", length: 1 },
    Sample { name: "tree/two words.txt", length: 700 },
    Sample { name: "tree/sub dir/grüße ☃.txt", length: 70_001 },
    Sample { name: "tree/sub dir/empty", length: 0 },
    Sample { name: "tree/sub dir/deeper/-dash.txt", length: 703 },
    Sample { name: "tree/sub dir/deeper/large.bin", length: 300_001 },
];

/// A text with lines of several lengths, an empty one among them.
pub(crate) const TEXT: &str = "lines.txt";
const TEXT_CONTENT: &str = "first line\nsecond, longer line: ü\n\nlast line\n";

/// Octets that depend on the name and the place only. All values occur, CR, LF and 255 among them.
fn content(name: &str, length: usize) -> Vec<u8> {
    let mut state =
        name.bytes().fold(1_u32, |state, octet| state.wrapping_mul(31).wrapping_add(octet.into()));
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(step).collect()
}

/// The files of a directory by their path below it; a directory without files stands there with none.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

pub(crate) fn files() -> Tree {
    SAMPLES.iter().map(|sample| file(sample.name, content(sample.name, sample.length))).collect()
}

pub(crate) fn tree() -> Tree {
    TREE.iter().map(|sample| file(sample.name, content(sample.name, sample.length))).collect()
}

pub(crate) fn large() -> Tree {
    Tree::from([file(LARGE, content(LARGE, LARGE_LENGTH))])
}

pub(crate) fn huge() -> Tree {
    // The pattern of the large file, again and again.
    static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut content = content(HUGE, LARGE_LENGTH).repeat(HUGE_LENGTH / LARGE_LENGTH + 1);
        content.truncate(HUGE_LENGTH);
        content
    });
    Tree::from([file(HUGE, CONTENT.clone())])
}

pub(crate) fn half() -> Tree {
    Tree::from([file(LARGE, content(LARGE, LARGE_LENGTH)[..HALF].to_vec())])
}

pub(crate) fn text() -> Tree {
    Tree::from([file(TEXT, TEXT_CONTENT.as_bytes().to_vec())])
}

/// The text as it travels, for a client that stores what it receives.
pub(crate) fn text_on_the_wire() -> Tree {
    Tree::from([file(TEXT, TEXT_CONTENT.replace('\n', "\r\n").into_bytes())])
}

pub(crate) fn one(name: &str) -> Tree {
    Tree::from([file(name, b"x".to_vec())])
}

pub(crate) fn directory(name: &str) -> Tree {
    Tree::from([(PathBuf::from(name), None)])
}

fn file(name: &str, content: Vec<u8>) -> (PathBuf, Option<Vec<u8>>) {
    (PathBuf::from(name), Some(content))
}

/// Writes a tree. Everybody may change it: some servers work as another user.
pub(crate) fn write(below: &Path, tree: &Tree) -> io::Result<()> {
    open_directory(below)?;
    for (path, content) in tree {
        let path = below.join(path);
        match content {
            None => open_directory(&path)?,
            Some(content) => {
                for parent in path.ancestors().skip(1).take_while(|parent| *parent != below) {
                    open_directory(parent)?;
                }
                fs::write(&path, content)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
            }
        }
    }
    Ok(())
}

fn open_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))
}

pub(crate) fn read(below: &Path) -> io::Result<Tree> {
    let mut tree = Tree::new();
    read_into(below, below, &mut tree)?;
    Ok(tree)
}

fn read_into(below: &Path, directory: &Path, tree: &mut Tree) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.peekable();
    if entries.peek().is_none() && directory != below {
        tree.insert(relative(below, directory), None);
    }
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            read_into(below, &entry.path(), tree)?;
        } else {
            tree.insert(relative(below, &entry.path()), Some(fs::read(entry.path())?));
        }
    }
    Ok(())
}

fn relative(below: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(below).unwrap_or(path).to_path_buf()
}

/// Says how `found` differs from `wanted`, octet by octet.
pub(crate) fn compare(place: &str, wanted: &Tree, found: &Tree) -> Result<(), String> {
    for (path, content) in wanted {
        match found.get(path) {
            None => return Err(format!("{place}: {} is missing", path.display())),
            Some(other) => same(content.as_deref(), other.as_deref())
                .map_err(|difference| format!("{place}: {}: {difference}", path.display()))?,
        }
    }
    match found.keys().find(|path| !wanted.contains_key(*path)) {
        Some(path) => Err(format!("{place}: {} should not be there", path.display())),
        None => Ok(()),
    }
}

fn same(wanted: Option<&[u8]>, found: Option<&[u8]>) -> Result<(), String> {
    match (wanted, found) {
        (None, None) => Ok(()),
        (Some(wanted), Some(found)) if wanted == found => Ok(()),
        (Some(wanted), Some(found)) => {
            let equal = wanted.iter().zip(found).take_while(|(a, b)| a == b).count();
            Err(format!("{} octets instead of {}, equal up to {equal}", found.len(), wanted.len()))
        }
        _ => Err("a file in the place of a directory, or the other way round".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_compares_equal() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let mut wanted = tree();
        wanted.extend(directory("nothing in it"));
        write(place.path(), &wanted).expect("writing");
        let found = read(place.path()).expect("reading");
        assert_eq!(compare("here", &wanted, &found), Ok(()));
    }

    #[test]
    fn a_file_that_is_missing_cut_changed_or_too_many_is_found() {
        let wanted = one("a");
        let cut = Tree::from([(PathBuf::from("a"), Some(Vec::new()))]);
        let changed = Tree::from([(PathBuf::from("a"), Some(b"y".to_vec()))]);
        let mut more = one("a");
        more.extend(one("b"));
        for found in [Tree::new(), cut, changed, more, directory("a")] {
            assert!(compare("here", &wanted, &found).is_err(), "{found:?}");
        }
    }

    #[test]
    fn the_large_file_has_every_octet() {
        let octets: std::collections::BTreeSet<u8> = content(LARGE, LARGE_LENGTH).into_iter().collect();
        assert_eq!(octets.len(), 256);
    }
}
