//! TLS on the control and data connections: the boundary that nothing in the clear may cross. The handshakes are
//! played: what TLS itself does is the driver's.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::Command;
use ftp_proto::data::*;
use ftp_proto::io::*;

fn facts() -> TlsFacts {
    TlsFacts {
        resumption: Resumption::None,
        tls13: true,
        server_name: None,
        alpn: None,
        peer_certificate: None,
    }
}

fn secured(play: &mut Play) {
    play.start(Operation::Secure);
    play.exchange("AUTH TLS", "234 go on");
    assert_eq!(play.action(), IoAction::StartControlTls(TlsRole::Client));
    play.expect_not_done();
    play.client.handle_control(ControlEvent::Secured(facts()), play.now);
    play.run();
    assert_eq!(play.succeeded(), 234);
    assert!(play.client.is_secured());
}

fn protected() -> Play {
    let mut play = Play::greeted();
    secured(&mut play);
    play.start(Operation::Protect(true));
    play.exchange("PBSZ 0", "200 ok");
    play.exchange("PROT P", "200 ok");
    assert_eq!(play.succeeded(), 200);
    play.events.clear();
    play
}

#[test]
fn rfc4217_01_rfc4217_02_the_login_follows_the_handshake() {
    let mut play = Play::silent(ClientConfig::default());
    play.start(Operation::Secure);
    play.start(login("u", None));
    play.say("220 ready");
    play.exchange("AUTH TLS", "234 go on");
    play.expect_silence();
    play.client.handle_control(ControlEvent::Secured(facts()), play.now);
    play.run();
    play.expect("USER u");
}

#[test]
fn c9_octets_after_234_are_fatal_wherever_tcp_cuts_them() {
    let stream = b"234 go on\r\n230 you are in\r\n";
    let after = b"234 go on\r\n".len();
    for cut in after + 1..=stream.len() {
        let mut play = Play::greeted();
        play.start(Operation::Secure);
        play.start(login("u", Some("p")));
        play.expect("AUTH TLS");
        // In one segment with the 234.
        play.octets(&stream[..cut]);
        assert!(play.is_lost(), "cut at {cut}");
        play.expect_silence();
        assert!(!play.actions.iter().any(|action| matches!(action, IoAction::StartControlTls(_))));
    }
    // In a later segment: the driver gives it to TLS; a driver that did not would be told.
    let mut play = Play::greeted();
    play.start(Operation::Secure);
    play.expect("AUTH TLS");
    play.octets(&stream[..after]);
    assert_eq!(play.action(), IoAction::StartControlTls(TlsRole::Client));
    play.octets(&stream[after..]);
    assert!(play.is_lost());
}

#[test]
fn c9_half_a_line_before_the_234_cannot_be_finished_under_tls() {
    let mut play = Play::greeted();
    play.start(Operation::Secure);
    play.expect("AUTH TLS");
    play.octets(b"234 go on\r\n2");
    assert!(play.is_lost());
}

#[test]
fn c8_where_auth_is_refused_nothing_that_was_queued_is_said_in_the_clear() {
    for reply in ["500 what", "534 no", "334 more"] {
        let mut play = Play::greeted();
        play.start(Operation::Secure);
        play.start(login("u", Some("p")));
        play.start(retr());
        play.exchange("AUTH TLS", reply);
        play.expect_silence();
        assert!(matches!(play.failed(), OperationError::Refused { .. } | OperationError::Tls));
        assert!(matches!(play.failed(), OperationError::Tls));
        assert!(matches!(play.failed(), OperationError::Tls));
        assert!(!play.is_lost(), "whoever wants to may go on in the clear, knowing it");
    }
}

#[test]
fn c8_where_prot_p_is_refused_no_octet_of_a_file_is_moved_in_the_clear() {
    let mut play = Play::greeted();
    secured(&mut play);
    play.start(Operation::Protect(true));
    play.start(retr());
    play.exchange("PBSZ 0", "200 ok");
    play.exchange("PROT P", "534 no");
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
    assert!(matches!(play.failed(), OperationError::Tls));
    play.expect_silence();
}

#[test]
fn c8_a_handshake_that_fails_ends_the_connection() {
    let mut play = Play::greeted();
    play.start(Operation::Secure);
    play.start(login("u", Some("p")));
    play.exchange("AUTH TLS", "234 go on");
    play.client.handle_control(ControlEvent::SecureFailed, play.now);
    play.run();
    assert!(matches!(play.failed(), OperationError::Tls));
    assert!(matches!(play.failed(), OperationError::Closed));
    assert!(play.is_lost());
    play.expect_silence();
}

#[test]
fn a_handshake_that_takes_too_long_ends_the_connection() {
    let mut play = Play::greeted();
    play.start(Operation::Secure);
    play.exchange("AUTH TLS", "234 go on");
    play.pass(Duration::from_secs(11));
    assert!(play.is_lost());
}

