//! What cargo-tarpaulin reports, and the list of what needs no test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Where the core's sources begin in a path.
const SOURCES: &str = "crates/ftp-proto/src/";
/// What is not reached, and why.
const REASONS: &str = include_str!("uncovered.toml");

/// A file of the core.
#[derive(Debug)]
pub(super) struct File {
    /// From the core's `src`.
    pub(super) path: String,
    lines: usize,
    /// Number and text of each line that is not reached.
    uncovered: Vec<(u64, String)>,
}

impl File {
    /// How many lines have code.
    pub(super) const fn lines(&self) -> usize {
        self.lines
    }

    /// How many of these are reached.
    pub(super) const fn covered(&self) -> usize {
        self.lines - self.uncovered.len()
    }

    /// The lines that are not, each as `file:number: text`.
    pub(super) fn places(&self) -> impl Iterator<Item = String> + '_ {
        self.uncovered.iter().map(|(number, text)| format!("{}:{number}: {text}", self.path))
    }
}

/// Reads a report.
pub(super) fn read(report: &Path) -> Result<Vec<File>, String> {
    let text = fs::read_to_string(report).map_err(|error| format!("{}: {error}", report.display()))?;
    let report: Value =
        serde_json::from_str(&text).map_err(|error| format!("tarpaulin's report: {error}"))?;
    let mut files: Vec<File> = report["files"].as_array().into_iter().flatten().filter_map(file).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    if files.is_empty() { Err("tarpaulin's report has no file of the core".to_owned()) } else { Ok(files) }
}

fn file(value: &Value) -> Option<File> {
    let parts: Vec<&str> = value["path"].as_array()?.iter().filter_map(Value::as_str).collect();
    let whole = parts.join("/");
    let (_, path) = whole.split_once(SOURCES)?;
    let content: Vec<&str> = value["content"].as_str()?.lines().collect();
    let traces = value["traces"].as_array()?;
    let uncovered = traces.iter().filter(|trace| trace["stats"]["Line"] == 0).filter_map(|trace| {
        let number = trace["line"].as_u64()?;
        let text = content.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some((number, text.trim().to_owned()))
    });
    Some(File { path: path.to_owned(), lines: traces.len(), uncovered: uncovered.collect() })
}

/// The list: each line as `file: text`, so that it stays true when lines move.
#[derive(Debug)]
pub(super) struct Reasons(BTreeSet<String>);

/// What the list says to a report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// Not reached, and not listed.
    pub(super) unexplained: Vec<String>,
    /// Listed, and reached or gone.
    pub(super) outdated: Vec<String>,
}

impl Reasons {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(REASONS)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("uncovered.toml: {error}"))?;
        let groups = table.get("because").and_then(toml::Value::as_array).into_iter().flatten();
        let mut lines = BTreeSet::new();
        for group in groups {
            if group.get("reason").and_then(toml::Value::as_str).is_none_or(str::is_empty) {
                return Err("uncovered.toml: a group without a reason".to_owned());
            }
            let listed = group.get("lines").and_then(toml::Value::as_array).into_iter().flatten();
            lines.extend(listed.filter_map(toml::Value::as_str).map(str::to_owned));
        }
        Ok(Self(lines))
    }

    pub(super) fn judge(&self, files: &[File]) -> Judged {
        let mut judged = Judged::default();
        let mut used = BTreeSet::new();
        for file in files {
            for ((_, text), place) in file.uncovered.iter().zip(file.places()) {
                match self.0.get(&format!("{}: {text}", file.path)) {
                    Some(listed) => drop(used.insert(listed)),
                    None => judged.unexplained.push(place),
                }
            }
        }
        judged.outdated = self.0.iter().filter(|listed| !used.contains(listed)).cloned().collect();
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_that_is_not_reached_needs_a_reason() {
        let report = json!({
            "path": ["/", "x", "crates", "ftp-proto", "src", "a.rs"],
            "content": "one\n  two\nthree\nfour",
            "traces": [
                {"line": 1, "stats": {"Line": 3}}, {"line": 2, "stats": {"Line": 0}}, {"line": 4, "stats": {"Line": 0}},
            ],
        });
        let files = [file(&report).expect("a file of the core")];
        assert_eq!((files[0].covered(), files[0].lines()), (1, 3));
        let list = "[[because]]\nreason = \"r\"\nlines = [\"a.rs: two\", \"a.rs: five\"]";
        let judged = Reasons::parse(list).expect("a list").judge(&files);
        assert_eq!(judged.unexplained, ["a.rs:4: four"]);
        assert_eq!(judged.outdated, ["a.rs: five"]);
    }

    #[test]
    fn every_group_of_the_list_has_a_reason() {
        assert!(Reasons::parse("[[because]]\nlines = []").is_err());
        Reasons::read().expect("the list");
    }
}
