//! The configuration file, `passwd`, and what is said about mistakes.

use crate::harness::{PROGRAM, Start, free_ports, give_away};
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

fn passwd(input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(PROGRAM)
        .arg("passwd")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn the_line_of_passwd_works_in_a_configuration_file_and_options_win_over_the_file() {
    let (code, line, _) = passwd("correct horse\n");
    assert_eq!(code, Some(0));
    assert!(!line.contains("horse"));
    let (low, high) = free_ports(2);
    let start = Start::new();
    std::fs::create_dir(start.root().join("home")).unwrap();
    give_away(&start.root().join("home"));
    let config = start.root().join("ftp.toml");
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\npassive-ports = \"1-2\"\nmax-sessions-per-ip = 1\nanonymous = true\n\
         [[user]]\nname = \"alice\"\n{line}home = \"home\"\nrights = \"list, read, create\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let ports = format!("{low}-{high}");
    let server = start.options(&["--config", config.to_str().unwrap(), "--passive-ports", &ports]).start();
    let mut alice = server.connect();
    alice.login("alice", "correct horse");
    assert!(alice.put("STOR new", b"octets").starts_with("226"));
    assert!(server.path("home/new").exists(), "in the home that the file names");
    alice.expect("DELE new", "550");
    let (_, refusal) = crate::harness::Client::greeted(server.address);
    assert!(refusal.starts_with("421"), "{refusal}");
}

#[test]
fn passwd_refuses_an_empty_password() {
    let (code, line, error) = passwd("\n");
    assert_eq!((code, line.as_str()), (Some(2), ""));
    assert!(error.contains("empty"), "{error}");
}

#[test]
fn mistakes_in_arguments_end_with_2_and_say_what_is_expected() {
    for (options, says) in [
        (&["--listen", "somewhere"][..], "ADDRESS:PORT"),
        (&["--passive-ports", "10-9"], "the lower first"),
        (&["--user", "alice"], "NAME:PASSWORD"),
        (&["--idle-timeout", "soon"], "5m"),
        (&["--active-source-port", "0"], "1 to 65535"),
        (&["--max-sessions", "many"], "--max-sessions"),
        (&["--no-such-option"], "--no-such-option"),
        (&["--config", "/nowhere/ftp.toml"], "/nowhere/ftp.toml"),
        (&["--log-file", "/nowhere/ftp.log"], "/nowhere/ftp.log"),
        (&["--external-address", "no.such.host.invalid"], "give an address instead"),
    ] {
        let (code, error) = Start::new().options(options).fails();
        assert_eq!(code, Some(2), "{options:?}: {error}");
        assert!(error.contains(says), "{options:?}: {error}");
    }
}

#[test]
fn a_directory_that_is_not_there_ends_with_2_and_names_it() {
    let output = Command::new(PROGRAM).args(["serve", "/no/such/directory"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("/no/such/directory"), "{error}");
}

#[test]
fn a_mistake_in_the_configuration_file_is_told_by_its_line_and_shows_no_hash() {
    let start = Start::new();
    let config = start.root().join("ftp.toml");
    std::fs::write(&config, "[[user]]\nname = \"a\"\npassword = \"hunter2\"\n").unwrap();
    let (code, error) = start.options(&["--config", config.to_str().unwrap()]).fails();
    assert_eq!(code, Some(2));
    assert!(error.contains("\"a\"") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_port_in_use_ends_with_3_and_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, error) = Start::new().options(&["--listen", &address]).fails();
    assert_eq!(code, Some(3), "{error}");
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(error.contains(&port) && error.contains("in use") && error.contains("--listen"), "{error}");
}

#[test]
fn a_privileged_port_ends_with_3_and_says_what_it_takes() {
    let Some(start) = Start::new().by_nobody() else { return };
    if std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        .is_ok_and(|port| port.trim() == "0")
    {
        return crate::harness::skipped("every port may be used by everybody here");
    }
    let (code, error) = start.options(&["--listen", "127.0.0.1:21"]).fails();
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("CAP_NET_BIND_SERVICE") && error.contains("--listen"), "{error}");
}
