//! TYPE A in both directions.

use bytes::BytesMut;
use ftp_proto::testing::ascii_in_chunks;
use ftp_proto::transform::ascii::{FromNetwork, NetworkLength, ToNetwork};
use ftp_proto::transform::{MIN_ROOM, State, Transform};
use proptest::prelude::*;

/// Everything at once, with room for the worst case.
fn whole(transform: &mut impl Transform, input: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(2 * input.len() + MIN_ROOM);
    assert_eq!(transform.push(input, &mut out), input.len());
    assert!(transform.finish(&mut out));
    out.to_vec()
}

fn to_network(input: &[u8]) -> Vec<u8> {
    whole(&mut ToNetwork::new(), input)
}

fn from_network(input: &[u8]) -> Vec<u8> {
    whole(&mut FromNetwork::new(), input)
}

#[test]
fn rfc959_02_a_line_feed_becomes_crlf() {
    assert_eq!(to_network(b"a\n"), b"\x61\x0d\x0a");
}

#[test]
fn rfc959_53_storage_to_wire() {
    let table: [(&[u8], &[u8]); 9] = [
        (b"", b""),
        (b"no end", b"no end"),
        (b"\n\n", b"\r\n\r\n"),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\rb", b"a\rb"),
        (b"a\r", b"a\r"),
        (b"a\r\nb", b"a\r\nb"),
        (b"a\r\r\nb", b"a\r\r\nb"),
        (b"a\n\rb\r\n\n", b"a\r\n\rb\r\n\r\n"),
    ];
    for (storage, wire) in table {
        assert_eq!(to_network(storage), wire, "{storage:?}");
    }
}

#[test]
fn rfc959_53_wire_to_storage() {
    let table: [(&[u8], &[u8]); 10] = [
        (b"", b""),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\nb", b"a\nb"),
        (b"a\rb", b"a\rb"),
        (b"a\r", b"a\r"),
        (b"a\r\r\n", b"a\r\n"),
        (b"\r\r\r", b"\r\r\r"),
        (b"a\r\0b", b"a\rb"),
        (b"\r\0\n", b"\r\n"),
        (b"a\0b", b"a\0b"),
    ];
    for (wire, storage) in table {
        assert_eq!(from_network(wire), storage, "{wire:?}");
    }
}

#[test]
fn a_transform_can_be_used_again_after_the_end() {
    let mut transform = FromNetwork::new();
    assert_eq!(whole(&mut transform, b"a\r"), b"a\r");
    assert_eq!(whole(&mut transform, b"\n"), b"\n");
    let mut transform = ToNetwork::new();
    assert_eq!(whole(&mut transform, b"a\r"), b"a\r");
    assert_eq!(whole(&mut transform, b"\n"), b"\r\n");
}

/// RFC 3659 §4.4: a file of 112 lines and 1830 octets has 1942 under TYPE A.
#[test]
fn rfc3659_05_the_example_of_the_rfc() {
    let mut file = vec![b'x'; 1830];
    file.iter_mut().step_by(16).take(112).for_each(|octet| *octet = b'\n');
    let mut length = NetworkLength::new();
    length.push(&file);
    assert_eq!(length.octets(), 1942);
}

#[test]
fn a_full_output_buffer_takes_nothing() {
    let mut out = BytesMut::new();
    assert_eq!(ToNetwork::new().push(b"a", &mut out), 0);
    assert_eq!(FromNetwork::new().push(b"a", &mut out), 0);
    assert_eq!(ToNetwork::new().state(), State::Open);
}

/// Text in which line ends are frequent, and long stretches without any.
fn text() -> impl Strategy<Value = Vec<u8>> {
    const ENDS: [&[u8]; 6] = [b"\n", b"\r", b"\r\n", b"\0", b"\r\0", b"x"];
    let end = proptest::sample::select(&ENDS[..]).prop_map(<[u8]>::to_vec);
    let stretch = (0_usize..200).prop_map(|length| vec![b'y'; length]);
    proptest::collection::vec(prop_oneof![4 => end, 1 => stretch], 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn rfc3659_05_every_chunking_and_room_gives_the_same_and_the_length_is_right(
        input in text(),
        plan in proptest::collection::vec(1_u8..100, 0..8),
    ) {
        ascii_in_chunks(&plan, &input);
    }

    #[test]
    fn rfc1123_02_text_comes_back_from_a_round(lines in proptest::collection::vec("[a-z]{0,9}", 0..20)) {
        let storage = lines.join("\n").into_bytes();
        prop_assert_eq!(&from_network(&to_network(&storage)), &storage);
        let wire = lines.join("\r\n").into_bytes();
        prop_assert_eq!(&to_network(&from_network(&wire)), &wire);
    }

    #[test]
    fn every_line_feed_sent_follows_a_carriage_return(input in text()) {
        let wire = to_network(&input);
        for (at, _) in wire.iter().enumerate().filter(|&(_, &octet)| octet == b'\n') {
            prop_assert!(at > 0 && wire[at - 1] == b'\r');
        }
    }
}
