//! Data connections from somebody else.

use crate::harness::Start;
use core::net::SocketAddr;
use socket2::{Domain, Socket, Type};
use std::io::Read as _;
use std::net::TcpStream;

fn connect_from(ip: &str, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(ip.parse().unwrap(), 0).into())?;
    socket.connect(&to.into())?;
    socket.set_read_timeout(Some(crate::harness::PATIENCE))?;
    Ok(socket.into())
}

#[test]
fn s8_a_stranger_who_connects_first_gets_no_octet_and_the_owner_still_gets_the_file() {
    let server = Start::new().start();
    std::fs::write(server.path("file"), "secret octets").unwrap();
    let mut client = server.anonymous();
    let passive = client.pasv();
    let mut thieves: Vec<_> = (0..30).filter_map(|_| connect_from("127.0.0.2", passive).ok()).collect();
    assert!(!thieves.is_empty());
    let mut owner = TcpStream::connect(passive).unwrap();
    client.expect("RETR file", "1");
    let mut octets = String::new();
    owner.read_to_string(&mut octets).unwrap();
    assert_eq!(octets, "secret octets");
    assert!(client.reply().starts_with("226"));
    for thief in &mut thieves {
        assert!(!matches!(thief.read(&mut [0; 100]), Ok(1..)), "not an octet");
    }
    assert!(server.log.wait_for(|log| log.contains("127.0.0.2")), "and the operator is told");
}

#[test]
fn s7_active_data_connections_go_to_the_client_itself_and_to_no_low_port() {
    let server = Start::new().start();
    let mut client = server.anonymous();
    for command in [
        "PORT 127,0,0,2,100,0",
        "PORT 127,0,0,1,0,22",
        "PORT 127,0,0,1,256,0",
        "PORT 4294967423,0,0,1,100,0",
        "EPRT |1|127.0.0.2|25600|",
        "EPRT |1|127.0.0.1|22|",
        "EPRT |1|127.0.0.1|91136|",
    ] {
        let reply = client.command(command);
        assert!(reply.starts_with("50"), "{command}: {reply}");
    }
    assert!(server.log.wait_for(|log| log.contains("refused")));
}

#[test]
fn s10_a_passive_port_is_closed_after_use_and_at_the_next_pasv() {
    let server = Start::new().start();
    std::fs::write(server.path("file"), "octets").unwrap();
    let mut client = server.anonymous();
    let first = client.pasv();
    let second = client.pasv();
    assert!(TcpStream::connect(first).is_err() || first == second);
    let mut data = TcpStream::connect(second).unwrap();
    client.expect("RETR file", "1");
    data.read_to_end(&mut Vec::new()).unwrap();
    assert!(client.reply().starts_with("226"));
    assert!(TcpStream::connect(second).is_err());
}
