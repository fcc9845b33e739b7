//! Replies: the same for every way to cut the stream, within the limits, and the same after being written again.

use super::{chunks, split_plan};
use crate::reply::{Reply, parse_quoted_path, quoted_path};
use crate::wire::{Encode as _, Quirks, ReplyDecoder, ReplyError, ReplyLimits, ReplyLineView};
use alloc::vec::Vec;
use bytes::BytesMut;

const LIMITS: ReplyLimits = ReplyLimits { max_line: 48, max_lines: 8, max_octets: 160 };

/// [`reply_decoding_in_chunks`], with the quirks and the lengths of the chunks taken from the start of `data`.
pub fn reply_decoding(data: &[u8]) {
    let (quirks, data) = data.split_first().map_or((0, data), |(&quirks, rest)| (quirks, rest));
    let quirks = Quirks {
        end_with_any_code: quirks & 1 != 0,
        no_separator: quirks & 2 != 0,
        stray_lines: quirks & 4 != 0,
    };
    let (plan, stream) = split_plan(data);
    reply_decoding_in_chunks(quirks, plan, stream);
}

/// Decodes `stream` in chunks of the lengths in `plan`, in one piece and octet by octet, and compares.
pub fn reply_decoding_in_chunks(quirks: Quirks, plan: &[u8], stream: &[u8]) {
    let replies = decode(LIMITS, quirks, chunks(plan, stream));
    assert_eq!(replies, decode(LIMITS, quirks, chunks(&[], stream)), "in one piece");
    assert_eq!(replies, decode(LIMITS, quirks, chunks(&[1], stream)), "octet by octet");
    for reply in replies.iter().flatten() {
        assert!((1..=LIMITS.max_lines).contains(&reply.lines.len()));
        assert!(reply.lines.iter().map(|line| line.len()).sum::<usize>() <= LIMITS.max_octets);
        reply_round_trip(reply);
    }
    for line in stream.split(|&octet| octet == b'\n') {
        if let Ok(view) = ReplyLineView::parse(line) {
            assert_eq!(&line[view.text_span()], view.text());
        }
    }
}

/// Writes `reply` and reads it back: one reply, the same one but for CR, LF and NUL, which no line can hold.
pub fn reply_round_trip(reply: &Reply) {
    let mut sent = BytesMut::new();
    reply.encode(&mut sent);
    let limits = ReplyLimits { max_line: sent.len(), max_lines: sent.len(), max_octets: sent.len() };
    let received = decode(limits, Quirks::default(), core::iter::once(&sent[..]));
    let printable = |line: &[u8]| -> Vec<u8> {
        line.iter().map(|&octet| if matches!(octet, b'\r' | b'\n' | 0) { b'?' } else { octet }).collect()
    };
    let expected =
        Reply { code: reply.code, lines: reply.lines.iter().map(|line| printable(line).into()).collect() };
    assert_eq!(received, [Ok(expected)], "{sent:?}");
}

fn decode<'a>(
    limits: ReplyLimits,
    quirks: Quirks,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Vec<Result<Reply, ReplyError>> {
    let mut decoder = ReplyDecoder::new(limits);
    decoder.set_quirks(quirks);
    let mut replies = Vec::new();
    for mut chunk in chunks {
        while !chunk.is_empty() {
            let taken = decoder.push(chunk);
            chunk = &chunk[taken..];
            let before = decoder.residue();
            while let Some(reply) = decoder.next_reply() {
                replies.push(reply);
            }
            assert!(taken > 0 || decoder.residue() < before, "no octet is taken and none is used");
        }
    }
    replies
}

/// A pathname comes back from a 257 as itself; and any text gives a pathname or nothing.
pub fn pathname_in_reply(octets: &[u8]) {
    let _ = parse_quoted_path(octets);
    let quoted = quoted_path(octets);
    let expected = (!octets.is_empty()).then_some(octets);
    assert_eq!(parse_quoted_path(&quoted).as_deref(), expected);
    let in_text = [b"is at ", &quoted[..], b" \"now\""].concat();
    assert_eq!(parse_quoted_path(&in_text).as_deref(), expected);
}
