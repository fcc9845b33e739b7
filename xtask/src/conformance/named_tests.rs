//! Tests of the workspace that show a line of the checklist: found in the sources by their names, and run.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use crate::tidy::tree::Tree;
use crate::workspace;

/// What became of tests, by the names of their functions.
#[derive(Debug, Default)]
pub(super) struct Results {
    sources: Vec<(String, Vec<String>)>,
    passed: BTreeMap<String, bool>,
}

/// Runs the tests whose names have any of `parts` in them.
pub(super) fn run(parts: &BTreeSet<&str>) -> Result<Results, String> {
    let sources = in_sources()?;
    let mut passed = BTreeMap::new();
    if !parts.is_empty() {
        let output = workspace::cargo()
            .args(["test", "--quiet", "--workspace", "--tests", "--no-fail-fast", "--"])
            .args(["--format", "pretty"])
            .args(parts)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot start cargo test: {error}"))?;
        for (name, ok) in String::from_utf8_lossy(&output.stdout).lines().filter_map(result) {
            // Two tests of one name: both must pass.
            *passed.entry(name).or_insert(true) &= ok;
        }
    }
    Ok(Results { sources, passed })
}

/// A line of a test's result: `test path::to::name ... ok`, with or without `- should panic`.
fn result(line: &str) -> Option<(String, bool)> {
    let (path, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let path = path.split(' ').next()?;
    let name = path.rsplit("::").next()?;
    // An ignored test shows nothing.
    Some((name.to_owned(), result == "ok"))
}

impl Results {
    /// What is wrong with the tests that are `named` so `under` that path, if anything.
    pub(super) fn failure(&self, named: &str, under: &str) -> Option<String> {
        let tests = matching(&self.sources, named, under);
        if tests.is_empty() {
            return Some("there are no such tests".to_owned());
        }
        let bad = tests.iter().find(|name| self.passed.get(**name) != Some(&true))?;
        Some(match self.passed.contains_key(*bad) {
            true => format!("{bad} failed"),
            false => format!("{bad} was not run"),
        })
    }
}

/// Each source, from the workspace's root, with the names of its tests.
fn in_sources() -> Result<Vec<(String, Vec<String>)>, String> {
    let tree = Tree::read()?;
    Ok(tree.sources.into_iter().map(|source| (source.path, tests_of(&source.text))).collect())
}

/// The tests of a source, also those within `proptest!`. Relies on the layout that rustfmt makes.
fn tests_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
            names.push(rest[..end.unwrap_or(rest.len())].to_owned());
            is_test = false;
        }
    }
    names
}

fn matching<'a>(sources: &'a [(String, Vec<String>)], named: &str, under: &str) -> Vec<&'a str> {
    let inside =
        |path: &str| path.strip_prefix(under).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let tests = sources.iter().filter(|(path, _)| inside(path)).flat_map(|(_, names)| names);
    tests.map(String::as_str).filter(|name| has_words(name, named)).collect()
}

/// Whether `part` stands in `name` as whole words, so that `s2` is not found in `s27_…`.
fn has_words(name: &str, part: &str) -> bool {
    format!("_{name}_").contains(&format!("_{}_", part.trim_matches('_')))
}

#[cfg(test)]
use ftp_conformance::checklist::{ROWS, Shown};

#[test]
fn every_line_that_tests_show_has_such_tests() {
    let sources = in_sources().expect("the sources can be read");
    let lacking = |row: &ftp_conformance::checklist::Row| match row.shown {
        Shown::Tests { named, under } if matching(&sources, named, under).is_empty() => {
            Some(format!("{}: no test under {under} is named *{named}*", row.id))
        }
        _ => None,
    };
    let lacking: Vec<_> = ROWS.iter().filter_map(lacking).collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn tests_are_found_by_whole_words() {
    let text = "#[test]\nfn s27_long() {}\nfn s2_helper() {}\nproptest! {\n    #[test]\n    fn all_s2(a in 0..1) {}\n}";
    let sources = vec![("crates/x/a.rs".to_owned(), tests_of(text))];
    assert_eq!(matching(&sources, "s2_", "crates/x"), ["all_s2"]);
    assert!(matching(&sources, "s2_", "crates/xy").is_empty());
}

#[test]
fn results_are_read() {
    assert_eq!(result("test a::b_1 ... ok"), Some(("b_1".to_owned(), true)));
    assert_eq!(result("test b - should panic ... FAILED"), Some(("b".to_owned(), false)));
    assert_eq!(result("test result: ok. 3 passed"), None);
}
