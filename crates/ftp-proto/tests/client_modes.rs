//! Data port modes: what is asked for, what is believed, and how each failure is told.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::PathName;
use ftp_proto::data::*;
use ftp_proto::io::*;
use ftp_proto::server::{OctetSpan, TransferVerb};

/// Starts a download by `rung` and answers the request for a port.
fn told(play: &mut Play, rung: Rung, request: &str, reply: &str) {
    play.start(by(rung));
    play.exchange(request, reply);
}

fn by(rung: Rung) -> Operation {
    third(DataPlan::Own(rung))
}

fn third(data: DataPlan) -> Operation {
    Operation::Transfer {
        verb: TransferVerb::Retr,
        path: Some(PathName::new("/f").unwrap()),
        span: OctetSpan::default(),
        encoding: StreamEncoding::PLAIN,
        size: None,
        data,
    }
}

fn trusting(mode: DataMode, address: PassiveAddress) -> Rung {
    Rung { address, ..rung(mode) }
}

#[track_caller]
fn target(play: &mut Play) -> String {
    match play.action() {
        IoAction::Connect { target, .. } => target.to_string(),
        action => panic!("{action:?}"),
    }
}

#[track_caller]
fn attempt(play: &mut Play) -> Attempt {
    match play.failed() {
        OperationError::Data(attempt) => *attempt,
        error => panic!("{error:?}"),
    }
}

#[test]
fn rfc1123_06_the_address_in_227_is_found_without_parentheses() {
    for reply in [
        "227 =127,0,0,1,195,80",
        "227 Entering Passive Mode (192,0,2,1,195,80).",
        "227 will passively listen to 192,0,2,1,195,80",
        "227-my host has 3 disks\n227 192,0,2,1,195,80",
    ] {
        let mut play = Play::ready();
        told(&mut play, rung(DataMode::PASV), "PASV", reply);
        assert_eq!(target(&mut play), "192.0.2.1:50000", "{reply}");
    }
}

#[test]
fn replies_are_read_by_their_code_whatever_was_asked() {
    let mut play = Play::ready();
    told(&mut play, rung(DataMode::EPSV), "EPSV", "227 Entering Passive Mode (192,0,2,1,195,80).");
    assert_eq!(target(&mut play), "192.0.2.1:50000");
    let mut play = Play::ready();
    told(&mut play, rung(DataMode::PASV), "PASV", "229 Entering Extended Passive Mode (|||50000|)");
    assert_eq!(target(&mut play), "192.0.2.1:50000");
}

#[test]
fn c4_the_address_in_227_and_229_is_trusted_only_when_told_to() {
    let foreign = "227 Entering Passive Mode (10,9,8,7,195,80).";
    let cases = [
        (PassiveAddress::ControlPeer, foreign, "192.0.2.1:50000"),
        (PassiveAddress::Repair, foreign, "192.0.2.1:50000"),
        (PassiveAddress::AsTold, foreign, "10.9.8.7:50000"),
        (PassiveAddress::Repair, "227 (203,0,113,5,195,80)", "203.0.113.5:50000"),
        (PassiveAddress::ControlPeer, "229 (|1|10.9.8.7|50000|)", "192.0.2.1:50000"),
    ];
    for (trust, reply, expected) in cases {
        let mut play = Play::ready();
        told(&mut play, trusting(DataMode::PASV, trust), "PASV", reply);
        assert_eq!(target(&mut play), expected, "{trust:?} {reply}");
    }
}

#[test]
fn c4_an_address_for_another_server_is_not_trusted_either() {
    let mut play = Play::ready();
    play.start(third(DataPlan::ThirdPartyListens(PassiveAddress::ControlPeer)));
    play.exchange("PASV", "227 (10,9,8,7,195,80)");
    play.expect("RETR /f");
    let at = play.events.iter().find_map(|event| match event {
        ClientEvent::PeerListens { at, .. } => Some(at.to_string()),
        _ => None,
    });
    assert_eq!(at.unwrap(), "192.0.2.1:50000");
}

#[test]
fn rfc2428_06_epsv_over_ipv6_goes_to_the_control_peer() {
    let mut play = Play::between(ClientConfig::default(), "[2001:db8::1]:21", "[2001:db8::7]:40000");
    play.say("220 ready");
    play.start(by(rung(DataMode::EPSV)));
    play.exchange("TYPE I", "200 ok");
    play.exchange("EPSV", "229 Entering Extended Passive Mode (|||50000|)");
    let IoAction::Connect { target, source, .. } = play.action() else { panic!() };
    assert_eq!(target, socket("[2001:db8::1]:50000"));
    assert_eq!(source.ip, socket("[2001:db8::7]:0").ip());
}

