//! What the program says of its settings without serving.

use crate::harness::PROGRAM;
use std::process::Command;

fn says(arguments: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = if done.status.success() { done.stdout } else { done.stderr };
    (done.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn explain_shows_the_row_and_what_a_client_would_see() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ftp.toml");
    let table = "external-address = \"203.0.113.5\"\npassive-ports = \"50000-50009\"\n\
                 [[data]]\nuser = \"partner\"\nmodes = \"passive\"\nport-offset = 1000\n";
    std::fs::write(&config, table).unwrap();
    let explain = |more: &[&str]| {
        let config = config.to_str().unwrap();
        let (code, said) = says(&[&["explain", "--config", config], more].concat());
        assert_eq!(code, Some(0), "{said}");
        said
    };
    let outside = explain(&["--from", "198.51.100.7"]);
    assert!(outside.contains("227 with 203.0.113.5 and a port of 50000 to 50009"), "{outside}");
    let inside = explain(&["--from", "192.168.1.7", "--to", "192.168.1.1:21"]);
    assert!(inside.contains("our side of the NAT") && inside.contains("227 with 192.168.1.1"), "{inside}");
    let partner = explain(&["--from", "198.51.100.7", "--as", "partner"]);
    assert!(partner.contains("[[data]] row 1") && partner.contains("51000 to 51009"), "{partner}");
    assert!(partner.contains("active mode is not served"), "{partner}");
}

#[test]
fn errors_explains_an_id_with_or_without_its_prefix() {
    for id in ["FTP-DATA-PORT-PRIVATE", "port-private"] {
        let (code, said) = says(&["errors", id]);
        assert!(code == Some(0) && said.contains("Cause:") && said.contains("--external-address"), "{said}");
    }
    assert!(says(&["errors"]).1.matches("Cure:").count() > 20);
    assert_eq!(says(&["errors", "NO-SUCH"]).0, Some(2));
}

#[test]
fn firewall_prints_the_ports_of_the_settings_in_every_language() {
    let settings = ["--listen", "21", "--passive-ports", "50000-50009"];
    for target in [
        "nftables",
        "iptables",
        "ufw",
        "firewalld",
        "pf",
        "compose",
        "kubernetes",
        "haproxy",
        "nginx",
        "list",
    ] {
        let (code, said) = says(&[&["firewall", "--for", target], &settings[..]].concat());
        assert!(code == Some(0) && said.contains("21") && said.contains("50009"), "{target}: {said}");
    }
    assert_eq!(says(&["firewall", "--for", "abacus"]).0, Some(2));
}

#[test]
fn check_finds_ranges_that_are_too_small_in_use_or_the_system_s() {
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, said) = says(&["check", "--passive-ports", &port, "--external-address", "10.1.2.3"]);
    assert_eq!(code, Some(2), "{said}");
    let done = Command::new(PROGRAM)
        .args(["check", "--passive-ports", &port, "--external-address", "10.1.2.3"])
        .output();
    let said = String::from_utf8(done.unwrap().stdout).unwrap();
    for wanted in
        ["1 ports for 1000 sessions", "cannot be listened on", "10.1.2.3 is private", "ip_local_port_range"]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let (first, last) = crate::harness::free_ports(20);
    let range = format!("{first}-{last}");
    let (code, said) = says(&["check", "--passive-ports", &range, "--max-sessions", "10"]);
    assert_eq!((code, &*said), (Some(0), "Nothing stands in the way.\n"));
}
