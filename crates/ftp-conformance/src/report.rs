//! The matrix: what became of each line of the checklist in each world.

use crate::case::{Outcome, Worlds, play};
use crate::cases;

/// What became of every case in these worlds that `wanted` names; said as they are played.
pub fn run(worlds: &dyn Worlds, wanted: impl Fn(&str) -> bool) -> Vec<(&'static str, Outcome)> {
    cases::all().filter(|case| wanted(case.id)).map(|case| (case.id, play(case, worlds))).collect()
}

/// The failures, each on a line; empty when there are none.
#[must_use]
pub fn failures(outcomes: &[(&'static str, Outcome)]) -> String {
    let failed = outcomes.iter().filter_map(|(id, outcome)| match outcome {
        Outcome::Failed(why) => Some(format!("{id}: {why}\n")),
        Outcome::Passed | Outcome::NotRun(_) => None,
    });
    failed.collect()
}
