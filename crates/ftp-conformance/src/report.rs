//! The matrix: what became of each line of the checklist in each world.

use crate::case::{Case, Outcome, Worlds, play};
use crate::cases;
use crate::checklist::{ROWS, Shown};
use core::fmt::Write as _;
use std::collections::BTreeMap;

/// What became of the cases in one world, in the order of the checklist.
pub type Outcomes = Vec<(&'static Case, Outcome)>;

/// Plays every case in worlds of these whose id is `wanted`.
pub fn run(worlds: &dyn Worlds, wanted: impl Fn(&str) -> bool) -> Outcomes {
    cases::all().filter(|case| wanted(case.id)).map(|case| (case, play(case, worlds))).collect()
}

/// The failures, each on a line; empty when there are none.
#[must_use]
pub fn failures(outcomes: &Outcomes) -> String {
    let failed = outcomes.iter().filter_map(|(case, outcome)| match outcome {
        Outcome::Failed(why) => Some(format!("{} ({}): {why}\n", case.id, case.about)),
        Outcome::Passed | Outcome::NotRun(_) => None,
    });
    failed.collect()
}

/// How many of each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// It is so.
    pub passed: usize,
    /// It is not so.
    pub failed: usize,
    /// The world cannot play it.
    pub not_run: usize,
}

/// Counts outcomes.
#[must_use]
pub fn count(outcomes: &Outcomes) -> Count {
    let mut count = Count::default();
    for (_, outcome) in outcomes {
        match outcome {
            Outcome::Passed => count.passed += 1,
            Outcome::Failed(_) => count.failed += 1,
            Outcome::NotRun(_) => count.not_run += 1,
        }
    }
    count
}

/// The whole checklist as a table: a line for each id, a column for each world. Lines that are shown by a test of some
/// crate name the test; `cargo test` runs it.
#[must_use]
pub fn matrix(worlds: &[(&str, &Outcomes)], wanted: impl Fn(&str) -> bool) -> String {
    let by_id: Vec<BTreeMap<&str, (&Case, &Outcome)>> = worlds
        .iter()
        .map(|(_, outcomes)| outcomes.iter().map(|(case, outcome)| (case.id, (*case, outcome))).collect())
        .collect();
    let mut table = format!("{:<9}", "id");
    for (name, _) in worlds {
        put(&mut table, format_args!("{name:<9}"));
    }
    table.push_str("requirement\n");
    for row in ROWS.iter().filter(|row| wanted(row.id)) {
        put(&mut table, format_args!("{:<9}", row.id));
        match row.shown {
            Shown::Case => {
                for outcomes in &by_id {
                    let outcome = outcomes.get(row.id).map_or("-", |(_, outcome)| word(outcome));
                    put(&mut table, format_args!("{outcome:<9}"));
                }
                let about =
                    by_id.iter().find_map(|outcomes| outcomes.get(row.id)).map_or("", |(case, _)| case.about);
                table.push_str(about);
                let reason = by_id.iter().find_map(|outcomes| match outcomes.get(row.id) {
                    Some((_, Outcome::NotRun(reason))) => Some(*reason),
                    _ => None,
                });
                if let Some(reason) = reason {
                    put(&mut table, format_args!(" (not run: {reason})"));
                }
            }
            Shown::Tests { named, under } => {
                put(&mut table, format_args!("by tests named *{named}* in {under}"));
            }
            Shown::NotApplicable(why) => put(&mut table, format_args!("not applicable: {why}")),
            Shown::Later(issue) => put(&mut table, format_args!("comes with issue {issue} of 5")),
        }
        table.push('\n');
    }
    table
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Failed(_) => "FAILED",
        Outcome::NotRun(_) => "not run",
    }
}

fn put(table: &mut String, what: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = table.write_fmt(what);
}
