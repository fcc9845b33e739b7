//! `h1,h2,h3,h4,p1,p2`: the argument of PORT and the address in 227 (RFC 959 §4.1.2).

use super::decimal;
use crate::wire::SyntaxError;
use bytes::BytesMut;
use core::fmt::Write as _;
use core::net::{Ipv4Addr, SocketAddrV4};
use core::ops::Range;

/// Four octets of address, two of port.
const NUMBERS: usize = 6;

/// Reads PORT's argument: six decimal numbers of 0 to 255 with commas between, and nothing else.
///
/// # Errors
/// For anything else. Nothing is passed over and nothing wraps, so that a firewall and this server cannot read the
/// same argument as two different addresses.
pub fn parse_argument(argument: &[u8]) -> Result<SocketAddrV4, SyntaxError> {
    let mut numbers = [0; NUMBERS];
    let mut parts = argument.split(|&octet| octet == b',');
    let mut at = 0;
    for number in &mut numbers {
        let error = SyntaxError { what: "number of an address", at };
        let part = parts.next().ok_or(error)?;
        *number = decimal(part).filter(|_| part.len() <= 3).ok_or(error)?;
        at += part.len() + 1;
    }
    match parts.next() {
        Some(_) => Err(SyntaxError { what: "address of six numbers", at }),
        None => Ok(address(numbers)),
    }
}

/// Finds the address in a line of a 227, whatever is around it: parentheses, none, an equals sign, prose with digits
/// in it (RFC 1123 §4.1.2.6).
///
/// Every number that begins there is tried, until six in a row are 0 to 255 and no seventh follows. The port is not
/// 0.
///
/// # Errors
/// When there is no such place.
pub fn parse_reply(text: &[u8]) -> Result<SocketAddrV4, SyntaxError> {
    let found = find_in_reply(text).map(|(_, address)| address);
    found.ok_or(SyntaxError { what: "address in the reply to PASV", at: 0 })
}

/// [`parse_reply`], and where the six numbers are.
pub(crate) fn find_in_reply(text: &[u8]) -> Option<(Range<usize>, SocketAddrV4)> {
    let begins = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        text.get(at).is_some_and(u8::is_ascii_digit)
            && !before.is_some_and(|before| before.is_ascii_digit() || *before == b',')
    };
    (0..text.len())
        .filter(|&at| begins(at))
        .find_map(|at| {
            let (numbers, length) = six_numbers(text.get(at..)?)?;
            Some((at..at + length, address(numbers)))
        })
        .filter(|(_, found)| found.port() != 0)
}

/// The numbers, and how long they are.
fn six_numbers(text: &[u8]) -> Option<([u8; NUMBERS], usize)> {
    let mut numbers = [0; NUMBERS];
    let mut rest = text;
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(b",")?.trim_ascii_start();
        }
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        *number = decimal(rest.get(..digits)?)?;
        rest = rest.get(digits..)?;
    }
    let seventh = rest.strip_prefix(b",").and_then(|rest| rest.trim_ascii_start().first().copied());
    let goes_on = seventh.is_some_and(|octet| octet.is_ascii_digit());
    (!goes_on).then_some((numbers, text.len() - rest.len()))
}

fn address([h1, h2, h3, h4, p1, p2]: [u8; NUMBERS]) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(h1, h2, h3, h4), u16::from_be_bytes([p1, p2]))
}

/// Appends `h1,h2,h3,h4,p1,p2`.
pub fn write(address: SocketAddrV4, out: &mut BytesMut) {
    let [h1, h2, h3, h4] = address.ip().octets();
    let [p1, p2] = address.port().to_be_bytes();
    // Writing to a buffer that grows does not fail.
    let _ = write!(out, "{h1},{h2},{h3},{h4},{p1},{p2}");
}

/// Appends the text of a 227. Firewalls look for exactly these octets, so they are never translated.
pub fn write_227(address: SocketAddrV4, out: &mut BytesMut) {
    out.extend_from_slice(b"Entering Passive Mode (");
    write(address, out);
    out.extend_from_slice(b").");
}
