//! From the peer.

use super::fake::*;
use crate::buffers::BufferPool;
use crate::pump::{LocalEnd, Pump, PumpStep};
use crate::storage::Sink;
use ftp_proto::data::{Failure, StorageFailure, StreamEnd, TransferFailure};
use ftp_proto::io::{Flow, TransferPlan};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::sync::Arc;

fn from_peer() -> TransferPlan {
    plan(Flow::FromPeer)
}

fn receive(plan: &TransferPlan, local: LocalEnd, reads: impl IntoIterator<Item = In>) -> Outcome {
    run(&mut pump(plan, local), &mut Fake::reading(reads), BUDGET)
}

fn octets(octets: &[u8]) -> In {
    In::Octets(octets.to_vec())
}

const BLOCK: In = In::Fails(ErrorKind::WouldBlock);

#[test]
fn octets_are_stored_until_the_end_of_stream() {
    let store = Store::new();
    let reads = [octets(b"ab"), BLOCK, In::Fails(ErrorKind::Interrupted), octets(b"c"), In::End];
    let outcome = receive(&from_peer(), store.end(), reads);
    assert_eq!(outcome, (totals(3, 3, StreamEnd::Fin), Ok(())));
    assert_eq!(store.content(), b"abc");
}

#[test]
fn nothing_but_an_end_of_stream_is_an_empty_file() {
    let store = Store::new();
    assert_eq!(receive(&from_peer(), store.end(), [In::End]), (totals(0, 0, StreamEnd::Fin), Ok(())));
}

#[test]
fn a_file_is_written_from_its_offset_on() {
    let target = file(b"0123456789");
    let sink = Sink::File { file: Arc::clone(&target), offset: 4 };
    let reads = [octets(b"ab"), BLOCK, octets(b"cd"), In::End];
    assert_eq!(receive(&from_peer(), LocalEnd::Sink(sink), reads).1, Ok(()));
    let mut content = String::new();
    (&*target).rewind().unwrap();
    (&*target).read_to_string(&mut content).unwrap();
    assert_eq!(content, "0123abcd89");
}

#[test]
fn a_large_upload_is_stored_whole() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n >> 3) as u8).collect();
    let store = Store::new();
    let outcome = receive(&from_peer(), store.end(), [octets(&content), In::End]);
    assert_eq!(outcome, (totals(3_000_000, 3_000_000, StreamEnd::Fin), Ok(())));
    assert!(store.content() == content);
}

#[test]
fn s17_an_end_without_close_notify_is_told_as_unclean() {
    let store = Store::new();
    let reads = [octets(b"abc"), In::Fails(ErrorKind::UnexpectedEof)];
    let outcome = receive(&from_peer(), store.end(), reads);
    assert_eq!(outcome, (totals(3, 3, StreamEnd::Unclean), Ok(())));
}

#[test]
fn an_end_with_close_notify_is_told() {
    let mut stream = Fake { proper_end: StreamEnd::CloseNotify, ..Fake::reading([In::End]) };
    let (totals, result) = run(&mut pump(&from_peer(), Store::new().end()), &mut stream, BUDGET);
    assert_eq!((totals.end, result), (StreamEnd::CloseNotify, Ok(())));
}

#[test]
fn s33_a_reset_is_a_failure_and_what_came_before_it_is_stored() {
    let store = Store::new();
    let reads = [octets(b"abc"), In::Fails(ErrorKind::ConnectionReset)];
    let outcome = receive(&from_peer(), store.end(), reads);
    let reset = Err(TransferFailure::Connection(Failure::Reset));
    assert_eq!(outcome, (totals(3, 3, StreamEnd::Open), reset));
    assert_eq!(store.content(), b"abc");
}

#[test]
fn s34_a_full_disk_ends_the_transfer_at_once_with_what_was_stored() {
    let store = Store::with_room(40_000);
    let outcome = receive(&from_peer(), store.end(), [octets(&[0; 1_000_000]), In::End]);
    let full = Err(TransferFailure::Storage(StorageFailure::NoSpace));
    assert_eq!(outcome, (totals(32_768 + 262_144, 32_768, StreamEnd::Open), full));

    let device = Arc::new(File::options().write(true).open("/dev/full").unwrap());
    let sink = Sink::File { file: device, offset: 0 };
    assert_eq!(receive(&from_peer(), LocalEnd::Sink(sink), [octets(b"abc"), In::End]).1, full);
}

