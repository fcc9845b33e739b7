//! A process with few descriptors.

use crate::harness::{Client, PATIENCE, Start, until};
use core::time::Duration;
use std::io::Read as _;
use std::net::TcpStream;
use std::time::Instant;

#[test]
fn s35_with_64_descriptors_150_clients_do_not_kill_it_nor_make_it_spin() {
    let mut server = Start::new().options(&["--max-sessions-per-ip", "0"]).after("ulimit -n 64").start();
    std::fs::write(server.path("file"), "octets").unwrap();
    let mut clients: Vec<_> = (0..150).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let mut greeted = 0;
    for client in &mut clients {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        // Each is either served or sent away, and none is left waiting.
        let mut greeting = [0; 3];
        greeted += usize::from(client.read_exact(&mut greeting).is_ok() && &greeting == b"220");
    }
    assert!((20..64).contains(&greeted), "{greeted} are served");
    assert!(server.is_running());

    // While all of them stay, it does nothing: a session that is served measures the time.
    let (used, started) = (server.processor_time(), Instant::now());
    clients[0].set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    while started.elapsed() < Duration::from_secs(1) {
        let _ = clients[0].read(&mut [0; 100]);
    }
    let used = server.processor_time().saturating_sub(used);
    assert!(used < started.elapsed() / 2, "{used:?} of processor time in {:?}", started.elapsed());

    drop(clients);
    // More than one: no part of the server may have been lost.
    let is_served = |_| Client::greeted(server.address).1.starts_with("220");
    assert!(until(|| (0..10).all(is_served)), "it serves again");
    let mut client = server.connect();
    client.login("anonymous", "x");
    assert_eq!(client.get("RETR file").0, b"octets");
}

#[test]
fn a_low_soft_limit_of_descriptors_is_raised_as_far_as_it_goes() {
    let server = Start::new().after("ulimit -S -n 64").start();
    let clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    let mut last = server.refused();
    assert!(last.reply().is_empty(), "the limit of sessions is what refuses, not that of descriptors");
    drop(clients);
}

#[test]
fn s41_peers_that_are_turned_away_cannot_use_up_the_descriptors() {
    let server = Start::new().options(&["--max-sessions-per-ip", "1"]).after("ulimit -n 128").start();
    std::fs::write(server.path("file"), "octets").unwrap();
    let mut served = server.anonymous();
    let _flood: Vec<_> = (0..300).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    for _ in 0..20 {
        assert_eq!(served.get("RETR file").0, b"octets");
    }
    assert!(server.descriptors() < 100, "{} descriptors", server.descriptors());
}
