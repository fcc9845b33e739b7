//! `|af|address|port|`: the argument of EPRT, the port in 229, the protocols in 522 (RFC 2428).

use super::{Announced, decimal};
use crate::wire::SyntaxError;
use bytes::BytesMut;
use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::ops::Range;

/// Why an argument of EPRT is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EprtError {
    /// It is well formed, but its address family is neither 1 nor 2: 522.
    #[error("unknown network protocol")]
    UnknownProtocol,
    /// It is not well formed, or the address is not of the family: 501.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
}

/// Reads EPRT's argument (RFC 2428 §2). Any printable ASCII character may be the delimiter, the same four times.
///
/// # Errors
/// [`EprtError::UnknownProtocol`] for a family that is neither 1 (IPv4) nor 2 (IPv6).
pub fn parse_eprt(argument: &[u8]) -> Result<SocketAddr, EprtError> {
    let error = |what| move || EprtError::Syntax(SyntaxError { what, at: 0 });
    let delimiter = *argument.first().ok_or_else(error("delimiter"))?;
    if !delimiter.is_ascii_graphic() {
        return Err(error("delimiter")());
    }
    let [family, address, port] = fields(argument, delimiter).ok_or_else(error("address of three fields"))?;
    let ip = match decimal::<u32>(family).ok_or_else(error("network protocol"))? {
        1 => parse_ip::<Ipv4Addr>(address).map(IpAddr::V4),
        2 => parse_ip::<Ipv6Addr>(address).map(IpAddr::V6),
        _ => return Err(EprtError::UnknownProtocol),
    };
    let ip = ip.ok_or_else(error("address of this network protocol"))?;
    Ok(SocketAddr::new(ip, decimal(port).ok_or_else(error("port"))?))
}

/// The three fields between four delimiters, when there is nothing else.
fn fields(text: &[u8], delimiter: u8) -> Option<[&[u8]; 3]> {
    let mut parts = text.split(|&octet| octet == delimiter);
    let mut next = || parts.next();
    let (before, fields, after) = (next()?, [next()?, next()?, next()?], next()?);
    (before.is_empty() && after.is_empty() && parts.next().is_none()).then_some(fields)
}

fn parse_ip<T: core::str::FromStr>(text: &[u8]) -> Option<T> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// Appends `|af|address|port|`. An IPv4-mapped address is written as the IPv4 address that it is.
pub fn write_eprt(address: SocketAddr, out: &mut BytesMut) {
    let ip = super::normalise(address.ip());
    let family = if ip.is_ipv4() { 1 } else { 2 };
    // Writing to a buffer that grows does not fail.
    let _ = write!(out, "|{family}|{ip}|{}|", address.port());
}

/// Finds the port in a line of a 229, whatever is around it and whatever the delimiter (RFC 2428 §3).
///
/// The address that some servers put in is told in [`Announced::ip`]; the RFC says that there is none.
///
/// # Errors
/// When there is no such place, or the port is 0 or more than 65535.
pub fn parse_229(text: &[u8]) -> Result<Announced, SyntaxError> {
    let found = find_in_229(text).map(|(_, announced)| announced);
    found.ok_or(SyntaxError { what: "port in the reply to EPSV", at: 0 })
}

/// [`parse_229`], and where the port's digits are.
pub(crate) fn find_in_229(text: &[u8]) -> Option<(Range<usize>, Announced)> {
    let inside = |at: &usize| {
        // Where there are parentheses, the first field follows one.
        text.get(..*at).is_some_and(|before| before.last() == Some(&b'('))
    };
    let parenthesised = (0..text.len()).filter(inside);
    parenthesised.chain(0..text.len()).find_map(|at| {
        let (port, announced) = announced_from(super::window(text, at))?;
        Some((port.start + at..port.end + at, announced))
    })
}

/// Reads `<d>[af]<d>[address]<d>port<d>`, and says where the port is.
fn announced_from(text: &[u8]) -> Option<(Range<usize>, Announced)> {
    let (&delimiter, rest) = text.split_first()?;
    if !delimiter.is_ascii_punctuation() || matches!(delimiter, b'(' | b')') {
        return None;
    }
    let mut parts = rest.splitn(4, |&octet| octet == delimiter);
    let (family, address, digits, _after) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let family_fits = family.is_empty() || decimal::<u8>(family).is_some();
    let port = decimal::<u16>(digits).filter(|&port| port != 0 && family_fits)?;
    let ip = if address.is_empty() { None } else { Some(parse_ip(address)?) };
    // Three delimiters and two fields come before it.
    let at = 3 + family.len() + address.len();
    Some((at..at + digits.len(), Announced { ip, port }))
}

/// Appends the text of a 229.
pub fn write_229(port: u16, out: &mut BytesMut) {
    // Writing to a buffer that grows does not fail.
    let _ = write!(out, "Entering Extended Passive Mode (|||{port}|)");
}

/// The network protocols that a server names in a 522.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Protocols {
    /// 1.
    pub v4: bool,
    /// 2.
    pub v6: bool,
}

/// Reads the list in a line of a 522, `(1,2)` (RFC 2428 §2). Protocols that are not known are passed over; nothing is
/// said where there is no list.
#[must_use]
pub fn parse_522(text: &[u8]) -> Protocols {
    let list = text.iter().rposition(|&octet| octet == b'(').and_then(|open| {
        let list = text.get(open + 1..)?;
        list.get(..list.iter().position(|&octet| octet == b')')?)
    });
    let mut protocols = Protocols::default();
    for protocol in list.unwrap_or_default().split(|&octet| octet == b',') {
        match decimal::<u32>(protocol.trim_ascii()) {
            Some(1) => protocols.v4 = true,
            Some(2) => protocols.v6 = true,
            _ => {}
        }
    }
    protocols
}

/// Appends the text of a 522 (RFC 2428 §2): no other parentheses may be in it.
pub fn write_522(protocols: Protocols, out: &mut BytesMut) {
    let list = match (protocols.v4, protocols.v6) {
        (true, true) => "1,2",
        (true, false) => "1",
        (false, true) => "2",
        (false, false) => "",
    };
    // Writing to a buffer that grows does not fail.
    let _ = write!(out, "Network protocol not supported, use ({list})");
}
