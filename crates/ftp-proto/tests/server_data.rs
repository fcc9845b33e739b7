//! Data connections: who may connect, what is announced, what is said when it fails.

mod rig;

use core::time::Duration;
use ftp_proto::data::{
    AcceptFrom, Admission, Announce, DataEvent, DataPhase, DataPolicy, DataPolicyRow, Failure, FailureId,
    PortRange, Saw, SourceEndpoint,
};
use ftp_proto::io::{ControlEndpoints, ControlEvent, ControlMachine, IoAction};
use ftp_proto::server::{Notice, ServerConfig};
use rig::{CLIENT, LISTENER, Rig, at};
use std::sync::Arc;

fn config(row: DataPolicyRow) -> ServerConfig {
    ServerConfig { data: Arc::new(DataPolicy::new(row)), ..ServerConfig::default() }
}

#[test]
fn s8_a_stranger_is_dropped_and_the_right_peer_still_served() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    assert!(rig.took(|action| matches!(
        action,
        IoAction::Listen { expect: AcceptFrom::Only(ip), .. } if *ip == at(CLIENT).ip()
    )));
    assert_eq!(rig.server.admit(id, at("203.0.113.9:5"), rig.now), Admission::Drop);
    rig.connect(id);
    rig.send("RETR f\r\n");
    rig.ready();
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [125, 226]);
    assert!(rig.notices.iter().any(|notice| matches!(notice, Notice::StrangerRefused { .. })));
}

#[test]
fn a_mapped_address_is_the_same_peer() {
    let endpoints = ControlEndpoints {
        local: at("[::ffff:192.0.2.1]:21"),
        peer: at("[::ffff:198.51.100.7]:40000"),
        dialled: None,
    };
    let mut rig = Rig::with_endpoints(ServerConfig::default(), endpoints);
    rig.codes();
    rig.send("USER u\r\nPASS p\r\nPASV\r\n");
    rig.codes();
    let id = rig.listening_id();
    rig.data(id, DataEvent::Listening { local: at(LISTENER) });
    let replies = rig.replies();
    assert_eq!(replies[0].text(), b"Entering Passive Mode (192,0,2,1,195,80).");
    assert_eq!(rig.server.admit(id, at("[::ffff:198.51.100.7]:40001"), rig.now), Admission::Take);
}

#[test]
fn pasv_announces_the_external_address_and_the_mapped_port() {
    let mut rig = Rig::logged_in_with(config(DataPolicyRow {
        announce: Announce::Address(at("203.0.113.5:0").ip()),
        announced_port_offset: 1000,
        ports: PortRange::new(50_000, 50_010).unwrap(),
        ..DataPolicyRow::default()
    }));
    rig.send("PASV\r\n");
    let id = rig.listening_id();
    rig.data(id, DataEvent::Listening { local: at(LISTENER) });
    assert_eq!(rig.replies()[0].text(), b"Entering Passive Mode (203,0,113,5,199,56).");
}

#[test]
fn pasv_over_ipv6_is_refused_and_names_epsv() {
    let endpoints =
        ControlEndpoints { local: at("[2001:db8::1]:21"), peer: at("[2001:db8::2]:4000"), dialled: None };
    let mut rig = Rig::with_endpoints(ServerConfig::default(), endpoints);
    rig.codes();
    rig.send("USER u\r\nPASS p\r\nPASV\r\n");
    let replies = rig.replies();
    assert_eq!(replies[2].code.get(), 425);
    assert!(replies[2].text().ends_with(b"use EPSV."));
}

#[test]
fn an_exhausted_range_is_425_with_the_reason() {
    let mut rig = Rig::logged_in();
    rig.send("PASV\r\n");
    let id = rig.listening_id();
    rig.data(id, DataEvent::Failed { during: DataPhase::Listen, why: Failure::PortsExhausted });
    let replies = rig.replies();
    assert_eq!(replies[0].code.get(), 425);
    let text = String::from_utf8_lossy(replies[0].text()).into_owned();
    assert!(text.contains(FailureId::PortsExhausted.as_str()), "{text}");
    assert_eq!(rig.cmd("RETR f"), [425]);
}

