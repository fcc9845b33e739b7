//! Where a server says that it listens: the replies to PASV, LPSV and EPSV.

use super::{decimal, extended, host_port};
use crate::reply::{Reply, ReplyCode};
use crate::wire::SyntaxError;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};

/// What a server says in its 227, 228 or 229. Which address is used is [`passive_target`](super::passive_target)'s
/// decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Announced {
    /// The address, where there is one. A 229 has none, but some servers put one in.
    pub ip: Option<IpAddr>,
    /// The port, not 0.
    pub port: u16,
}

impl From<SocketAddrV4> for Announced {
    fn from(address: SocketAddrV4) -> Self {
        Self { ip: Some(IpAddr::V4(*address.ip())), port: address.port() }
    }
}

impl Announced {
    /// Reads a reply by its own code, whatever was asked: some servers answer EPSV with 227, or PASV with 229. The
    /// address may be on any of the reply's lines.
    ///
    /// # Errors
    /// When the reply is none of 227, 228 and 229, or no usable address is in it.
    pub fn from_reply(reply: &Reply) -> Result<Self, SyntaxError> {
        let parse: fn(&[u8]) -> Result<Self, SyntaxError> = match reply.code {
            ReplyCode::ENTERING_PASSIVE_MODE => |text| host_port::parse_reply(text).map(Self::from),
            ReplyCode::ENTERING_LONG_PASSIVE_MODE => parse_228,
            ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE => extended::parse_229,
            _ => return Err(SyntaxError { what: "reply that announces a port", at: 0 }),
        };
        let found = reply.lines.iter().find_map(|line| parse(line).ok());
        found.ok_or(SyntaxError { what: "address in the reply", at: 0 })
    }
}

/// Finds the address in a line of a 228, `af,hal,h1,..,pal,p1,..` (RFC 1639 §3.2), whatever is around it.
///
/// # Errors
/// When there is no such place, or the address is neither IPv4 (af 4) nor IPv6 (af 6), or the port is 0.
pub fn parse_228(text: &[u8]) -> Result<Announced, SyntaxError> {
    let begins = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        text.get(*at).is_some_and(u8::is_ascii_digit)
            && !before.is_some_and(|before| before.is_ascii_digit() || *before == b',')
    };
    (0..text.len())
        .filter(begins)
        .find_map(|at| long_address(super::window(text, at)))
        .ok_or(SyntaxError { what: "address in the reply to LPSV", at: 0 })
}

fn long_address(text: &[u8]) -> Option<Announced> {
    let mut numbers = text.split(|&octet| octet == b',').map(|part| {
        let part = part.trim_ascii_start();
        let digits = part.iter().take_while(|octet| octet.is_ascii_digit()).count();
        decimal::<u8>(part.get(..digits)?)
    });
    let mut next = || numbers.next().flatten();
    let ip = match (next()?, next()?) {
        (4, 4) => IpAddr::V4(Ipv4Addr::from(take(&mut next)?)),
        (6, 16) => IpAddr::V6(Ipv6Addr::from(take::<16>(&mut next)?)),
        _ => return None,
    };
    let port = if next()? == 2 { u16::from_be_bytes(take(&mut next)?) } else { 0 };
    (port != 0).then_some(Announced { ip: Some(ip), port })
}

fn take<const N: usize>(next: &mut impl FnMut() -> Option<u8>) -> Option<[u8; N]> {
    let mut octets = [0; N];
    for octet in &mut octets {
        *octet = next()?;
    }
    Some(octets)
}
