//! What programs see of TCP.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_sim::{Conditions, HostId, HostOptions, INTERNET, Sim, SocketId, Status};
use std::io;

const SECOND: Duration = Duration::from_secs(1);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn two_hosts(conditions: Conditions) -> (Sim, HostId, HostId) {
    let mut sim = Sim::with_conditions(3, conditions);
    let a = sim.host("a", INTERNET, &["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()]);
    let options = HostOptions { privileged: true, ..HostOptions::default() };
    let b = sim.host_with(
        "b",
        INTERNET,
        &["192.0.2.2".parse().unwrap(), "2001:db8::2".parse().unwrap()],
        options,
    );
    (sim, a, b)
}

fn connected(conditions: Conditions) -> (Sim, HostId, HostId, SocketId, SocketId) {
    let (mut sim, a, b) = two_hosts(conditions);
    let listener = sim.on(b).listen(at("192.0.2.2:21"), 1).unwrap();
    let ours = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:21")).unwrap();
    sim.run_for(SECOND);
    let theirs = sim.on(b).accept(listener).unwrap();
    (sim, a, b, ours, theirs)
}

fn kind<T: core::fmt::Debug>(result: io::Result<T>) -> io::ErrorKind {
    result.expect_err("an error").kind()
}

#[test]
fn a_stream_arrives_whole_in_pieces_and_at_the_readers_pace() {
    let small = Conditions { window: 1000, largest_piece: 100, ..Conditions::default() };
    let (mut sim, a, b, ours, theirs) = connected(small);
    let sent: Vec<u8> = (0..5000_u32).map(|n| (n % 251) as u8).collect();
    let (mut written, mut received) = (0, Vec::new());
    assert_eq!(sim.on(a).write(ours, &sent).unwrap(), 1000, "a window");
    written += 1000;
    assert_eq!(kind(sim.on(a).write(ours, &sent)), io::ErrorKind::WouldBlock);
    while received.len() < sent.len() {
        sim.run_for(SECOND);
        let mut room = [0; 300];
        let read = sim.on(b).read(theirs, &mut room).unwrap();
        received.extend_from_slice(&room[..read]);
        sim.run_for(SECOND);
        written += sim.on(a).write(ours, &sent[written..]).unwrap_or(0);
    }
    assert_eq!(received, sent);
}

#[test]
fn half_close_leaves_the_other_direction_open() {
    let (mut sim, a, b, ours, theirs) = connected(Conditions::default());
    sim.on(a).finish(ours);
    sim.run_for(SECOND);
    let mut room = [0; 16];
    assert_eq!(sim.on(b).read(theirs, &mut room).unwrap(), 0);
    sim.on(b).write(theirs, b"more").unwrap();
    sim.run_for(SECOND);
    assert_eq!(sim.on(a).read(ours, &mut room).unwrap(), 4);
    assert_eq!(kind(sim.on(a).write(ours, b"x")), io::ErrorKind::BrokenPipe);
}

#[test]
fn closing_with_octets_unread_is_a_reset() {
    let (mut sim, a, b, ours, theirs) = connected(Conditions::default());
    sim.on(a).write(ours, b"unread").unwrap();
    sim.run_for(SECOND);
    sim.on(b).close(theirs);
    sim.run_for(SECOND);
    assert_eq!(kind(sim.on(a).read(ours, &mut [0; 4])), io::ErrorKind::ConnectionReset);
}

#[test]
fn nobody_listening_refuses_and_a_full_backlog_and_a_black_hole_are_silent() {
    let (mut sim, a, b) = two_hosts(Conditions::default());
    let refused = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:22")).unwrap();
    sim.on(b).listen(at("192.0.2.2:21"), 1).unwrap();
    let first = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:21")).unwrap();
    sim.run_for(SECOND);
    let second = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:21")).unwrap();
    sim.run_for(60 * SECOND);
    let nobody = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.77:21")).unwrap();
    sim.net().black_hole(b, true);
    let hole = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:22")).unwrap();
    sim.run_for(60 * SECOND);
    let status = [refused, first, second, nobody, hole].map(|socket| sim.on(a).status(socket));
    let expected = [
        Status::Failed(io::ErrorKind::ConnectionRefused),
        Status::Connected,
        Status::Connecting,
        Status::Connecting,
        Status::Connecting,
    ];
    assert_eq!(status, expected);
}

#[test]
fn ports_are_privileged_taken_and_used_up() {
    let (mut sim, a, b) = two_hosts(Conditions::default());
    assert_eq!(kind(sim.on(a).listen(at("192.0.2.1:21"), 1)), io::ErrorKind::PermissionDenied);
    assert_eq!(kind(sim.on(a).listen(at("192.0.2.9:2100"), 1)), io::ErrorKind::AddrNotAvailable);
    sim.on(a).listen(at("0.0.0.0:2100"), 1).unwrap();
    assert_eq!(kind(sim.on(a).listen(at("192.0.2.1:2100"), 1)), io::ErrorKind::AddrInUse);
    sim.on(a).listen(at("[2001:db8::1]:2100"), 1).unwrap();
    let small = HostOptions { privileged: false, ephemeral: 50_000..=50_001 };
    let c = sim.host_with("c", INTERNET, &["192.0.2.3".parse().unwrap()], small);
    let _ = b;
    for _ in 0..2 {
        sim.on(c).connect(at("0.0.0.0:0"), at("192.0.2.2:21")).unwrap();
    }
    assert_eq!(kind(sim.on(c).connect(at("0.0.0.0:0"), at("192.0.2.2:21"))), io::ErrorKind::AddrInUse);
}

#[test]
fn the_side_that_closes_first_waits_before_the_same_pair_of_addresses() {
    let (mut sim, a, b) = two_hosts(Conditions::default());
    let listener = sim.on(b).listen(at("192.0.2.2:21"), 5).unwrap();
    let ours = sim.on(a).connect(at("192.0.2.1:2020"), at("192.0.2.2:21")).unwrap();
    sim.run_for(SECOND);
    let theirs = sim.on(b).accept(listener).unwrap();
    sim.on(a).close(ours);
    sim.run_for(SECOND);
    sim.on(b).close(theirs);
    sim.run_for(SECOND);
    let again = |sim: &mut Sim| sim.on(a).connect(at("192.0.2.1:2020"), at("192.0.2.2:21"));
    assert_eq!(kind(again(&mut sim)), io::ErrorKind::AddrInUse);
    sim.run_for(60 * SECOND);
    again(&mut sim).unwrap();
}

#[test]
fn an_urgent_octet_is_marked() {
    let (mut sim, a, b, ours, theirs) = connected(Conditions { largest_piece: 2, ..Conditions::default() });
    sim.on(a).write_urgent(ours, b"\xFF\xF4\xFF\xF2").unwrap();
    sim.on(a).write(ours, b"ABOR\r\n").unwrap();
    sim.run_for(SECOND);
    assert_eq!(sim.on(b).urgent(theirs), Some(4));
    sim.on(b).read(theirs, &mut [0; 3]).unwrap();
    assert_eq!(sim.on(b).urgent(theirs), Some(1));
    sim.on(b).read(theirs, &mut [0; 3]).unwrap();
    assert_eq!(sim.on(b).urgent(theirs), None);
}

#[test]
fn every_connection_of_a_host_can_be_broken_and_chance_breaks_some() {
    let (mut sim, a, b, ours, theirs) = connected(Conditions::default());
    sim.net().reset_connections(b);
    sim.run_for(SECOND);
    assert_eq!(kind(sim.on(a).read(ours, &mut [0; 4])), io::ErrorKind::ConnectionReset);
    assert_eq!(kind(sim.on(b).read(theirs, &mut [0; 4])), io::ErrorKind::ConnectionReset);
    let always = Conditions { resets_per_million: 1_000_000, ..Conditions::default() };
    let (mut sim, a, _, ours, _) = connected(always);
    sim.on(a).write(ours, b"x").unwrap();
    sim.run_for(SECOND);
    assert_eq!(kind(sim.on(a).read(ours, &mut [0; 4])), io::ErrorKind::ConnectionReset);
}

fn transcript(seed: u64) -> String {
    let mut sim = Sim::new(seed);
    let a = sim.host("a", INTERNET, &["192.0.2.1".parse().unwrap()]);
    let b = sim.host("b", INTERNET, &["192.0.2.2".parse().unwrap()]);
    let listener = sim.on(b).listen(at("192.0.2.2:2100"), 1).unwrap();
    let ours = sim.on(a).connect(at("0.0.0.0:0"), at("192.0.2.2:2100")).unwrap();
    sim.run_for(SECOND);
    sim.on(a).write(ours, &[b'x'; 5000]).unwrap();
    sim.run_for(SECOND);
    let theirs = sim.on(b).accept(listener).unwrap();
    sim.on(b).close(theirs);
    sim.run_for(SECOND);
    sim.transcript().to_string()
}

#[test]
fn the_same_seed_gives_the_same_transcript_and_another_one_another() {
    assert_eq!(transcript(5), transcript(5));
    assert_ne!(transcript(5), transcript(6));
}
