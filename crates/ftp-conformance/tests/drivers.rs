//! Every case that can be played in real time, on each driver.

use ftp_conformance::case::Outcome;
use ftp_conformance::report::{count, failures, run};
use ftp_conformance::world::loopback::Driver;

fn passes_and_what_was_not_run(driver: Driver) -> Vec<&'static str> {
    let outcomes = run(&driver, |_| true);
    let failures = failures(&outcomes);
    assert!(failures.is_empty(), "\n{failures}");
    let counts = count(outcomes.iter().map(|(_, outcome)| outcome));
    assert!(counts.passed > 100, "{counts:?}");
    let not_run = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::NotRun(_)));
    not_run.map(|(case, _)| case.id).collect()
}

#[test]
fn every_case_passes_on_both_drivers_and_none_is_passed_over_by_one_alone() {
    let [tokio, mio] = [Driver::Tokio, Driver::Mio].map(passes_and_what_was_not_run);
    assert_eq!(tokio, mio);
}
