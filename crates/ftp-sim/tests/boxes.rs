//! What boxes do to connections.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_sim::boxes::{AlgKind, Balancer, Dependence, Direction, Firewall, Forward, Nat, Rule, Verdict};
use ftp_sim::{HostId, HostOptions, INTERNET, ListenerId, Sim, SocketId, Status};
use std::io;

const SECOND: Duration = Duration::from_secs(1);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ip(text: &str) -> core::net::IpAddr {
    text.parse().unwrap()
}

/// A client inside of a network with this box, and two servers outside of it.
fn home(nat: Nat) -> (Sim, HostId, HostId, HostId) {
    let mut sim = Sim::new(7);
    let home = sim.network(INTERNET, vec![Box::new(nat)]);
    let client = sim.host("client", home, &[ip("192.168.0.2")]);
    let one = sim.host("one", INTERNET, &[ip("198.51.100.1")]);
    let two = sim.host("two", INTERNET, &[ip("198.51.100.2")]);
    (sim, client, one, two)
}

fn listen(sim: &mut Sim, host: HostId, on: &str) -> ListenerId {
    sim.on(host).listen(at(on), 5).unwrap()
}

/// Connects, waits, and says what the other host sees as our address.
fn seen(sim: &mut Sim, from: HostId, source: &str, to: HostId, target: &str) -> Option<SocketAddr> {
    let listener = listen(sim, to, target);
    sim.on(from).connect(at(source), at(target)).unwrap();
    sim.run_for(SECOND);
    let accepted = sim.on(to).accept(listener)?;
    sim.on(to).stop_listening(listener);
    sim.on(to).endpoints(accepted).map(|ends| ends.1)
}

fn status(sim: &mut Sim, host: HostId, socket: SocketId) -> Status {
    sim.on(host).status(socket)
}

#[test]
fn a_mapping_depends_on_what_it_is_said_to_depend_on() {
    use Dependence::{Address, AddressAndPort, Endpoint};
    for (mapping, same_host, other_host) in
        [(Endpoint, true, true), (Address, true, false), (AddressAndPort, false, false)]
    {
        let (mut sim, client, one, two) = home(Nat::new(ip("203.0.113.1")).behaving(mapping, AddressAndPort));
        let first = seen(&mut sim, client, "192.168.0.2:5000", one, "198.51.100.1:2000").unwrap();
        let same = seen(&mut sim, client, "192.168.0.2:5000", one, "198.51.100.1:3000").unwrap();
        let other = seen(&mut sim, client, "192.168.0.2:5000", two, "198.51.100.2:2000").unwrap();
        assert_eq!((first == same, first == other), (same_host, other_host), "{mapping:?}");
        assert_eq!(first.ip(), ip("203.0.113.1"));
    }
}

#[test]
fn a_filter_depends_on_what_it_is_said_to_depend_on() {
    use Dependence::{Address, AddressAndPort, Endpoint};
    for (filtering, same_host, other_host) in
        [(Endpoint, true, true), (Address, true, false), (AddressAndPort, false, false)]
    {
        let (mut sim, client, one, two) = home(Nat::new(ip("203.0.113.1")).behaving(Endpoint, filtering));
        let outside = seen(&mut sim, client, "192.168.0.2:5000", one, "198.51.100.1:2000").unwrap();
        let listener = listen(&mut sim, client, "192.168.0.2:5000");
        for (host, from, comes) in
            [(one, "198.51.100.1:4000", same_host), (two, "198.51.100.2:4000", other_host)]
        {
            sim.on(host).connect(at(from), outside).unwrap();
            sim.run_for(SECOND);
            assert_eq!(
                sim.on(client).accept(listener).is_some(),
                comes,
                "{filtering:?}\n{}",
                sim.transcript()
            );
        }
    }
}

