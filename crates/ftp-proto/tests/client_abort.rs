//! Ending things early, and staying in step with the server (RFC 1123 §4.1.4.4).

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::Command;
use ftp_proto::data::*;
use ftp_proto::io::*;

/// A download that was aborted while octets moved; ABOR is on its way.
fn aborted() -> (Play, OpId, DataId) {
    let mut play = Play::ready();
    let (op, id, _) = play.moving(retr(), "RETR /f");
    play.client.abort(op, play.now).unwrap();
    play.run();
    play.expect("ABOR");
    assert_eq!(play.action(), IoAction::DropData { id });
    (play, op, id)
}

/// The next command gets the next reply.
#[track_caller]
fn in_step(play: &mut Play) {
    play.start(Operation::Command(Command::Pwd));
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
    assert!(play.events.iter().all(|event| !matches!(event, ClientEvent::Unsolicited(_))));
}

#[test]
fn rfc1123_31_every_way_in_which_servers_answer_abor_leaves_the_next_reply_to_the_next_command() {
    let answers = [
        "426 cut\n226 ok",
        "426 cut\n225 ok",
        "226 complete\n226 ok\nfence 200 noop",
        "226 ok\nfence 200 noop",
        "225 ok\nfence 200 noop",
        "451 cut\n226 ok",
        "226 complete\n500 what is ABOR\nfence 200 noop",
        "426 cut\n502 what is ABOR",
    ];
    for answer in answers {
        let (mut play, op, id) = aborted();
        for line in answer.split('\n') {
            match line.strip_prefix("fence ") {
                Some(reply) => play.exchange("NOOP", reply),
                None => play.say(line),
            }
        }
        play.expect_not_done();
        play.dropped(id, 5);
        let (of, totals, result) = play.done();
        assert_eq!(of, op);
        assert_eq!(totals.unwrap().wire, 5);
        assert!(matches!(result, Err(OperationError::Aborted)), "{answer}: {result:?}");
        play.expect_no_action();
        in_step(&mut play);
    }
}

#[test]
fn rfc1123_31_a_226_that_comes_long_after_the_426_does_not_answer_the_next_command() {
    let (mut play, _, id) = aborted();
    play.dropped(id, 5);
    play.say("426 cut");
    play.start(Operation::Command(Command::Pwd));
    play.pass(Duration::from_millis(1900));
    play.expect_silence();
    play.say("226 at last");
    assert!(matches!(play.failed(), OperationError::Aborted));
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
}

#[test]
fn a_server_that_answers_abor_once_only_is_fenced() {
    let (mut play, _, id) = aborted();
    play.dropped(id, 5);
    play.say("426 cut");
    play.pass(Duration::from_secs(2));
    play.exchange("NOOP", "200 ok");
    assert!(matches!(play.failed(), OperationError::Aborted));
    in_step(&mut play);
}

#[test]
fn a_server_that_does_not_answer_abor_is_left() {
    let (mut play, _, id) = aborted();
    play.pass(Duration::from_secs(2));
    assert_eq!(play.action(), IoAction::CloseControl);
    play.expect_not_done();
    assert!(!play.is_lost(), "our own data transfer process has not stopped");
    play.dropped(id, 5);
    assert!(matches!(play.failed(), OperationError::Aborted));
    assert!(play.is_lost());
    assert!(play.client.is_finished());
}

#[test]
fn rfc1123_18_telnet_commands_are_sent_only_when_asked_for_and_only_before_abor() {
    let config = ClientConfig { telnet_abort: true, ..ClientConfig::default() };
    let mut play = Play::ready_with(config);
    let (op, _, _) = play.moving(retr(), "RETR /f");
    play.client.abort(op, play.now).unwrap();
    play.run();
    assert_eq!(play.written, b"\xFF\xF4\xFF\xF2ABOR\r\n");
}

#[test]
fn an_upload_is_aborted_likewise() {
    let mut play = Play::ready();
    let (op, id, _) = play.moving(stor(), "STOR /f");
    play.client.abort(op, play.now).unwrap();
    play.run();
    play.exchange("ABOR", "426 cut\n226 ok");
    play.dropped(id, 5);
    assert!(matches!(play.failed(), OperationError::Aborted));
}

#[test]
fn aborting_before_the_transfer_command_needs_no_abor() {
    // While EPSV is unanswered.
    let mut play = Play::ready();
    let op = play.start(retr());
    play.expect("EPSV");
    play.client.abort(op, play.now).unwrap();
    play.run();
    play.expect_not_done();
    play.say("229 (|||50000|)");
    assert!(matches!(play.failed(), OperationError::Aborted));
    assert_eq!(play.actions.len(), 2, "DropData and CancelTransfer: {:?}", play.actions);
    play.expect_silence();
    in_step(&mut play);

    // While we connect.
    let mut play = Play::ready();
    let op = play.start(retr());
    let id = play.opened_by_epsv();
    play.client.abort(op, play.now).unwrap();
    play.run();
    assert!(matches!(play.failed(), OperationError::Aborted));
    assert!(play.actions.contains(&IoAction::DropData { id }));
    in_step(&mut play);
}

#[test]
fn a_queued_operation_is_simply_taken_out() {
    let mut play = Play::ready();
    play.start(retr());
    let second = play.start(Operation::Command(Command::Pwd));
    play.client.abort(second, play.now).unwrap();
    play.run();
    let (op, _, result) = play.done();
    assert_eq!(op, second);
    assert!(matches!(result, Err(OperationError::Aborted)));
    assert_eq!(play.client.abort(second, play.now), Err(Misuse::UnknownOperation(second)));
}

#[test]
fn a_command_that_is_aborted_waits_for_its_reply_for_a_moment() {
    let mut play = Play::ready();
    let op = play.start(Operation::Command(Command::Pwd));
    play.expect("PWD");
    play.client.abort(op, play.now).unwrap();
    play.run();
    play.expect_not_done();
    play.say("257 \"/\"");
    assert!(matches!(play.failed(), OperationError::Aborted));
    in_step(&mut play);

    let op = play.start(Operation::Command(Command::Pwd));
    play.expect("PWD");
    play.client.abort(op, play.now).unwrap();
    play.run();
    play.pass(Duration::from_secs(2));
    assert!(matches!(play.failed(), OperationError::Aborted));
    assert!(play.is_lost());
}

#[test]
fn a_login_that_is_aborted_does_not_send_the_password() {
    let mut play = Play::greeted();
    let op = play.start(login("u", Some("secret")));
    play.expect("USER u");
    play.client.abort(op, play.now).unwrap();
    play.say("331 password?");
    assert!(matches!(play.failed(), OperationError::Aborted));
    play.expect_silence();
}

#[test]
fn the_control_connection_is_kept_alive_during_a_long_transfer() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    for minute in 1..=4 {
        play.pass(Duration::from_secs(30));
        play.expect("NOOP");
        play.data(id, DataEvent::Progress { octets: minute });
    }
    // One is answered at once, the others behind the final reply.
    play.say("200 ok");
    play.ended(id, 4);
    play.start(Operation::Command(Command::Pwd));
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
    play.expect_silence();
    play.say("200 ok\n200 ok");
    play.expect_silence();
    play.say("200 ok");
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
}

#[test]
fn keep_alives_that_the_server_swallows_do_not_stop_the_session() {
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.pass(Duration::from_secs(31));
    play.expect("NOOP");
    play.ended(id, 4);
    play.start(Operation::Command(Command::Pwd));
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
    play.expect_silence();
    play.pass(Duration::from_secs(2));
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
}
