//! Many sessions at once.

use crate::harness::{Client, Start, allow_descriptors};
use std::io::{Read as _, Write as _};

const SESSIONS: usize = 1000;

#[test]
fn a_thousand_idle_sessions_are_held_while_a_transfer_goes_on_and_all_answer_afterwards() {
    if !allow_descriptors(2 * SESSIONS as u64 + 100) {
        return;
    }
    let limit = (SESSIONS + 100).to_string();
    let server = Start::new().options(&["--max-sessions", &limit, "--max-sessions-per-ip", "0"]).start();
    let size = 64 << 20;
    std::fs::File::create(server.path("large")).unwrap().set_len(size).unwrap();
    let mut warm = server.anonymous();
    warm.get("RETR large");
    let before = server.memory("VmRSS");
    let started = std::time::Instant::now();
    let mut sessions: Vec<Client> = (0..SESSIONS).map(|_| server.anonymous()).collect();
    let opened = started.elapsed();
    let each = (server.memory("VmRSS") - before) * 1024 / SESSIONS as u64;

    let mut busy = server.anonymous();
    let started = std::time::Instant::now();
    let mut data = busy.begin("RETR large");
    let mut octets = 0;
    let mut room = vec![0; 256 * 1024];
    loop {
        match data.read(&mut room).unwrap() {
            0 => break,
            some => octets += some as u64,
        }
    }
    assert_eq!(octets, size);
    assert!(busy.reply().starts_with("226"));
    let transferred = started.elapsed();

    for session in &mut sessions {
        session.expect("NOOP", "200");
    }
    let _ = writeln!(
        std::io::stderr(),
        "{SESSIONS} sessions: opened and logged in within {opened:?}, {each} octets of memory each; \
         {} MiB beside them in {transferred:?}",
        size >> 20
    );
    assert!(each < 16 * 1024, "{each} octets a session");
}
