//! To the peer.

use super::fake::*;
use crate::pump::job::{Done, SendStop};
use crate::pump::{FilePath, LocalEnd, Pump, PumpStep, StorageDone};
use crate::storage::Source;
use crate::{buffers::BufferPool, storage::BytesSource};
use ftp_proto::data::{Failure, StorageFailure, StreamEnd, TransferFailure};
use ftp_proto::io::{Flow, OnEnd, TransferPlan};
use std::io::ErrorKind;
use std::sync::Arc;

fn to_peer() -> TransferPlan {
    plan(Flow::ToPeer)
}

fn send(plan: &TransferPlan, local: LocalEnd, stream: &mut Fake) -> Outcome {
    run(&mut pump(plan, local), stream, BUDGET)
}

#[test]
fn a_file_goes_out_whole_and_the_end_of_stream_after_it() {
    let content: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let mut stream = Fake::default();
    let outcome = send(&to_peer(), file_source(&content), &mut stream);
    assert_eq!(outcome, (totals(100_000, 100_000, StreamEnd::Open), Ok(())));
    assert_eq!(stream.wire, content);
    assert!(stream.finished);
}

#[test]
fn an_empty_file_is_an_end_of_stream_only() {
    let mut stream = Fake::default();
    assert_eq!(send(&to_peer(), file_source(b""), &mut stream), (totals(0, 0, StreamEnd::Open), Ok(())));
    assert!(stream.finished);
}

#[test]
fn a_file_begins_at_its_offset_and_ends_at_the_limit() {
    let source = |length| LocalEnd::Source(Source::File { file: file(b"0123456789"), offset: 3, length });
    let limited = TransferPlan { limit: Some(4), ..to_peer() };
    for length in [None, Some(7)] {
        let mut stream = Fake::default();
        let outcome = send(&limited, source(length), &mut stream);
        assert_eq!(outcome, (totals(4, 4, StreamEnd::Open), Ok(())));
        assert_eq!(stream.wire, b"3456");
    }
    let mut stream = Fake::default();
    assert_eq!(send(&to_peer(), source(None), &mut stream).1, Ok(()));
    assert_eq!(stream.wire, b"3456789");
}

#[test]
fn a_file_that_grew_is_sent_as_long_as_it_was() {
    let source = Source::File { file: file(b"0123456789"), offset: 0, length: Some(6) };
    let mut stream = Fake::default();
    assert_eq!(send(&to_peer(), LocalEnd::Source(source), &mut stream).1, Ok(()));
    assert_eq!(stream.wire, b"012345");
}

#[test]
fn s37_a_file_that_shrank_is_a_failure_and_not_an_end() {
    for limit in [None, Some(12)] {
        let source = Source::File { file: file(b"0123456789"), offset: 0, length: Some(15) };
        let mut stream = Fake::default();
        let plan = TransferPlan { limit, ..to_peer() };
        let (totals, result) = send(&plan, LocalEnd::Source(source), &mut stream);
        assert_eq!(result, Err(TransferFailure::Storage(StorageFailure::Changed)));
        assert_eq!(totals.wire, 10);
        assert!(!stream.finished);
    }
}

#[test]
fn a_file_that_cannot_be_read_fails_with_the_reason() {
    let directory = Arc::new(std::fs::File::open(".").unwrap());
    let source = Source::File { file: directory, offset: 0, length: None };
    let (_, result) = send(&to_peer(), LocalEnd::Source(source), &mut Fake::default());
    assert_eq!(result, Err(TransferFailure::Storage(StorageFailure::IsADirectory)));

    let source = Source::File { file: file(b"x"), offset: u64::MAX, length: None };
    let (_, result) = send(&to_peer(), LocalEnd::Source(source), &mut Fake::default());
    assert_eq!(result, Err(TransferFailure::Storage(StorageFailure::BadOffset)));
}

#[test]
fn chunks_go_out_in_order_and_an_empty_one_is_not_the_end() {
    let mut stream = Fake::writing([Out::Takes(1), Out::Fails(ErrorKind::WouldBlock), Out::Takes(2)]);
    let outcome = send(&to_peer(), chunks([&b"abc"[..], b"", b"de"]), &mut stream);
    assert_eq!(outcome, (totals(5, 5, StreamEnd::Open), Ok(())));
    assert_eq!(stream.wire, b"abcde");
}

#[test]
fn a_limit_cuts_chunks_too() {
    let mut stream = Fake::default();
    let plan = TransferPlan { limit: Some(4), ..to_peer() };
    assert_eq!(
        send(&plan, chunks([&b"abc"[..], b"def"]), &mut stream),
        (totals(4, 4, StreamEnd::Open), Ok(()))
    );
    assert_eq!(stream.wire, b"abcd");
}

