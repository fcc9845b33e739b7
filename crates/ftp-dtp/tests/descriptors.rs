//! A process that runs out of descriptors. Alone in its program, since the limit is the process's.

use ftp_dtp::accept::{Accepted, Acceptor};
use ftp_dtp::sockets::control_listener;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::io::Read;
use std::net::TcpStream;

fn every_descriptor_that_is_left() -> Vec<File> {
    core::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
fn s35_without_descriptors_peers_are_shed_at_once_and_service_goes_on_after() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum }).unwrap();
    let acceptor = Acceptor::new(control_listener("127.0.0.1:0".parse().unwrap()).unwrap());
    let address = acceptor.local_addr().unwrap();
    let mut clients: Vec<_> = (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();

    let used_up = every_descriptor_that_is_left();
    for client in &mut clients[..3] {
        let Ok(Accepted::Shed(peer)) = acceptor.accept() else { panic!("not shed") };
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "closed, not left waiting");
    }
    drop(used_up);
    assert!(matches!(acceptor.accept(), Ok(Accepted::Connection(..))), "the fourth is served");
    assert!(matches!(acceptor.accept(), Ok(Accepted::Nothing)));

    let without_spare = control_listener("127.0.0.1:0".parse().unwrap()).unwrap();
    let _waiting = TcpStream::connect(without_spare.local_addr().unwrap()).unwrap();
    let used_up = every_descriptor_that_is_left();
    let acceptor = Acceptor::new(without_spare);
    assert!(matches!(acceptor.accept(), Ok(Accepted::Exhausted)), "the driver is told to wait");
    drop(used_up);
    assert!(matches!(acceptor.accept(), Ok(Accepted::Connection(..))));
}