#[test]
fn a_mapping_that_is_not_used_is_forgotten_without_a_word() {
    let (mut sim, client, one, _) = home(Nat::new(ip("203.0.113.1")).forgetting_after(60 * SECOND));
    let listener = listen(&mut sim, one, "198.51.100.1:21000");
    let socket = sim.on(client).connect(at("192.168.0.2:0"), at("198.51.100.1:21000")).unwrap();
    sim.run_for(50 * SECOND);
    sim.on(client).write(socket, b"alive").unwrap();
    sim.run_for(50 * SECOND);
    let accepted = sim.on(one).accept(listener).unwrap();
    let mut room = [0; 16];
    assert_eq!(sim.on(one).read(accepted, &mut room).unwrap(), 5);
    sim.run_for(61 * SECOND);
    sim.on(one).write(accepted, b"late").unwrap();
    sim.run_for(SECOND);
    let read = sim.on(client).read(socket, &mut room).map_err(|error| error.kind());
    assert_eq!(read, Err(io::ErrorKind::WouldBlock), "{}", sim.transcript());
}

#[test]
fn ports_are_forwarded_also_to_other_ports_and_the_rest_to_the_dmz() {
    let forward = Forward { outside: 50_000, count: 10, to: at("192.168.0.2:40000") };
    let nat = Nat::new(ip("203.0.113.1")).forwarding(forward).with_dmz(ip("192.168.0.2"));
    let (mut sim, client, one, _) = home(nat);
    for (listens, dialled) in
        [("192.168.0.2:40003", "203.0.113.1:50003"), ("192.168.0.2:999", "203.0.113.1:999")]
    {
        let Ok(listener) = sim.on(client).listen(at(listens), 5) else {
            assert_eq!(listens, "192.168.0.2:999", "only a privileged port is refused");
            continue;
        };
        let socket = sim.on(one).connect(at("198.51.100.1:0"), at(dialled)).unwrap();
        sim.run_for(SECOND);
        assert!(sim.on(client).accept(listener).is_some(), "{}", sim.transcript());
        assert_eq!(status(&mut sim, one, socket), Status::Connected);
    }
    let listener = listen(&mut sim, client, "192.168.0.2:7000");
    sim.on(one).connect(at("198.51.100.1:0"), at("203.0.113.1:7000")).unwrap();
    sim.run_for(SECOND);
    assert!(sim.on(client).accept(listener).is_some());
}

