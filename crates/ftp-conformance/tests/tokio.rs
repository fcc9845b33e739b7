//! Every case that can be played in real time, on the tokio driver.

use ftp_conformance::report::{count, failures, run};
use ftp_conformance::world::tokio_driver::TokioDriver;

#[test]
fn every_case_passes_on_the_tokio_driver() {
    let outcomes = run(&TokioDriver, |_| true);
    let failures = failures(&outcomes);
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count(&outcomes).passed > 100, "{:?}", count(&outcomes));
}