#[test]
fn octets_in_memory_can_be_sent() {
    let mut stream = Fake::default();
    let source = Source::Chunks(Box::new(BytesSource::new(vec![7; 200_000])));
    assert_eq!(send(&to_peer(), LocalEnd::Source(source), &mut stream).1, Ok(()));
    assert_eq!(stream.wire, vec![7; 200_000]);
}

#[test]
fn storage_that_fails_ends_the_transfer_with_true_totals_and_no_end_of_stream() {
    for before in 0..3_u64 {
        let good = (0..before).map(|_| Ok(bytes::Bytes::from_static(b"ab")));
        let mut stream = Fake::default();
        let outcome = send(&to_peer(), script(good.chain([Err(StorageFailure::Local)])), &mut stream);
        let moved = totals(2 * before, 2 * before, StreamEnd::Open);
        assert_eq!(outcome, (moved, Err(TransferFailure::Storage(StorageFailure::Local))));
        assert!(!stream.finished);
    }
}

#[test]
fn rfc959_type_a_line_ends_become_crlf_across_chunks() {
    let plan = TransferPlan { encoding: ASCII, ..to_peer() };
    let mut stream = Fake::writing([Out::Takes(1), Out::Takes(3), Out::Fails(ErrorKind::WouldBlock)]);
    let outcome = send(&plan, chunks([&b"a\r"[..], b"\nb\n", b"c\n\n"]), &mut stream);
    assert_eq!(stream.wire, b"a\r\nb\r\nc\r\n\r\n");
    assert_eq!(outcome, (totals(11, 8, StreamEnd::Open), Ok(())));
}

#[test]
fn rfc959_type_a_a_large_text_file_is_converted_piece_by_piece() {
    let text = "line\n".repeat(50_000);
    let plan = TransferPlan { encoding: ASCII, ..to_peer() };
    let mut stream = Fake::default();
    let (moved, result) = send(&plan, file_source(text.as_bytes()), &mut stream);
    assert_eq!(result, Ok(()));
    assert_eq!((moved.wire, moved.stored), (300_000, 250_000));
    assert_eq!(stream.wire, text.replace('\n', "\r\n").as_bytes());
}

#[test]
fn s33_a_reset_is_a_failure_wherever_it_is_found() {
    let reset = Err(TransferFailure::Connection(Failure::Reset));
    let streams = [
        Fake::writing([Out::Fails(ErrorKind::ConnectionReset)]),
        Fake::writing([Out::Takes(1), Out::Fails(ErrorKind::BrokenPipe)]),
        Fake { finishes: [ErrorKind::NotConnected].into(), ..Fake::default() },
        Fake::reading([In::Fails(ErrorKind::ConnectionReset)]),
        Fake::reading([In::Octets(b"x".to_vec()), In::Fails(ErrorKind::ConnectionReset)]),
    ];
    for mut stream in streams {
        let (totals, result) = send(&to_peer(), chunks([&b"abc"[..]]), &mut stream);
        assert_eq!(result, reset, "{stream:?}");
        assert_eq!(totals.wire, stream.wire.len() as u64);
    }
}

#[test]
fn other_failures_of_the_connection_keep_their_name() {
    let mut stream = Fake::writing([Out::Fails(ErrorKind::TimedOut)]);
    let (_, result) = send(&to_peer(), chunks([&b"abc"[..]]), &mut stream);
    assert_eq!(result, Err(TransferFailure::Connection(Failure::TimedOut)));
}

#[test]
fn a_stream_that_takes_nothing_and_does_not_block_is_broken() {
    let mut stream = Fake::writing([Out::Takes(0)]);
    let (_, result) = send(&to_peer(), chunks([&b"abc"[..]]), &mut stream);
    assert_eq!(result, Err(TransferFailure::Connection(Failure::Other)));
}

#[test]
fn interrupted_calls_are_repeated() {
    let mut stream = Fake::writing([Out::Fails(ErrorKind::Interrupted)]);
    stream.finishes = [ErrorKind::Interrupted].into();
    stream.reads = [In::Fails(ErrorKind::Interrupted), In::End].into();
    assert_eq!(send(&to_peer(), chunks([&b"abc"[..]]), &mut stream), (totals(3, 3, StreamEnd::Fin), Ok(())));
}

