//! Every case, in the simulator: no socket, no thread, no real time.

use ftp_conformance::case::Outcome;
use ftp_conformance::report::{failures, run};
use ftp_conformance::world::sim::Simulator;

#[test]
fn every_case_passes_in_the_simulator() {
    let outcomes = run(&Simulator { seed: 1 }, |_| true);
    assert!(
        outcomes.iter().all(|(_, outcome)| !matches!(outcome, Outcome::NotRun(_))),
        "the simulator can play every case"
    );
    let failures = failures(&outcomes);
    assert!(failures.is_empty(), "\n{failures}");
}
