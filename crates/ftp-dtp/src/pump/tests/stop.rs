//! Aborts, lost jobs, and plans that cannot be.

use super::fake::*;
use crate::pump::PumpStep;
use ftp_proto::data::{StorageFailure, StreamEnd, TransferFailure};
use ftp_proto::io::Flow;
use std::io::ErrorKind;

const ABORTED: Result<(), TransferFailure> = Err(TransferFailure::Aborted);

#[test]
fn an_abort_before_anything_moved_ends_with_nothing() {
    for (flow, local) in [(Flow::ToPeer, file_source(b"abc")), (Flow::FromPeer, Store::new().end())] {
        let mut pump = pump(&plan(flow), local);
        pump.abort();
        let outcome = run(&mut pump, &mut Fake::default(), BUDGET);
        assert_eq!(outcome, (totals(0, 0, StreamEnd::Open), ABORTED));
    }
}

#[test]
fn an_abort_while_waiting_for_the_peer_ends_with_true_totals() {
    let mut pump_out = pump(&plan(Flow::ToPeer), chunks([&b"abc"[..]]));
    let mut stream = Fake::writing([Out::Takes(2), Out::Fails(ErrorKind::WouldBlock)]);
    let waits = run_until(&mut pump_out, &mut stream, BUDGET, |step| matches!(step, PumpStep::WantWrite));
    assert!(waits.is_ok());
    pump_out.abort();
    assert_eq!(run(&mut pump_out, &mut stream, BUDGET), (totals(2, 3, StreamEnd::Open), ABORTED));
    assert!(!stream.finished);

    let mut pump_in = pump(&plan(Flow::FromPeer), Store::new().end());
    let mut stream = Fake::reading([In::Octets(b"ab".to_vec())]);
    let waits = run_until(&mut pump_in, &mut stream, BUDGET, |step| matches!(step, PumpStep::WantRead));
    assert!(waits.is_ok());
    pump_in.abort();
    assert_eq!(run(&mut pump_in, &mut stream, BUDGET), (totals(2, 0, StreamEnd::Open), ABORTED));
}

#[test]
fn an_abort_waits_for_the_storage_job_that_is_out() {
    let store = Store::new();
    let mut pump = pump(&plan(Flow::FromPeer), store.end());
    let mut stream = Fake::reading([In::Octets(b"ab".to_vec()), In::End]);
    let job = first_job(&mut pump, &mut stream);
    pump.abort();
    assert!(matches!(pump.step(&mut stream, BUDGET), PumpStep::InStorage), "storage is still being written");
    pump.storage_done(job.run());
    assert_eq!(run(&mut pump, &mut stream, BUDGET), (totals(2, 2, StreamEnd::Fin), ABORTED));
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    let mut pump = pump(&plan(Flow::ToPeer), chunks([&b"abc"[..]]));
    let mut stream = Fake::default();
    let outcome = run(&mut pump, &mut stream, BUDGET);
    assert_eq!(outcome.1, Ok(()));
    pump.abort();
    assert_eq!(run(&mut pump, &mut stream, BUDGET), outcome);
}

#[test]
fn a_storage_job_that_is_lost_is_a_failure_of_storage() {
    let mut pump = pump(&plan(Flow::ToPeer), chunks([&b"abc"[..]]));
    let mut stream = Fake::default();
    drop(first_job(&mut pump, &mut stream));
    pump.storage_lost();
    let (_, result) = run(&mut pump, &mut stream, BUDGET);
    assert_eq!(result, Err(TransferFailure::Storage(StorageFailure::Local)));
}

#[test]
fn a_lost_job_of_an_aborted_transfer_is_an_abort() {
    let mut pump = pump(&plan(Flow::ToPeer), chunks([&b"abc"[..]]));
    drop(first_job(&mut pump, &mut Fake::default()));
    pump.abort();
    pump.storage_lost();
    assert_eq!(run(&mut pump, &mut Fake::default(), BUDGET).1, ABORTED);
}

#[test]
fn a_plan_that_cannot_be_carried_out_moves_nothing() {
    let unsupported = Err(TransferFailure::Storage(StorageFailure::Unsupported));
    let cases = [(plan(Flow::FromPeer), file_source(b"abc")), (plan(Flow::ToPeer), Store::new().end())];
    for (plan, local) in cases {
        let mut pump = pump(&plan, local);
        let outcome = run(&mut pump, &mut Fake::default(), BUDGET);
        assert_eq!(outcome, (totals(0, 0, StreamEnd::Open), unsupported));
        pump.abort();
        assert_eq!(run(&mut pump, &mut Fake::default(), BUDGET), outcome);
    }
}
