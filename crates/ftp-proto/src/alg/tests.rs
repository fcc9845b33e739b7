use super::*;
use crate::data::AddressForm;
use std::string::String;

const USER: &str = "192.168.0.2";
const SERVER: &str = "198.51.100.7";

struct Rig {
    inspector: Inspector,
    mapping: Mapping,
    asked: Vec<Announcement>,
}

fn rig(mapping: Mapping) -> Rig {
    let config = AlgConfig::new(USER.parse().unwrap(), SERVER.parse().unwrap());
    let mut rig = Rig { inspector: Inspector::new(config), mapping, asked: Vec::new() };
    rig.server("220 ready\r\n");
    rig
}

fn outside() -> Mapping {
    Mapping::Replace("203.0.113.1:50000".parse().unwrap())
}

impl Rig {
    fn say(&mut self, from: Side, text: &[u8]) -> String {
        let Self { inspector, mapping, asked } = self;
        let mut out = BytesMut::new();
        let mut map = |announcement| {
            asked.push(announcement);
            *mapping
        };
        inspector.forward(from, text, &mut map, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn user(&mut self, text: &str) -> String {
        self.say(Side::User, text.as_bytes())
    }

    fn server(&mut self, text: &str) -> String {
        self.say(Side::Server, text.as_bytes())
    }

    #[track_caller]
    fn pinhole(&mut self, from: &str, to: &str) {
        let expected = Pinhole { from: from.parse().unwrap(), to: to.parse().unwrap() };
        assert_eq!(self.inspector.poll_pinhole(), Some(expected));
        assert_eq!(self.inspector.poll_pinhole(), None);
    }
}

#[test]
fn port_and_eprt_are_rewritten_and_open_a_pinhole_for_the_server() {
    let mut rig = rig(outside());
    assert_eq!(rig.user("port 192,168,0,2,4,1\r\n"), "port 203,0,113,1,195,80\r\n");
    rig.pinhole(SERVER, "192.168.0.2:1025");
    assert_eq!(rig.user("EPRT |1|192.168.0.2|1025|\r\n"), "EPRT |1|203.0.113.1|50000|\r\n");
    rig.pinhole(SERVER, "192.168.0.2:1025");
    assert_eq!(rig.asked[0].form, AddressForm::Classic);
    assert_eq!(rig.asked[1].form, AddressForm::Extended);
}

#[test]
fn replies_to_pasv_and_epsv_are_rewritten_and_open_a_pinhole_for_the_client() {
    let mut rig = rig(outside());
    rig.user("PASV\r\n");
    let said = rig.server("227 Entering Passive Mode (198,51,100,7,4,1).\r\n");
    assert_eq!(said, "227 Entering Passive Mode (203,0,113,1,195,80).\r\n");
    rig.pinhole(USER, "198.51.100.7:1025");
    rig.user("EPSV\r\n");
    assert_eq!(rig.server("229 Here (|||1025|)\r\n"), "229 Here (|||50000|)\r\n");
    rig.pinhole(USER, "198.51.100.7:1025");
}

#[test]
fn a_line_in_several_segments_is_one_line() {
    let mut rig = rig(outside());
    assert_eq!(rig.user("NOOP\r\nPORT 192,1"), "NOOP\r\n");
    assert_eq!(rig.user("68,0,2,4,1\r"), "");
    assert_eq!(rig.user("\nNO"), "PORT 203,0,113,1,195,80\r\n");
    assert_eq!(rig.inspector.finish(Side::User), "NO");
}

#[test]
fn a_kept_address_opens_a_pinhole_and_an_ignored_one_does_not() {
    let mut rig = rig(Mapping::Keep);
    assert_eq!(rig.user("PORT 192,168,0,2,4,1\r\n"), "PORT 192,168,0,2,4,1\r\n");
    rig.pinhole(SERVER, "192.168.0.2:1025");
    rig.mapping = Mapping::Ignore;
    assert_eq!(rig.user("PORT 192,168,0,2,4,1\r\n"), "PORT 192,168,0,2,4,1\r\n");
    assert_eq!(rig.inspector.poll_pinhole(), None);
    rig.mapping = Mapping::Refuse;
    assert_eq!(rig.user("PORT 192,168,0,2,4,1\r\nNOOP\r\n"), "NOOP\r\n");
    assert_eq!(rig.inspector.poll_pinhole(), None);
}

#[test]
fn s13_the_address_of_another_host_opens_nothing() {
    let mut rig = rig(outside());
    assert_eq!(rig.user("PORT 192,168,0,3,4,1\r\n"), "PORT 192,168,0,3,4,1\r\n");
    rig.user("PASV\r\n");
    let foreign = "227 Entering Passive Mode (198,51,100,8,4,1).\r\n";
    assert_eq!(rig.server(foreign), foreign);
    assert!(rig.asked.is_empty());
}

#[test]
fn a_227_that_nobody_asked_for_opens_nothing() {
    let mut rig = rig(outside());
    let passive = "227 Entering Passive Mode (198,51,100,7,4,1).\r\n";
    assert_eq!(rig.server(passive), passive);
    rig.user("STAT\r\nPASV\r\n");
    let listing = "211-Status\r\n227 Entering Passive Mode (198,51,100,7,4,1).\r\n211 End\r\n";
    assert_eq!(rig.server(listing), listing);
    assert!(rig.asked.is_empty());
    assert_ne!(rig.server(passive), passive, "this is the answer to PASV");
}

#[test]
fn the_address_may_be_on_any_line_of_its_reply() {
    let mut rig = rig(outside());
    rig.user("PASV\r\n");
    let said = rig.server("227-Well\r\n (198,51,100,7,4,1)\r\n227 so\r\n");
    assert_eq!(said, "227-Well\r\n (203,0,113,1,195,80)\r\n227 so\r\n");
}

#[test]
fn after_234_everything_is_opaque_both_ways() {
    let mut rig = rig(outside());
    rig.user("AUTH TLS\r\nPOR");
    assert_eq!(rig.server("234 Go\r\nPASV? "), "234 Go\r\nPASV? ");
    assert!(rig.inspector.is_opaque());
    assert_eq!(rig.user(""), "POR", "what was held goes on");
    assert_eq!(rig.user("T 192,168,0,2,4,1\r\n"), "T 192,168,0,2,4,1\r\n");
    assert_eq!(rig.inspector.poll_pinhole(), None);
}

#[test]
fn implicit_tls_is_opaque_from_the_first_octet() {
    let config = AlgConfig::new(USER.parse().unwrap(), SERVER.parse().unwrap());
    let mut rig = Rig { inspector: Inspector::new(config), mapping: outside(), asked: Vec::new() };
    assert_eq!(rig.say(Side::User, b"\x16\x03\x01"), "\x16\x03\x01");
    assert!(rig.inspector.is_opaque());
}

#[test]
fn telnet_commands_inside_of_port_hide_nothing() {
    let mut rig = rig(outside());
    assert_eq!(rig.say(Side::User, b"PO\xFF\xF1RT 192,168,0,2,4,1\r\n"), "PORT 203,0,113,1,195,80\r\n");
    rig.pinhole(SERVER, "192.168.0.2:1025");
}

#[test]
fn a_line_that_is_too_long_is_passed_on_unread() {
    let mut rig = rig(outside());
    let long = ["PORT 192,168,0,2,4,1 ", &"x".repeat(9000), "\r\n"].concat();
    assert_eq!(rig.user(&long), long);
    assert!(rig.asked.is_empty());
    assert_ne!(rig.user("PORT 192,168,0,2,4,1\r\n"), "PORT 192,168,0,2,4,1\r\n");
}

#[test]
fn what_follows_a_line_that_is_too_long_is_not_part_of_it() {
    let mut rig = rig(outside());
    let long = "x".repeat(9000);
    let said = rig.user(&[&long, "\r\nPORT 192,168,0,2,4,1\r\n"].concat());
    assert_eq!(said, [&long, "\r\nPORT 203,0,113,1,195,80\r\n"].concat());
}

#[test]
fn an_ipv6_address_does_not_fit_into_port() {
    let mut rig = rig(Mapping::Replace("[2001:db8::1]:50000".parse().unwrap()));
    assert_eq!(rig.user("PORT 192,168,0,2,4,1\r\n"), "");
    assert_eq!(rig.user("EPRT |1|192.168.0.2|1025|\r\n"), "EPRT |2|2001:db8::1|50000|\r\n");
}
