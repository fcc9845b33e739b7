//! Every decoder gives the same for every way in which TCP may cut its input (RFC 1123 §4.1.2.10).

use ftp_proto::testing;
use ftp_proto::wire::Quirks;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces of what is sent to a server, and what a line can be broken by.
const OF_COMMANDS: &[&[u8]] = &[
    b"NOOP",
    b" ",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\0",
    b"\xFF",
    b"\xFF\xFF",
    b"\xFF\xF4\xFF\xF2",
    b"\xFF\xFB\x01",
    b"\xFF\xFD\n",
    b"\xFF\xFE\x03",
    b"\xFF\xFA\x18 \n",
    b"\xFF\xF0",
    b"a text of more than thirty-two octets, so that a whole block is passed over",
];

/// Pieces of replies.
const OF_REPLIES: &[&[u8]] = &[
    b"220 ready",
    b"220-",
    b"220",
    b"226 ",
    b"150 text",
    b"999 ",
    b"text",
    b" ",
    b"-",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xFF\xFF",
    b"\xFF\xFD\x01",
];

/// Mostly pieces, with octets that mean nothing between them.
fn octets(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let piece = select(pieces).prop_map(<[u8]>::to_vec);
    vec(prop_oneof![6 => piece, 1 => vec(any::<u8>(), 1..3)], 0..40).prop_map(|pieces| pieces.concat())
}

fn quirks() -> impl Strategy<Value = Quirks> {
    any::<[bool; 3]>().prop_map(|[end_with_any_code, no_separator, stray_lines]| Quirks {
        end_with_any_code,
        no_separator,
        stray_lines,
    })
}

proptest! {
    #[test]
    fn rfc1123_11_command_lines_do_not_depend_on_segments(
        plan in vec(any::<u8>(), 0..8),
        stream in octets(OF_COMMANDS),
    ) {
        testing::line_framing_in_chunks(&plan, &stream);
    }

    #[test]
    fn rfc1123_11_replies_do_not_depend_on_segments(
        quirks in quirks(),
        plan in vec(any::<u8>(), 0..8),
        stream in octets(OF_REPLIES),
    ) {
        testing::reply_decoding_in_chunks(quirks, &plan, &stream);
    }

    #[test]
    fn any_octets_are_framed_and_decoded_without_a_panic(data in vec(any::<u8>(), 0..400)) {
        testing::line_framing(&data);
        testing::reply_decoding(&data);
    }
}
