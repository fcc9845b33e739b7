//! The PROXY protocol, versions 1 and 2: who is behind a connection that a load balancer made.
//!
//! A balancer that does not speak FTP hides the client's address, which FTP needs: for the peer check of passive data
//! connections, for the target of active ones, and for the address that passive replies announce. By the PROXY protocol it
//! writes both ends of the client's own connection in front of the first octet. Only a balancer that the operator names is
//! believed: anybody else could pose as anybody.

use core::net::{IpAddr, SocketAddr};
use ftp_proto::address::{normalise, normalise_socket, same_network};
use ppp::{HeaderResult, PartialResult as _, v1, v2};
use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::sync::Arc;

/// The longest header that is taken, in octets: addresses, and what TLS and cloud balancers add to them in practice.
const LONGEST_HEADER: usize = 4096;

/// The longest header of version 1, in octets.
const LONGEST_LINE: usize = 107;

/// Whose PROXY headers are believed: networks, by address and length of the prefix. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[(IpAddr, u8)]>);

impl TrustedProxies {
    /// Balancers in these networks.
    #[must_use]
    pub fn new(networks: &[(IpAddr, u8)]) -> Self {
        Self(networks.iter().map(|&(network, prefix)| (normalise(network), prefix)).collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether connections from there begin with a header.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = normalise(peer);
        self.0.iter().any(|&(network, prefix)| same_network(peer, network, prefix))
    }
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introduction {
    /// A client's connection, normalised.
    Client {
        /// The client.
        peer: SocketAddr,
        /// What it dialled.
        dialled: SocketAddr,
    },
    /// The balancer's own connection (LOCAL, UNKNOWN): it looks whether the server is alive.
    Balancer,
}

/// Reads the header from a non-blocking connection, and not an octet more.
///
/// # Errors
/// `WouldBlock` while it is not complete: then nothing was taken. `InvalidData` when there is none, `UnexpectedEof` when the
/// connection ended before it; others are the system's.
pub fn introduce(stream: &TcpStream) -> io::Result<Introduction> {
    let mut octets = [0; LONGEST_HEADER];
    let seen = match stream.peek(&mut octets)? {
        0 => return Err(ErrorKind::UnexpectedEof.into()),
        seen => &octets[..seen],
    };
    let (length, introduction) = parse(seen)?;
    // They are there: this does not come short.
    let mut stream = stream;
    stream.read_exact(&mut octets[..length])?;
    Ok(introduction)
}

fn parse(seen: &[u8]) -> io::Result<(usize, Introduction)> {
    let header = HeaderResult::parse(seen);
    if is_half_a_line(seen) || header.is_incomplete() && seen.len() < LONGEST_HEADER {
        return Err(ErrorKind::WouldBlock.into());
    }
    match header {
        HeaderResult::V1(Ok(header)) => Ok((header.header.len(), first_version(&header.addresses))),
        HeaderResult::V2(Ok(header)) => Ok((header.len(), second_version(&header))),
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => Err(ErrorKind::InvalidData.into()),
    }
}

/// Whether it begins like version 1, and its end may still come. The parser takes a number that is cut for a wrong one.
fn is_half_a_line(seen: &[u8]) -> bool {
    let begins = seen.iter().zip(b"PROXY ").all(|(seen, wanted)| seen == wanted);
    begins && seen.len() < LONGEST_LINE && !seen.contains(&b'\n')
}

fn client(peer: (impl Into<IpAddr>, u16), dialled: (impl Into<IpAddr>, u16)) -> Introduction {
    Introduction::Client {
        peer: normalise_socket((peer.0.into(), peer.1).into()),
        dialled: normalise_socket((dialled.0.into(), dialled.1).into()),
    }
}

fn first_version(addresses: &v1::Addresses) -> Introduction {
    match addresses {
        v1::Addresses::Tcp4(ip) => {
            client((ip.source_address, ip.source_port), (ip.destination_address, ip.destination_port))
        }
        v1::Addresses::Tcp6(ip) => {
            client((ip.source_address, ip.source_port), (ip.destination_address, ip.destination_port))
        }
        v1::Addresses::Unknown => Introduction::Balancer,
    }
}

fn second_version(header: &v2::Header<'_>) -> Introduction {
    match (header.command, header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(ip)) => {
            client((ip.source_address, ip.source_port), (ip.destination_address, ip.destination_port))
        }
        (v2::Command::Proxy, v2::Addresses::IPv6(ip)) => {
            client((ip.source_address, ip.source_port), (ip.destination_address, ip.destination_port))
        }
        (v2::Command::Local, _) | (_, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => {
            Introduction::Balancer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 21\r\n";

    fn text_client() -> Introduction {
        client(([203, 0, 113, 9], 40000), ([192, 0, 2, 1], 21))
    }

    fn binary(command: v2::Command) -> Vec<u8> {
        let addresses: (SocketAddr, SocketAddr) =
            ("[2001:db8::9]:40000".parse().unwrap(), "[2001:db8::1]:21".parse().unwrap());
        let start = v2::Version::Two | command;
        let header = v2::Builder::with_addresses(start, v2::Protocol::Stream, addresses);
        header.write_tlv(v2::Type::NoOp, &[0; 16]).unwrap().build().unwrap()
    }

    #[test]
    fn both_versions_are_read_to_their_end_and_no_further() {
        let cut = [TEXT, b"USER a\r\n"].concat();
        assert_eq!(parse(&cut).unwrap(), (TEXT.len(), text_client()));
        let header = binary(v2::Command::Proxy);
        let peer = "[2001:db8::9]:40000".parse().unwrap();
        let dialled = "[2001:db8::1]:21".parse().unwrap();
        let cut = [&header[..], b"PROXY"].concat();
        assert_eq!(parse(&cut).unwrap(), (header.len(), Introduction::Client { peer, dialled }));
    }

    #[test]
    fn a_balancer_that_only_looks_is_nobody_behind_it() {
        assert_eq!(parse(b"PROXY UNKNOWN\r\n").unwrap().1, Introduction::Balancer);
        assert_eq!(parse(&binary(v2::Command::Local)).unwrap().1, Introduction::Balancer);
    }

    #[test]
    fn a_header_in_pieces_is_waited_for() {
        for header in [TEXT, &binary(v2::Command::Proxy)] {
            for length in 1..header.len() {
                let why = parse(&header[..length]).unwrap_err();
                assert_eq!(why.kind(), ErrorKind::WouldBlock, "{length}");
            }
        }
    }

    #[test]
    fn an_ipv4_client_of_an_ipv6_balancer_is_an_ipv4_client() {
        let (_, found) = parse(b"PROXY TCP6 ::ffff:203.0.113.9 ::ffff:192.0.2.1 40000 21\r\n").unwrap();
        assert_eq!(found, text_client());
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for other in [&b"USER anonymous\r\n"[..], b"\x16\x03\x01", b"PROXY TCP4 1 2 3 4\r\n", &[b'P'; 4096]] {
            assert_eq!(parse(other).unwrap_err().kind(), ErrorKind::InvalidData, "{other:?}");
        }
    }

    #[test]
    fn only_networks_that_were_named_are_trusted() {
        let trusted = TrustedProxies::new(&[([10, 0, 0, 0].into(), 8), ("2001:db8::".parse().unwrap(), 32)]);
        for (address, expected) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.0.0.1", false), ("2001:db8::1", true)]
        {
            assert_eq!(trusted.contains(address.parse().unwrap()), expected, "{address}");
        }
        assert!(!TrustedProxies::default().contains([127, 0, 0, 1].into()));
    }

    proptest! {
        #[test]
        fn s1_no_octets_make_it_panic(octets: Vec<u8>, binary: bool) {
            const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11";
            let start = if binary { SIGNATURE } else { b"PROXY " };
            let _ = parse(&[start, &octets].concat());
        }
    }
}