#[test]
fn nobody_connects_in_time_is_425_with_the_reason() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    rig.send("RETR f\r\n");
    let transfer = rig.ready();
    rig.elapse(Duration::from_secs(10));
    assert!(rig.dropped(id));
    assert!(rig.took(|action| *action == IoAction::CancelTransfer { transfer }));
    let replies = rig.replies();
    assert_eq!(replies.iter().map(|reply| reply.code.get()).collect::<Vec<_>>(), [150, 425]);
    let text = String::from_utf8_lossy(replies[1].text()).into_owned();
    assert!(text.contains(FailureId::NobodyConnected.as_str()), "{text}");
}

#[test]
fn only_strangers_connect_is_named_so() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    rig.send("RETR f\r\n");
    rig.ready();
    assert_eq!(rig.server.admit(id, at("203.0.113.9:5"), rig.now), Admission::Drop);
    rig.elapse(Duration::from_secs(10));
    let failed = |notice: &Notice| matches!(notice, Notice::DataFailed { named: FailureId::WrongPeer, .. });
    assert!(rig.notices.iter().any(failed));
}

#[test]
fn a_listener_that_nobody_wants_expires() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    rig.elapse(Duration::from_secs(120));
    assert!(rig.dropped(id));
    assert_eq!(rig.codes(), []);
    assert_eq!(rig.cmd("RETR f"), [425]);
}

#[test]
fn rfc959_28_port_connects_only_after_the_transfer_command_and_from_the_port_below() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.cmd("PORT 198,51,100,7,156,64"), [200]);
    assert!(!rig.took(|action| matches!(action, IoAction::Connect { .. })));
    rig.send("RETR f\r\n");
    rig.ready();
    assert_eq!(rig.codes(), [150]);
    let source = SourceEndpoint { ip: at("192.0.2.1:0").ip(), port: Some(20), fall_back: true };
    let target = at("198.51.100.7:40000");
    assert!(rig.took(|action| matches!(
        action,
        IoAction::Connect { source: s, target: t, .. } if *s == source && *t == target
    )));
}

#[test]
fn s7_port_and_eprt_to_others_are_refused_with_both_addresses() {
    let mut rig = Rig::logged_in();
    for line in ["PORT 10,0,0,5,200,1", "EPRT |1|10.0.0.5|51201|", "PORT 198,51,100,7,0,25"] {
        rig.send(&format!("{line}\r\n"));
        let replies = rig.replies();
        assert_eq!(replies[0].code.get(), 504, "{line}");
        let text = String::from_utf8_lossy(replies[0].text()).into_owned();
        assert!(text.contains("[FTP-DATA-PORT-"), "{text}");
    }
    rig.send("PORT 10,0,0,5,200,1\r\n");
    let text = String::from_utf8_lossy(rig.replies()[0].text()).into_owned();
    assert!(text.contains("10.0.0.5") && text.contains("198.51.100.7"), "{text}");
}

#[test]
fn rfc959_50_the_default_port_is_used_where_it_is_allowed() {
    let mut rig = Rig::logged_in_with(ServerConfig { default_data_port: true, ..ServerConfig::default() });
    rig.send("RETR f\r\n");
    rig.ready();
    assert!(rig.took(|action| matches!(action, IoAction::Connect { target, .. } if *target == at(CLIENT))));
}

#[test]
fn an_event_of_an_old_data_connection_is_ignored() {
    let mut rig = Rig::logged_in();
    let old = rig.epsv();
    let new = rig.epsv();
    assert!(rig.dropped(old));
    rig.data(old, DataEvent::Failed { during: DataPhase::Connect, why: Failure::Reset });
    assert_eq!(rig.server.admit(old, at("198.51.100.7:1"), rig.now), Admission::Drop);
    rig.connect(new);
    rig.send("RETR f\r\n");
    rig.ready();
    assert_eq!(rig.codes(), [125]);
}

