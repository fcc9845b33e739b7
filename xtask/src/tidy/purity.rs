//! The core is pure, and unsafe code has one place.

use proc_macro2::{TokenStream, TokenTree};

use super::Finding;
use super::tree::{Source, Tree};

const CORE: &str = "crates/ftp-proto";
/// All that the core may depend on.
const CORE_DEPENDENCIES: [&str; 2] = ["bytes", "thiserror"];
/// What it may depend on when somebody asks for it: no I/O in there either.
const OPTIONAL_DEPENDENCIES: [&str; 1] = ["serde"];
/// The one crate with unsafe code.
const UNSAFE_PLACE: &str = "crates/ftp-dtp/";

/// No `std`, no unsafe code, no dependency that could do I/O.
pub(super) fn core(tree: &Tree) -> Vec<Finding> {
    let (root, manifest) = (format!("{CORE}/src/lib.rs"), format!("{CORE}/Cargo.toml"));
    let Some(source) = tree.source(&root) else { return vec![Finding::error(root, None, "is missing")] };
    let mut findings = Vec::new();
    for (name, argument) in [("no_std", ""), ("forbid", "unsafe_code")] {
        if source.inner_attribute(name).is_none_or(|found| found != argument) {
            findings.push(Finding::error(&*root, None, format!("#![{name}] with \"{argument}\" is missing")));
        }
    }
    let dependencies = tree.manifest(&manifest).and_then(|manifest| manifest.table.get("dependencies"));
    let dependencies = dependencies.and_then(toml::Value::as_table).into_iter().flatten();
    let foreign = dependencies.filter(|(name, how)| !is_allowed(name, how));
    findings.extend(foreign.map(|(name, _)| {
        Finding::error(
            &*manifest,
            None,
            format!("depends on {name}; the core has bytes and thiserror, and serde if asked"),
        )
    }));
    findings
}

fn is_allowed(name: &str, how: &toml::Value) -> bool {
    let optional = how.get("optional").and_then(toml::Value::as_bool).unwrap_or(false);
    CORE_DEPENDENCIES.contains(&name) || optional && OPTIONAL_DEPENDENCIES.contains(&name)
}

/// The word `unsafe` stands in no file of other crates.
pub(super) fn unsafe_code(tree: &Tree) -> Vec<Finding> {
    let elsewhere = tree.sources.iter().filter(|source| !source.path.starts_with(UNSAFE_PLACE));
    elsewhere.filter_map(first_unsafe).collect()
}

fn first_unsafe(source: &Source) -> Option<Finding> {
    let tokens: TokenStream = source.text.parse().ok()?;
    let line = find_unsafe(tokens)?;
    Some(Finding::error(&*source.path, line, format!("unsafe code belongs to {UNSAFE_PLACE}")))
}

fn find_unsafe(tokens: TokenStream) -> Option<usize> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => find_unsafe(group.stream()),
        TokenTree::Ident(ident) if ident == "unsafe" => Some(ident.span().start().line),
        _ => None,
    })
}
