//! Which data port mode comes next.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::data::*;

const SHORT: Duration = Duration::from_secs(1);
const FAR: Duration = Duration::from_millis(2500);
const LONG: Duration = Duration::from_secs(10);
const ACTIVE: Duration = Duration::from_secs(12);

fn config(server: &str, local: &str) -> LadderConfig {
    LadderConfig::new(server.parse().unwrap(), local.parse().unwrap())
}

fn v4() -> LadderConfig {
    config("198.51.100.1", "203.0.113.7")
}

fn attempt(rung: &Rung, why: Failure) -> Attempt {
    let during = DataPhase::Connect;
    Attempt {
        rung: rung.clone(),
        during,
        why,
        named: FailureId::of(Side::User, rung.mode, during, why),
        reply: None,
        announced: None,
        target: None,
        control_usable: true,
    }
}

/// The rungs until it gives up, when each fails.
fn climb(ladder: &mut Ladder) -> Vec<(DataMode, PassiveAddress)> {
    let mut rung = ladder.first();
    let mut rungs = vec![(rung.mode, rung.address)];
    for _ in 0..20 {
        match ladder.failed(&attempt(&rung, Failure::TimedOut)) {
            NextStep::Try(next) => rung = next,
            NextStep::GiveUp => return rungs,
            NextStep::Reconnect(_) => panic!("the connection is usable"),
        }
        rungs.push((rung.mode, rung.address));
    }
    panic!("it has no end: {rungs:?}");
}

fn modes(ladder: &mut Ladder) -> Vec<DataMode> {
    climb(ladder).into_iter().map(|(mode, _)| mode).collect()
}

#[test]
fn rfc2428_11_epsv_is_the_first_and_passive_comes_before_active() {
    let all = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];
    assert_eq!(modes(&mut Ladder::new(v4())), all);
    let mapped = config("::ffff:198.51.100.1", "::ffff:203.0.113.7");
    assert_eq!(modes(&mut Ladder::new(mapped)), all);
    let v6 = config("2001:db8::1", "2001:db8::7");
    assert_eq!(modes(&mut Ladder::new(v6)), [DataMode::EPSV, DataMode::EPRT]);
}

#[test]
fn a_mode_that_was_chosen_is_the_only_one_and_gets_the_whole_patience() {
    for mode in [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT] {
        let mut ladder = Ladder::new(LadderConfig { modes: Modes::Only(mode), ..v4() });
        let active = mode.opening(Side::User) == Opening::Listen;
        assert_eq!(ladder.first().patience, if active { ACTIVE } else { LONG });
        assert_eq!(modes(&mut ladder), [mode]);
    }
}

#[test]
fn only_the_last_rung_may_take_its_time() {
    let mut ladder = Ladder::new(v4());
    let mut rung = ladder.first();
    for _ in 0..3 {
        assert_eq!((rung.patience, rung.command_first), (SHORT, false));
        let NextStep::Try(next) = ladder.failed(&attempt(&rung, Failure::Refused)) else { panic!() };
        rung = next;
    }
    // Nothing was waited for: the server's own time-out comes first, and its reply says more.
    assert_eq!(rung.patience, ACTIVE);
    assert_eq!(ladder.attempts().len(), 3);
}

#[test]
fn all_rungs_together_take_no_longer_than_one() {
    for (round_trip, short) in [(20, SHORT), (301, FAR)] {
        let mut ladder = Ladder::new(v4());
        ladder.set_round_trip(Duration::from_millis(round_trip));
        let mut rung = ladder.first();
        for _ in 0..3 {
            assert_eq!(rung.patience, short);
            let NextStep::Try(next) = ladder.failed(&attempt(&rung, Failure::TimedOut)) else { panic!() };
            rung = next;
        }
        assert_eq!(rung.patience, LONG - short * 3);
        assert_eq!(ladder.first().patience, short, "the next transfer has its own time");
    }
}

#[test]
fn what_has_worked_is_the_first_from_then_on_and_saves_a_round_trip() {
    let mut ladder = Ladder::new(v4());
    let first = ladder.first();
    let NextStep::Try(second) = ladder.failed(&attempt(&first, Failure::Refused)) else { panic!() };
    ladder.worked(&second);
    let again = ladder.first();
    assert_eq!(again.mode, DataMode::PASV);
    assert_eq!((again.patience, again.command_first), (LONG, true));
    // When it fails after all, what was never tried comes before what has failed before.
    assert_eq!(modes(&mut ladder), [DataMode::PASV, DataMode::EPRT, DataMode::PORT, DataMode::EPSV]);
}

#[test]
fn a_failure_in_one_transfer_is_remembered_in_the_next() {
    let mut ladder = Ladder::new(v4());
    let first = ladder.first();
    let _ = ladder.failed(&attempt(&first, Failure::TimedOut));
    assert_eq!(ladder.first().mode, DataMode::PASV);
    // When everything has failed, everything is tried again.
    let _ = climb(&mut ladder);
    assert_eq!(climb(&mut ladder).len(), 4);
}

