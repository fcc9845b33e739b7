//! ABOR, QUIT and STAT in every state of a transfer (RFC 959 §4.1.3; security: S11).

mod rig;

use ftp_proto::data::{DataEvent, DataPhase, Failure, TransferFailure};
use ftp_proto::io::IoAction;
use ftp_proto::server::Ask;
use rig::Rig;

#[test]
fn rfc959_44_abor_without_a_transfer_is_226_and_drops_an_armed_link() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    assert_eq!(rig.cmd("ABOR"), [226]);
    assert!(rig.dropped(id));
    assert_eq!(rig.cmd("RETR f"), [425]);
}

#[test]
fn rfc959_44_abor_while_the_application_is_asked_withdraws_the_question() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    rig.send("RETR f\r\n");
    let Some(Ask::Transfer(ask)) = rig.asks.pop() else { panic!("no question") };
    assert_eq!(rig.cmd("ABOR"), [426, 226]);
    assert_eq!(rig.withdrawn.len(), 1);
    assert!(rig.dropped(id));
    let transfer = ask.id();
    let outcome = rig.server.decide(ask.ready(None), rig.now);
    assert_eq!(outcome, ftp_proto::server::Outcome::Stale(Some(transfer)));
}

#[test]
fn s11_abor_while_the_data_connection_is_awaited_cancels_the_transfer() {
    let mut rig = Rig::logged_in();
    let id = rig.epsv();
    rig.send("RETR f\r\n");
    let transfer = rig.ready();
    assert_eq!(rig.codes(), [150]);
    assert_eq!(rig.cmd("ABOR"), [426, 226]);
    assert!(rig.dropped(id));
    assert!(rig.took(|action| *action == IoAction::CancelTransfer { transfer }));
    // A connection that comes now is nobody's.
    rig.data(id, DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused });
    assert_eq!(rig.cmd("NOOP"), [200]);
}

#[test]
fn rfc959_44_abor_while_octets_move_stops_the_pump() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    assert_eq!(rig.cmd("ABOR"), []);
    assert!(rig.dropped(id));
    rig.ended(id, Err(TransferFailure::Aborted));
    rig.settled();
    assert_eq!(rig.codes(), [426, 226]);
}

#[test]
fn rfc959_44_a_transfer_that_wins_the_race_against_abor_is_complete() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.send("ABOR\r\n");
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [226, 226]);
}

#[test]
fn rfc959_44_abor_while_storage_commits_waits_for_it() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.ended(id, Ok(()));
    assert_eq!(rig.cmd("ABOR"), []);
    rig.settled();
    assert_eq!(rig.codes(), [226, 226]);
}

#[test]
fn s11_an_abor_behind_other_lines_acts_at_once_and_is_answered_in_its_place() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.send("NOOP\r\nPWD\r\nABOR\r\n");
    assert!(rig.dropped(id));
    rig.ended(id, Err(TransferFailure::Aborted));
    rig.settled();
    assert_eq!(rig.codes(), [426, 200, 257, 226]);
}

#[test]
fn rfc959_46_stat_is_answered_while_octets_move() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    assert_eq!(rig.cmd("STAT"), [211]);
    rig.send("NOOP\r\nSTAT\r\n");
    assert_eq!(rig.codes(), [], "a STAT behind a NOOP waits with it");
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [226, 200, 211]);
}

#[test]
fn rfc959_27_quit_while_octets_move_waits_for_them() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.send("QUIT\r\n");
    assert_eq!(rig.codes(), []);
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [226, 221]);
    assert!(rig.is_closed());
    assert!(rig.server_is_finished());
}

#[test]
fn s11_quit_while_the_data_connection_is_awaited_is_425_and_221() {
    let mut rig = Rig::logged_in();
    rig.epsv();
    rig.send("RETR f\r\n");
    rig.ready();
    assert_eq!(rig.codes(), [150]);
    assert_eq!(rig.cmd("QUIT"), [425, 221]);
    assert!(rig.server_is_finished());
}

#[test]
fn s33_a_reset_data_connection_is_426() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.ended(id, Err(TransferFailure::Connection(Failure::Reset)));
    rig.settled();
    assert_eq!(rig.codes(), [426]);
}