#[test]
fn a_file_that_cannot_be_written_fails_with_the_reason() {
    let sink = Sink::File { file: Arc::new(tempfile::tempfile().unwrap()), offset: u64::MAX };
    let (_, result) = receive(&from_peer(), LocalEnd::Sink(sink), [octets(b"abc"), In::End]);
    assert_eq!(result, Err(TransferFailure::Storage(StorageFailure::BadOffset)));
}

#[test]
fn a_limit_is_reached_exactly_and_nothing_after_it_is_read() {
    for limit in [0, 1, 5, 40_000] {
        let store = Store::new();
        let mut stream = Fake::reading([octets(&[7; 50_000]), In::End]);
        let plan = TransferPlan { limit: Some(limit), ..from_peer() };
        let outcome = run(&mut pump(&plan, store.end()), &mut stream, BUDGET);
        assert_eq!(outcome, (totals(limit, limit, StreamEnd::Open), Ok(())));
        let Some(In::Octets(rest)) = stream.reads.front() else { panic!() };
        assert_eq!(rest.len() as u64, 50_000 - limit);
    }
}

#[test]
fn rfc959_type_a_crlf_becomes_lf_across_reads() {
    let plan = TransferPlan { encoding: ASCII, ..from_peer() };
    let store = Store::new();
    let reads = [octets(b"a\r"), BLOCK, octets(b"\nb\r\nc"), octets(b"\r\n\r"), In::End];
    let outcome = receive(&plan, store.end(), reads);
    assert_eq!(store.content(), b"a\nb\nc\n\r", "a CR at the very end is kept");
    assert_eq!(outcome, (totals(10, 7, StreamEnd::Fin), Ok(())));
}

#[test]
fn a_limit_counts_octets_of_storage_under_type_a() {
    let plan = TransferPlan { encoding: ASCII, limit: Some(5), ..from_peer() };
    let store = Store::new();
    let reads = (0..9).flat_map(|_| [octets(b"a\r\n"), BLOCK]).chain([In::End]);
    let (totals, result) = receive(&plan, store.end(), reads);
    assert_eq!((totals.stored, result), (5, Ok(())));
    assert_eq!(store.content(), b"a\na\na");
}

#[test]
fn a_step_stops_when_its_budget_is_used_up() {
    let mut stream = Fake::reading((0..9).map(|_| octets(&[0; 10])).chain([In::End]));
    let mut pump = pump(&from_peer(), Store::new().end());
    for read in [30, 60] {
        assert!(matches!(pump.step(&mut stream, 25), PumpStep::Again));
        assert_eq!(pump.octets(), read);
    }
    assert_eq!(run(&mut pump, &mut stream, 25).1, Ok(()));
}

#[test]
fn a_transfer_that_waits_holds_a_small_buffer_and_only_while_something_is_in_it() {
    let buffers = BufferPool::default();
    let mut pump = Pump::new(&from_peer(), Store::new().end(), &buffers);
    // Enough to make it use large buffers, then a little, then silence, then nothing at all.
    let mut stream = Fake::reading([octets(&[0; 600_000]), BLOCK, BLOCK, octets(b"abc")]);
    let waiting = |step: &PumpStep| matches!(step, PumpStep::WantRead);
    assert!(run_until(&mut pump, &mut stream, BUDGET, waiting).is_ok());
    assert_eq!(buffers.unused(), 32 * 1024 + 256 * 1024, "all that was ever taken is back");
    assert!(run_until(&mut pump, &mut stream, BUDGET, waiting).is_ok());
    assert!(run_until(&mut pump, &mut stream, BUDGET, waiting).is_ok());
    assert_eq!(buffers.unused(), 256 * 1024, "a small one holds three octets");
}

#[test]
fn octets_held_back_while_waiting_are_not_lost() {
    let store = Store::new();
    let mut content = vec![1; 32_768 + 262_144];
    content.extend_from_slice(&[2; 10_000]);
    let reads = [octets(&content), BLOCK, octets(&[3; 30_000]), BLOCK, octets(b"end"), In::End];
    assert_eq!(receive(&from_peer(), store.end(), reads).1, Ok(()));
    content.extend_from_slice(&[3; 30_000]);
    content.extend_from_slice(b"end");
    assert!(store.content() == content);
}