#[test]
fn a_client_that_vanishes_is_forgotten_in_every_state() {
    type Prepare = fn(&mut Rig);
    let states: [(&str, Prepare); 5] = [
        ("idle", |_| {}),
        ("listening", |rig| rig.send("EPSV\r\n")),
        ("armed", |rig| {
            rig.epsv();
        }),
        ("asked", |rig| {
            rig.epsv();
            rig.send("RETR f\r\n");
        }),
        ("announced", |rig| {
            rig.epsv();
            rig.send("RETR f\r\n");
            rig.ready();
        }),
    ];
    for (state, prepare) in states {
        for event in [ControlEvent::Reset, ControlEvent::PeerClosed] {
            let mut rig = Rig::logged_in();
            prepare(&mut rig);
            rig.control(event);
            if state == "listening" {
                // What was sent before the end of the stream is still served.
                let id = rig.listening_id();
                rig.data(id, DataEvent::Listening { local: at(LISTENER) });
            }
            let listens = rig.took(|action| matches!(action, IoAction::Listen { .. }));
            let drops = rig.took(|action| matches!(action, IoAction::DropData { .. }));
            assert_eq!(listens, drops, "{state}: the listener is dropped");
            assert!(rig.server_is_finished(), "{state}");
        }
    }
}

#[test]
fn a_client_that_vanishes_while_octets_move_is_forgotten_once_storage_has_settled() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.control(ControlEvent::Reset);
    assert!(rig.dropped(id));
    assert!(!rig.server_is_finished());
    rig.ended(id, Err(ftp_proto::data::TransferFailure::Aborted));
    rig.settled();
    assert!(rig.server_is_finished());
}

#[test]
fn rein_keeps_the_external_address_that_was_learned_meanwhile() {
    let mut rig = Rig::logged_in();
    let announce = Announce::Address("203.0.113.5".parse().unwrap());
    let learned = DataPolicy::new(DataPolicyRow { announce, ..DataPolicyRow::default() });
    rig.server.set_data_policy(Arc::new(learned));
    assert_eq!(rig.cmd("REIN"), [220]);
    assert_eq!(rig.cmd("USER alice"), [331]);
    assert_eq!(rig.cmd("PASS secret"), [230]);
    rig.send("PASV\r\n");
    let id = rig.listening_id();
    rig.data(id, DataEvent::Listening { local: at(LISTENER) });
    assert_eq!(rig.replies()[0].text(), b"Entering Passive Mode (203,0,113,5,195,80).");
}

#[test]
fn site_saw_tells_what_came_what_was_sent_and_nothing_to_strangers() {
    let mut rig = Rig::new(ServerConfig { instance: Some(7), ..config(DataPolicyRow::default()) });
    rig.codes();
    assert_eq!(rig.cmd("SITE SAW"), [530], "not before the login");
    rig.send("USER u\r\nPASS p\r\nPORT 10,0,0,2,117,48\r\n");
    rig.codes();
    let saw = |rig: &mut Rig| {
        rig.send("SITE SAW\r\n");
        Saw::read(&rig.replies()[0]).expect("a server of ours")
    };
    let seen = saw(&mut rig);
    assert_eq!((seen.peer, seen.instance), (at(CLIENT), Some(7)));
    assert_eq!(seen.received, Some(at("10.0.0.2:30000")), "also when it was refused");
    let id = rig.epsv();
    assert_eq!(saw(&mut rig).announced.map(|announced| announced.port()), Some(at(LISTENER).port()));
    rig.data(id, DataEvent::Connecting { local: at("192.0.2.1:20") });
    assert_eq!(saw(&mut rig).source, Some(at("192.0.2.1:20")));
}
