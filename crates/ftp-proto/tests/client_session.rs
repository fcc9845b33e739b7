//! Greeting, login, single commands, and everything that a server may do wrong on the control connection.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::{Command, PathName, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::io::*;

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

fn pwd() -> Operation {
    Operation::Command(Command::Pwd)
}

#[test]
fn rfc959_04_nothing_is_said_before_the_greeting() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(pwd());
    play.expect_silence();
    play.say("120 in a minute");
    play.expect_silence();
    play.say("220 ready");
    play.expect("PWD");
}

#[test]
fn a_greeting_that_does_not_come_is_not_awaited_for_ever() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(pwd());
    play.octets(b"220-Welcome");
    play.pass(Duration::from_secs(20));
    play.say("\n120 wait");
    play.pass(Duration::from_secs(10));
    assert!(matches!(play.failed(), OperationError::TimedOut(_) | OperationError::Closed));
    assert!(play.is_lost());
}

#[test]
fn a_server_that_turns_us_away_is_quoted() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(login("u", None));
    play.start(pwd());
    play.say("421 too many users");
    assert!(matches!(play.failed(), OperationError::Refused { transient: true, .. }));
    assert!(matches!(play.failed(), OperationError::Closed));
    assert!(play.is_lost());
    assert_eq!(play.actions, [IoAction::CloseControl]);
}

#[test]
fn rfc959_05_one_command_at_a_time() {
    let mut play = Play::greeted();
    play.start(pwd());
    play.start(Operation::Command(Command::Noop));
    play.expect("PWD");
    play.pass(Duration::from_secs(59));
    play.expect_silence();
    play.say("257 \"/\"");
    play.expect("NOOP");
}

#[test]
fn a_login_goes_as_far_as_the_server_asks() {
    let secret = |text: &str| Some(Secret::new(text.to_owned()).unwrap());
    let conversations: [&[(&str, &str)]; 5] = [
        &[("USER u", "230 in")],
        &[("USER u", "232 in by certificate")],
        &[("USER u", "331 ?"), ("PASS p", "202 superfluous")],
        &[("USER u", "331 ?"), ("PASS p", "332 ?"), ("ACCT a", "230 in")],
        &[("USER u", "332 ?"), ("ACCT a", "230 in")],
    ];
    for conversation in conversations {
        let mut play = Play::greeted_with(ClientConfig { ask_features: false, ..ClientConfig::default() });
        let user = text("u");
        play.start(Operation::Login { user, password: secret("p"), account: secret("a") });
        for (command, reply) in conversation {
            play.expect_not_done();
            play.exchange(command, reply);
        }
        assert_eq!(play.succeeded() / 100, 2);
    }
}

#[test]
fn a_credential_that_is_missing_is_named_and_none_is_sent_twice() {
    let mut play = Play::greeted();
    play.start(login("u", None));
    play.exchange("USER u", "331 ?");
    assert!(matches!(play.failed(), OperationError::CredentialNeeded(Credential::Password)));
    play.start(login("u", Some("p")));
    play.exchange("USER u", "331 ?");
    play.exchange("PASS p", "332 ?");
    assert!(matches!(play.failed(), OperationError::CredentialNeeded(Credential::Account)));
    play.start(login("u", Some("p")));
    play.exchange("USER u", "331 ?");
    play.exchange("PASS p", "331 again?");
    assert!(matches!(play.failed(), OperationError::Protocol(_)));
    play.start(login("u", Some("p")));
    play.exchange("USER u", "331 ?");
    play.exchange("PASS p", "530 wrong");
    assert!(matches!(play.failed(), OperationError::Refused { transient: false, .. }));
}

#[test]
fn rfc2640_8_rfc7151_8_host_comes_before_user_and_a_server_without_it_is_used_as_it_is() {
    for (reply, goes_on) in
        [("220 yes", true), ("500 what", true), ("502 no", true), ("504 no such host", false)]
    {
        let config = ClientConfig { host: Some(text("ftp.example.com")), ..ClientConfig::default() };
        let mut play = Play::greeted_with(config);
        play.start(login("u", None));
        play.exchange("HOST ftp.example.com", reply);
        if goes_on {
            play.expect("USER u");
        } else {
            assert!(matches!(play.failed(), OperationError::Refused { .. }));
        }
    }
}

