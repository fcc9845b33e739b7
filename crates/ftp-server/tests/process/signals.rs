//! How the server ends.

use crate::harness::Start;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[test]
fn s36_a_signal_lets_the_transfer_finish_sends_idle_sessions_away_and_ends_with_0() {
    let mut server = Start::new().writable().start();
    let mut idle = server.anonymous();
    let mut busy = server.anonymous();
    let mut data = busy.begin("STOR file");
    data.write_all(b"first ").unwrap();
    server.terminate();
    let farewell = idle.reply();
    assert!(farewell.starts_with("421"), "{farewell}");
    // Before anybody is sent away.
    assert!(TcpStream::connect(server.address).is_err(), "nobody new is let in");
    assert!(server.is_running());
    data.write_all(b"second").unwrap();
    drop(data);
    assert!(busy.reply().starts_with("226"));
    assert!(busy.reply().starts_with("421"));
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(std::fs::read(server.path("file")).unwrap(), b"first second");
}

#[test]
fn s36_a_second_signal_ends_now() {
    let mut server = Start::new().writable().options(&["--drain", "1h"]).start();
    let mut busy = server.anonymous();
    let mut data = busy.begin("STOR file");
    data.write_all(b"first ").unwrap();
    server.terminate();
    assert!(server.log.wait_for(|log| log.contains("told to end")));
    server.terminate();
    assert!(server.wait().code() == Some(0));
    let _ = data.read(&mut [0]);
    assert!(!server.path("file").exists(), "what is not complete has no name");
}

#[test]
fn s36_draining_is_bounded() {
    let mut server = Start::new().options(&["--drain", "1s"]).writable().start();
    let mut busy = server.anonymous();
    let _data = busy.begin("STOR file");
    server.terminate();
    assert!(server.wait().success());
}

#[test]
fn s36_a_second_signal_does_not_wait_for_work_on_storage() {
    let mut server = Start::new().options(&["--drain", "1h"]).start();
    // So large that to hash it takes minutes, also on a fast machine.
    std::fs::File::create(server.path("large")).unwrap().set_len(1 << 40).unwrap();
    let mut client = server.anonymous();
    client.send("HASH large");
    // Its answer shows that the command before it has been read.
    let mut other = server.anonymous();
    other.expect("NOOP", "200");
    server.terminate();
    assert!(server.log.wait_for(|log| log.contains("told to end")));
    server.terminate();
    let started = std::time::Instant::now();
    assert!(server.wait().success());
    assert!(started.elapsed() < crate::harness::PATIENCE, "{:?}", started.elapsed());
}
