//! Transfers that go as they should, in every data port mode.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::data::*;
use ftp_proto::io::*;
use ftp_proto::server::TransferVerb;

#[test]
fn a_session_from_greeting_to_quit() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(login("anonymous", Some("me@")));
    play.start(transfer(TransferVerb::List, "", DataMode::EPSV));
    play.start(Operation::Quit);
    play.expect_silence();
    play.say("220 ready");
    play.exchange("USER anonymous", "331 password?");
    play.exchange("PASS me@", "230 in");
    play.exchange("FEAT", "211-Features:\n UTF8\n SIZE\n211 End");
    assert_eq!(play.succeeded(), 230);
    assert!(play.client.features().unwrap().has("size"));
    play.exchange("TYPE I", "200 ok");
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("LIST", "150 here");
    let IoAction::StartTransfer { plan, .. } = play.action() else { panic!() };
    assert_eq!(plan.flow, Flow::FromPeer);
    play.ended(id, 120);
    play.expect_not_done();
    play.say("226 done");
    let (_, totals, result) = play.done();
    assert_eq!(result.unwrap().code.get(), 226);
    assert_eq!(totals.unwrap().wire, 120);
    play.exchange("QUIT", "221-So long,\n221 and thanks");
    assert_eq!(play.succeeded(), 221);
    assert_eq!(play.action(), IoAction::CloseControl);
    assert!(matches!(play.events.last(), Some(ClientEvent::Lost(CloseReason::Quit))));
    assert!(play.client.is_finished());
}

#[test]
fn rfc959_33_an_upload_ends_with_the_final_reply_after_the_end_of_data() {
    let mut play = Play::ready();
    let (op, id, transfer) = play.moving(stor(), "STOR /f");
    assert!(matches!(
        play.events.first(),
        Some(ClientEvent::TransferStarting { op: of, id }) if (*of, *id) == (op, transfer)
    ));
    play.ended(id, 9);
    play.expect_not_done();
    play.say("250 stored");
    assert_eq!(play.succeeded(), 250);
}

#[test]
fn rfc959_34_active_mode_listens_announces_and_waits_for_the_server() {
    for (mode, announcement) in
        [(DataMode::EPRT, "EPRT |1|192.0.2.7|45000|"), (DataMode::PORT, "PORT 192,0,2,7,175,200")]
    {
        let mut play = Play::ready();
        play.start(transfer(TransferVerb::Retr, "/f", mode));
        let IoAction::Listen { id, bind, expect, .. } = play.action() else { panic!() };
        assert_eq!(bind, socket("192.0.2.7:0").ip());
        assert_eq!(expect, AcceptFrom::Only(socket("192.0.2.1:0").ip()));
        play.expect_silence();
        play.data(id, DataEvent::Listening { local: socket("192.0.2.7:45000") });
        play.exchange(announcement, "200 ok");
        play.exchange("RETR /f", "150 here");
        play.expect_no_action();
        play.connected(id);
        assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
        play.say("226 done");
        play.expect_not_done();
        play.ended(id, 3);
        assert_eq!(play.succeeded(), 226);
    }
}

#[test]
fn the_replies_and_the_end_of_data_may_come_in_any_order() {
    // 1yz, connected, final reply and end of data, as servers order them (interop 6.2).
    for first in ["125 open already", "150-long\n150 story"] {
        let mut play = Play::ready();
        play.start(retr());
        let id = play.opened_by_epsv();
        play.connected(id);
        play.exchange("RETR /f", first);
        assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
        play.say("226 done");
        play.expect_not_done();
        play.ended(id, 3);
        assert_eq!(play.succeeded(), 226);
    }
}

