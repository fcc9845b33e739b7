//! The topologies: who stands where, and what is in between.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_proto::address::PassiveAddress;
use ftp_proto::client::{ActiveSettings, ClientConfig};
use ftp_proto::data::{Announce, DataPolicy, DataPolicyRow, PortRange, SourcePort};
use ftp_proto::server::ServerConfig;
use ftp_proto::time::Instant;
use ftp_sim::boxes::{
    AlgKind, Balancer, Dependence, Direction, Firewall, Forward, Middlebox, Nat, Rule, Verdict,
};
use ftp_sim::{Actor, Conditions, Host, HostId, HostOptions, INTERNET, NetworkId, Sim};
use std::sync::Arc;

/// The client's own address, inside or outside of a NAT.
const CLIENT: &str = "203.0.113.9";
const CLIENT_INSIDE: &str = "192.168.0.2";
/// The client's NAT outside.
const CLIENT_NAT: &str = "203.0.113.1";
const SERVER: &str = "198.51.100.7";
const SERVER_INSIDE: &str = "10.0.0.7";
/// The ports of the passive range, and of the client's active range.
const PASSIVE: PortRange = PortRange { first: 50_000, last: 50_009 };
const ACTIVE: PortRange = PortRange { first: 40_000, last: 40_009 };

/// A topology, ready to be played.
pub(crate) struct Scene {
    pub(crate) sim: Sim,
    pub(crate) server: (HostId, SocketAddr, ServerConfig),
    pub(crate) client: (HostId, SocketAddr, ClientConfig),
    pub(crate) client_address: IpAddr,
    pub(crate) passive_address: PassiveAddress,
    pub(crate) active: ActiveSettings,
}

pub(crate) type Make = fn(Plan) -> Scene;

/// In the order of the table of expectations.
pub(crate) const SCENES: &[(&str, Make)] = &[
    ("open network", Plan::scene),
    ("open network, IPv6", |plan| plan.over_ipv6().scene()),
    ("client behind a NAT", |plan| plan.client_nat(nat()).scene()),
    ("client behind an address-dependent NAT", |plan| {
        plan.client_nat(nat().behaving(Dependence::Address, Dependence::Address)).scene()
    }),
    ("client behind a symmetric NAT", |plan| {
        plan.client_nat(nat().behaving(Dependence::AddressAndPort, Dependence::AddressAndPort)).scene()
    }),
    ("client behind a NAT, external address and forwarded range", |plan| {
        plan.client_nat(forwarding(ACTIVE.first)).announcing(0).scene()
    }),
    ("client behind a NAT, external address and other ports forwarded", |plan| {
        plan.client_nat(forwarding(ACTIVE.first + 5000)).announcing(5000).scene()
    }),
    ("client behind a NAT, external address but nothing forwarded", |plan| {
        plan.client_nat(nat()).announcing(0).scene()
    }),
    ("client in a DMZ", |plan| plan.client_nat(nat().with_dmz(ip(CLIENT_INSIDE))).announcing(0).scene()),
    ("client behind an ALG", |plan| plan.client_nat(nat().with_alg(AlgKind::Good)).scene()),
    ("client behind an ALG for IPv4 only", |plan| plan.client_nat(nat().with_alg(AlgKind::Ipv4Only)).scene()),
    ("client behind an ALG that is blind to EPSV", |plan| {
        plan.client_nat(nat().with_alg(AlgKind::EpsvBlind)).scene()
    }),
    ("client behind an ALG that swallows", |plan| plan.client_nat(nat().with_alg(AlgKind::Swallows)).scene()),
    ("client behind a firewall that drops", |plan| plan.client_firewall(Verdict::Drop).scene()),
    ("client behind a firewall that rejects", |plan| plan.client_firewall(Verdict::Reject).scene()),
    ("server behind a NAT, no external address", |plan| plan.server_nat(server_nat(PASSIVE.first)).scene()),
    ("server behind a NAT, no external address, client that believes 227", |plan| {
        plan.server_nat(server_nat(PASSIVE.first)).believing().scene()
    }),
    ("server behind a NAT, external address, client that believes 227", |plan| {
        plan.server_nat(server_nat(PASSIVE.first)).external(0).believing().scene()
    }),
    ("server behind a NAT with other ports", |plan| {
        plan.server_nat(server_nat(PASSIVE.first + 5000)).external(5000).scene()
    }),
    ("server behind a NAT, client inside", |plan| {
        plan.server_nat(server_nat(PASSIVE.first)).client_inside().dialling(SERVER_INSIDE).scene()
    }),
    ("server behind a NAT, client inside dials outside, hairpin", |plan| {
        plan.server_nat(server_nat(PASSIVE.first).with_hairpin()).client_inside().scene()
    }),
    ("server behind an ALG", |plan| plan.server_nat(only_control().with_alg(AlgKind::Good)).scene()),
    ("server behind an ALG that is blind to EPSV", |plan| {
        plan.server_nat(only_control().with_alg(AlgKind::EpsvBlind)).scene()
    }),
    ("both behind NATs", |plan| {
        plan.client_nat(nat()).server_nat(server_nat(PASSIVE.first)).external(0).scene()
    }),
    ("server may connect from port 20 only", |plan| plan.strict_server_firewall().scene()),
    ("server may connect from port 20 only, and has no right to it", |plan| {
        let mut plan = plan.strict_server_firewall().control_port(2121).unprivileged();
        plan.row.active_source = SourcePort::Prefer(20);
        plan.scene()
    }),
    ("server must use port 20, and has no right to it", |plan| {
        let mut plan = plan.control_port(2121).unprivileged();
        plan.row.active_source = SourcePort::Require(20);
        plan.scene()
    }),
    ("passive range used up", |plan| {
        let mut scene = plan.scene();
        for port in PASSIVE.first..=PASSIVE.last {
            let at = SocketAddr::new(ip(SERVER), port);
            scene.sim.on(scene.server.0).listen(at, 1).expect("the port is free");
        }
        scene
    }),
    ("a stranger at the passive port", |plan| {
        let mut plan = plan;
        plan.row.ports = PortRange { first: 50_000, last: 50_000 };
        plan.scene().with_stranger(SocketAddr::new(ip(SERVER), 50_000))
    }),
    ("a stranger at the active port", |plan| {
        let mut plan = plan;
        plan.active.ports = PortRange { first: 40_000, last: 40_000 };
        plan.scene().with_stranger(SocketAddr::new(ip(CLIENT), 40_000))
    }),
    ("balancer that splits sessions", |plan| plan.balanced(Balancer::round_robin).scene()),
    ("balancer by client", |plan| plan.balanced(Balancer::by_client).scene()),
];

