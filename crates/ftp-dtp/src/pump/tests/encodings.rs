//! Records, blocks and deflate: what was sent is what is stored, and what is no such thing is told.

use super::fake::*;
use crate::pump::PumpStep;
use bytes::Bytes;
use ftp_proto::data::{StreamEnd, TransferFailure};
use ftp_proto::io::{Flow, OnEnd, StreamEncoding, TransferPlan, TransmissionMode};
use ftp_proto::transform::block::MARKED;
use proptest::collection::vec;
use proptest::prelude::*;

const BLOCK: StreamEncoding = StreamEncoding { mode: TransmissionMode::Block, ..StreamEncoding::PLAIN };
const RECORDS: StreamEncoding = StreamEncoding { records: true, ..StreamEncoding::PLAIN };
const DEFLATE: StreamEncoding =
    StreamEncoding { mode: TransmissionMode::Deflate { level: 6 }, ..StreamEncoding::PLAIN };

fn coded(flow: Flow, encoding: StreamEncoding) -> TransferPlan {
    let in_blocks = encoding.mode == TransmissionMode::Block;
    let on_end = if in_blocks { OnEnd::Keep } else { OnEnd::Close };
    TransferPlan { encoding, on_end, ..plan(flow) }
}

fn send(encoding: StreamEncoding, file: &[u8]) -> Vec<u8> {
    let mut stream = Fake::default();
    let (totals, result) =
        run(&mut pump(&coded(Flow::ToPeer, encoding), file_source(file)), &mut stream, BUDGET);
    assert_eq!((totals.stored, totals.wire, result), (file.len() as u64, stream.wire.len() as u64, Ok(())));
    stream.wire
}

/// What is stored of what a peer sent before it closed, and how that ended.
fn receive(encoding: StreamEncoding, wire: &[u8]) -> (Vec<u8>, Result<(), TransferFailure>) {
    let store = Store::new();
    let reads = (!wire.is_empty()).then(|| In::Octets(wire.to_vec())).into_iter().chain([In::End]);
    let mut pump = pump(&coded(Flow::FromPeer, encoding), store.end());
    let (_, result) = run(&mut pump, &mut Fake::reading(reads), BUDGET);
    (store.content(), result)
}

#[test]
fn rfc959_52_text_in_records_and_blocks_is_what_the_rfc_shows() {
    assert_eq!(send(RECORDS, b"ab\nc"), b"ab\xff\x01c\xff\x02");
    assert_eq!(send(BLOCK, b"ab\nc"), b"\x00\x00\x04ab\nc\x40\x00\x00");
    let text = StreamEncoding { ascii: true, ..BLOCK };
    assert_eq!(send(text, b"ab\nc"), b"\x00\x00\x05ab\r\nc\x40\x00\x00");
    let records = StreamEncoding { records: true, ascii: true, ..BLOCK };
    assert_eq!(send(records, b"ab\nc"), b"\x80\x00\x02ab\x00\x00\x01c\x40\x00\x00");
}

#[test]
fn rfc959_52_what_ends_before_its_mark_is_truncated() {
    let file = b"a line\nand another\n".repeat(1000);
    for encoding in [RECORDS, BLOCK, DEFLATE] {
        let wire = send(encoding, &file);
        assert_eq!(receive(encoding, &wire), (file.clone(), Ok(())), "{encoding:?}");
        for length in [wire.len() - 1, wire.len() / 2] {
            assert_eq!(receive(encoding, &wire[..length]).1, Err(TransferFailure::Truncated), "{encoding:?}");
        }
    }
}

#[test]
fn what_follows_the_end_and_what_is_no_framing_is_malformed() {
    for (encoding, garbage) in
        [(RECORDS, &b"\xff\x07"[..]), (BLOCK, b"\x01\x00\x00"), (DEFLATE, b"plain text")]
    {
        assert_eq!(receive(encoding, garbage).1, Err(TransferFailure::Malformed), "{encoding:?}");
        let more = [send(encoding, b"abc\n"), b"x".to_vec()].concat();
        assert_eq!(receive(encoding, &more).1, Err(TransferFailure::Malformed), "{encoding:?}");
    }
}

#[test]
fn an_empty_file_may_have_no_zlib_stream() {
    assert_eq!(receive(DEFLATE, b""), (Vec::new(), Ok(())));
    assert_eq!(receive(DEFLATE, &send(DEFLATE, b"")), (Vec::new(), Ok(())));
}

#[test]
fn in_block_mode_the_connection_goes_on_after_the_file() {
    let mut sent = Fake::default();
    let mut outgoing = pump(&coded(Flow::ToPeer, BLOCK), file_source(b"abc"));
    assert_eq!(run(&mut outgoing, &mut sent, BUDGET).1, Ok(()));
    assert!(!sent.finished, "it is not closed");

    let store = Store::new();
    // Nothing follows, neither octets nor the end.
    let mut stream = Fake::reading([In::Octets(sent.wire)]);
    let mut incoming = pump(&coded(Flow::FromPeer, BLOCK), store.end());
    let (ended, result) = run(&mut incoming, &mut stream, BUDGET);
    assert_eq!((ended.end, result, store.content()), (StreamEnd::Open, Ok(()), b"abc".to_vec()));
}

