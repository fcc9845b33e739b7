//! What an operator has switched off, limited or required, and what the peer is told then.

mod rig;

use core::time::Duration;
use ftp_proto::command::SPECS;
use ftp_proto::data::{
    Admission, DataCondition, DataEvent, DataFacts, DataPhase, DataPolicy, DataPolicyRow, Failure, PeerCheck,
    PortRange, StorageFailure, TransferFailure,
};
use ftp_proto::io::{ControlMachine as _, IoAction};
use ftp_proto::server::{
    Ask, ConfigError, Encodings, Limits, LoginRefusal, Notice, Outcome, ServerConfig, TlsPolicy,
};
use rig::{Rig, at};
use std::sync::Arc;

const FAILURES: [Failure; 13] = [
    Failure::AddressInUse,
    Failure::PortsExhausted,
    Failure::TooManyDescriptors,
    Failure::WrongPeer,
    Failure::HostUnreachable,
    Failure::AddressUnavailable,
    Failure::PermissionDenied,
    Failure::Refused,
    Failure::Unreachable,
    Failure::TimedOut,
    Failure::Reset,
    Failure::Tls,
    Failure::Other,
];

fn with_row(row: DataPolicyRow) -> ServerConfig {
    ServerConfig { data: Arc::new(DataPolicy::new(row)), ..ServerConfig::default() }
}

#[test]
fn help_knows_every_command_and_its_argument() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    for spec in SPECS {
        rig.send(&format!("HELP {}\r\n", spec.name));
        let reply = &rig.replies()[0];
        let text = String::from_utf8_lossy(&reply.lines.concat()).into_owned();
        assert!(reply.code.get() == 214 && text.contains(spec.name), "{text}");
    }
}

#[test]
fn every_failure_of_a_data_connection_has_a_text_and_an_id() {
    for (why, during) in
        FAILURES.into_iter().flat_map(|why| [(why, DataPhase::Listen), (why, DataPhase::Connect)])
    {
        let mut rig = Rig::logged_in();
        rig.send("PORT 198,51,100,7,175,200\r\nRETR f\r\n");
        rig.ready();
        rig.codes();
        let id = rig.actions.iter().rev().find_map(connecting).expect("it connects");
        rig.data(id, DataEvent::Failed { during, why });
        let replies = rig.replies();
        assert_eq!(replies[0].code.get(), 425, "{why:?}");
        assert!(String::from_utf8_lossy(replies[0].text()).contains("[FTP-DATA-"), "{why:?}");
    }
}

fn connecting(action: &IoAction) -> Option<ftp_proto::data::DataId> {
    match action {
        IoAction::Connect { id, .. } => Some(*id),
        _ => None,
    }
}