#[test]
fn a_connection_that_is_out_of_step_is_made_anew() {
    let mut ladder = Ladder::new(v4());
    let first = ladder.first();
    let lost = Attempt { control_usable: false, ..attempt(&first, Failure::TimedOut) };
    let NextStep::Reconnect(next) = ladder.failed(&lost) else { panic!() };
    assert_eq!(next.mode, DataMode::PASV);
}

#[test]
fn what_no_other_mode_cures_is_given_up() {
    let mut ladder = Ladder::new(v4());
    let first = ladder.first();
    let tls = Attempt { during: DataPhase::Secure, ..attempt(&first, Failure::Tls) };
    assert_eq!(ladder.failed(&tls), NextStep::GiveUp);
    assert_eq!(ladder.failed(&attempt(&first, Failure::TooManyDescriptors)), NextStep::GiveUp);
}

#[test]
fn c4_the_address_in_227_is_a_rung_only_where_it_is_allowed_foreign_and_public() {
    let told = |allowed: bool, address: &str| {
        let mut ladder = Ladder::new(LadderConfig { try_told_address: allowed, ..v4() });
        let first = ladder.first();
        let NextStep::Try(pasv) = ladder.failed(&attempt(&first, Failure::Refused)) else { panic!() };
        assert_eq!(pasv.mode, DataMode::PASV);
        let failed = Attempt { announced: Some(socket(address)), ..attempt(&pasv, Failure::Refused) };
        let NextStep::Try(next) = ladder.failed(&failed) else { panic!() };
        (next.mode, next.address)
    };
    let as_told = (DataMode::PASV, PassiveAddress::AsTold);
    let active = (DataMode::EPRT, PassiveAddress::ControlPeer);
    assert_eq!(told(true, "198.51.100.99:5000"), as_told);
    assert_eq!(told(true, "192.168.0.2:5000"), active);
    assert_eq!(told(true, "198.51.100.1:5000"), active);
    assert_eq!(told(false, "198.51.100.99:5000"), active);
}

#[test]
fn the_external_address_is_announced_to_servers_outside_only() {
    let active = ActiveSettings {
        ports: PortRange::new(45_000, 45_010).unwrap(),
        external: Some("203.0.113.5".parse().unwrap()),
        port_offset: 100,
    };
    let plan = |server: &str, local: &str| {
        let modes = Modes::Only(DataMode::EPRT);
        let rung = Ladder::new(LadderConfig { active, modes, ..config(server, local) }).first();
        rung.listen.unwrap()
    };
    let outside = plan("198.51.100.1", "192.168.0.2");
    assert_eq!(outside.bind, socket("192.168.0.2:0").ip());
    assert_eq!((outside.announce, outside.announced_port_offset), (active.external, 100));
    let inside = plan("192.168.0.1", "192.168.0.2");
    assert_eq!((inside.announce, inside.announced_port_offset), (None, 0));
    assert_eq!(inside.ports, active.ports);
    assert_eq!(plan("2001:db8::1", "2001:db8::7").announce, None);
}

#[test]
fn the_record_of_failures_is_bounded() {
    let mut ladder = Ladder::new(v4());
    for _ in 0..40 {
        let _ = climb(&mut ladder);
    }
    assert_eq!(ladder.attempts().len(), 64);
}

#[test]
fn what_worked_at_another_time_is_tried_first_and_the_others_follow() {
    let mut ladder = Ladder::new(v4());
    ladder.prefer(DataMode::PORT);
    assert_eq!(ladder.working(), None);
    assert_eq!(ladder.first().patience, SHORT, "it may not work today");
    assert_eq!(modes(&mut ladder), [DataMode::PORT, DataMode::EPSV, DataMode::PASV, DataMode::EPRT]);
    // Over IPv6 there is no PORT.
    let mut ladder = Ladder::new(config("2001:db8::1", "2001:db8::7"));
    ladder.prefer(DataMode::PORT);
    let first = ladder.first();
    assert_eq!(first.mode, DataMode::EPSV);
    ladder.worked(&first);
    assert_eq!(ladder.working(), Some(DataMode::EPSV));
}

#[test]
fn behind_a_nat64_a_server_that_refuses_epsv_is_asked_for_pasv() {
    let mut ladder = Ladder::new(config("64:ff9b::c633:6401", "2001:db8::7"));
    let first = ladder.first();
    let refused = Attempt { named: FailureId::ModeRefused, ..attempt(&first, Failure::Refused) };
    let NextStep::Try(next) = ladder.failed(&refused) else { panic!("other modes are left") };
    assert_eq!((first.mode, next.mode), (DataMode::EPSV, DataMode::PASV));
    let mut dropped = Ladder::new(config("64:ff9b::c633:6401", "2001:db8::7"));
    assert_eq!(
        modes(&mut dropped),
        [DataMode::EPSV, DataMode::EPRT],
        "it knows EPSV: PASV would be no better"
    );
}