#[test]
fn a_hairpin_works_only_where_there_is_one() {
    for hairpin in [false, true] {
        let nat = Nat::new(ip("203.0.113.1")).forwarding(Forward::port(at("192.168.0.3:2000")));
        let nat = if hairpin { nat.with_hairpin() } else { nat };
        let mut sim = Sim::new(1);
        let home = sim.network(INTERNET, vec![Box::new(nat)]);
        let client = sim.host("client", home, &[ip("192.168.0.2")]);
        let server = sim.host("server", home, &[ip("192.168.0.3")]);
        let listener = listen(&mut sim, server, "192.168.0.3:2000");
        sim.on(client).connect(at("192.168.0.2:0"), at("203.0.113.1:2000")).unwrap();
        sim.run_for(SECOND);
        assert_eq!(sim.on(server).accept(listener).is_some(), hairpin, "{}", sim.transcript());
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = vec![
        Rule { to: Some(ip("10.0.0.1")), ..Rule::inbound(2000..=2000, Verdict::Pass) },
        Rule::inbound(2000..=2000, Verdict::Reject),
        Rule { direction: Some(Direction::Out), ..Rule::any(Verdict::Pass) },
    ];
    let mut sim = Sim::new(1);
    let inside = sim.network(INTERNET, vec![Box::new(Firewall::new(rules, Verdict::Drop))]);
    let host = sim.host("host", inside, &[ip("10.0.0.1"), ip("10.0.0.2")]);
    let outside = sim.host("outside", INTERNET, &[ip("198.51.100.1")]);
    listen(&mut sim, host, "0.0.0.0:2000");
    listen(&mut sim, host, "10.0.0.1:3000");
    let expected = [
        ("10.0.0.1:2000", Status::Connected),
        ("10.0.0.2:2000", Status::Failed(io::ErrorKind::ConnectionRefused)),
        ("10.0.0.1:3000", Status::Connecting),
    ];
    for (target, expected) in expected {
        let socket = sim.on(outside).connect(at("198.51.100.1:0"), at(target)).unwrap();
        sim.run_for(SECOND);
        assert_eq!(status(&mut sim, outside, socket), expected, "{target}\n{}", sim.transcript());
    }
    assert!(seen(&mut sim, host, "10.0.0.1:0", outside, "198.51.100.1:2000").is_some());
}

#[test]
fn a_balancer_splits_a_session_unless_it_goes_by_the_client() {
    let servers = || vec![ip("10.0.0.1"), ip("10.0.0.2")];
    let vip = ip("198.51.100.7");
    for (balancer, one_server) in
        [(Balancer::round_robin(vip, servers()), false), (Balancer::by_client(vip, servers()), true)]
    {
        let mut sim = Sim::new(1);
        let farm = sim.network(INTERNET, vec![Box::new(balancer)]);
        let hosts = [sim.host("a", farm, &[ip("10.0.0.1")]), sim.host("b", farm, &[ip("10.0.0.2")])];
        let client = sim.host("client", INTERNET, &[ip("203.0.113.9")]);
        let listeners = hosts.map(|host| listen(&mut sim, host, "0.0.0.0:2100"));
        for _ in 0..2 {
            sim.on(client).connect(at("203.0.113.9:0"), at("198.51.100.7:2100")).unwrap();
        }
        sim.run_for(SECOND);
        let [a, b] = [0, 1].map(|n| core::iter::from_fn(|| sim.on(hosts[n]).accept(listeners[n])).count());
        assert_eq!((a, b), if one_server { (2, 0) } else { (1, 1) });
    }
}

/// As a server does that always connects from port 20, to a client that listens where it did before.
#[test]
fn an_alg_lets_the_same_two_ends_connect_again() {
    let nat = Nat::new(ip("203.0.113.1")).with_alg(AlgKind::Good);
    let (mut sim, client, _, _) = home(nat);
    let root = HostOptions { privileged: true, ..HostOptions::default() };
    let ftp = sim.host_with("ftp", INTERNET, &[ip("198.51.100.9")], root);
    let control = sim.on(ftp).listen(at("198.51.100.9:21"), 5).unwrap();
    let session = sim.on(client).connect(at("192.168.0.2:0"), at("198.51.100.9:21")).unwrap();
    sim.run_for(SECOND);
    let accepted = sim.on(ftp).accept(control).unwrap();
    for _ in 0..3 {
        let listener = listen(&mut sim, client, "192.168.0.2:40000");
        sim.on(client).write(session, b"PORT 192,168,0,2,156,64\r\n").unwrap();
        sim.run_for(SECOND);
        let mut line = [0; 64];
        let read = sim.on(ftp).read(accepted, &mut line).unwrap();
        let announced = port_argument(&line[..read]);
        let data = sim.on(ftp).connect(at("198.51.100.9:20"), announced).unwrap();
        sim.run_for(SECOND);
        assert_eq!(status(&mut sim, ftp, data), Status::Connected, "{}", sim.transcript());
        let theirs = sim.on(client).accept(listener).unwrap();
        sim.on(client).stop_listening(listener);
        sim.on(client).close(theirs);
        sim.run_for(SECOND);
        sim.on(ftp).close(data);
        sim.run_for(SECOND);
    }
}

fn port_argument(line: &[u8]) -> SocketAddr {
    let argument = line.strip_prefix(b"PORT ").and_then(|line| line.strip_suffix(b"\r\n")).unwrap();
    ftp_proto::address::host_port::parse_argument(argument).unwrap().into()
}