#[test]
fn rfc2428_01_eprt_over_ipv6_has_the_rfcs_form() {
    let mut play = Play::between(ClientConfig::default(), "[2001:db8::1]:21", "[2001:db8::7]:40000");
    play.say("220 ready");
    play.start(by(rung(DataMode::EPRT)));
    play.exchange("TYPE I", "200 ok");
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Listening { local: socket("[2001:db8::7]:45000") });
    play.expect("EPRT |2|2001:db8::7|45000|");
}

#[test]
fn port_over_ipv6_is_not_possible_and_says_so() {
    let mut play = Play::between(ClientConfig::default(), "[2001:db8::1]:21", "[2001:db8::7]:40000");
    play.say("220 ready");
    play.start(by(rung(DataMode::PORT)));
    play.exchange("TYPE I", "200 ok");
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Listening { local: socket("[2001:db8::7]:45000") });
    play.expect_silence();
    let attempt = attempt(&mut play);
    assert_eq!(attempt.named, FailureId::AnnouncedUnusable);
    assert!(attempt.control_usable);
}

#[test]
fn rfc2428_09_a_port_that_cannot_be_used_is_given_back_by_abor() {
    for reply in
        ["229 Entering Extended Passive Mode (|||71121|)", "229 nothing", "227 (0,0,0,0,0,0)", "200 ok"]
    {
        let mut play = Play::ready();
        told(&mut play, rung(DataMode::EPSV), "EPSV", reply);
        play.expect_not_done();
        play.exchange("ABOR", "226 ok");
        let attempt = attempt(&mut play);
        assert_eq!(attempt.named, FailureId::AnnouncedUnusable, "{reply}");
        assert!(attempt.control_usable);
        // In step for the next rung.
        told(&mut play, rung(DataMode::PASV), "PASV", "227 (192,0,2,1,195,80)");
    }
}

#[test]
fn a_mode_that_is_refused_leaves_the_connection_usable() {
    for reply in ["500 what", "502 no", "425 not over ipv6", "522 no (1)"] {
        let mut play = Play::ready();
        told(&mut play, rung(DataMode::EPSV), "EPSV", reply);
        let attempt = attempt(&mut play);
        assert_eq!((attempt.named, attempt.control_usable), (FailureId::ModeRefused, true));
        assert!(attempt.reply.is_some());
        play.start(by(rung(DataMode::PASV)));
        play.expect("PASV");
    }
}

#[test]
fn not_logged_in_is_not_a_matter_of_the_mode() {
    let mut play = Play::ready();
    told(&mut play, rung(DataMode::EPSV), "EPSV", "530 log in first");
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
}

#[test]
fn a_229_that_never_comes_costs_the_connection_and_no_more_than_the_patience() {
    let mut play = Play::ready();
    play.start(by(rung(DataMode::EPSV)));
    play.expect("EPSV");
    play.pass(PATIENCE - Duration::from_millis(1));
    play.expect_not_done();
    play.pass(Duration::from_millis(2));
    let attempt = attempt(&mut play);
    assert_eq!((attempt.named, attempt.control_usable), (FailureId::ModeUnanswered, false));
    assert!(play.is_lost());
    assert!(play.actions.contains(&IoAction::CloseControl));
}

#[test]
fn a_connection_that_fails_before_the_transfer_command_leaves_nothing_pending() {
    for (why, named) in [
        (Failure::Refused, FailureId::ConnectRefused),
        (Failure::Unreachable, FailureId::ConnectUnreachable),
        (Failure::Reset, FailureId::ConnectReset),
    ] {
        let mut play = Play::ready();
        play.start(retr());
        let id = play.opened_by_epsv();
        play.data(id, DataEvent::Failed { during: DataPhase::Connect, why });
        play.expect_silence();
        assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
        // The driver has closed it already.
        play.expect_no_action();
        let attempt = attempt(&mut play);
        assert_eq!((attempt.named, attempt.why, attempt.control_usable), (named, why, true));
        assert_eq!(attempt.target, Some(socket("192.0.2.1:50000")));
        play.start(retr());
        play.expect("EPSV");
    }
}

#[test]
fn a_connection_that_is_not_answered_is_given_up_after_the_patience() {
    let mut play = Play::ready();
    play.start(retr());
    let id = play.opened_by_epsv();
    play.pass(PATIENCE + Duration::from_millis(1));
    assert_eq!(play.action(), IoAction::DropData { id });
    assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
    assert_eq!(attempt(&mut play).named, FailureId::ConnectTimedOut);
    // Its end may still be reported; that is no news.
    play.connected(id);
    play.expect_silence();
}

