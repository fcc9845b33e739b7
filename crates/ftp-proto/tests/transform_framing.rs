//! STRU R and MODE B: what is on the wire, octet by octet.

use bytes::BytesMut;
use ftp_proto::testing::framing_in_chunks;
use ftp_proto::transform::{MIN_ROOM, State, Transform, block, record};
use proptest::prelude::*;

fn encode(mut transform: impl Transform, file: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(4 * file.len() + MIN_ROOM);
    assert_eq!(transform.push(file, &mut out), file.len());
    assert!(transform.finish(&mut out));
    out.to_vec()
}

/// What is stored, and how it ended.
fn decode(transform: &mut impl Transform, wire: &[u8]) -> (Vec<u8>, State) {
    let mut out = BytesMut::with_capacity(wire.len() + MIN_ROOM);
    let _ = transform.push(wire, &mut out);
    (out.to_vec(), transform.state())
}

#[test]
fn rfc959_52_records_have_marks_in_stream_mode() {
    let wire = encode(record::ToNetwork::new(), b"ab\n\xffc\n");
    assert_eq!(wire, b"ab\xff\x01\xff\xffc\xff\x01\xff\x02");
    assert_eq!(encode(record::ToNetwork::new(), b""), b"\xff\x02");
    let both_marks_in_one = decode(&mut record::FromNetwork::new(), b"ab\xff\x01c\xff\x03");
    assert_eq!(both_marks_in_one, (b"ab\nc\n".to_vec(), State::Ended));
}

#[test]
fn rfc959_52_records_without_an_end_mark_are_not_complete_and_unknown_marks_are_none() {
    assert_eq!(decode(&mut record::FromNetwork::new(), b"ab\xff\x01"), (b"ab\n".to_vec(), State::Unended));
    assert_eq!(decode(&mut record::FromNetwork::new(), b"ab\xff").1, State::Unended);
    assert_eq!(decode(&mut record::FromNetwork::new(), b"ab\xff\x04").1, State::Malformed);
}

#[test]
fn rfc959_52_blocks_have_a_descriptor_and_a_count() {
    assert_eq!(encode(block::ToNetwork::new(false), b"ab\nc"), b"\x00\x00\x04ab\nc\x40\x00\x00");
    let records = encode(block::ToNetwork::new(true), b"ab\n\nc");
    assert_eq!(records, b"\x80\x00\x02ab\x80\x00\x00\x00\x00\x01c\x40\x00\x00");
    let last_block_with_data = decode(&mut block::FromNetwork::new(true), b"\x00\x00\x01a\xc0\x00\x01b");
    assert_eq!(last_block_with_data, (b"ab\n".to_vec(), State::Ended));
}

#[test]
fn rfc959_52_a_long_file_goes_in_blocks_of_at_most_65535_octets() {
    let file = vec![7; 65_536];
    let mut out = BytesMut::with_capacity(2 * file.len());
    let mut transform = block::ToNetwork::new(false);
    assert_eq!(transform.push(&file, &mut out), file.len());
    assert_eq!(out[..3], [0, 0xff, 0xff]);
    assert_eq!(out[3 + 65_535..], [0, 0, 1, 7]);
}

#[test]
fn rfc1123_23_data_stops_at_a_restart_marker() {
    let wire = b"\x00\x00\x02ab\x10\x00\x0242\x00\x00\x01c\x40\x00\x00";
    let mut transform = block::FromNetwork::new(false);
    let mut out = BytesMut::with_capacity(100);
    let taken = transform.push(wire, &mut out);
    assert_eq!((taken, &out[..]), (10, &b"ab"[..]));
    assert_eq!(transform.push(&wire[taken..], &mut out), 0);
    assert_eq!(transform.take_marker().as_deref(), Some(&b"42"[..]));
    assert_eq!(transform.take_marker(), None);
    assert_eq!(transform.push(&wire[taken..], &mut out), wire.len() - taken);
    assert_eq!((&out[..], transform.state()), (&b"abc"[..], State::Ended));
}

#[test]
fn rfc959_52_what_is_no_block_is_malformed_and_a_suspect_block_is_data() {
    assert_eq!(decode(&mut block::FromNetwork::new(false), b"\x20\x00\x01a\x40\x00\x00").0, b"a");
    assert_eq!(decode(&mut block::FromNetwork::new(false), b"\x01\x00\x01a").1, State::Malformed);
    assert_eq!(
        decode(&mut block::FromNetwork::new(false), b"\x10\x01\x00").1,
        State::Malformed,
        "a long marker"
    );
    assert_eq!(decode(&mut block::FromNetwork::new(false), b"").1, State::Unended);
}

proptest! {
    #[test]
    fn rfc1123_02_framing_can_be_undone_and_does_not_depend_on_chunks(
        octets in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(0xff_u8), 0_u8..4, Just(16), Just(64), Just(128), any::<u8>()],
            0..300,
        ),
        plan in proptest::collection::vec(1_u8..40, 0..6),
    ) {
        framing_in_chunks(&plan, &octets);
    }
}

#[test]
fn rfc959_52_a_marker_is_put_where_there_is_room_and_only_in_blocks() {
    let mut out = BytesMut::with_capacity(16);
    assert!(block::ToNetwork::new(false).put_marker(b"42", &mut out));
    assert_eq!(out, b"\x10\x00\x0242"[..]);
    assert!(!block::ToNetwork::new(false).put_marker(b"a marker of more octets", &mut out));
    assert!(!record::ToNetwork::new().put_marker(b"42", &mut out));
    assert_eq!(out.len(), 5);
}