#[test]
fn rfc1123_23_a_restart_marker_is_told_once_what_came_before_it_is_stored() {
    let wire = b"\x00\x00\x03ab\r\x10\x00\x0242\x00\x00\x02\nc\x40\x00\x00";
    for (encoding, before, all) in [
        (BLOCK, &b"ab\r"[..], &b"ab\r\nc"[..]),
        (StreamEncoding { ascii: true, ..BLOCK }, b"ab\r", b"ab\r\nc"),
    ] {
        let store = Store::new();
        let mut pump = pump(&coded(Flow::FromPeer, encoding), store.end());
        let mut stream = Fake::reading([In::Octets(wire.to_vec())]);
        let step =
            run_until(&mut pump, &mut stream, BUDGET, |step| matches!(step, PumpStep::Checkpoint { .. }));
        let Ok(PumpStep::Checkpoint { marker, stored }) = step else { panic!("{step:?}") };
        assert_eq!((marker, stored), (Bytes::from_static(b"42"), 3));
        assert_eq!(store.content(), before);
        assert_eq!(run(&mut pump, &mut stream, BUDGET).1, Ok(()));
        assert_eq!(store.content(), all);
    }
}

#[test]
fn rfc959_52_a_long_file_has_restart_markers_that_name_its_offsets() {
    let file = b"a line\nand another\n".repeat(200_000);
    for encoding in
        [BLOCK, StreamEncoding { ascii: true, ..BLOCK }, StreamEncoding { records: true, ..BLOCK }]
    {
        let wire = send(encoding, &file);
        let store = Store::new();
        let mut pump = pump(&coded(Flow::FromPeer, encoding), store.end());
        let mut stream = Fake::reading([In::Octets(wire)]);
        let mut marked = 0;
        while let Ok(PumpStep::Checkpoint { marker, stored }) =
            run_until(&mut pump, &mut stream, BUDGET, |step| matches!(step, PumpStep::Checkpoint { .. }))
        {
            assert_eq!(marker, stored.to_string().as_bytes(), "{encoding:?}");
            assert!((MARKED..2 * MARKED).contains(&(stored - marked)), "{stored} after {marked}");
            marked = stored;
        }
        assert!(file.len() as u64 - marked < MARKED, "{encoding:?}: the last at {marked}");
        assert!(store.content() == file, "{encoding:?}");
    }
}

#[test]
fn compressing_a_file_to_nothing_leaves_others_their_turn() {
    let mut pump = pump(&coded(Flow::ToPeer, DEFLATE), file_source(&vec![0; 1 << 20]));
    let mut turns = 0;
    let mut stream = Fake::default();
    while run_until(&mut pump, &mut stream, 64 * 1024, |step| matches!(step, PumpStep::Again)).is_ok() {
        turns += 1;
    }
    assert!(turns > 8, "{turns} turns for {} octets on the wire", stream.wire.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn rfc1123_02_what_is_sent_is_stored_in_every_encoding(
        pieces in vec(vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0xff), any::<u8>()], 0..200), 0..20),
        ascii: bool,
        records: bool,
        mode in prop_oneof![
            Just(TransmissionMode::Stream),
            Just(TransmissionMode::Block),
            (1_u8..=9).prop_map(|level| TransmissionMode::Deflate { level }),
        ],
        writes in vec((1..50_usize).prop_map(Out::Takes), 0..60),
        cuts in vec(1..200_usize, 1..20),
        budget in 1..5_000_usize,
    ) {
        let mut file = pieces.concat();
        if ascii && !records {
            // The conversion of text loses these on purpose.
            file.retain(|&octet| octet != b'\r');
        }
        let encoding = StreamEncoding { ascii, records, mode };
        let mut sent = Fake::writing(writes);
        let mut outgoing = pump(&coded(Flow::ToPeer, encoding), file_source(&file));
        prop_assert_eq!(run(&mut outgoing, &mut sent, budget).1, Ok(()));

        let store = Store::new();
        let mut reads = Vec::new();
        let mut rest = &sent.wire[..];
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (octets, after) = rest.split_at(cut.min(rest.len()));
            reads.push(In::Octets(octets.to_vec()));
            rest = after;
        }
        if mode != TransmissionMode::Block {
            reads.push(In::End);
        }
        let mut incoming = pump(&coded(Flow::FromPeer, encoding), store.end());
        prop_assert_eq!(run(&mut incoming, &mut Fake::reading(reads), budget).1, Ok(()));
        prop_assert_eq!(store.content(), file);
    }
}