#[test]
fn rfc2640_5_opts_utf8_is_sent_where_it_is_wanted_and_listed_and_never_fails_the_login() {
    for (features, sent) in [("211-Features:\n UTF8\n211 End", true), ("211 none", false), ("502 no", false)]
    {
        let config = ClientConfig { opts_utf8: true, ..ClientConfig::default() };
        let mut play = Play::greeted_with(config);
        play.start(login("u", None));
        play.exchange("USER u", "230 in");
        play.exchange("FEAT", features);
        if sent {
            play.exchange("OPTS UTF8 ON", "501 no");
        }
        assert_eq!(play.succeeded(), 230);
        play.expect_silence();
        assert!(play.client.features().is_some());
    }
}

#[test]
fn the_conversation_is_shown_without_secrets() {
    let mut play = Play::greeted_with(ClientConfig { ask_features: false, ..ClientConfig::default() });
    let now = play.now;
    play.client.start(login("u", Some("hunter2")), now).unwrap();
    play.client.start(Operation::Raw(text("pass hunter2")), now).unwrap();
    let mut shown = Vec::new();
    for line in ["331 ?\r\n", "230 in\r\n", "230 in\r\n"] {
        let _ = play.client.receive(line.as_bytes(), now);
    }
    while let Some(step) = play.client.poll() {
        if let Step::App(ClientEvent::Sent(line)) = step {
            shown.push(String::from_utf8(line.to_vec()).unwrap());
        }
    }
    assert_eq!(shown, ["USER u", "PASS ****", "PASS ****"]);
    assert!(String::from_utf8_lossy(play.client.pending_output()).contains("PASS hunter2"));
}

#[test]
fn rfc1123_28_any_line_can_be_sent_but_not_one_that_the_machine_must_know_of() {
    let mut play = Play::greeted();
    play.start(Operation::Raw(text("SITE WHATEVER it is")));
    play.exchange("SITE WHATEVER it is", "200 ok");
    assert_eq!(play.succeeded(), 200);
    for line in [
        "RETR x",
        "stor x",
        "Pasv",
        "EPSV",
        "PORT 1,2,3,4,5,6",
        "AUTH TLS",
        "CCC",
        "PROT P",
        "REIN",
        "QUIT",
        "ABOR",
        "LIST",
        "NLST",
        "MLSD",
        "LPSV",
        "\u{ff}\u{f4}RETR x",
        " RETR x",
        "STOU",
        "APPE x",
        "EPRT |1|1.2.3.4|5|",
    ] {
        let refused = play.client.start(Operation::Raw(text(line)), play.now);
        assert_eq!(refused, Err(Misuse::WrongState), "{line}");
    }
    let refused = play.client.start(Operation::Command(Command::Pasv), play.now);
    assert_eq!(refused, Err(Misuse::WrongState));
    play.expect_silence();
}

#[test]
fn a_type_that_the_user_has_set_by_hand_is_set_again_for_a_transfer() {
    let mut play = Play::ready();
    play.start(Operation::Raw(text("TYPE A")));
    play.exchange("TYPE A", "200 ok");
    play.start(retr());
    play.expect("TYPE I");
}

#[test]
fn rfc3659_a_size_is_asked_for_in_the_type_that_changes_no_octet() {
    let size = || Operation::Command(Command::Size(PathName::new("f").unwrap()));
    let mut play = Play::greeted();
    play.start(size());
    play.exchange("TYPE I", "200 ok");
    play.exchange("SIZE f", "213 5");
    assert_eq!(play.succeeded(), 213);
    play.start(size());
    play.exchange("SIZE f", "213 5");
    assert_eq!(play.succeeded(), 213);
}

#[test]
fn rfc1123_29_a_type_command_is_sent_at_once() {
    // And counts for the transfer that follows.
    let mut play = Play::ready();
    play.start(retr());
    play.expect("EPSV");
}

