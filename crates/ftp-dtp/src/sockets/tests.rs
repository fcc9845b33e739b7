use super::*;
use crate::testing::{free_ports, writable};
use core::net::Ipv4Addr;
use std::io::{Read, Write};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NO_CONTROL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn from(port: Option<u16>, fall_back: bool) -> SourceEndpoint {
    SourceEndpoint { ip: HERE, port, fall_back }
}

/// Connects and waits for the outcome.
fn connect(source: SourceEndpoint, target: SocketAddr) -> Result<DataSocket, Failure> {
    let socket = start_connect(source, target, NO_CONTROL)?;
    writable(&socket);
    assert!(finish_connect(&socket)?);
    Ok(socket)
}

fn local_port(socket: &DataSocket) -> u16 {
    socket.addresses().unwrap().0.port()
}

#[test]
fn many_connections_share_one_source_port() {
    let port = free_ports(1).first;
    let listeners: Vec<_> = (0..3).map(|_| listen(HERE.into(), 0, 1).unwrap()).collect();
    let sockets: Vec<_> = listeners
        .iter()
        .map(|listener| connect(from(Some(port), false), listener.local_addr().unwrap()).unwrap())
        .collect();
    assert!(sockets.iter().all(|socket| local_port(socket) == port));
}

#[test]
fn a_living_four_tuple_is_address_unavailable_when_the_port_is_required() {
    let port = free_ports(1).first;
    let listener = listen(HERE.into(), 0, 4).unwrap();
    let target = listener.local_addr().unwrap();
    let _first = connect(from(Some(port), false), target).unwrap();
    assert_eq!(connect(from(Some(port), false), target).unwrap_err(), Failure::AddressUnavailable);
}

#[test]
fn a_preferred_source_port_that_cannot_be_had_gives_way_to_any() {
    let port = free_ports(1).first;
    let listener = listen(HERE.into(), 0, 4).unwrap();
    let target = listener.local_addr().unwrap();
    let first = connect(from(Some(port), true), target).unwrap();
    let second = connect(from(Some(port), true), target).unwrap();
    assert_eq!(local_port(&first), port);
    assert_ne!(local_port(&second), port);
}

#[test]
fn a_source_port_that_is_listened_on_is_address_in_use_or_gives_way() {
    let range = free_ports(1);
    let _held = listen(HERE.into(), range.first, 1).unwrap();
    let listener = listen(HERE.into(), 0, 4).unwrap();
    let target = listener.local_addr().unwrap();
    assert_eq!(connect(from(Some(range.first), false), target).unwrap_err(), Failure::AddressInUse);
    assert_ne!(local_port(&connect(from(Some(range.first), true), target).unwrap()), range.first);
}

#[test]
fn a_closed_port_refuses() {
    let listener = listen(HERE.into(), 0, 1).unwrap();
    let target = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(connect(from(None, false), target).unwrap_err(), Failure::Refused);
}

#[test]
fn a_connection_to_itself_is_refused() {
    let port = free_ports(1).first;
    let target = SocketAddr::new(HERE, port);
    assert_eq!(connect(from(Some(port), false), target).unwrap_err(), Failure::Refused);
}

#[test]
fn source_and_target_of_different_families_cannot_meet() {
    let target: SocketAddr = "[::1]:9".parse().unwrap();
    assert_eq!(connect(from(None, false), target).unwrap_err(), Failure::Unreachable);
}

#[test]
fn an_ipv4_mapped_target_is_reached_by_ipv4() {
    let listener = listen(HERE.into(), 0, 1).unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), port);
    assert!(connect(from(None, false), target).unwrap().addresses().unwrap().1.is_ipv4());
}

#[test]
fn an_ipv6_listener_does_not_shadow_ipv4() {
    let v4 = control_listener(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)).unwrap();
    let port = v4.local_addr().unwrap().port();
    match control_listener(SocketAddr::new("::".parse().unwrap(), port)) {
        Ok(v6) => assert_eq!(v6.local_addr().unwrap().port(), port),
        Err(error) => assert_eq!(failure(&error), Failure::Unreachable, "a machine without IPv6"),
    }
}

#[test]
fn a_port_of_a_finished_connection_can_be_listened_on_again() {
    let listener = listen(HERE.into(), free_ports(1).first, 1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    // We close first, so that TIME_WAIT is ours.
    drop(listener.accept().unwrap());
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    drop((client, listener));
    assert!(listen(HERE.into(), address.port(), 1).is_ok());
}

#[test]
fn accepted_control_connections_inherit_every_option() {
    let listener = control_listener(SocketAddr::new(HERE, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, peer) = crate::accept::accept(&listener).unwrap().unwrap();
    assert_eq!(endpoints(&stream).unwrap().peer, peer);
    let socket = SockRef::from(&stream);
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_IDLE);
    assert!(socket.out_of_band_inline().unwrap());
    assert!(socket.nonblocking().unwrap());
    assert_eq!(socket.linger().unwrap(), None);

    client.write_all(b"AB").unwrap();
    SockRef::from(&client).send_out_of_band(b"O").unwrap();
    client.write_all(b"R\r\n").unwrap();
    drop(client);
    let mut all = Vec::new();
    stream.set_nonblocking(false).unwrap();
    (&stream).read_to_end(&mut all).unwrap();
    assert_eq!(all, b"ABOR\r\n", "the urgent octet is in its place");
}

#[test]
fn data_connections_do_not_wait_for_acknowledgements() {
    let listener = listen(HERE.into(), 0, 1).unwrap();
    let out = connect(from(None, false), listener.local_addr().unwrap()).unwrap();
    let (stream, _) = crate::accept::accept(&listener).unwrap().unwrap();
    assert!(stream.nodelay().unwrap());
    assert!(out.nodelay().unwrap());
}

#[test]
fn a_link_local_address_is_on_the_interface_of_the_control_connection() {
    let ip: IpAddr = "fe80::1".parse().unwrap();
    let control = SocketAddr::V6(SocketAddrV6::new("fe80::2".parse().unwrap(), 21, 0, 7));
    let SocketAddr::V6(bound) = LocalAddress::beside(ip, control).with_port(5) else { panic!() };
    assert_eq!((bound.scope_id(), bound.port()), (7, 5));
    let global: IpAddr = "2001:db8::1".parse().unwrap();
    let SocketAddr::V6(bound) = LocalAddress::beside(global, control).with_port(5) else { panic!() };
    assert_eq!(bound.scope_id(), 0);
}
