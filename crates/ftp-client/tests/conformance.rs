//! The cases for clients, played with the program itself, on both drivers.

use ftp_conformance::case::Outcome;
use ftp_conformance::clients::{CASES, Client};

#[track_caller]
fn passes_every_case(driver: &str) {
    let program = env!("CARGO_BIN_EXE_ftp-client");
    let client: Client = format!("{program} --driver {driver} get {{url}} {{file}}").parse().unwrap();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = CASES.iter().map(|case| (case, scope.spawn(|| client.play(case)))).collect();
        let failed = runs.into_iter().filter_map(|(case, run)| match run.join().unwrap() {
            Outcome::Passed => None,
            other => Some(format!("{} ({}): {other:?}", case.id, case.about)),
        });
        failed.collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_client_on_tokio_passes_every_case_for_clients() {
    passes_every_case("tokio");
}

#[test]
fn the_client_on_mio_passes_every_case_for_clients() {
    passes_every_case("mio");
}