#[test]
fn c3_a_transfer_without_its_pathname_cannot_be_started() {
    let mut operation = retr();
    if let Operation::Transfer { path, .. } = &mut operation {
        *path = None;
    }
    let mut play = Play::ready();
    assert_eq!(play.client.start(operation, play.now), Err(Misuse::PathNeeded));
    assert!(PathName::new("a\r\nDELE b").is_err());
}

#[test]
fn the_queue_is_bounded() {
    let mut play = Play::silent(ClientConfig::default());
    let room = play.client.room();
    for _ in 0..room {
        play.start(pwd());
    }
    assert_eq!(play.client.room(), 0);
    assert_eq!(play.client.start(pwd(), play.now), Err(Misuse::Busy));
}

#[test]
fn c5_a_reply_as_a_whole_has_a_deadline_that_dripping_does_not_move() {
    let mut play = Play::greeted();
    play.start(pwd());
    for _ in 0..59 {
        play.octets(b"257-x\r\n");
        play.pass(Duration::from_secs(1));
    }
    play.expect_not_done();
    play.pass(Duration::from_secs(2));
    assert!(matches!(play.failed(), OperationError::TimedOut(Timer::ReplyWait)));
    assert!(play.is_lost());
}

#[test]
fn c5_a_flood_of_1yz_neither_moves_the_deadline_nor_fills_the_memory() {
    let mut play = Play::greeted();
    play.start(pwd());
    for _ in 0..10 {
        play.say("150 soon");
        play.pass(Duration::from_secs(6));
    }
    assert!(matches!(play.failed(), OperationError::TimedOut(Timer::ReplyWait)));

    let mut play = Play::greeted();
    play.start(pwd());
    for _ in 0..17 {
        play.say("150 soon");
    }
    assert!(matches!(play.failed(), OperationError::Protocol(_)));
    assert!(play.is_lost());
}

#[test]
fn c5_a_reply_that_is_too_large_ends_the_connection() {
    let long = format!("257 {}", "x".repeat(9000));
    let many = format!("257-{}\n257 end", "\nx".repeat(300));
    for reply in [long, many, "what is this".to_owned()] {
        let mut play = Play::greeted();
        play.start(pwd());
        play.start(pwd());
        play.say(&reply);
        assert!(matches!(play.failed(), OperationError::Protocol(_)));
        assert!(matches!(play.failed(), OperationError::Closed));
        assert!(play.is_lost());
    }
}

#[test]
fn replies_are_decoded_no_faster_than_they_are_taken() {
    let limits = ClientLimits { unsolicited: u32::MAX, ..ClientLimits::default() };
    let mut play = Play::greeted_with(ClientConfig { limits, ..ClientConfig::default() });
    let flood = "226 again\r\n".repeat(10_000);
    let mut rest = flood.as_bytes();
    while !rest.is_empty() && play.client.wants_input() {
        let taken = play.client.receive(rest, play.now);
        rest = &rest[taken..];
    }
    assert!(!rest.is_empty(), "a flood must push back");
    assert!(!play.client.wants_input());
    play.run();
    assert!(play.client.wants_input());
}

#[test]
fn a_reply_that_nobody_asked_for_is_told_and_answers_nothing() {
    let mut play = Play::greeted();
    play.say("250 once more");
    assert!(matches!(play.events.pop(), Some(ClientEvent::Unsolicited(reply)) if reply.code.get() == 250));
    play.start(pwd());
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
    for _ in 0..64 {
        play.say("250 once more");
    }
    assert!(play.is_lost(), "there is a limit to it");
}

#[test]
fn rfc1123_16_421_is_a_transient_refusal_and_a_close() {
    let mut play = Play::greeted();
    play.start(pwd());
    play.start(pwd());
    play.say("421 going down");
    assert!(matches!(play.failed(), OperationError::Refused { transient: true, .. }));
    assert!(matches!(play.failed(), OperationError::Closed));
    assert!(matches!(play.events.last(), Some(ClientEvent::Lost(CloseReason::Shutdown))));
    assert_eq!(play.client.start(pwd(), play.now), Err(Misuse::WrongState));

    // Amid a transfer.
    let mut play = Play::ready();
    let (_, id, _) = play.moving(retr(), "RETR /f");
    play.say("421 going down");
    assert_eq!(play.actions, [IoAction::CloseControl, IoAction::DropData { id }]);
    play.expect_not_done();
    play.dropped(id, 3);
    assert!(matches!(play.failed(), OperationError::Refused { transient: true, .. }));
    assert!(play.is_lost());

    // With nothing to do.
    let mut play = Play::greeted();
    play.say("421 idle for too long");
    assert!(play.is_lost());
}

