//! `serve --record`: what happened can be played again.

use crate::harness::Start;
use ftp_proto::server::transcript::{Entry, Line, replay};
use std::collections::BTreeMap;
use std::path::Path;

fn sessions(path: &Path) -> BTreeMap<u64, Vec<Entry>> {
    let mut sessions = BTreeMap::<u64, Vec<Entry>>::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let Line { session, entry } = serde_json::from_str(line).unwrap();
        sessions.entry(session).or_default().push(entry);
    }
    sessions
}

#[test]
fn every_session_is_recorded_without_its_secrets_and_plays_again_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transcript");
    let options = ["--user", "alice:hunter2", "--record", path.to_str().unwrap()];
    let mut server = Start::new().options(&options).start();
    std::fs::write(server.path("file"), "octets").unwrap();
    let mut alice = server.connect();
    alice.command("PAS hunter2");
    alice.login("alice", "hunter2");
    assert_eq!(alice.get("RETR file").0, b"octets");
    alice.command("RETR nowhere");
    let mut bob = server.connect();
    bob.command("USER bob");
    bob.command("PASS hunter2");
    alice.expect("QUIT", "221");
    drop((alice, bob));
    server.terminate();
    assert!(server.wait().success());

    assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));
    let sessions = sessions(&path);
    assert_eq!(sessions.len(), 2);
    for (number, entries) in sessions {
        assert_eq!(replay(&entries), Ok(()), "session {number}");
        let text = format!("{entries:?}");
        assert!(text.contains("Notice(Closed("), "session {number}: {text}");
    }
}

#[test]
fn a_transcript_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "precious").unwrap();
    let (code, said) = Start::new().options(&["--record", path.to_str().unwrap()]).fails();
    assert_eq!(code, Some(2));
    assert!(said.contains("precious") && said.contains("does not exist yet"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
