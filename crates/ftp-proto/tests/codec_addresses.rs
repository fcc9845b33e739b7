//! Addresses in commands and replies, and which of them are used.

use bytes::{Bytes, BytesMut};
use core::net::{IpAddr, SocketAddr, SocketAddrV4};
use ftp_proto::address::extended::{self, Protocols};
use ftp_proto::address::{
    Announced, PassiveAddress, TargetRefusal, check_target, host_port, is_private, passive_target,
};
use ftp_proto::data::{DataPolicyRow, ForeignTarget};
use ftp_proto::reply::{Reply, ReplyCode};

fn v4(text: &str) -> SocketAddrV4 {
    text.parse().expect("an IPv4 address and port")
}

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("an address and port")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn rfc959_29_the_text_of_a_227_is_byte_stable() {
    let mut out = BytesMut::new();
    host_port::write_227(v4("192.0.2.7:51210"), &mut out);
    assert_eq!(out, "Entering Passive Mode (192,0,2,7,200,10).");
}

#[test]
fn rfc2428_05_the_text_of_a_229_has_three_empty_fields() {
    let mut out = BytesMut::new();
    extended::write_229(6446, &mut out);
    assert_eq!(out, "Entering Extended Passive Mode (|||6446|)");
}

#[test]
fn rfc1123_06_the_address_in_a_227_is_found_whatever_is_around_it() {
    let told = v4("127.0.0.1:1029");
    for text in [
        "Entering Passive Mode (127,0,0,1,4,5).",
        "Entering Passive Mode (127,0,0,1,4,5)",
        "Entering Passive Mode 127,0,0,1,4,5.",
        "Entering Passive Mode. 127,0,0,1,4,5",
        "=127,0,0,1,4,5",
        "127,0,0,1,4,5",
        "P@SW (127, 0, 0, 1, 4, 5)",
        "will passively listen to 127,0,0,1,4,5",
        "on host4 since 10:30, 24 users: (127,0,0,1,4,5)",
        "1,2,3 now (127,0,0,1,4,5)",
        "300,1,2,3,4,5 is wrong, 127,0,0,1,4,5 is not",
    ] {
        assert_eq!(host_port::parse_reply(text.as_bytes()), Ok(told), "{text}");
    }
}

