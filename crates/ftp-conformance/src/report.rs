//! What became of the cases in a world. `cargo xtask conformance` makes the matrix of all worlds from it.

use crate::case::{Case, Outcome, Worlds, play};
use crate::cases;

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
pub fn count<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Count {
    let mut count = Count::default();
    for outcome in outcomes {
        match outcome {
            Outcome::Passed => count.passed += 1,
            Outcome::Failed(_) => count.failed += 1,
            Outcome::NotRun(_) => count.not_run += 1,
        }
    }
    count
}
