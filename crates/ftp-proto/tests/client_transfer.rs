//! Transfers that go as they should, in every data port mode.

mod client_common;

use client_common::*;
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
