//! Behind a load balancer that speaks the PROXY protocol.

use crate::harness::{Client, Server, Start};
use core::net::SocketAddr;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// The balancer is this machine; clients are who they are said to be.
fn balanced() -> Server {
    Start::new().options(&["--proxy-protocol-from", "127.0.0.0/8"]).start()
}

fn introduced(to: SocketAddr, header: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(crate::harness::PATIENCE)).unwrap();
    stream.write_all(header.as_bytes()).unwrap();
    stream
}

const CONTROL: &str = "PROXY TCP4 203.0.113.9 198.51.100.1 40000 21\r\n";

/// A client behind the balancer, and the port of a passive data connection.
fn client(server: &Server) -> (Client, u16) {
    let mut client = Client::over(introduced(server.address, CONTROL));
    assert!(client.reply().starts_with("220"));
    client.login("anonymous", "a@b");
    let announced = client.pasv();
    assert_eq!(announced.ip().to_string(), "198.51.100.1", "what the client dialled");
    (client, announced.port())
}

#[test]
fn the_client_is_who_the_balancer_says_and_is_announced_what_it_dialled() {
    let server = balanced();
    std::fs::write(server.path("file"), "octets").unwrap();
    let (mut client, port) = client(&server);
    let data = SocketAddr::new(server.address.ip(), port);
    let header = format!("PROXY TCP4 203.0.113.9 198.51.100.1 41000 {port}\r\n");
    let mut wire = introduced(data, &header);
    client.expect("RETR file", "1");
    let mut octets = String::new();
    wire.read_to_string(&mut octets).unwrap();
    assert_eq!(octets, "octets");
    assert!(client.reply().starts_with("226"));
    assert!(client.command("STAT").contains("203.0.113.9"), "nobody is told of the balancer");
    assert!(client.command("PORT 127,0,0,1,100,0").starts_with("50"), "nor is it the client");
}

#[test]
fn s8_somebody_else_behind_the_same_balancer_is_a_stranger() {
    let server = balanced();
    std::fs::write(server.path("file"), "octets").unwrap();
    let (mut client, port) = client(&server);
    let data = SocketAddr::new(server.address.ip(), port);
    let mut silent = introduced(data, "");
    let mut thief = introduced(data, "PROXY TCP4 203.0.113.10 198.51.100.1 41000 5\r\n");
    let mut unnamed = introduced(data, "GET / HTTP/1.1\r\n\r\n");
    for stranger in [&mut thief, &mut unnamed] {
        assert!(!matches!(stranger.read(&mut [0; 100]), Ok(1..)), "not an octet");
    }
    let mut pieces = introduced(data, "PROXY TCP4 203.0.113.9 198.51.");
    client.send("RETR file");
    pieces.write_all(b"100.1 41000 5\r\n").unwrap();
    let mut octets = String::new();
    pieces.read_to_string(&mut octets).unwrap();
    assert_eq!(octets, "octets");
    assert!(client.reply().starts_with('1') && client.reply().starts_with("226"));
    assert!(!matches!(silent.read(&mut [0; 100]), Ok(1..)));
    assert!(server.log.wait_for(|log| log.contains("203.0.113.10")), "and the operator is told who");
}

#[test]
fn a_trusted_balancer_without_a_header_is_closed_and_the_operator_told() {
    let server = balanced();
    let mut stream = introduced(server.address, "USER anonymous\r\n");
    assert!(!matches!(stream.read(&mut [0; 100]), Ok(1..)), "no greeting");
    assert!(server.log.wait_for(|log| log.contains("did not begin with a PROXY header")));
}

#[test]
fn a_balancer_that_looks_whether_the_server_lives_is_greeted() {
    let server = balanced();
    let mut looking = Client::over(introduced(server.address, "PROXY UNKNOWN\r\n"));
    assert!(looking.reply().starts_with("220"));
}

#[test]
fn nobody_is_believed_who_was_not_named() {
    let server = Start::new().start();
    let mut liar = Client::over(introduced(server.address, CONTROL));
    assert!(liar.reply().starts_with("220"));
    assert!(liar.reply().starts_with("500"), "it is a command like any other, and none");
}