#[test]
fn a_download_that_is_confirmed_without_1yz_is_read_to_its_end() {
    let mut play = Play::ready();
    play.start(retr());
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("RETR /f", "226 that was quick");
    assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
    play.expect_not_done();
    play.ended(id, 3);
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn rfc1123_15_replies_of_several_lines_are_understood_everywhere() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(login("u", Some("p")));
    play.say("220-Welcome\n220-to\n220 us");
    play.exchange("USER u", "331-go\n on\n331 now");
    play.exchange("PASS p", "230-in\n230 in");
    play.exchange("FEAT", "500 no");
    assert_eq!(play.succeeded(), 230);
    play.start(retr());
    play.exchange("TYPE I", "200-yes\n200 yes");
    play.exchange("EPSV", "229-what\n229 Entering Extended Passive Mode (|||50000|)");
    let IoAction::Connect { id, target, .. } = play.action() else { panic!() };
    assert_eq!(target, socket("192.0.2.1:50000"));
    play.connected(id);
    play.exchange("RETR /f", "150-a\n226 in the middle\n150 b");
    play.ended(id, 1);
    play.expect_not_done();
    play.say("226-a\n226 b");
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn rfc1123_14_rfc959_09_only_the_first_digit_decides() {
    let mut play = Play::greeted();
    play.start(transfer(TransferVerb::Retr, "/f", DataMode::PORT));
    play.exchange("TYPE I", "226 worm");
    let IoAction::Listen { id, .. } = play.action() else { panic!() };
    play.data(id, DataEvent::Listening { local: socket("192.0.2.7:45000") });
    play.exchange("PORT 192,0,2,7,175,200", "299 whatever");
    play.exchange("RETR /f", "159 well");
    play.connected(id);
    play.ended(id, 1);
    play.say("259 unheard of");
    assert_eq!(play.succeeded(), 259);
}

#[test]
fn rfc1123_03_each_transfer_has_its_own_data_connection_and_type_is_sent_once() {
    let mut play = Play::greeted();
    for (transfer, type_command) in [(0, true), (1, false), (2, false)] {
        play.start(retr());
        if type_command {
            play.exchange("TYPE I", "200 ok");
        }
        let id = play.opened_by_epsv();
        assert_eq!(id.get(), transfer + 1);
        play.connected(id);
        play.exchange("RETR /f", "150 ok");
        play.ended(id, 1);
        play.say("226 ok");
        assert_eq!(play.succeeded(), 226);
        play.actions.clear();
    }
}

#[test]
fn the_encoding_decides_type_structure_and_mode_and_a_refusal_ends_it() {
    let mut play = Play::greeted();
    let mut operation = retr();
    if let Operation::Transfer { encoding, .. } = &mut operation {
        *encoding =
            StreamEncoding { ascii: true, records: true, mode: TransmissionMode::Deflate { level: 6 } };
    }
    play.start(operation);
    play.exchange("TYPE A", "200 ok");
    play.exchange("STRU R", "200 ok");
    play.exchange("MODE Z", "504 no");
    assert!(matches!(play.failed(), OperationError::Refused { transient: false, .. }));
    assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
    // Whether MODE has changed is not known now: it is said again.
    play.start(retr());
    play.exchange("TYPE I", "200 ok");
    play.exchange("STRU F", "200 ok");
    play.exchange("MODE S", "200 ok");
    play.expect("EPSV");
}

#[test]
fn rfc3659_07_rest_directly_precedes_the_transfer_command() {
    let mut play = Play::ready();
    play.start(from(1_000_000_007, None));
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("REST 1000000007", "350 go on");
    play.exchange("RETR /f", "150 ok");
    play.ended(id, 1);
    play.say("226 ok");
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn a_restart_that_a_failed_transfer_left_behind_is_taken_back() {
    let mut play = Play::ready();
    play.start(from(7, None));
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("REST 7", "350 go on");
    play.exchange("RETR /f", "550 no such file");
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
    play.start(retr());
    play.exchange("REST 0", "350 ok");
    play.expect("EPSV");
}

#[test]
fn a_refused_rest_is_a_refusal_and_sends_no_transfer_command() {
    let mut play = Play::ready();
    play.start(from(7, None));
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("REST 7", "502 no");
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
    play.expect_silence();
    assert_eq!(play.action(), IoAction::CancelTransfer { transfer: only_transfer(&play) });
    assert_eq!(play.action(), IoAction::DropData { id });
}

/// The transfer that was announced.
fn only_transfer(play: &Play) -> TransferId {
    let id = play.events.iter().find_map(|event| match event {
        ClientEvent::TransferStarting { id, .. } => Some(*id),
        _ => None,
    });
    id.unwrap()
}

#[test]
fn a_refused_transfer_cancels_its_resource_and_drops_its_link() {
    for reply in ["550 no such file", "450 busy", "553 no"] {
        let mut play = Play::ready();
        play.start(stor());
        let id = play.opened_by_epsv();
        play.connected(id);
        play.exchange("STOR /f", reply);
        let transfer = only_transfer(&play);
        assert!(matches!(play.failed(), OperationError::Refused { .. }), "{reply}");
        assert_eq!(play.actions, [IoAction::CancelTransfer { transfer }, IoAction::DropData { id }]);
        play.actions.clear();
        // The connection is in step.
        play.start(Operation::Quit);
        play.exchange("QUIT", "221 bye");
        assert_eq!(play.succeeded(), 221);
    }
}

#[test]
fn c12_a_download_shorter_than_its_size_is_truncated_also_with_226() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(sized(100), "RETR /f");
    play.ended(id, 99);
    play.say("226 done");
    assert!(matches!(play.failed(), OperationError::Transfer(TransferFailure::Truncated)));

    let (_, id, _) = play.moving(sized(100), "RETR /f");
    play.ended(id, 100);
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn c13_octets_beyond_the_size_show_that_rest_was_ignored() {
    let mut play = Play::ready();
    let mut operation = from(60, None);
    if let Operation::Transfer { size, .. } = &mut operation {
        *size = Some(100);
    }
    play.start(operation);
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("REST 60", "350 yes yes");
    play.exchange("RETR /f", "150 ok");
    play.ended(id, 100);
    play.say("226 done");
    assert!(matches!(play.failed(), OperationError::Protocol(_)));
}

#[test]
fn c12_success_needs_a_final_2yz() {
    for (reply, refused) in [("451 disk", true), ("550 gone", true), ("350 what", false)] {
        let mut play = Play::ready();
        let (_, id, _) = play.moving(retr(), "RETR /f");
        play.ended(id, 100);
        play.say(reply);
        let error = play.failed();
        assert_eq!(matches!(error, OperationError::Refused { .. }), refused, "{error:?}");
    }
}

#[test]
fn c10_a_tls_end_without_close_notify_is_a_truncation_unless_the_size_proves_otherwise() {
    let unclean = |octets| {
        let totals = TransferTotals { wire: octets, stored: octets, end: StreamEnd::Unclean };
        DataEvent::Ended { totals, result: Ok(()) }
    };
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.data(id, unclean(5));
    play.say("226 done");
    assert!(matches!(play.failed(), OperationError::Transfer(TransferFailure::Truncated)));
    let (_, id, _) = play.moving(sized(5), "RETR /f");
    play.data(id, unclean(5));
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn c14_an_upload_that_is_confirmed_while_it_still_goes_on_is_an_error() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(stor(), "STOR /f");
    play.say("226 enough");
    play.pass(Duration::from_millis(900));
    play.expect_not_done();
    play.pass(Duration::from_millis(200));
    assert_eq!(play.action(), IoAction::DropData { id });
    play.expect_no_action();
    play.expect_not_done();
    play.dropped(id, 17);
    let (_, totals, result) = play.done();
    assert!(matches!(result, Err(OperationError::Protocol(_))), "{result:?}");
    assert_eq!(totals.unwrap().wire, 17);
}

#[test]
fn an_upload_whose_own_end_is_reported_just_after_its_226_is_complete() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(stor(), "STOR /f");
    play.say("226 got it");
    play.pass(Duration::from_millis(5));
    play.ended(id, 17);
    assert_eq!(play.succeeded(), 226);
    assert_eq!(play.client.deadline(), None);
}

#[test]
fn c14_a_refusal_amid_an_upload_stops_the_pump_and_is_told() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(stor(), "STOR /f");
    play.say("552 quota");
    assert_eq!(play.action(), IoAction::DropData { id });
    play.expect_not_done();
    play.dropped(id, 4096);
    let (_, totals, result) = play.done();
    assert!(matches!(result, Err(OperationError::Refused { transient: false, .. })));
    assert_eq!(totals.unwrap().wire, 4096);
}

