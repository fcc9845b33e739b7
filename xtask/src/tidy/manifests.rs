//! Every crate says what it is, and versions stand in one table.

use toml::{Table, Value};

use super::Finding;
use super::tree::{Manifest, Tree};

const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Members have a description, and take licence, lints and versions from the workspace.
pub(super) fn members(tree: &Tree) -> Vec<Finding> {
    let is_member = |manifest: &&Manifest| !manifest.table.contains_key("workspace");
    tree.manifests.iter().filter(is_member).flat_map(member).collect()
}

fn member(manifest: &Manifest) -> Vec<Finding> {
    let finding = |message: String| Finding::error(&*manifest.path, None, message);
    let package = manifest.table.get("package").and_then(Value::as_table);
    let mut findings = Vec::new();
    if package.and_then(|package| package.get("description")).and_then(Value::as_str).is_none() {
        findings.push(finding(String::from("package.description is missing")));
    }
    if !inherits(package.and_then(|package| package.get("license"))) {
        findings.push(finding(String::from("license.workspace = true is missing")));
    }
    if !inherits(manifest.table.get("lints")) {
        findings.push(finding(String::from("[lints] workspace = true is missing")));
    }
    let tables = DEPENDENCY_TABLES.iter().filter_map(|name| manifest.table.get(*name)?.as_table());
    let own = tables.flatten().filter(|(_, value)| has_version(value));
    findings.extend(own.map(|(name, _)| {
        finding(format!("the version of {name} belongs into [workspace.dependencies] of the root"))
    }));
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// A version of its own: `"1"`, or a table with `version`.
fn has_version(dependency: &Value) -> bool {
    dependency.is_str() || dependency.as_table().is_some_and(|table: &Table| table.contains_key("version"))
}

/// A library's front page has an example that is compiled.
pub(super) fn front_pages(tree: &Tree) -> Vec<Finding> {
    let libraries = tree.sources.iter().filter(|source| {
        let path = source.path.strip_prefix("crates/").and_then(|path| path.split_once('/'));
        path.is_some_and(|(_, file)| file == "src/lib.rs")
    });
    let lacking = libraries.filter(|source| !has_example(&source.front_page()));
    lacking.map(|source| Finding::error(&*source.path, None, "the front page has no example")).collect()
}

/// A block of code that is compiled: its fence has no word, or one of these.
fn has_example(page: &str) -> bool {
    let fences = page.lines().filter_map(|line| line.trim().strip_prefix("```"));
    // Every second fence closes a block.
    fences.step_by(2).any(|word| matches!(word, "" | "rust" | "no_run"))
}

#[test]
fn an_example_is_told_from_other_blocks() {
    assert!(has_example("Text\n```\nlet one = 1;\n```\n"));
    assert!(has_example("```text\n220 ready\n```\n```no_run\nrun();\n```"));
    assert!(!has_example("```text\n220 ready\n```\n"));
}
