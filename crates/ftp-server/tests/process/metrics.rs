//! What is counted, and who can ask.

use crate::harness::{PATIENCE, Server, Start};
use core::net::SocketAddr;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

fn counting() -> Server {
    Start::new().options(&["--metrics", "127.0.0.1:0"]).start()
}

/// Where it says that it answers.
fn exporter(server: &Server) -> SocketAddr {
    assert!(server.said.wait_for(|said| said.contains("/metrics")));
    let text = server.said.text();
    let url = text.split("http://").nth(1).unwrap();
    url.split('/').next().unwrap().parse().unwrap()
}

fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn each_mode_and_what_came_of_it_is_counted() {
    let server = counting();
    std::fs::write(server.path("file"), "octets").unwrap();
    let address = exporter(&server);
    let mut client = server.anonymous();
    assert!(client.get("RETR file").1.starts_with("226"));
    client.command("PORT 127,0,0,2,4,2");
    client.expect("QUIT", "221");
    drop(client);
    assert!(crate::harness::until(|| ask(address, "/metrics").contains("ftp_sessions 0")));
    let text = ask(address, "/metrics");
    for line in [
        "application/openmetrics-text",
        "ftp_sessions_closed_total{reason=\"quit\"} 1",
        "ftp_logins_total{result=\"accepted\"} 1",
        "ftp_data_connections_total{mode=\"PASV\",outcome=\"opened\"} 1",
        "ftp_data_connection_seconds_count{mode=\"PASV\"} 1",
        "ftp_transfers_total{verb=\"RETR\",result=\"complete\"} 1",
        "ftp_transferred_octets_total{verb=\"RETR\"} 6",
        "ftp_refused_total{kind=\"bounce\"} 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn nothing_else_is_served_and_a_silent_scraper_is_in_nobodys_way() {
    let server = counting();
    let address = exporter(&server);
    let _silent: Vec<_> = (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert!(ask(address, "/").starts_with("HTTP/1.1 404"));
    assert!(ask(address, "/metrics").starts_with("HTTP/1.1 200"));
    server.anonymous().expect("NOOP", "200");
}

#[test]
fn an_address_that_is_taken_is_told_at_the_start() {
    let server = counting();
    let taken = exporter(&server).to_string();
    let (code, said) = Start::new().options(&["--metrics", &taken]).fails();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(&taken), "{said}");
}
