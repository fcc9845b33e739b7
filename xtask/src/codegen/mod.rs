//! `cargo xtask codegen`: writes the tables of `ftp_proto::manual` from the code that they describe.
//!
//! Where a rule is a function or a table, that is read ([`link`], [`commands`]). Where it is spread over the machine, the
//! machine is asked: it is brought into each state, given each input, and what it does is written down ([`observed`]).

mod commands;
mod link;
mod observed;
mod probe;

use core::fmt::Write as _;
use std::fs;

use clap::Args;

use crate::workspace;

/// What becomes of the tables.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a table is not what would be written.
    #[arg(long)]
    check: bool,
}

/// A generated file, and what makes it.
type Page = (&'static str, fn() -> String);

/// Below the core's `src/manual`.
const PAGES: [Page; 6] = [
    ("link.md", link::page),
    ("access.md", observed::access),
    ("security.md", observed::security),
    ("transfer.md", observed::transfer),
    ("abort.md", observed::abort),
    ("commands.md", commands::page),
];

/// Writes them, or looks whether they are current.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let mut stale = Vec::new();
    for (name, page) in PAGES {
        let path = workspace::root().join("crates/ftp-proto/src/manual").join(name);
        let text = page();
        if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            continue;
        }
        if options.check {
            stale.push(name);
        } else {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            eprintln!("written: {}", path.display());
        }
    }
    match &*stale {
        [] => Ok(()),
        stale => Err(format!("not what the code says: {}; run `cargo xtask codegen`", stale.join(", "))),
    }
}

/// A table in markdown.
fn table<R: IntoIterator<Item = String>>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

#[test]
fn the_manual_is_what_the_code_says() {
    run(&Options { check: true }).expect("current");
}
