//! Passive ports that several clients use at the same time.

use crate::harness::{Client, PATIENCE, Server, Start, free_ports};
use core::net::SocketAddr;
use socket2::{Domain, Socket, Type};
use std::io::Read as _;
use std::net::TcpStream;

/// A server with one passive port for all.
fn with_one_port() -> Server {
    let port = free_ports(1).0.to_string();
    let server = Start::new().options(&["--passive-ports", &port, "--share-passive-ports"]).start();
    std::fs::write(server.path("file"), "octets").unwrap();
    server
}

fn connect_from(ip: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(ip.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.into()
}

fn client_from(ip: &str, server: &Server) -> Client {
    let mut client = Client::over(connect_from(ip, server.address));
    assert!(client.reply().starts_with("220"));
    client.login("anonymous", "a@b");
    client
}

#[test]
fn one_passive_port_serves_clients_of_different_addresses_at_the_same_time() {
    let server = with_one_port();
    let addresses: Vec<String> = (1..=8).map(|last| format!("127.0.0.{last}")).collect();
    let mut clients: Vec<_> = addresses.iter().map(|ip| client_from(ip, &server)).collect();
    for _ in 0..3 {
        let ports: Vec<_> = clients.iter_mut().map(Client::pasv).collect();
        assert!(ports.windows(2).all(|pair| pair[0].port() == pair[1].port()), "{ports:?}");
        // Those who announced last connect first.
        let wires: Vec<_> =
            addresses.iter().zip(&ports).rev().map(|(ip, &port)| connect_from(ip, port)).collect();
        for (client, mut wire) in clients.iter_mut().zip(wires.into_iter().rev()) {
            client.expect("RETR file", "1");
            let mut octets = String::new();
            wire.read_to_string(&mut octets).unwrap();
            assert_eq!(octets, "octets");
            assert!(client.reply().starts_with("226"));
        }
    }
}

#[test]
fn two_sessions_of_one_address_do_not_share_a_port_and_the_second_is_told() {
    let server = with_one_port();
    let (mut first, mut second) = (client_from("127.0.0.1", &server), client_from("127.0.0.1", &server));
    let port = first.pasv();
    let refused = second.expect("PASV", "425");
    assert!(refused.contains("FTP-DATA-PORTS-EXHAUSTED"), "{refused}");
    let mut wire = TcpStream::connect(port).unwrap();
    first.expect("RETR file", "1");
    wire.read_to_end(&mut Vec::new()).unwrap();
    assert!(first.reply().starts_with("226"));
    second.pasv();
}

#[test]
fn s8_a_stranger_on_a_shared_port_gets_nothing() {
    let server = with_one_port();
    let mut client = client_from("127.0.0.1", &server);
    let port = client.pasv();
    let mut stranger = connect_from("127.0.0.9", port);
    assert!(!matches!(stranger.read(&mut [0; 100]), Ok(1..)), "not an octet");
    let mut wire = TcpStream::connect(port).unwrap();
    client.expect("RETR file", "1");
    let mut octets = String::new();
    wire.read_to_string(&mut octets).unwrap();
    assert_eq!(octets, "octets");
}
