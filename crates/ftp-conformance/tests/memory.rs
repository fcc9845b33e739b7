//! Every case, in memory: no socket, no thread, no real time.

use ftp_conformance::case::Outcome;
use ftp_conformance::report::{failures, run};
use ftp_conformance::world::memory::Memory;

#[test]
fn every_case_passes_in_memory() {
    let outcomes = run(&Memory, |_| true);
    assert!(
        outcomes.iter().all(|(_, outcome)| !matches!(outcome, Outcome::NotRun(_))),
        "memory can play every case"
    );
    let failures = failures(&outcomes);
    assert!(failures.is_empty(), "\n{failures}");
}
