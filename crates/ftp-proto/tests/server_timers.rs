//! What ends by itself, and when.

mod rig;

use core::time::Duration;
use ftp_proto::data::{DataEvent, TransferFailure};
use ftp_proto::io::{ControlMachine, Timer};
use ftp_proto::server::{Ask, CloseReason, LoginRefusal, LoginStage, Notice, ServerConfig, ShutDown};
use rig::Rig;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn s21_a_login_that_takes_a_minute_is_ended_whatever_is_sent_meanwhile() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    for _ in 0..59 {
        rig.elapse(SECOND);
        assert_eq!(rig.cmd("NOOP"), [200]);
    }
    rig.elapse(SECOND);
    assert_eq!(rig.codes(), [421]);
    assert!(rig.is_closed());
}

#[test]
fn s21_rein_before_login_gives_no_more_time() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    rig.elapse(59 * SECOND);
    assert_eq!(rig.cmd("REIN"), [220]);
    rig.elapse(SECOND);
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn after_rein_there_is_as_much_time_to_log_in_as_at_first() {
    let mut rig = Rig::logged_in();
    rig.elapse(200 * SECOND);
    assert_eq!(rig.cmd("REIN"), [220]);
    rig.elapse(59 * SECOND);
    assert_eq!(rig.cmd("NOOP"), [200]);
    rig.elapse(SECOND);
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn rfc1123_21_an_idle_session_ends_after_five_minutes_and_not_before() {
    let mut rig = Rig::logged_in();
    rig.elapse(299 * SECOND);
    assert_eq!(rig.cmd("NOOP"), [200]);
    rig.elapse(299 * SECOND);
    assert_eq!(rig.codes(), []);
    rig.elapse(SECOND);
    assert_eq!(rig.codes(), [421]);
    assert!(rig.server_is_finished());
}

#[test]
fn rfc1123_21_idling_does_not_count_while_a_transfer_runs() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    for octets in 1..20 {
        rig.elapse(60 * SECOND);
        rig.data(id, DataEvent::Progress { octets });
    }
    assert_eq!(rig.codes(), []);
    rig.ended(id, Ok(()));
    rig.settled();
    assert_eq!(rig.codes(), [226]);
    rig.elapse(300 * SECOND);
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn a_transfer_in_which_nothing_moves_is_cut() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.elapse(120 * SECOND);
    assert!(rig.dropped(id));
    rig.ended(id, Err(TransferFailure::Aborted));
    rig.settled();
    assert_eq!(rig.codes(), [426]);
    assert_eq!(rig.cmd("NOOP"), [200]);
}

#[test]
fn rfc2577_4_a_wrong_password_waits_and_the_third_ends_the_session() {
    let mut rig = Rig::new(ServerConfig::default());
    rig.codes();
    rig.obliging = false;
    for attempt in 1..=3 {
        rig.send("USER u\r\n");
        answer_login(&mut rig);
        rig.send("PASS wrong\r\n");
        answer_login(&mut rig);
        assert_eq!(rig.codes(), [331]);
        assert_eq!(rig.server.deadline().map(|deadline| deadline.why), Some(Timer::Penalty));
        assert_eq!(rig.cmd("NOOP"), [], "commands behind a refused login wait with it");
        rig.elapse(2 * SECOND);
        let expected: &[u16] = if attempt < 3 { &[530, 200] } else { &[530, 421] };
        assert_eq!(rig.codes(), expected);
    }
    assert!(rig.server_is_finished());
}

fn answer_login(rig: &mut Rig) {
    let Some(Ask::Login(ask)) = rig.asks.pop() else { panic!("no login was asked for") };
    let decision = match ask.stage() {
        LoginStage::User => ask.need_password(),
        LoginStage::Password(_) | LoginStage::Account(_) => {
            ask.refuse(LoginRefusal::Credentials, Duration::ZERO)
        }
    };
    let _ = rig.server.decide(decision, rig.now);
    rig.turn();
}

#[test]
fn an_application_that_does_not_answer_is_given_up() {
    let mut rig = Rig::logged_in();
    rig.obliging = false;
    assert_eq!(rig.cmd("SIZE f"), []);
    rig.elapse(300 * SECOND);
    assert_eq!(rig.codes(), [451]);
    assert_eq!(rig.withdrawn.len(), 1);
    rig.epsv();
    rig.send("RETR f\r\n");
    rig.elapse(300 * SECOND);
    assert_eq!(rig.codes(), [451]);
    assert_eq!(rig.cmd("NOOP"), [200]);
}

#[test]
fn s23_a_peer_that_never_reads_is_not_served_any_more_and_then_closed() {
    let mut rig = Rig::logged_in();
    let mut taken = 0;
    let lines = b"HELP\r\n".repeat(1000);
    while rig.server.wants_input() {
        taken += rig.server.receive(&lines, rig.now);
        assert!(taken < 1_000_000, "no backpressure");
    }
    assert!(rig.server.pending_output().len() < 80 * 1024);
    rig.server.handle_timeout(rig.now + 60 * SECOND);
    while rig.server.poll().is_some() {}
    assert!(rig.server.pending_output().is_empty());
    assert!(rig.server.is_finished());
}

#[test]
fn s36_a_shutdown_ends_idle_sessions_with_421_and_lets_transfers_finish() {
    let mut idle = Rig::logged_in();
    idle.server.shut_down(ShutDown::AfterTransfer, idle.now);
    idle.turn();
    assert_eq!(idle.codes(), [421]);
    assert!(idle.server_is_finished());

    let mut busy = Rig::logged_in();
    let id = busy.moving();
    busy.server.shut_down(ShutDown::AfterTransfer, busy.now);
    busy.turn();
    assert_eq!(busy.codes(), []);
    busy.ended(id, Ok(()));
    busy.settled();
    assert_eq!(busy.codes(), [226, 421]);
    assert!(busy.server_is_finished());
}

#[test]
fn a_shutdown_that_cannot_wait_cuts_the_transfer_and_still_settles_it() {
    let mut rig = Rig::logged_in();
    let id = rig.moving();
    rig.server.shut_down(ShutDown::Now, rig.now);
    rig.turn();
    assert!(rig.dropped(id));
    assert!(!rig.server_is_finished(), "storage has not settled");
    rig.ended(id, Err(TransferFailure::Aborted));
    rig.settled();
    assert!(rig.server_is_finished());
    let closed = |notice: &Notice| matches!(notice, Notice::Closed(CloseReason::Shutdown));
    assert_eq!(rig.notices.iter().filter(|notice| closed(notice)).count(), 1);
    assert!(rig.notices.last().is_some_and(closed), "it is said last");
}