#[test]
fn c14_a_confirmation_that_is_lost_is_an_error_that_says_so() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(stor(), "STOR /f");
    play.ended(id, 17);
    play.client.handle_control(ControlEvent::PeerClosed, play.now);
    play.run();
    assert!(matches!(play.failed(), OperationError::Unconfirmed));
    assert!(play.is_lost());

    let mut play = Play::ready();
    let (_, id, _) = play.moving(stor(), "STOR /f");
    play.ended(id, 17);
    play.pass(Duration::from_secs(61));
    assert!(matches!(play.failed(), OperationError::Unconfirmed));
    assert!(play.is_lost());
}

#[test]
fn c14_an_upload_confirmed_before_it_began_is_an_error() {
    let mut play = Play::ready();
    play.start(stor());
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("STOR /f", "226 no need");
    assert!(matches!(play.failed(), OperationError::Protocol(_)));
    assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
    assert_eq!(play.action(), IoAction::DropData { id });
}

#[test]
fn a_range_ends_with_abor_once_its_octets_are_here() {
    let mut play = Play::ready();
    play.start(from(0, Some(10)));
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("RETR /f", "150 ok");
    let IoAction::StartTransfer { plan, .. } = play.action() else { panic!() };
    assert_eq!(plan.limit, Some(10));
    let totals = TransferTotals { wire: 10, stored: 10, end: StreamEnd::Open };
    play.data(id, DataEvent::Ended { totals, result: Ok(()) });
    play.exchange("ABOR", "426 cut\n226 ok");
    assert_eq!(play.succeeded(), 426);
    play.start(Operation::Quit);
    play.expect("QUIT");
}

