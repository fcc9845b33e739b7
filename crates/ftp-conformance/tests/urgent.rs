//! Urgent data on a control connection (RFC 959 §4.1.3) must not stop a driver.

use ftp_backend::MemoryStorage;
use ftp_conformance::scene;
use ftp_conformance::world::{PATIENCE, loopback::Driver};
use ftp_service::{Server, ServerOptions};
use socket2::SockRef;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A read ends at the urgent mark, although more has come: a driver that takes a short read for the last one waits for
/// an event that does not come.
#[test]
fn octets_behind_an_urgent_mark_are_read_too() {
    for driver in [Driver::Tokio, Driver::Mio] {
        let backend = scene::backend(MemoryStorage::new());
        let local = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(&[local], backend, ServerOptions::default()).unwrap();
        let handle = server.handle();
        let mut client = TcpStream::connect(server.addresses()[0]).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        SockRef::from(&client).send_out_of_band(b"QUI").unwrap();
        client.write_all(b"T\r\n").unwrap();
        // All of it has come before the server looks.
        let serving = std::thread::spawn(move || driver.serve(server));
        let mut replies = String::new();
        client.read_to_string(&mut replies).unwrap_or_else(|error| panic!("{driver:?}: {error}: {replies}"));
        assert!(replies.lines().last().is_some_and(|reply| reply.starts_with("221 ")), "{replies}");
        drop(client);
        handle.drain();
        serving.join().unwrap().unwrap();
    }
}
