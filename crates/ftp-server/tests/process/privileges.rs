//! Whom the process runs as, and what it can still do.

use crate::harness::{Start, skipped};
use std::os::unix::fs::PermissionsExt as _;

/// A line of /proc/PID/status of every thread.
fn of_threads(server: &crate::harness::Server, line: &str) -> Vec<String> {
    let threads = std::fs::read_dir(server.proc("task")).unwrap();
    // One that has ended meanwhile has nothing to show.
    let status = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("status")).ok();
    let found = |status: String| {
        status.lines().find_map(|text| text.strip_prefix(line)).map(|value| value.trim().to_owned())
    };
    let lines: Vec<String> = threads.filter_map(|thread| found(status(thread.ok()?)?)).collect();
    assert!(!lines.is_empty());
    lines
}

#[test]
fn s30_no_thread_is_roots_and_none_can_become_more() {
    if !rustix::process::geteuid().is_root() {
        return skipped("needs root, to leave it");
    }
    let server = Start::new().writable().start();
    let mut client = server.anonymous();
    assert!(client.put("STOR file", b"octets").starts_with("226"));
    for user in of_threads(&server, "Uid:") {
        assert!(user.split_whitespace().all(|id| id == "65534"), "{user}");
    }
    for group in of_threads(&server, "Groups:") {
        assert_eq!(group, "");
    }
    for capabilities in ["CapEff:", "CapPrm:", "CapInh:"] {
        for set in of_threads(&server, capabilities) {
            assert_eq!(u64::from_str_radix(&set, 16), Ok(0), "{capabilities}");
        }
    }
    assert!(of_threads(&server, "NoNewPrivs:").iter().all(|set| set == "1"));
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(server.path("file").metadata().unwrap().uid(), 65_534);
}

#[test]
fn s30_a_low_port_is_bound_and_nothing_but_binding_low_ports_is_kept() {
    /// CAP_NET_BIND_SERVICE.
    const BIND: u64 = 1 << 10;
    if !rustix::process::geteuid().is_root() {
        return skipped("needs root, to bind what only root can");
    }
    let server = Start::new().options(&["--active-source-port", "20"]).start();
    for set in of_threads(&server, "CapEff:") {
        assert_eq!(u64::from_str_radix(&set, 16), Ok(BIND));
    }
}

#[test]
fn s30_sessions_never_run_as_root() {
    if !rustix::process::geteuid().is_root() {
        return skipped("needs root, to refuse it");
    }
    for user in ["root", "0", "0:65534"] {
        let (code, said) = Start::new().options(&["--run-as", user]).fails();
        assert_eq!(code, Some(2), "{user}");
        assert!(said.contains("never run as root"), "{user}: {said}");
    }
    let (code, said) = Start::new().options(&["--run-as", "no-such-user"]).fails();
    assert!(code == Some(2) && said.contains("no such user"), "{said}");
    let server = Start::new().options(&["--run-as", "65534:65534"]).start();
    server.anonymous().expect("NOOP", "200");
}

#[test]
fn a_tree_that_the_servers_user_cannot_write_is_told_at_the_start() {
    let start = Start::new().writable();
    std::fs::set_permissions(start.root(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let server = start.start();
    assert!(server.log.wait_for(|log| log.contains("uploads into it will be refused")));
    assert!(server.anonymous().put("STOR file", b"octets").starts_with("553"));
}

#[test]
fn a_tree_that_can_be_written_is_no_reason_for_a_warning() {
    let server = Start::new().writable().start();
    server.anonymous().expect("QUIT", "221");
    assert!(server.log.wait_for(|log| log.contains("session over")));
    assert!(!server.log.text().contains("will be refused"), "{}", server.log.text());
}