#[test]
fn a_rung_that_has_worked_saves_a_round_trip() {
    let mut play = Play::ready();
    told(&mut play, Rung { command_first: true, ..rung(DataMode::EPSV) }, "EPSV", "229 (|||50000|)");
    let IoAction::Connect { id, .. } = play.action() else { panic!() };
    play.exchange("RETR /f", "150 ok");
    play.expect_no_action();
    play.connected(id);
    assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
}

#[test]
fn a_connection_that_fails_after_the_transfer_command_is_drained() {
    let mut play = Play::ready();
    told(&mut play, Rung { command_first: true, ..rung(DataMode::EPSV) }, "EPSV", "229 (|||50000|)");
    let IoAction::Connect { id, .. } = play.action() else { panic!() };
    play.expect("RETR /f");
    play.data(id, DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused });
    play.expect("ABOR");
    play.say("150 waiting");
    play.expect_not_done();
    play.say("426 cut\n226 ok");
    let attempt = attempt(&mut play);
    assert_eq!((attempt.named, attempt.control_usable), (FailureId::ConnectRefused, true));
    assert_eq!(attempt.reply.unwrap().code.get(), 426);
    assert_eq!(play.actions.iter().filter(|a| matches!(a, IoAction::CancelTransfer { .. })).count(), 1);
}

#[test]
fn a_missing_file_is_what_it_is_also_when_the_data_connection_was_refused_first() {
    let mut play = Play::ready();
    told(&mut play, Rung { command_first: true, ..rung(DataMode::EPSV) }, "EPSV", "229 (|||50000|)");
    let IoAction::Connect { id, .. } = play.action() else { panic!() };
    play.expect("RETR /f");
    // The server has said no, and its listener is gone; its reply comes after the reset.
    play.data(id, DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused });
    play.expect("ABOR");
    play.say("550 no such file\n226 ok");
    assert!(matches!(play.failed(), OperationError::Refused { code, .. } if code.get() == 550));
}

#[test]
fn a_server_that_does_not_answer_abor_costs_the_connection() {
    let mut play = Play::ready();
    told(&mut play, Rung { command_first: true, ..rung(DataMode::EPSV) }, "EPSV", "229 (|||50000|)");
    play.exchange("RETR /f", "150 waiting");
    play.pass(PATIENCE + Duration::from_millis(1));
    play.expect("ABOR");
    play.pass(Duration::from_secs(2));
    let attempt = attempt(&mut play);
    assert_eq!((attempt.named, attempt.control_usable), (FailureId::ConnectTimedOut, false));
    assert!(play.is_lost());
}

/// An active transfer that has been announced and commanded.
fn active(play: &mut Play) -> DataId {
    play.start(by(rung(DataMode::PORT)));
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Listening { local: socket("192.0.2.7:45000") });
    play.exchange("PORT 192,0,2,7,175,200", "200 ok");
    play.expect("RETR /f");
    id
}

#[test]
fn rfc2577_9_rfc2577_3_only_the_server_is_let_in_and_a_stranger_does_not_use_up_the_listener() {
    let mut play = Play::ready();
    let id = active(&mut play);
    let stranger = play.client.admit(id, socket("198.51.100.9:20"), play.now);
    assert_eq!(stranger, Admission::Drop);
    let server = play.client.admit(id, socket("[::ffff:192.0.2.1]:20"), play.now);
    assert_eq!(server, Admission::Take);
    play.connected(id);
    let second = play.client.admit(id, socket("192.0.2.1:20"), play.now);
    assert_eq!(second, Admission::Drop, "one data connection is enough");
    play.say("150 ok");
    assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
}

#[test]
fn when_only_strangers_have_come_the_failure_says_so() {
    let mut play = Play::ready();
    let id = active(&mut play);
    let _ = play.client.admit(id, socket("198.51.100.9:20"), play.now);
    play.pass(PATIENCE + Duration::from_millis(1));
    play.exchange("ABOR", "425 nobody\n226 ok");
    assert_eq!(attempt(&mut play).named, FailureId::WrongPeer);
}

#[test]
fn when_nobody_connects_the_transfer_is_aborted_and_drained() {
    let mut play = Play::ready();
    let id = active(&mut play);
    play.say("150 connecting");
    play.pass(PATIENCE + Duration::from_millis(1));
    assert!(matches!(play.action(), IoAction::DropData { id: of } if of == id));
    play.exchange("ABOR", "426 cut\n226 ok");
    let attempt = attempt(&mut play);
    assert_eq!((attempt.named, attempt.control_usable), (FailureId::NobodyConnected, true));
    assert_eq!(attempt.announced, Some(socket("192.0.2.7:45000")));
}

#[test]
fn the_servers_own_425_is_an_attempt_that_failed() {
    let mut play = Play::ready();
    active(&mut play);
    play.say("150 connecting\n425 cannot");
    let attempt = attempt(&mut play);
    assert_eq!((attempt.named, attempt.control_usable), (FailureId::PeerGaveUp, true));
    assert_eq!(attempt.reply.unwrap().code.get(), 425);
}