#[test]
fn what_was_learned_in_the_clear_is_forgotten_under_tls() {
    let mut play = Play::greeted();
    play.start(Operation::Command(Command::Feat));
    play.exchange("FEAT", "211-x\n LIES\n211 end");
    assert_eq!(play.succeeded(), 211);
    assert!(play.client.features().unwrap().has("LIES"));
    secured(&mut play);
    assert!(play.client.features().is_none());
}

#[test]
fn rfc4217_05_pbsz_comes_before_prot_and_once() {
    let mut play = protected();
    play.start(Operation::Protect(false));
    play.exchange("PROT C", "200 ok");
    assert_eq!(play.succeeded(), 200);
    // Not without TLS.
    let mut play = Play::greeted();
    play.start(Operation::Protect(true));
    assert!(matches!(play.failed(), OperationError::Tls));
    play.expect_silence();
}

#[test]
fn rfc4217_04_the_client_is_the_tls_client_in_active_and_in_passive_mode() {
    for mode in [DataMode::EPSV, DataMode::EPRT] {
        let mut play = protected();
        play.start(transfer(ftp_proto::server::TransferVerb::Retr, "/f", mode));
        play.exchange("TYPE I", "200 ok");
        let id = if mode == DataMode::EPSV {
            let id = play.opened_by_epsv();
            play.connected(id);
            id
        } else {
            let IoAction::Listen { id, tls, .. } = play.action() else { panic!() };
            assert!(tls);
            play.data(id, DataEvent::Listening { local: socket("192.0.2.7:45000") });
            play.exchange("EPRT |1|192.0.2.7|45000|", "200 ok");
            id
        };
        play.exchange("RETR /f", "150 ok");
        if mode == DataMode::EPRT {
            play.connected(id);
        }
        assert_eq!(
            play.action(),
            IoAction::StartDataTls { id, role: TlsRole::Client, flow: Flow::FromPeer, must_resume: false }
        );
        play.expect_no_action();
        play.data(id, DataEvent::Secured(facts()));
        assert!(matches!(play.action(), IoAction::StartTransfer { .. }));
        play.ended(id, 1);
        play.say("226 ok");
        assert_eq!(play.succeeded(), 226);
    }
}

#[test]
fn c8_no_octet_moves_where_tls_on_the_data_connection_fails() {
    for failure in [Some(Failure::Tls), None] {
        let mut play = protected();
        play.start(retr());
        play.exchange("TYPE I", "200 ok");
        let id = play.opened_by_epsv();
        play.connected(id);
        play.exchange("RETR /f", "150 ok");
        assert_eq!(
            play.action(),
            IoAction::StartDataTls { id, role: TlsRole::Client, flow: Flow::FromPeer, must_resume: false }
        );
        match failure {
            Some(why) => play.data(id, DataEvent::Failed { during: DataPhase::Secure, why }),
            None => play.pass(Duration::from_secs(11)),
        }
        play.exchange("ABOR", "426 cut\n226 ok");
        let OperationError::Data(attempt) = play.failed() else { panic!() };
        let named = if failure.is_some() { FailureId::TlsFailed } else { FailureId::TlsTimedOut };
        assert_eq!(attempt.named, named);
        assert!(!play.actions.iter().any(|action| matches!(action, IoAction::StartTransfer { .. })));
    }
}

#[test]
fn implicit_tls_comes_before_the_greeting() {
    let mut play = Play::silent(ClientConfig { implicit_tls: true, ..ClientConfig::default() });
    assert_eq!(play.action(), IoAction::StartControlTls(TlsRole::Client));
    play.start(login("u", None));
    play.client.handle_control(ControlEvent::Secured(facts()), play.now);
    play.run();
    play.expect_silence();
    play.say("220 ready");
    play.expect("USER u");
}

#[test]
fn rfc4217_12_ccc_takes_tls_down_and_prot_stays() {
    let mut play = protected();
    play.start(Operation::ClearControl);
    play.start(Operation::Command(Command::Pwd));
    play.exchange("CCC", "200 ok");
    assert_eq!(play.action(), IoAction::StopControlTls);
    play.expect_silence();
    // Still under TLS: belongs to nothing.
    play.say("257 \"/evil\"");
    play.client.handle_control(ControlEvent::Cleared, play.now);
    play.run();
    assert_eq!(play.succeeded(), 200);
    play.exchange("PWD", "257 \"/\"");
    assert_eq!(play.succeeded(), 257);
    assert!(!play.client.is_secured());
    for operation in [Operation::Protect(false), Operation::Secure, Operation::ClearControl] {
        play.start(operation);
        assert!(matches!(play.failed(), OperationError::Tls));
    }
    play.start(retr());
    play.exchange("TYPE I", "200 ok");
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("RETR /f", "150 ok");
    assert!(matches!(play.action(), IoAction::StartDataTls { .. }));
}

#[test]
fn a_refused_ccc_leaves_everything_as_it_is() {
    let mut play = protected();
    play.start(Operation::ClearControl);
    play.exchange("CCC", "534 no");
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
    assert!(play.client.is_secured());
}