#[test]
fn s7_a_227_without_six_numbers_of_an_octet_has_no_address() {
    for text in [
        "",
        "Entering Passive Mode",
        "(127,0,0,1,4)",
        "(127,0,0,1,4,)",
        "(256,0,0,1,4,5)",
        "(1127,0,0,1,4,5)",
        "(4294967423,0,0,1,4,5)",
        "(127,0,0,1,4,256)",
        "(127,0,0,1,4,5,6)",
        "(127.0.0.1.4.5)",
        "(127,0,0,1,0,0)",
    ] {
        assert!(host_port::parse_reply(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn rfc2428_06_the_port_in_a_229_is_found_whatever_is_around_it() {
    let port = |port| Ok(Announced { ip: None, port });
    for text in [
        "Entering Extended Passive Mode (|||6446|)",
        "Entering Extended Passive Mode (|||6446|).",
        "Entering Extended Passive Mode (|||6446|), please connect",
        "Entering Extended Passive Mode |||6446|",
        "Entering Extended Passive Mode (!!!6446!)",
        "Extended (in use: 3) (|||6446|)",
        "(|2||6446|)",
    ] {
        assert_eq!(extended::parse_229(text.as_bytes()), port(6446), "{text}");
    }
    let with_address = Announced { ip: Some(ip("192.0.2.1")), port: 6446 };
    assert_eq!(extended::parse_229(b"ok (|1|192.0.2.1|6446|)"), Ok(with_address));
}

#[test]
fn a_229_whose_port_is_0_or_not_16_bits_has_no_port() {
    for text in ["", "()", "(|||0|)", "(|||71121|)", "(|||6446)", "(||6446|)", "(|||-1|)", "(|||x|)"] {
        assert!(extended::parse_229(text.as_bytes()).is_err(), "{text}");
    }
}

fn announced(code: ReplyCode, lines: &[&'static str]) -> Option<Announced> {
    let lines = lines.iter().map(|line| Bytes::from_static(line.as_bytes())).collect();
    Announced::from_reply(&Reply { code, lines }).ok()
}

#[test]
fn the_address_is_read_by_the_replys_own_code_and_from_any_line() {
    let classic = ReplyCode::ENTERING_PASSIVE_MODE;
    let told = Announced { ip: Some(ip("127.0.0.1")), port: 1029 };
    assert_eq!(announced(classic, &["Entering Passive Mode (127,0,0,1,4,5)."]), Some(told));
    assert_eq!(announced(classic, &["listening socket created", "(127,0,0,1,4,5)"]), Some(told));
    let extended = ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE;
    assert_eq!(announced(extended, &["(|||1029|)"]), Some(Announced { ip: None, port: 1029 }));
    assert_eq!(announced(extended, &["(127,0,0,1,4,5)"]), None);
    assert_eq!(announced(ReplyCode::COMMAND_OKAY, &["(127,0,0,1,4,5)"]), None);
}

#[test]
fn rfc1639_a_228_is_read_for_both_families() {
    let long = ReplyCode::ENTERING_LONG_PASSIVE_MODE;
    let v4 = announced(long, &["Entering Long Passive Mode (4,4,127,0,0,1,2,4,5)"]);
    assert_eq!(v4, Some(Announced { ip: Some(ip("127.0.0.1")), port: 1029 }));
    let v6 = announced(long, &["6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,4,5"]);
    assert_eq!(v6, Some(Announced { ip: Some(ip("2001:db8::1")), port: 1029 }));
    for text in
        ["", "(4,4,127,0,0,1,2,0,0)", "(4,5,127,0,0,1,2,4,5)", "(5,4,127,0,0,1,2,4,5)", "(4,4,127,0,0,1,1,4)"]
    {
        assert_eq!(announced(long, &[text]), None, "{text}");
    }
}

#[test]
fn rfc2428_04_a_522_names_protocols_in_its_only_parentheses() {
    let table = [
        ("Network protocol not supported, use (1,2)", Protocols { v4: true, v6: true }),
        ("use (1)", Protocols { v4: true, v6: false }),
        ("use ( 2, 7 )", Protocols { v4: false, v6: true }),
        ("Extended port failure (unknown), use (2).", Protocols { v4: false, v6: true }),
        ("not supported", Protocols::default()),
        ("not supported (1", Protocols::default()),
    ];
    for (text, expected) in table {
        assert_eq!(extended::parse_522(text.as_bytes()), expected, "{text}");
    }
    let mut out = BytesMut::new();
    extended::write_522(Protocols { v4: true, v6: false }, &mut out);
    assert_eq!(out, "Network protocol not supported, use (1)");
}

#[test]
fn addresses_with_a_meaning_only_inside_of_a_network_are_private() {
    let private = [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
    ];
    let public =
        ["192.0.2.1", "172.32.0.1", "100.63.255.255", "100.128.0.0", "2001:db8::1", "::ffff:8.8.8.8"];
    assert!(private.iter().all(|text| is_private(ip(text))));
    assert!(!public.iter().any(|text| is_private(ip(text))));
}

fn row(foreign_target: ForeignTarget) -> DataPolicyRow {
    DataPolicyRow { foreign_target, ..DataPolicyRow::default() }
}

/// What becomes of `target` from `peer`: where to connect to, or the kind of refusal.
fn verdict(foreign_target: ForeignTarget, peer: &str, target: &str) -> Result<String, &'static str> {
    check_target(&row(foreign_target), ip(peer), socket(target)).map(|target| target.to_string()).map_err(
        |refusal| match refusal {
            TargetRefusal::Foreign { .. } => "foreign",
            TargetRefusal::Private { .. } => "private",
            TargetRefusal::LowPort { .. } => "low port",
            TargetRefusal::Unspecified { .. } => "unspecified",
            _ => "unknown",
        },
    )
}

#[test]
fn rfc2577_1_s7_only_the_control_peer_and_no_services_port_is_connected_to() {
    let table = [
        ("198.51.100.1", "198.51.100.1:1024", Ok("198.51.100.1:1024")),
        ("198.51.100.1", "198.51.100.1:1023", Err("low port")),
        ("198.51.100.1", "198.51.100.1:25", Err("low port")),
        ("198.51.100.1", "198.51.100.1:0", Err("low port")),
        ("198.51.100.1", "198.51.100.2:2000", Err("foreign")),
        ("198.51.100.1", "10.0.0.1:2000", Err("private")),
        ("198.51.100.1", "127.0.0.1:2000", Err("private")),
        ("198.51.100.1", "0.0.0.1:2000", Err("unspecified")),
        ("198.51.100.1", "255.255.255.255:2000", Err("unspecified")),
        ("198.51.100.1", "224.0.0.1:2000", Err("unspecified")),
        ("10.0.0.1", "10.0.0.2:2000", Err("foreign")),
        ("10.0.0.1", "127.0.0.1:2000", Err("foreign")),
        ("2001:db8::1", "[2001:db8::1]:2000", Ok("[2001:db8::1]:2000")),
        ("2001:db8::1", "[ff02::1]:2000", Err("unspecified")),
        // A dual-stack listener sees its IPv4 peers as mapped addresses.
        ("::ffff:198.51.100.1", "198.51.100.1:2000", Ok("198.51.100.1:2000")),
        ("198.51.100.1", "[::ffff:198.51.100.1]:2000", Ok("198.51.100.1:2000")),
        ("198.51.100.1", "[::ffff:127.0.0.1]:2000", Err("private")),
    ];
    for (peer, target, expected) in table {
        let verdict = verdict(ForeignTarget::Refuse, peer, target);
        assert_eq!(verdict.as_deref().map_err(|why| *why), expected, "{target} from {peer}");
    }
}

#[test]
fn rfc2428_an_active_client_that_leaves_its_address_out_is_connected_to_where_it_is() {
    // lftp announces the address that its socket is bound to: over IPv6 that is "::".
    let table = [
        ("2001:db8::1", "[::]:2000", Ok("[2001:db8::1]:2000")),
        ("198.51.100.1", "0.0.0.0:2000", Ok("198.51.100.1:2000")),
        ("::ffff:198.51.100.1", "0.0.0.0:2000", Ok("198.51.100.1:2000")),
        ("2001:db8::1", "[::]:80", Err("low port")),
        ("2001:db8::1", "0.0.0.0:2000", Err("unspecified")),
        ("198.51.100.1", "[::]:2000", Err("unspecified")),
    ];
    for (peer, target, expected) in table {
        let verdict = verdict(ForeignTarget::Refuse, peer, target);
        assert_eq!(verdict.as_deref().map_err(|why| *why), expected, "{target} from {peer}");
    }
}

#[test]
fn rfc959_28_a_private_address_behind_a_nat_is_replaced_where_the_operator_says_so() {
    let table = [
        ("198.51.100.1", "192.168.1.5:2000", Ok("198.51.100.1:2000")),
        ("198.51.100.1", "127.0.0.1:2000", Ok("198.51.100.1:2000")),
        ("198.51.100.1", "203.0.113.1:2000", Err("foreign")),
        ("198.51.100.1", "192.168.1.5:80", Err("low port")),
        // Two private networks are not known to be the same.
        ("10.0.0.1", "192.168.1.5:2000", Err("foreign")),
        ("2001:db8::1", "192.168.1.5:2000", Err("private")),
    ];
    for (peer, target, expected) in table {
        let verdict = verdict(ForeignTarget::SubstitutePrivate, peer, target);
        assert_eq!(verdict.as_deref().map_err(|why| *why), expected, "{target} from {peer}");
    }
}

#[test]
fn rfc959_28_server_to_server_transfers_do_not_reach_the_servers_own_services() {
    let table = [
        ("198.51.100.1", "203.0.113.1:2000", Ok("203.0.113.1:2000")),
        ("198.51.100.1", "10.0.0.1:2000", Ok("10.0.0.1:2000")),
        ("127.0.0.1", "127.0.0.2:2000", Ok("127.0.0.2:2000")),
        ("198.51.100.1", "127.0.0.1:2000", Err("private")),
        ("198.51.100.1", "203.0.113.1:25", Err("low port")),
        ("198.51.100.1", "0.0.0.1:2000", Err("unspecified")),
        // Not the server's own "this host", but the peer.
        ("198.51.100.1", "0.0.0.0:2000", Ok("198.51.100.1:2000")),
    ];
    for (peer, target, expected) in table {
        let verdict = verdict(ForeignTarget::Allow, peer, target);
        assert_eq!(verdict.as_deref().map_err(|why| *why), expected, "{target} from {peer}");
    }
}

#[test]
fn c4_the_address_in_a_227_or_229_is_used_only_where_it_is_trusted() {
    use PassiveAddress::{AsTold, ControlPeer, Repair};
    let table = [
        (ControlPeer, "198.51.100.1", "203.0.113.9", Some("198.51.100.1")),
        (ControlPeer, "198.51.100.1", "0.0.0.0", Some("198.51.100.1")),
        (AsTold, "198.51.100.1", "203.0.113.9", Some("203.0.113.9")),
        (AsTold, "198.51.100.1", "10.0.0.1", Some("10.0.0.1")),
        (AsTold, "198.51.100.1", "0.0.0.0", None),
        (AsTold, "198.51.100.1", "224.0.0.1", None),
        (Repair, "198.51.100.1", "203.0.113.9", Some("203.0.113.9")),
        (Repair, "198.51.100.1", "10.0.0.1", Some("198.51.100.1")),
        (Repair, "198.51.100.1", "0.0.0.0", Some("198.51.100.1")),
        (Repair, "198.51.100.1", "127.0.0.1", Some("198.51.100.1")),
        (Repair, "198.51.100.1", "224.0.0.1", Some("198.51.100.1")),
        // A balancer inside of a private network: its servers have private addresses of their own.
        (Repair, "10.0.0.1", "10.0.0.9", Some("10.0.0.9")),
        (Repair, "10.0.0.1", "127.0.0.1", Some("10.0.0.1")),
        (Repair, "127.0.0.1", "127.0.0.2", Some("127.0.0.2")),
        // Behind a NAT64 (RFC 6052 §2.1), and where there is no way to IPv4.
        (ControlPeer, "64:ff9b::c633:6401", "203.0.113.9", Some("64:ff9b::c633:6401")),
        (AsTold, "64:ff9b::c633:6401", "203.0.113.9", Some("64:ff9b::cb00:7109")),
        (Repair, "64:ff9b::c633:6401", "203.0.113.9", Some("64:ff9b::cb00:7109")),
        (AsTold, "2001:db8::1", "203.0.113.9", Some("2001:db8::1")),
    ];
    for (trust, peer, told, expected) in table {
        let announced = Announced { ip: Some(ip(told)), port: 2000 };
        let target = passive_target(trust, ip(peer), announced).ok();
        assert_eq!(target.map(|target| target.ip()), expected.map(ip), "{trust:?}: {told} from {peer}");
    }
    for trust in [ControlPeer, AsTold, Repair] {
        let announced = Announced { ip: None, port: 2000 };
        assert_eq!(passive_target(trust, ip("::1"), announced), Ok(socket("[::1]:2000")));
    }
}