/// A NAT that forgets after a minute, and a line on which 100,000 octets take some minutes.
pub(crate) fn slow_line_behind_a_forgetful_nat(keep_alive: Duration) -> Scene {
    let mut plan = plan(1).client_nat(nat().forgetting_after(Duration::from_secs(60)));
    plan.conditions = Conditions {
        latency: Duration::from_secs(1),
        jitter: Duration::ZERO,
        window: 1000,
        ..Conditions::default()
    };
    plan.config.timeouts.keep_alive = keep_alive;
    plan.scene()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn nat() -> Nat {
    Nat::new(ip(CLIENT_NAT))
}

/// The client's NAT with its active range forwarded from these ports on.
fn forwarding(outside: u16) -> Nat {
    let to = SocketAddr::new(ip(CLIENT_INSIDE), ACTIVE.first);
    nat().forwarding(Forward { outside, count: 10, to })
}

fn only_control() -> Nat {
    Nat::new(ip(SERVER)).forwarding(Forward::port(SocketAddr::new(ip(SERVER_INSIDE), 21)))
}

/// The server's NAT with its passive range forwarded from these ports on.
fn server_nat(outside: u16) -> Nat {
    let to = SocketAddr::new(ip(SERVER_INSIDE), PASSIVE.first);
    only_control().forwarding(Forward { outside, count: 10, to })
}

/// What a scene is made of.
pub(crate) struct Plan {
    seed: u64,
    conditions: Conditions,
    config: ClientConfig,
    row: DataPolicyRow,
    active: ActiveSettings,
    passive_address: PassiveAddress,
    client_box: Option<Box<dyn Middlebox>>,
    server_box: Option<Box<dyn Middlebox>>,
    client_address: &'static str,
    server_address: &'static str,
    dials: &'static str,
    control_port: u16,
    client_inside: bool,
    privileged: bool,
    /// A second server behind the same border, on which nothing runs.
    idle_twin: bool,
}

/// Nothing in between, on a line that gets worse with the seed.
pub(crate) fn plan(seed: u64) -> Plan {
    let largest_piece = if seed.is_multiple_of(2) { 1 + seed as usize } else { 1460 };
    Plan {
        seed,
        conditions: Conditions {
            jitter: Duration::from_millis(5 * seed),
            largest_piece,
            ..Conditions::default()
        },
        config: ClientConfig::default(),
        row: DataPolicyRow { ports: PASSIVE, ..DataPolicyRow::default() },
        active: ActiveSettings { ports: ACTIVE, ..ActiveSettings::default() },
        passive_address: PassiveAddress::ControlPeer,
        client_box: None,
        server_box: None,
        client_address: CLIENT,
        server_address: SERVER,
        dials: SERVER,
        control_port: 21,
        client_inside: false,
        privileged: true,
        idle_twin: false,
    }
}

impl Plan {
    const fn over_ipv6(mut self) -> Self {
        self.client_address = "2001:db8:2::9";
        self.server_address = "2001:db8:1::7";
        self.dials = self.server_address;
        self
    }

    fn client_nat(mut self, nat: Nat) -> Self {
        self.client_address = CLIENT_INSIDE;
        self.client_box = Some(Box::new(nat));
        self
    }

    fn client_firewall(mut self, inbound: Verdict) -> Self {
        let out = Rule { direction: Some(Direction::Out), ..Rule::any(Verdict::Pass) };
        self.client_box = Some(Box::new(Firewall::new(vec![out], inbound)));
        self
    }

    fn server_nat(mut self, nat: Nat) -> Self {
        self.server_address = SERVER_INSIDE;
        self.server_box = Some(Box::new(nat));
        self
    }

    /// In: the control port and the passive range. Out: from port 20.
    fn strict_server_firewall(mut self) -> Self {
        let rules = vec![
            Rule::inbound(21..=21, Verdict::Pass),
            Rule::inbound(2121..=2121, Verdict::Pass),
            Rule::inbound(PASSIVE.first..=PASSIVE.last, Verdict::Pass),
            Rule::outbound(20..=20, Verdict::Pass),
        ];
        self.server_box = Some(Box::new(Firewall::new(rules, Verdict::Drop)));
        self
    }

    fn balanced(mut self, balancer: fn(IpAddr, Vec<IpAddr>) -> Balancer) -> Self {
        self.server_address = SERVER_INSIDE;
        self.idle_twin = true;
        self.server_box = Some(Box::new(balancer(ip(SERVER), vec![ip(SERVER_INSIDE), ip("10.0.0.8")])));
        self
    }

    /// The client announces its NAT's address, and ports so much higher than those it listens on.
    const fn announcing(mut self, offset: i32) -> Self {
        self.active.external = Some(IpAddr::V4(core::net::Ipv4Addr::new(203, 0, 113, 1)));
        self.active.port_offset = offset;
        self
    }

    /// The server announces its NAT's address, and ports so much higher than those it listens on.
    fn external(mut self, offset: i32) -> Self {
        self.row.announce = Announce::Address(ip(SERVER));
        self.row.announced_port_offset = offset;
        self
    }

    const fn believing(mut self) -> Self {
        self.passive_address = PassiveAddress::AsTold;
        self
    }

    const fn client_inside(mut self) -> Self {
        self.client_inside = true;
        self.client_address = "10.0.0.9";
        self
    }

    const fn dialling(mut self, address: &'static str) -> Self {
        self.dials = address;
        self
    }

    const fn control_port(mut self, port: u16) -> Self {
        self.control_port = port;
        self
    }

    const fn unprivileged(mut self) -> Self {
        self.privileged = false;
        self
    }

    fn scene(self) -> Scene {
        let mut sim = Sim::with_conditions(self.seed, self.conditions);
        let server_network = behind(&mut sim, self.server_box);
        let client_network = behind(&mut sim, self.client_box);
        let options = HostOptions { privileged: self.privileged, ..HostOptions::default() };
        let server = sim.host_with("server", server_network, &[ip(self.server_address)], options);
        if self.idle_twin {
            sim.host("twin", server_network, &[ip("10.0.0.8")]);
        }
        let network = if self.client_inside { server_network } else { client_network };
        let client = sim.host("client", network, &[ip(self.client_address)]);
        let config = ServerConfig { data: Arc::new(DataPolicy::new(self.row)), ..ServerConfig::default() };
        Scene {
            sim,
            server: (server, SocketAddr::new(ip(self.server_address), self.control_port), config),
            client: (client, SocketAddr::new(ip(self.dials), self.control_port), self.config),
            client_address: ip(self.client_address),
            passive_address: self.passive_address,
            active: self.active,
        }
    }
}

fn behind(sim: &mut Sim, of: Option<Box<dyn Middlebox>>) -> NetworkId {
    of.map_or(INTERNET, |of| sim.network(INTERNET, vec![of]))
}

impl Scene {
    /// With somebody who always tries to be first at this port.
    fn with_stranger(mut self, target: SocketAddr) -> Self {
        let stranger = self.sim.host("stranger", INTERNET, &[ip("192.0.2.66")]);
        self.sim.start(stranger, Stranger { target, next: Instant::ORIGIN });
        self
    }
}

/// Connects to one port again and again.
struct Stranger {
    target: SocketAddr,
    next: Instant,
}

impl Actor for Stranger {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        let due = host.now() >= self.next;
        if due {
            self.next = host.now() + Duration::from_millis(3);
            let from = SocketAddr::new(host.addresses()[0], 0);
            // When all ports are taken, the next attempt will have one.
            let _ = host.connect(from, self.target);
        }
        due
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.next)
    }
}
