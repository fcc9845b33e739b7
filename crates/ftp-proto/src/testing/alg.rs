//! A middlebox: the same for every way to cut the streams, no pinhole for anybody else, and no octet changed without cause.

use super::{chunks, split_plan};
use crate::alg::{AlgConfig, Announcement, Inspector, Mapping, Pinhole};
use crate::data::Side;
use crate::wire::LineLimits;
use alloc::vec::Vec;
use bytes::BytesMut;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

const USER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
const LIMITS: LineLimits = LineLimits { max_line: 64, max_buffered: 80 };

/// [`inspection_in_chunks`], with the lengths of the chunks taken from the start of `data`. In the conversation `<`
/// begins what the server says and `>` what the client says.
pub fn inspection(data: &[u8]) {
    let (plan, conversation) = split_plan(data);
    inspection_in_chunks(plan, &turns(conversation));
}

/// Plays a conversation in chunks of the lengths in `plan`, in one piece a turn, and octet by octet, and compares.
/// What holds no announcement goes through unchanged.
pub fn inspection_in_chunks(plan: &[u8], turns: &[(Side, &[u8])]) {
    let seen = inspect(plan, turns);
    assert_eq!(seen, inspect(&[], turns), "in one piece");
    assert_eq!(seen, inspect(&[1], turns), "octet by octet");
    if seen.announced.is_empty() {
        for (side, out) in [(Side::User, &seen.user), (Side::Server, &seen.server)] {
            let sent: Vec<u8> =
                turns.iter().filter(|turn| turn.0 == side).flat_map(|turn| turn.1).copied().collect();
            assert_eq!(out, &sent, "nothing was announced, and yet something changed");
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    user: Vec<u8>,
    server: Vec<u8>,
    announced: Vec<Announcement>,
    pinholes: Vec<Pinhole>,
}

fn inspect(plan: &[u8], turns: &[(Side, &[u8])]) -> Seen {
    let mut inspector = Inspector::new(AlgConfig { limits: LIMITS, user: USER, server: SERVER });
    let (mut user, mut server, mut pinholes) = (BytesMut::new(), BytesMut::new(), Vec::new());
    let mut announced = Vec::new();
    let mut map = |announcement: Announcement| {
        announced.push(announcement);
        Mapping::Replace(SocketAddr::new(OUTSIDE, announcement.address.port() ^ 1))
    };
    for &(from, octets) in turns {
        for chunk in chunks(plan, octets) {
            let out = if from == Side::User { &mut user } else { &mut server };
            inspector.forward(from, chunk, &mut map, out);
            pinholes.extend(core::iter::from_fn(|| inspector.poll_pinhole()));
        }
    }
    user.extend_from_slice(&inspector.finish(Side::User));
    server.extend_from_slice(&inspector.finish(Side::Server));
    assert_eq!(announced.len(), pinholes.len(), "each announcement opens one pinhole");
    for (announcement, pinhole) in announced.iter().zip(&pinholes) {
        let (own, peer) = if announcement.from == Side::User { (USER, SERVER) } else { (SERVER, USER) };
        assert_eq!((announcement.address.ip(), pinhole.from), (own, peer), "a pinhole for somebody else");
        assert_eq!(pinhole.to, announcement.address);
    }
    Seen { user: user.to_vec(), server: server.to_vec(), announced, pinholes }
}

/// Cuts a conversation where its direction changes.
fn turns(mut conversation: &[u8]) -> Vec<(Side, &[u8])> {
    let mut turns = Vec::new();
    let mut side = Side::Server;
    while !conversation.is_empty() {
        let end = conversation.iter().position(|&octet| matches!(octet, b'<' | b'>'));
        let (turn, rest) = conversation.split_at(end.unwrap_or(conversation.len()));
        turns.push((side, turn));
        if let Some((&mark, after)) = rest.split_first() {
            side = if mark == b'>' { Side::User } else { Side::Server };
            conversation = after;
        } else {
            conversation = rest;
        }
    }
    turns
}
