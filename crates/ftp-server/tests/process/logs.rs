//! What is in the log, and what never is.

use crate::harness::Start;

#[test]
fn s29_no_password_is_logged_even_when_it_is_mistyped_and_everything_is_logged() {
    let server = Start::new().options(&["--user", "alice:hunter2"]).log_level("trace").start();
    let mut client = server.connect();
    client.command("PASS hunter2");
    client.command("pass  hunter2");
    client.command("PAS hunter2");
    client.command("PASSWORD hunter2");
    client.command("ACCT hunter2");
    client.expect("USER alice", "331");
    client.expect("PASS hunter2", "230");
    client.command("PASS hunter2");
    client.command("PASSS hunter2");
    client.command("SITE PSWD hunter2 hunter2");
    client.expect("QUIT", "221");
    assert!(server.log.wait_for(|log| log.contains("session over")));
    let log = server.log.text();
    assert!(log.contains("logged in") && log.contains("alice"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn s29_a_log_line_cannot_be_forged() {
    let server = Start::new().options(&["--user", "alice:secret"]).log_level("debug").start();
    let mut client = server.connect();
    for user in
        ["x\r2026-01-01T00:00:00Z  INFO logged in user=root", "y\x1b[2K\x08\x7f", "z\u{202e}\u{9b}31m"]
    {
        client.command(&format!("USER {user}"));
        client.command("PASS wrong");
    }
    drop(client);
    let mut alice = server.connect();
    alice.login("alice", "secret");
    alice.command("MKD a\u{85}b\x0bINFO forged");
    alice.expect("QUIT", "221");
    assert!(server.log.wait_for(|log| log.matches("session over").count() >= 2));
    for line in server.log.text().lines() {
        assert!(line.starts_with("20"), "each line begins with its own time: {line:?}");
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}

#[test]
fn s38_a_log_device_that_is_full_does_not_stop_the_service() {
    let server = Start::new().options(&["--log-file", "/dev/full"]).start();
    for _ in 0..5 {
        server.anonymous().expect("NOOP", "200");
    }
}

#[test]
fn s38_a_working_directory_that_is_removed_does_not_stop_the_service() {
    let start = Start::new().after("mkdir -p \"$ROOT/gone\" && cd \"$ROOT/gone\" && rmdir \"$ROOT/gone\"");
    let server = start.start();
    std::fs::write(server.path("file"), "octets").unwrap();
    assert_eq!(server.anonymous().get("RETR file").0, b"octets");
}

#[test]
fn s43_the_banner_names_no_version() {
    let server = Start::new().start();
    let (_, greeting) = crate::harness::Client::greeted(server.address);
    assert!(!greeting[3..].contains(|c: char| c.is_ascii_digit()), "{greeting}");
}