#[test]
fn every_failure_of_storage_is_a_refusal_with_a_text() {
    let all = [
        StorageFailure::NotFound,
        StorageFailure::Exists,
        StorageFailure::NotADirectory,
        StorageFailure::NotARegularFile,
        StorageFailure::NotEmpty,
        StorageFailure::Denied,
        StorageFailure::ReadOnly,
        StorageFailure::Busy,
        StorageFailure::NoSpace,
        StorageFailure::QuotaExceeded,
        StorageFailure::TooLarge,
        StorageFailure::BadName,
        StorageFailure::BadOffset,
        StorageFailure::Unsupported,
        StorageFailure::Changed,
        StorageFailure::Local,
    ];
    for why in all {
        let mut rig = Rig::logged_in();
        rig.obliging = false;
        rig.send("DELE f\r\n");
        let Some(Ask::Name(ask)) = rig.asks.pop() else { panic!("nothing was asked") };
        let _ = rig.server.decide(ask.fail(why), rig.now);
        rig.turn();
        let replies = rig.replies();
        assert!(replies[0].code.get() >= 450 && !replies[0].text().is_empty(), "{why:?}: {replies:?}");
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let good = ServerConfig::default;
    let limits = |limits: Limits| ServerConfig { limits, ..good() };
    let default = Limits::default();
    for (config, error) in [
        (limits(Limits { line: 100, ..default }), ConfigError::Lines),
        (limits(Limits { buffered: 4096, ..default }), ConfigError::Lines),
        (limits(Limits { output: 100, ..default }), ConfigError::Output),
        (limits(Limits { login_attempts: 0, ..default }), ConfigError::Zero),
        (ServerConfig { implicit_tls: true, ..good() }, ConfigError::ImplicitWithoutTls),
    ] {
        assert_eq!(config.validate(), Err(error));
    }
    assert_eq!(good().validate(), Ok(()));
}

#[test]
fn the_first_row_whose_conditions_hold_is_used() {
    let ports = |first| DataPolicyRow {
        ports: PortRange::new(first, first + 9).unwrap(),
        ..DataPolicyRow::default()
    };
    let local = DataCondition { client: Some((at("192.0.2.0:0").ip(), 24)), ..DataCondition::default() };
    let alice = DataCondition { user: Some("alice".into()), tls: Some(true), ..DataCondition::default() };
    let listener = DataCondition { listener: Some(at("203.0.113.5:0").ip()), ..DataCondition::default() };
    let policy = DataPolicy::new(ports(1000))
        .with_row(local, ports(2000))
        .with_row(alice, ports(3000))
        .with_row(listener, ports(4000));
    let first = |client: &str, listener: &str, tls, user: Option<&[u8]>| {
        let facts = DataFacts { client: at(client).ip(), listener: at(listener), tls, user };
        policy.choose(facts).ports.first
    };
    assert_eq!(first("192.0.2.9:1", "203.0.113.5:21", true, Some(b"alice")), 2000);
    assert_eq!(first("198.51.100.7:1", "203.0.113.6:21", true, Some(b"alice")), 3000);
    assert_eq!(first("198.51.100.7:1", "203.0.113.6:21", false, Some(b"alice")), 1000);
    assert_eq!(first("198.51.100.7:1", "203.0.113.5:21", false, None), 4000);
    assert_eq!(policy.rows().map(|row| row.ports.first).collect::<Vec<_>>(), [2000, 3000, 4000, 1000]);
}

#[test]
fn a_range_of_ports_knows_its_ports() {
    let range = PortRange::new(50_000, 50_009).unwrap();
    assert!(range.contains(50_000) && range.contains(50_009) && !range.contains(50_010));
    assert_eq!((range.len(), range.is_empty()), (10, false));
    let ephemeral = DataPolicyRow::default().ports;
    assert!(ephemeral.is_empty() && !ephemeral.contains(50_000));
    assert_eq!(ephemeral.len(), 0);
}

#[test]
fn what_is_switched_off_is_refused_and_said_so() {
    let passive = DataPolicyRow { passive: false, ..DataPolicyRow::default() };
    let mut rig = Rig::logged_in_with(with_row(passive));
    assert_eq!(rig.cmd("EPSV"), [502]);
    let encodings = Encodings { records: false, block: false, deflate: false };
    let off = ServerConfig { hash: Vec::new(), encodings, ..ServerConfig::default() };
    let mut rig = Rig::logged_in_with(off);
    for (line, code) in [("HASH f", 502), ("XCRC f", 502), ("OPTS HASH", 502), ("OPTS MODE Z LEVEL 3", 501)] {
        assert_eq!(rig.cmd(line), [code], "{line}");
    }
    let mut rig = Rig::logged_in();
    assert_eq!(rig.cmd("OPTS HASH"), [200]);
    assert_eq!(rig.cmd("OPTS UTF8 OFF"), [504]);
}

#[test]
fn peers_of_the_same_network_may_connect_where_that_is_allowed() {
    for (check, peer, admission) in [
        (PeerCheck::SameNetwork { v4_prefix: 24, v6_prefix: 64 }, "198.51.100.200:5", Admission::Take),
        (PeerCheck::SameNetwork { v4_prefix: 24, v6_prefix: 64 }, "198.51.101.7:5", Admission::Drop),
        (PeerCheck::Off, "203.0.113.9:5", Admission::Take),
    ] {
        let mut rig =
            Rig::logged_in_with(with_row(DataPolicyRow { peer_check: check, ..DataPolicyRow::default() }));
        let id = rig.epsv();
        assert_eq!(rig.server.admit(id, at(peer), rig.now), admission, "{check:?} {peer}");
    }
}

#[test]
fn a_port_offset_that_leads_nowhere_is_425() {
    let row = DataPolicyRow { announced_port_offset: 60_000, ..DataPolicyRow::default() };
    let mut rig = Rig::logged_in_with(with_row(row));
    rig.send("EPSV\r\n");
    let id = rig.listening_id();
    rig.data(id, DataEvent::Listening { local: at("192.0.2.1:50000") });
    assert_eq!(rig.codes(), [425]);
    assert!(rig.dropped(id));
}

#[test]
fn s41_a_session_too_many_is_turned_away_with_421() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    rig.server.turn_away(rig.now);
    rig.turn();
    assert_eq!(rig.codes(), [421]);
    assert!(rig.is_closed());
}

