//! HOST, LANG, AUTH.

use super::Parsed;
use super::field::{malformed, text, word};
use crate::command::Command;
use bytes::Bytes;
use core::net::Ipv6Addr;

/// HOST (RFC 7151 §3.1): a domain name, an IPv4 address, or an IPv6 address in brackets; never a port.
pub(super) fn host(given: &[u8]) -> Parsed<Command> {
    let given = given.trim_ascii();
    let literal = given.strip_prefix(b"[").and_then(|given| given.strip_suffix(b"]"));
    let host = match literal {
        Some(literal) if is_ipv6(literal) => literal,
        None if is_name(given) => given,
        _ if given.contains(&b':') => return malformed("HOST takes a host without a port, IPv6 in brackets"),
        _ => return malformed("HOST takes a domain name or an address"),
    };
    text(&host.to_ascii_lowercase()).map(Command::Host)
}

fn is_ipv6(literal: &[u8]) -> bool {
    core::str::from_utf8(literal).is_ok_and(|literal| literal.parse::<Ipv6Addr>().is_ok())
}

fn is_name(host: &[u8]) -> bool {
    !host.is_empty()
        && host.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_'))
}

/// LANG (RFC 2640 §4.1): a language tag, letters and digits in parts joined by hyphens, or nothing.
pub(super) fn lang(given: &[u8]) -> Parsed<Command> {
    let given = given.trim_ascii();
    if given.is_empty() {
        return Ok(Command::Lang(None));
    }
    let is_part = |part: &[u8]| (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric);
    if !given.split(|&octet| octet == b'-').all(is_part) {
        return malformed("LANG takes a language tag, or nothing");
    }
    word(given).map(|tag| Command::Lang(Some(tag)))
}

/// AUTH (RFC 2228 §3): a mechanism's name, in any case.
pub(super) fn auth(given: &[u8]) -> Parsed<Command> {
    let name = Bytes::from(given.trim_ascii().to_ascii_uppercase());
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return malformed("AUTH takes the name of a mechanism");
    }
    word(&name).map(Command::Auth)
}