#[test]
fn a_local_disk_that_is_full_stops_the_server_and_is_the_error() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    let totals = TransferTotals { wire: 10, stored: 10, end: StreamEnd::Open };
    let failure = TransferFailure::Storage(StorageFailure::NoSpace);
    play.data(id, DataEvent::Ended { totals, result: Err(failure) });
    play.exchange("ABOR", "426 cut\n226 ok");
    assert!(matches!(play.failed(), OperationError::Transfer(of) if of == failure));
}

#[test]
fn a_transfer_in_which_nothing_moves_is_given_up() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    for octets in 1..4 {
        play.pass(Duration::from_secs(100));
        play.data(id, DataEvent::Progress { octets });
    }
    play.written.clear();
    // The same number again is no progress.
    play.data(id, DataEvent::Progress { octets: 3 });
    play.pass(Duration::from_secs(121));
    assert_eq!(play.action(), IoAction::DropData { id });
    assert!(String::from_utf8_lossy(&play.written).ends_with("ABOR\r\n"));
}

#[test]
fn the_control_connection_is_kept_alive_until_the_last_octet_has_come() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    // The server has given the last of it to its system; it is on the way for long after.
    play.say("226 done");
    play.expect_not_done();
    play.pass(Duration::from_secs(31));
    play.expect("NOOP");
    play.say("200 ok");
    play.ended(id, 4);
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn a_download_that_is_whole_and_not_confirmed_is_told_after_15_seconds() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.ended(id, 4);
    play.pass(Duration::from_secs(14));
    play.expect_not_done();
    play.pass(Duration::from_secs(2));
    assert!(matches!(play.done().2, Err(OperationError::Unconfirmed)));
}

#[test]
fn a_server_that_does_not_answer_quit_keeps_nobody_for_long() {
    let mut play = Play::ready();
    play.start(Operation::Quit);
    play.expect("QUIT");
    play.pass(Duration::from_secs(4));
    assert!(matches!(play.done().2, Err(OperationError::TimedOut(Timer::ReplyWait))));
}