#[test]
fn every_operation_ends_when_the_connection_is_lost() {
    for event in [ControlEvent::PeerClosed, ControlEvent::Reset] {
        let mut play = Play::ready();
        let (first, id, _) = play.moving(retr(), "RETR /f");
        let second = play.start(pwd());
        play.client.handle_control(event, play.now);
        play.run();
        assert_eq!(play.done().0, second);
        assert!(!play.client.is_finished(), "our own data transfer process has not stopped");
        play.dropped(id, 3);
        let (op, totals, result) = play.done();
        assert_eq!(op, first);
        assert_eq!(totals.unwrap().wire, 3);
        assert!(matches!(result, Err(OperationError::Closed)));
        assert!(play.client.is_finished());
        assert_eq!(play.client.deadline(), None);
    }
}

#[test]
fn what_a_server_said_before_it_closed_counts() {
    let mut play = Play::greeted();
    play.start(pwd());
    let now = play.now;
    let _ = play.client.receive(b"257 \"/\"\r\n", now);
    play.client.handle_control(ControlEvent::PeerClosed, now);
    play.run();
    assert_eq!(play.succeeded(), 257);
    assert!(play.is_lost());
}

#[test]
fn a_server_may_answer_quit_by_closing() {
    for event in [ControlEvent::PeerClosed, ControlEvent::Reset] {
        let mut play = Play::greeted();
        play.start(Operation::Quit);
        play.start(pwd());
        play.expect("QUIT");
        play.client.handle_control(event, play.now);
        play.run();
        assert_eq!(play.succeeded(), 221);
        assert!(matches!(play.failed(), OperationError::Closed));
    }
}

#[test]
fn a_server_that_does_not_read_is_left() {
    let mut play = Play::greeted();
    let now = play.now;
    play.client.start(pwd(), now).unwrap();
    assert_eq!(play.client.pending_output(), b"PWD\r\n");
    play.client.handle_timeout(now + Duration::from_secs(60));
    play.run();
    assert!(play.is_lost());
    assert!(matches!(play.failed(), OperationError::TimedOut(_)));
}

#[test]
fn rfc3659_01_0xff_in_a_name_is_doubled_in_commands_and_lines() {
    let mut play = Play::greeted();
    let path = PathName::new(b"a\xFFb".to_vec()).unwrap();
    play.start(Operation::Command(Command::Dele(path)));
    assert_eq!(core::mem::take(&mut play.written), b"DELE a\xFF\xFFb\r\n");
    play.say("250 ok");
    play.start(Operation::Raw(Text::new(b"XFOO \xFF".to_vec()).unwrap()));
    assert_eq!(play.written, b"XFOO \xFF\xFF\r\n");
}

#[test]
fn a_login_after_which_the_server_lists_by_every_mode_needs_no_more_setting() {
    let mut play = Play::greeted();
    play.start(login("u", None));
    play.exchange("USER u", "230 in");
    play.exchange("FEAT", "211 none");
    for (index, mode) in [DataMode::EPSV, DataMode::PASV].into_iter().enumerate() {
        play.start(transfer(ftp_proto::server::TransferVerb::Nlst, "", mode));
        if index == 0 {
            play.exchange("TYPE I", "200 ok");
        }
        play.exchange(mode.verb(), "227 (192,0,2,1,195,80)");
        let Some(IoAction::Connect { id, .. }) = play.actions.pop() else { panic!() };
        play.connected(id);
        play.exchange("NLST", "550 no files");
        play.events.retain(|event| matches!(event, ClientEvent::Done { result: Err(_), .. }));
        assert!(matches!(play.failed(), OperationError::Refused { transient: false, .. }));
    }
}