#[test]
fn the_end_of_stream_may_have_to_wait() {
    let mut stream = Fake { finishes: [ErrorKind::WouldBlock].into(), ..Fake::default() };
    let mut pump = pump(&to_peer(), chunks([&b"abc"[..]]));
    let step = run_until(&mut pump, &mut stream, BUDGET, |step| matches!(step, PumpStep::WantWrite));
    assert!(step.is_ok() && !stream.finished);
    assert_eq!(run(&mut pump, &mut stream, BUDGET).1, Ok(()));
    assert!(stream.finished);
}

#[test]
fn how_the_peer_ended_is_told() {
    let ends = [
        (vec![In::End], StreamEnd::Fin, StreamEnd::Fin),
        (vec![In::End], StreamEnd::CloseNotify, StreamEnd::CloseNotify),
        (vec![In::Octets(vec![0; 9]), In::End], StreamEnd::Fin, StreamEnd::Fin),
        (vec![In::Fails(ErrorKind::UnexpectedEof)], StreamEnd::CloseNotify, StreamEnd::Unclean),
        (vec![], StreamEnd::Fin, StreamEnd::Open),
    ];
    for (reads, proper_end, expected) in ends {
        let mut stream = Fake { proper_end, ..Fake::reading(reads) };
        assert_eq!(send(&to_peer(), chunks([&b"a"[..]]), &mut stream), (totals(1, 1, expected), Ok(())));
    }
}

#[test]
fn a_peer_that_sends_without_end_does_not_keep_the_transfer_from_ending() {
    let mut stream = Fake::reading([In::Octets(vec![0; 10_000_000])]);
    assert_eq!(send(&to_peer(), chunks([&b"a"[..]]), &mut stream).1, Ok(()));
    let Some(In::Octets(unread)) = stream.reads.front() else { panic!() };
    assert_eq!(unread.len(), 10_000_000 - 64 * 1024);
}

#[test]
fn a_connection_that_is_kept_is_not_ended() {
    let plan = TransferPlan { on_end: OnEnd::Keep, ..to_peer() };
    let mut stream = Fake::reading([In::Octets(b"next".to_vec())]);
    assert_eq!(send(&plan, chunks([&b"a"[..]]), &mut stream), (totals(1, 1, StreamEnd::Open), Ok(())));
    assert!(!stream.finished);
    assert_eq!(stream.reads.len(), 1, "what follows is not ours");
}

#[test]
fn a_step_stops_when_its_budget_is_used_up() {
    let mut stream = Fake::writing((0..100).map(|_| Out::Takes(10)));
    let mut pump = pump(&to_peer(), file_source(&[0; 100]));
    for sent in [30, 60, 90] {
        assert!(matches!(pump.step(&mut stream, 25), PumpStep::Again));
        assert_eq!((stream.wire.len(), pump.octets()), (sent, sent as u64));
    }
    assert_eq!(run(&mut pump, &mut stream, 25).1, Ok(()));
}

#[test]
fn a_step_without_budget_still_moves_something() {
    let mut stream = Fake::writing((0..100).map(|_| Out::Takes(1)));
    assert_eq!(run(&mut pump(&to_peer(), file_source(&[0; 50])), &mut stream, 0).1, Ok(()));
}

#[test]
fn where_sendfile_cannot_the_file_is_copied() {
    use std::os::fd::OwnedFd;
    let content = vec![5; 100_000];
    let mut pump = pump(&to_peer(), file_source(&content));
    let (ours, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let stream = std::net::TcpStream::from(OwnedFd::from(ours));
    let mut socket = crate::stream::DataSocket::new(stream);
    let _job = first_job(&mut pump, &mut socket);
    pump.storage_done(StorageDone(Done::Sent { octets: 0, stop: SendStop::Unsupported }));
    let mut stream = Fake::default();
    assert_eq!(run(&mut pump, &mut stream, BUDGET).1, Ok(()));
    assert_eq!(stream.wire, content);
}

#[test]
fn a_file_in_memory_is_sent_without_a_storage_job() {
    // Whether the system can say so depends on the file system; where it can, no job is needed.
    let source = file(b"small");
    if crate::pump::job::read_warm(&source, 0, &mut [0; 5]).is_err() {
        return;
    }
    let mut pump = pump(&to_peer(), file_source(b"small"));
    assert!(matches!(pump.step(&mut Fake::default(), BUDGET), PumpStep::Ended { result: Ok(()), .. }));
}

#[test]
fn buffers_go_back_to_the_pool() {
    let buffers = BufferPool::default();
    let mut pump = Pump::with_path(&to_peer(), file_source(&[1; 100_000]), &buffers, FilePath::Copy);
    assert_eq!(run(&mut pump, &mut Fake::default(), BUDGET).1, Ok(()));
    assert_eq!(buffers.unused(), 32 * 1024, "one was enough");
}
