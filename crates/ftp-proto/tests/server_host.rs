//! HOST (RFC 7151): what the machine decides before and after it asks.

mod rig;

use ftp_proto::data::TlsFacts;
use ftp_proto::io::ControlEvent;
use ftp_proto::server::{Ask, Decision, HostAsk, ServerConfig, TlsPolicy};
use rig::{Rig, tls_facts};

fn host(rig: &mut Rig, name: &str, answer: impl FnOnce(HostAsk) -> Decision) -> Vec<u16> {
    rig.send(&format!("HOST {name}\r\n"));
    let Some(Ask::Host(ask)) = rig.asks.pop() else { panic!("no host was asked for") };
    let _ = rig.server.decide(answer(ask), rig.now);
    rig.turn();
    rig.codes()
}

#[test]
fn rfc7151_4_an_unknown_host_is_504_and_one_out_of_service_421() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    assert_eq!(host(&mut rig, "unknown.example", HostAsk::unknown), [504]);
    assert_eq!(host(&mut rig, "known.example", HostAsk::accept), [220]);
    assert_eq!(host(&mut rig, "down.example", HostAsk::unavailable), [421]);
    assert!(rig.server_is_finished());
}

#[test]
fn rfc7151_6_host_must_be_the_name_that_tls_asked_for() {
    let mut rig = Rig::new(ServerConfig { tls: TlsPolicy::Offer, ..ServerConfig::default() });
    rig.send("AUTH TLS\r\n");
    rig.codes();
    let facts = TlsFacts { server_name: Some("one.example".into()), ..tls_facts() };
    rig.control(ControlEvent::Secured(facts));
    assert_eq!(rig.cmd("HOST two.example"), [504]);
    assert!(rig.asks.is_empty(), "nobody was asked");
    assert_eq!(host(&mut rig, "ONE.example", HostAsk::accept), [220]);
}

#[test]
fn rfc7151_1_host_after_user_is_503() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    rig.send("USER u\r\n");
    assert_eq!(rig.codes(), [331]);
    assert_eq!(rig.cmd("HOST one.example"), [503]);
}
