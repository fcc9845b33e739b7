use super::*;
use crate::testing::{free_ports, readable};
use core::net::{Ipv4Addr, SocketAddr};
use ftp_proto::data::Admission;
use std::collections::HashSet;
use std::io::Read;
use std::net::TcpStream;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));

fn listen_on(pool: &PortPool, range: PortRange) -> Result<DataListener, Failure> {
    pool.listen(HERE.into(), range, PEER, false)
}

#[test]
fn the_whole_range_is_used_then_it_is_exhausted_and_never_left() {
    let pool = PortPool::new();
    let range = free_ports(8);
    let listeners: Vec<_> = (0..8).map(|_| listen_on(&pool, range).unwrap()).collect();
    let ports: HashSet<u16> = listeners.iter().map(|listener| listener.local().port()).collect();
    assert_eq!(ports, (range.first..=range.last).collect());
    assert_eq!(listen_on(&pool, range).unwrap_err(), Failure::PortsExhausted);
}

#[test]
fn a_dropped_listener_gives_its_port_back() {
    let pool = PortPool::new();
    let range = free_ports(1);
    for _ in 0..3 {
        let listener = listen_on(&pool, range).unwrap();
        assert_eq!(listener.local().port(), range.first);
    }
    assert!(pool.lock().taken.is_empty());
}

#[test]
fn ports_of_other_processes_are_passed_over() {
    let range = free_ports(3);
    let foreign = PortPool::new();
    let _held: Vec<_> = (range.first..range.last)
        .map(|port| listen_on(&foreign, PortRange::new(port, port).unwrap()).unwrap())
        .collect();
    for _ in 0..8 {
        let listener = listen_on(&PortPool::new(), range).unwrap();
        assert_eq!(listener.local().port(), range.last);
    }
}

#[test]
fn a_port_that_the_same_peer_just_used_is_avoided_but_never_refused() {
    let pool = PortPool::new();
    let range = free_ports(6);
    let mut used = HashSet::new();
    for _ in 0..6 {
        used.insert(listen_on(&pool, range).unwrap().local().port());
    }
    assert_eq!(used.len(), 6, "each was used once before any was used again");
    assert!(listen_on(&pool, range).is_ok());
}

#[test]
fn the_system_chooses_where_no_range_is_given() {
    let listener = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap();
    assert_ne!(listener.local().port(), 0);
}

#[test]
fn an_address_of_another_machine_is_told_at_once() {
    let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
    let range = PortRange::new(61000, 65535).unwrap();
    let why = PortPool::new().listen(elsewhere.into(), range, PEER, false).unwrap_err();
    assert_eq!(why, Failure::AddressUnavailable);
}

#[test]
fn an_ipv4_mapped_address_is_bound_as_ipv4() {
    let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
    let listener = PortPool::new().listen(mapped.into(), PortRange::EPHEMERAL, PEER, false).unwrap();
    assert!(listener.local().is_ipv4());
}

#[test]
fn s8_a_stranger_gets_a_reset_and_the_right_peer_is_still_served() {
    let listener = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap();
    let mut stranger = TcpStream::connect(listener.local()).unwrap();
    let right = TcpStream::connect(listener.local()).unwrap();
    readable(&listener);
    let right_address = right.local_addr().unwrap();
    let mut asked = Vec::new();
    let admitted = listener
        .admit(|peer| {
            asked.push(peer);
            if peer == right_address { Admission::Take } else { Admission::Drop }
        })
        .unwrap();
    let Admitted::Connection { local, peer, .. } = admitted else { panic!("{admitted:?}") };
    assert_eq!((local, peer), (listener.local(), right_address));
    assert_eq!(asked, [stranger.local_addr().unwrap(), right_address]);
    let error = stranger.read(&mut [0; 1]).unwrap_err();
    assert_eq!(failure(&error), Failure::Reset);
}

#[test]
fn strangers_do_not_keep_others_from_their_turn() {
    let listener = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap();
    assert!(matches!(listener.admit(|_| Admission::Drop), Ok(Admitted::Nothing)));
    let _strangers: Vec<_> = (0..16).map(|_| TcpStream::connect(listener.local()).unwrap()).collect();
    assert!(matches!(listener.admit(|_| Admission::Drop), Ok(Admitted::Again)));
    assert!(matches!(listener.admit(|_| Admission::Drop), Ok(Admitted::Nothing)));
}

/// A listener for `peer` on the one port of a pool that shares.
fn share(pool: &PortPool, port: u16, peer: &str) -> Result<DataListener, Failure> {
    pool.listen(HERE.into(), PortRange::new(port, port).unwrap(), peer.parse().unwrap(), false)
}

fn connect_from(ip: &str, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(ip.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

#[test]
fn one_port_serves_clients_of_different_addresses_each_its_own() {
    let pool = PortPool::sharing().unwrap();
    let port = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap().local().port();
    let (first, second) =
        (share(&pool, port, "127.0.0.1").unwrap(), share(&pool, port, "127.0.0.2").unwrap());
    assert_eq!((first.local(), first.local()), (second.local(), SocketAddr::new(HERE, port)));
    // In the other order.
    let clients = ["127.0.0.2", "127.0.0.1"].map(|ip| connect_from(ip, first.local()).local_addr().unwrap());
    for (listener, client) in [(&first, clients[1]), (&second, clients[0])] {
        readable(listener);
        let Ok(Admitted::Connection { peer, local, .. }) = listener.admit(|_| Admission::Take) else {
            panic!()
        };
        assert_eq!((peer, local), (client, first.local()));
        assert!(matches!(listener.admit(|_| Admission::Take), Ok(Admitted::Nothing)));
    }
}

#[test]
fn two_sessions_of_one_address_do_not_share_and_a_stranger_is_reset() {
    let pool = PortPool::sharing().unwrap();
    let port = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap().local().port();
    let first = share(&pool, port, "127.0.0.1").unwrap();
    assert_eq!(share(&pool, port, "127.0.0.1").unwrap_err(), Failure::PortsExhausted);
    let mut stranger = connect_from("127.0.0.3", first.local());
    let error = stranger.read(&mut [0; 1]).unwrap_err();
    assert_eq!(failure(&error), Failure::Reset);
    drop(first);
    for _ in 0..100 {
        assert!(share(&pool, port, "127.0.0.1").is_ok(), "the place is free again, and at once");
    }
}

#[test]
fn a_shared_port_is_closed_when_nobody_is_waited_for() {
    let pool = PortPool::sharing().unwrap();
    let port = listen_on(&PortPool::new(), PortRange::EPHEMERAL).unwrap().local().port();
    let listener = share(&pool, port, "127.0.0.1").unwrap();
    let (at, other) = (listener.local(), share(&pool, port, "127.0.0.2").unwrap());
    drop(listener);
    assert!(TcpStream::connect(at).is_ok(), "somebody else is");
    drop(other);
    // The thread lets go of it in a moment.
    for _ in 0..1000 {
        if TcpStream::connect(at).is_err() {
            return;
        }
        std::thread::sleep(core::time::Duration::from_millis(5));
    }
    panic!("{at} is still open");
}
