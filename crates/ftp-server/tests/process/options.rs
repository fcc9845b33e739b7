//! Every option of `serve` does what it says.

use crate::harness::{Client, Start, first_address, free_ports, until};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;

#[test]
fn the_url_that_is_printed_can_be_used_as_it_is() {
    let server = Start::new().start();
    std::fs::write(server.path("hello.txt"), "hello").unwrap();
    let said = server.said.text();
    assert!(said.starts_with(&format!("ftp://{}/\n", server.address)), "{said}");
    assert_eq!(said.matches("ftp://").count(), 1, "{said}");
    assert_eq!(server.anonymous().get("RETR hello.txt").0, b"hello");
}

#[test]
fn the_start_says_what_has_to_be_known_for_a_firewall() {
    let server = Start::new().options(&["--passive-ports", "61000-61010"]).start();
    server.said.wait_for(|text| text.contains("announces"));
    let said = server.said.text();
    for part in
        ["anyone may read", "61000-61010", "the address that the client dialled", &server.address.to_string()]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn listen_may_be_repeated_and_every_address_is_served() {
    let server = Start::new().options(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"]).start();
    server.said.wait_for(|text| text.contains("announces"));
    let said = server.said.text();
    let listens: Vec<_> = said.lines().filter_map(|line| line.split("listens on").nth(1)).collect();
    assert_eq!(listens.len(), 2, "{said}");
    for address in listens {
        Client::connect(address.trim().parse().unwrap());
    }
}

#[test]
fn listen_with_a_port_alone_is_all_addresses() {
    let server = Start::new().options(&["--listen", "0"]).start();
    server.said.wait_for(|text| text.contains("announces"));
    let port = server.address.port();
    assert!(server.said.text().contains(&format!("0.0.0.0:{port}")));
    Client::connect(([127, 0, 0, 1], port).into());
}

#[test]
fn who_may_do_what_follows_from_user_anonymous_and_writable() {
    for (options, anonymous, writes) in [
        (&[][..], "230", "553"),
        (&["--writable"], "230", "226"),
        (&["--user", "alice:secret"], "530", ""),
        (&["--user", "alice:secret", "--anonymous"], "230", "553"),
        (&["--user", "alice:secret", "--anonymous", "--writable"], "230", "226"),
    ] {
        let server = Start::new().options(options).start();
        let mut client = server.connect();
        client.expect("USER anonymous", "331");
        client.expect("PASS x", anonymous);
        if !writes.is_empty() {
            client.expect("TYPE I", "200");
            let reply = client.put("STOR new", b"new");
            assert!(reply.starts_with(writes), "{options:?}: {reply}");
        }
        if options.contains(&"--user") {
            let mut alice = server.connect();
            alice.login("alice", "secret");
            assert!(alice.put("STOR hers", b"hers").starts_with("226"));
        }
    }
}

#[test]
fn several_users_each_have_their_password() {
    let server = Start::new().options(&["--user", "alice:one", "--user", "bob:t:wo"]).start();
    server.connect().login("alice", "one");
    server.connect().login("bob", "t:wo");
    let mut client = server.connect();
    client.expect("USER bob", "331");
    client.expect("PASS one", "530");
}

#[test]
fn passive_ports_are_all_used_never_left_and_when_they_are_used_up_the_reply_says_so() {
    let (low, high) = free_ports(4);
    let server = Start::new().options(&["--passive-ports", &format!("{low}-{high}")]).start();
    let mut clients: Vec<_> = (low..=high).map(|_| server.anonymous()).collect();
    let used: BTreeSet<u16> = clients.iter_mut().map(|client| client.pasv().port()).collect();
    assert_eq!(used, (low..=high).collect());

    let mut late = server.anonymous();
    let refused = late.expect("PASV", "425");
    assert!(refused.contains("port"), "the reason: {refused}");
    late.expect("EPSV", "425");
    late.expect("NOOP", "200");

    // A new PASV of the same session takes the place of the old one.
    assert!((low..=high).contains(&clients[0].pasv().port()));
    let mut gone = clients.pop().unwrap();
    gone.expect("QUIT", "221");
    assert_eq!(gone.reply(), "");
    assert!((low..=high).contains(&late.pasv().port()));
}

#[test]
fn external_address_is_in_the_passive_reply_and_on_our_side_of_the_nat_it_is_not() {
    let private = Start::new().options(&["--external-address", "10.1.2.3"]).start();
    assert_eq!(private.anonymous().pasv().ip().to_string(), "10.1.2.3");
    private.said.wait_for(|text| text.contains("announces"));
    assert!(private.said.text().contains("10.1.2.3"));

    let public = Start::new().options(&["--external-address", "203.0.113.5"]).start();
    assert_eq!(public.anonymous().pasv().ip().to_string(), "127.0.0.1", "loopback is behind the same NAT");
}

#[test]
fn external_address_may_be_a_host_name() {
    let server = Start::new().options(&["--external-address", "localhost"]).start();
    assert_eq!(server.anonymous().pasv().ip().to_string(), "127.0.0.1");
}

#[test]
fn active_source_port_is_where_active_data_connections_come_from() {
    let (port, _) = free_ports(1);
    let server = Start::new().options(&["--active-source-port", &port.to_string()]).start();
    std::fs::write(server.path("file"), "octets").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = listener.local_addr().unwrap().port();
    let mut client = server.anonymous();
    client.expect(&format!("PORT 127,0,0,1,{},{}", ours >> 8, ours & 255), "200");
    client.expect("RETR file", "1");
    let (mut data, from) = listener.accept().unwrap();
    assert_eq!(from.port(), port);
    let mut octets = String::new();
    data.read_to_string(&mut octets).unwrap();
    assert_eq!(octets, "octets");
    assert!(client.reply().starts_with("226"));
}

#[test]
fn s41_max_sessions_per_ip_refuses_with_421_and_serves_again_when_one_has_left() {
    let server = Start::new().options(&["--max-sessions-per-ip", "2"]).start();
    let mut first = server.connect();
    let _second = server.connect();
    let (mut third, refusal) = Client::greeted(server.address);
    assert!(refusal.starts_with("421"), "{refusal}");
    assert_eq!(third.reply(), "", "and the connection is closed");
    first.expect("QUIT", "221");
    assert_eq!(first.reply(), "");
    drop(first);
    // The place is free when the server has seen the end, which is at once but not before our next connection.
    assert!(until(|| Client::greeted(server.address).1.starts_with("220")));
}

#[test]
fn max_sessions_counts_all_addresses_and_0_is_no_limit() {
    let server = Start::new().options(&["--max-sessions", "2"]).start();
    let _sessions = (server.connect(), server.connect());
    assert!(Client::greeted(server.address).1.starts_with("421"));

    let server = Start::new().options(&["--max-sessions-per-ip", "0"]).start();
    let clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    assert_eq!(clients.len(), 60);
}

#[test]
fn s41_a_limit_per_address_is_on_by_default() {
    let server = Start::new().start();
    let clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    assert!(Client::greeted(server.address).1.starts_with("421"));
    drop(clients);
}

#[test]
fn idle_timeout_ends_a_session_that_says_nothing_with_421() {
    let server = Start::new().options(&["--idle-timeout", "1s"]).start();
    let mut client = server.anonymous();
    let farewell = client.reply();
    assert!(farewell.starts_with("421"), "{farewell}");
    assert_eq!(client.reply(), "");
}

#[test]
fn log_format_json_is_one_object_a_line_and_so_is_the_start() {
    let server = Start::new().options(&["--log-format", "json"]).start();
    let said: serde_json::Value = serde_json::from_str(server.said.text().trim()).unwrap();
    assert_eq!(first_address(said["url"].as_str().unwrap()), Some(server.address));
    assert_eq!(said["passive_ports"], "61000-65535");
    server.anonymous().expect("QUIT", "221");
    assert!(server.log.wait_for(|text| text.contains("session over")));
    let log = server.log.text();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    assert!(log.contains("\"user\":\"anonymous\""), "{log}");
}

#[test]
fn log_file_takes_the_log_and_keeps_what_was_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ftp.log");
    std::fs::write(&file, "earlier\n").unwrap();
    let mut server = Start::new().options(&["--log-file", file.to_str().unwrap()]).start();
    server.anonymous().expect("QUIT", "221");
    server.terminate();
    assert!(server.wait().success());
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(log.starts_with("earlier\n") && log.contains("logged in"), "{log}");
    assert_eq!(server.log.whole(), "");
}

#[test]
fn what_encodings_leaves_out_is_not_offered() {
    let server = Start::new().options(&["--encodings", "block"]).start();
    let mut client = server.anonymous();
    client.expect("MODE B", "200");
    for line in ["MODE Z", "STRU R"] {
        client.expect(line, "504");
    }
}