#[test]
fn a_425_after_octets_have_moved_is_a_refusal_and_no_matter_of_the_mode() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.ended(id, 700);
    play.say("425 TLS was not shut down");
    assert!(matches!(play.failed(), OperationError::Refused { transient: true, .. }));
}

#[test]
fn behind_a_nat_the_external_address_and_the_mapped_port_are_announced() {
    let plan = ListenPlan {
        bind: socket("10.0.0.5:0").ip(),
        ports: PortRange::new(45_000, 45_010).unwrap(),
        announce: Some(socket("203.0.113.5:0").ip()),
        announced_port_offset: 1000,
    };
    let mut play = Play::ready();
    play.start(by(Rung { listen: Some(plan), ..rung(DataMode::PORT) }));
    let IoAction::Listen { id, bind, ports, .. } = play.action() else { panic!() };
    assert_eq!((bind, ports.first, ports.last), (socket("10.0.0.5:0").ip(), 45_000, 45_010));
    play.data(id, DataEvent::Listening { local: socket("10.0.0.5:45000") });
    play.expect("PORT 203,0,113,5,179,176");
}

#[test]
fn a_mapped_port_that_is_none_is_not_announced() {
    let plan = ListenPlan {
        bind: socket("10.0.0.5:0").ip(),
        ports: PortRange::EPHEMERAL,
        announce: None,
        announced_port_offset: 40_000,
    };
    let mut play = Play::ready();
    play.start(by(Rung { listen: Some(plan), ..rung(DataMode::PORT) }));
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Listening { local: socket("10.0.0.5:45000") });
    assert_eq!(attempt(&mut play).named, FailureId::AnnouncedUnusable);
    assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
    assert_eq!(play.action(), IoAction::DropData { id });
}

#[test]
fn a_listener_that_cannot_be_opened_is_a_failed_attempt() {
    let mut play = Play::ready();
    play.start(by(rung(DataMode::EPRT)));
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Failed { during: DataPhase::Listen, why: Failure::PortsExhausted });
    play.expect_silence();
    assert_eq!(attempt(&mut play).named, FailureId::PortsExhausted);
}

#[test]
fn rfc959_5_2_two_servers_transfer_between_them() {
    let mut play = Play::ready();
    play.start(third(DataPlan::ThirdPartyConnects(socket("198.51.100.2:2222"))));
    play.exchange("PORT 198,51,100,2,8,174", "200 ok");
    play.exchange("RETR /f", "150 ok");
    play.expect_no_action();
    play.say("226 ok");
    let (_, totals, result) = play.done();
    assert!(totals.is_none() && result.is_ok());
}

fn with_epsv_all() -> Play {
    let config = ClientConfig { epsv_all: true, ..ClientConfig::default() };
    let mut play = Play::ready_with(config);
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.ended(id, 1);
    play.say("226 ok");
    assert_eq!(play.succeeded(), 226);
    play
}

#[test]
fn rfc2428_12_epsv_all_is_sent_once_after_epsv_has_worked() {
    let mut play = with_epsv_all();
    for first in [true, false] {
        play.start(retr());
        if first {
            play.exchange("EPSV ALL", "200 ok");
        }
        let id = play.opened_by_epsv();
        play.connected(id);
        play.exchange("RETR /f", "150 ok");
        play.ended(id, 1);
        play.say("226 ok");
        assert_eq!(play.succeeded(), 226);
        play.actions.clear();
    }
}

#[test]
fn rfc2428_13_after_epsv_all_other_modes_and_other_servers_need_a_new_session() {
    let mut play = with_epsv_all();
    play.start(retr());
    play.exchange("EPSV ALL", "200 ok");
    let id = play.opened_by_epsv();
    play.data(id, DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused });
    assert!(!attempt(&mut play).control_usable);
    for mode in [DataMode::PASV, DataMode::PORT, DataMode::EPRT] {
        play.start(by(rung(mode)));
        assert!(!attempt(&mut play).control_usable, "{mode}");
    }
    play.start(third(DataPlan::ThirdPartyListens(PassiveAddress::ControlPeer)));
    assert!(matches!(play.failed(), OperationError::NewSessionNeeded));
    play.start(third(DataPlan::ThirdPartyConnects(socket("198.51.100.2:2222"))));
    assert!(matches!(play.failed(), OperationError::NewSessionNeeded));
    play.expect_silence();
    assert!(!play.is_lost());
}

#[test]
fn a_server_that_refuses_epsv_all_is_used_as_it_is() {
    let mut play = with_epsv_all();
    play.start(retr());
    play.exchange("EPSV ALL", "501 no");
    play.expect("EPSV");
}
