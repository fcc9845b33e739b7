//! Transfers in block mode: the data connection is kept (RFC 959 §3.4.2).

mod client_common;

use client_common::*;
use ftp_proto::client::*;
use ftp_proto::data::*;
use ftp_proto::io::*;

/// A download in this mode.
fn retr_in(mode: TransmissionMode) -> Operation {
    let Operation::Transfer { verb, path, span, encoding, size, data } = retr() else { panic!() };
    Operation::Transfer { verb, path, span, encoding: StreamEncoding { mode, ..encoding }, size, data }
}

/// The first download in block mode, complete.
fn after_one_transfer() -> (Play, DataId) {
    let mut play = Play::ready();
    play.start(retr_in(TransmissionMode::Block));
    play.exchange("MODE B", "200 ok");
    let id = play.opened_by_epsv();
    play.connected(id);
    play.exchange("RETR /f", "150 here");
    let IoAction::StartTransfer { plan, .. } = play.action() else { panic!() };
    assert_eq!((plan.on_end, plan.encoding.mode), (OnEnd::Keep, TransmissionMode::Block));
    play.ended(id, 3);
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
    play.expect_no_action();
    (play, id)
}

#[test]
fn rfc959_52_the_next_transfer_in_block_mode_asks_for_no_data_connection() {
    let (mut play, id) = after_one_transfer();
    play.start(retr_in(TransmissionMode::Block));
    play.exchange("RETR /f", "125 open already");
    let IoAction::StartTransfer { id: again, .. } = play.action() else { panic!() };
    assert_eq!(again, id);
    play.ended(id, 3);
    play.say("226 done");
    assert_eq!(play.succeeded(), 226);
}

#[test]
fn rfc959_52_a_transfer_in_stream_mode_drops_the_kept_connection() {
    let (mut play, id) = after_one_transfer();
    play.start(retr_in(TransmissionMode::Stream));
    play.exchange("MODE S", "200 ok");
    assert_eq!(play.action(), IoAction::DropData { id });
}

#[test]
fn rfc959_52_a_refused_transfer_in_block_mode_drops_the_kept_connection() {
    let (mut play, id) = after_one_transfer();
    play.start(retr_in(TransmissionMode::Block));
    play.exchange("RETR /f", "550 no such file");
    assert!(matches!(play.action(), IoAction::CancelTransfer { .. }));
    assert_eq!(play.action(), IoAction::DropData { id });
    assert!(matches!(play.failed(), OperationError::Refused { .. }));
}
