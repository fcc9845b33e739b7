//! Lines that do not end.

use crate::harness::{Client, Start};
use std::io::Write as _;

const SESSIONS: u64 = 32;
const LINE: usize = 1 << 20;

#[test]
fn s22_a_line_of_a_mebioctet_is_one_500_and_takes_under_64_kb_a_session() {
    let server = Start::new().start();
    let mut sessions: Vec<Client> = (0..SESSIONS).map(|_| server.anonymous()).collect();
    for session in &mut sessions {
        session.expect("NOOP", "200");
    }
    let before = server.memory("VmRSS");
    // None of the lines has ended when the memory is read.
    let line = "A".repeat(LINE);
    for session in &sessions {
        session.stream().write_all(line.as_bytes()).unwrap();
    }
    sessions[0].stream().write_all(b"\r\n").unwrap();
    assert!(sessions[0].reply().starts_with("500"));
    let grown = server.memory("VmHWM").saturating_sub(before);
    assert!(grown < SESSIONS * 64, "{grown} kB for {SESSIONS} lines of {LINE} octets");
    for session in &mut sessions[1..] {
        assert!(session.command("").starts_with("500"), "the end of the long line");
    }
    for session in &mut sessions {
        session.expect("NOOP", "200");
    }
}