#[test]
fn logins_that_end_the_session_are_421() {
    for (why, code) in [
        (LoginRefusal::TooManySessions, 421),
        (LoginRefusal::Banned, 421),
        (LoginRefusal::TlsRequired, 530),
        (LoginRefusal::CertificateRequired, 530),
    ] {
        let mut rig = Rig::new(ServerConfig::default());
        rig.codes();
        rig.obliging = false;
        rig.send("USER u\r\n");
        let Some(Ask::Login(ask)) = rig.asks.pop() else { panic!("nothing was asked") };
        let _ = rig.server.decide(ask.refuse(why, Duration::ZERO), rig.now);
        rig.elapse(Duration::from_secs(10));
        assert_eq!(rig.codes(), [code], "{why:?}");
        assert_eq!(rig.is_closed(), code == 421);
    }
}

#[test]
fn where_tls_is_required_nobody_logs_in_in_the_clear() {
    let config = ServerConfig { tls: TlsPolicy::Require, ..ServerConfig::default() };
    let mut rig = Rig::new(config);
    rig.codes();
    assert_eq!(rig.cmd("USER u"), [530]);
    assert!(!rig.notices.iter().any(|notice| matches!(notice, Notice::LoggedIn { .. })));
    assert_eq!(rig.cmd("STAT"), [530]);
}

#[test]
fn every_way_in_which_a_data_connection_breaks_is_told() {
    for why in FAILURES {
        let mut rig = Rig::logged_in();
        let id = rig.moving();
        rig.ended(id, Err(TransferFailure::Connection(why)));
        rig.settled();
        let replies = rig.replies();
        assert_eq!(replies[0].code.get(), 426, "{why:?}");
        assert!(!replies[0].text().is_empty());
    }
}

#[test]
fn s37_a_file_that_changes_while_it_is_sent_is_451() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.ended(id, Err(TransferFailure::Storage(StorageFailure::Changed)));
    rig.settled();
    assert_eq!(rig.codes(), [451]);
}

#[test]
fn stat_tells_how_far_things_are() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.ended(id, Ok(()));
    rig.send("STAT\r\n");
    let stat = &rig.replies()[0];
    let text = String::from_utf8_lossy(&stat.lines.concat()).into_owned();
    assert!(stat.code.get() == 211 && text.contains("being completed"), "{text}");
}

#[test]
fn an_answer_for_another_question_is_stale() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.ended(id, Ok(()));
    let Some(Ask::Settle(ask)) = rig.asks.pop() else { panic!("storage is asked") };
    let _ = rig.server.decide(ask.done(), rig.now);
    let mut other = Rig::logged_in();
    let id = other.moving();
    other.ended(id, Ok(()));
    let Some(Ask::Settle(late)) = other.asks.pop() else { panic!("storage is asked") };
    // Of a transfer that is over in this session.
    assert_eq!(rig.server.decide(late.done(), rig.now), Outcome::Stale(None));
}
