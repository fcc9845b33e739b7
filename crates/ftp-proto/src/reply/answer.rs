//! What the text of a reply says, for a client: the numbers, times, names and facts in it.

use super::{Reply, parse_quoted_path};
use crate::address::normalise;
use crate::command::PathName;
use crate::facts::{Entry, TimeVal, mlst};
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};

/// The size in the reply to SIZE, in octets (RFC 3659 §4.1).
#[must_use]
pub fn size(reply: &Reply) -> Option<u64> {
    let text = reply.text().trim_ascii();
    let digits = text.split(|octet| !octet.is_ascii_digit()).next()?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// The time in the reply to MDTM (RFC 3659 §3.1).
#[must_use]
pub fn modify(reply: &Reply) -> Option<TimeVal> {
    TimeVal::parse(reply.text().trim_ascii().split(|octet| *octet == b' ').next()?)
}

/// The pathname in the reply to PWD or MKD (RFC 959 appendix II).
#[must_use]
pub fn directory(reply: &Reply) -> Option<PathName> {
    PathName::new(parse_quoted_path(reply.text())?).ok()
}

/// The entry in the reply to MLST (RFC 3659 §7.2): on a line of its own between the first and the last. The space
/// before it, which the RFC asks for, may be missing.
#[must_use]
pub fn entry(reply: &Reply) -> Option<Entry> {
    let [_, inner @ .., _] = &reply.lines[..] else { return None };
    inner.iter().find_map(|line| mlst::parse(line.strip_prefix(b" ").unwrap_or(line)))
}

/// The client's address, as a server's status tells it: most that tell it say "Connected from" or "Connected to".
#[must_use]
pub fn client_address(status: &Reply) -> Option<IpAddr> {
    let connected = |line: &&Bytes| line.to_ascii_lowercase().windows(9).any(|word| word == b"connected");
    let line = status.lines.iter().find(connected)?;
    let text = str::from_utf8(line).ok()?;
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':'));
    words.filter(|word| word.len() > 2).find_map(|word| {
        let word = word.trim_end_matches(['.', ':']);
        let ip = word.parse().ok().or_else(|| word.parse().ok().map(|at: SocketAddr| at.ip()));
        ip.map(normalise)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyCode;

    fn reply(lines: &[&'static str]) -> Reply {
        let lines = lines.iter().map(|line| Bytes::from_static(line.as_bytes())).collect();
        Reply { code: ReplyCode::FILE_STATUS, lines }
    }

    #[test]
    fn rfc3659_sizes_are_numbers_of_64_bits() {
        assert_eq!(size(&reply(&["1234"])), Some(1234));
        assert_eq!(size(&reply(&[" 5368709120 octets"])), Some(5_368_709_120));
        for bad in ["", "-1", "a1", "99999999999999999999"] {
            assert_eq!(size(&reply(&[bad])), None, "{bad}");
        }
    }

    #[test]
    fn rfc3659_times_are_read_with_and_without_a_fraction() {
        assert_eq!(modify(&reply(&["19700101000010"])), Some(TimeVal::from_seconds(10)));
        assert_eq!(modify(&reply(&["19700101000010.5 UTC"])).map(|time| time.seconds_since_epoch), Some(10));
        assert_eq!(modify(&reply(&["yesterday"])), None);
    }

    #[test]
    fn rfc959_a_directory_is_quoted_or_looks_like_one() {
        let path = |text| directory(&reply(&[text])).map(PathName::into_bytes);
        assert_eq!(path("\"/a \"\"b\"\"\" is the directory"), Some(Bytes::from_static(b"/a \"b\"")));
        assert_eq!(path("/a is the directory"), Some(Bytes::from_static(b"/a")));
        assert_eq!(path(""), None);
    }

    #[test]
    fn the_clients_address_is_found_in_what_servers_call_their_status() {
        for (line, expected) in [
            ("     Connected to ::ffff:203.0.113.9", Some("203.0.113.9")),
            (" Connected from 203.0.113.9 (203.0.113.9)", Some("203.0.113.9")),
            (" Connected from: 203.0.113.9:40000", Some("203.0.113.9")),
            ("Connected from [2001:db8::9]:40000", Some("2001:db8::9")),
            (" Logged in as face", None),
            (" Connected since 10:30", None),
        ] {
            let found = client_address(&reply(&["Status of 198.51.100.1:", line, "End"]));
            assert_eq!(found, expected.map(|ip| ip.parse().unwrap()), "{line}");
        }
    }

    #[test]
    fn rfc3659_facts_stand_between_the_first_and_the_last_line() {
        for line in [" type=file;size=7; name", "type=file;size=7; name"] {
            let found = entry(&reply(&["Listing", line, "End"])).expect(line);
            assert_eq!((&found.name[..], found.size), (&b"name"[..], Some(7)));
        }
        assert_eq!(entry(&reply(&["type=file; x"])), None);
    }
}
