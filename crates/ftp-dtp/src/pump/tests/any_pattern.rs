//! Whatever the pattern of short reads, short writes and blocking, the same octets arrive.

use super::fake::*;
use bytes::{Bytes, BytesMut};
use ftp_proto::io::{Flow, StreamEncoding, TransferPlan};
use ftp_proto::transform::{Transform, ascii};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::ErrorKind;

/// Octets among which line ends are frequent, in pieces.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(0), any::<u8>()];
    let small = vec(octet, 0..40);
    let large = (0..100_000_usize, any::<u8>()).prop_map(|(length, octet)| vec![octet; length]);
    vec(prop_oneof![6 => small, 1 => large], 0..12)
}

fn hindrance() -> impl Strategy<Value = ErrorKind> {
    prop_oneof![Just(ErrorKind::WouldBlock), Just(ErrorKind::Interrupted)]
}

fn writes() -> impl Strategy<Value = Vec<Out>> {
    vec(prop_oneof![(1..50_usize).prop_map(Out::Takes), hindrance().prop_map(Out::Fails)], 0..60)
}

fn plan_of(flow: Flow, ascii: bool, limit: Option<u64>) -> TransferPlan {
    let encoding = if ascii { ASCII } else { StreamEncoding::PLAIN };
    TransferPlan { encoding, limit, ..plan(flow) }
}

/// The transform of all octets at once.
fn whole(mut transform: impl Transform, octets: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(2 * octets.len() + 64);
    assert_eq!(transform.push(octets, &mut out), octets.len());
    assert!(transform.finish(&mut out));
    out.to_vec()
}

fn cut(octets: &[u8], limit: Option<u64>) -> &[u8] {
    &octets[..limit.map_or(octets.len(), |limit| octets.len().min(limit as usize))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_arrives(
        pieces in pieces(),
        writes in writes(),
        as_file: bool,
        ascii: bool,
        limit in proptest::option::of(0..200_u64),
        budget in 1..5_000_usize,
    ) {
        let all = pieces.concat();
        let local = if as_file {
            file_source(&all)
        } else {
            script(pieces.into_iter().map(|piece| Ok(Bytes::from(piece))))
        };
        let mut stream = Fake::writing(writes);
        let (totals, result) = run(&mut pump(&plan_of(Flow::ToPeer, ascii, limit), local), &mut stream, budget);
        let sent = cut(&all, limit);
        let expected = if ascii { whole(ascii::ToNetwork::new(), sent) } else { sent.to_vec() };
        prop_assert_eq!(result, Ok(()));
        prop_assert!(stream.wire == expected);
        prop_assert_eq!((totals.wire, totals.stored), (expected.len() as u64, sent.len() as u64));
        prop_assert!(stream.finished);
    }

    #[test]
    fn what_is_received_is_stored(
        pieces in pieces(),
        hindrances in vec(proptest::option::of(hindrance()), 12),
        ascii: bool,
        limit in proptest::option::of(0..200_u64),
        budget in 1..5_000_usize,
    ) {
        let all = pieces.concat();
        let reads = pieces
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .map(In::Octets)
            .zip(hindrances)
            .flat_map(|(read, hindrance)| [Some(read), hindrance.map(In::Fails)])
            .flatten()
            .chain([In::End]);
        let store = Store::new();
        let plan = plan_of(Flow::FromPeer, ascii, limit);
        let (totals, result) = run(&mut pump(&plan, store.end()), &mut Fake::reading(reads), budget);
        let decoded = if ascii { whole(ascii::FromNetwork::new(), &all) } else { all };
        let expected = cut(&decoded, limit);
        prop_assert_eq!(result, Ok(()));
        prop_assert!(store.content() == expected);
        prop_assert_eq!(totals.stored, expected.len() as u64);
    }
}
