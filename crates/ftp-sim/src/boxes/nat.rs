//! Network address translation in the terms of RFC 4787 and RFC 5382.

use super::alg::{Alg, Place};
use super::{AlgKind, Context, Middlebox, Verdict};
use crate::packet::{Packet, Payload};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_proto::time::Instant;
use std::collections::BTreeSet;

/// What a mapping or a filter depends on, besides the inside address and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependence {
    /// Nothing: one mapping for all; anyone may use it.
    Endpoint,
    /// The outside address.
    Address,
    /// The outside address and port.
    AddressAndPort,
}

impl Dependence {
    fn same(self, a: SocketAddr, b: SocketAddr) -> bool {
        match self {
            Self::Endpoint => true,
            Self::Address => a.ip() == b.ip(),
            Self::AddressAndPort => a == b,
        }
    }
}

/// Ports outside that are always sent on to a host inside.
#[derive(Debug, Clone, Copy)]
pub struct Forward {
    /// The first port outside.
    pub outside: u16,
    /// How many.
    pub count: u16,
    /// Where the first one goes; the others to the ports after it.
    pub to: SocketAddr,
}

impl Forward {
    /// One port, the same on both sides.
    #[must_use]
    pub const fn port(to: SocketAddr) -> Self {
        Self { outside: to.port(), count: 1, to }
    }

    fn inside(&self, outside: u16) -> Option<SocketAddr> {
        let offset = outside.checked_sub(self.outside).filter(|&offset| offset < self.count)?;
        Some(SocketAddr::new(self.to.ip(), self.to.port().checked_add(offset)?))
    }
}

/// A NAT with one address outside.
#[derive(Debug)]
pub struct Nat {
    outside: IpAddr,
    mapping: Dependence,
    filtering: Dependence,
    /// A mapping that nothing uses for so long is forgotten, and nobody is told.
    expiry: Duration,
    hairpin: bool,
    forwards: Vec<Forward>,
    dmz: Option<IpAddr>,
    alg: Option<Alg>,
    flows: Flows,
}

#[derive(Debug, Default)]
struct Flows {
    flows: Vec<Flow>,
    expected: Vec<Expected>,
}

#[derive(Debug)]
struct Flow {
    inside: SocketAddr,
    outside: u16,
    /// What the mapping was made for.
    first: SocketAddr,
    /// Who may answer.
    remotes: BTreeSet<SocketAddr>,
    used: Instant,
}

/// A data connection that an ALG has announced.
#[derive(Debug, Clone, Copy)]
struct Expected {
    outside: u16,
    inside: SocketAddr,
    from: IpAddr,
}

impl Nat {
    /// A NAT as most homes have it: one mapping for all, an answer only from where something was sent to, five minutes,
    /// no hairpin, no ALG.
    #[must_use]
    pub const fn new(outside: IpAddr) -> Self {
        Self {
            outside,
            mapping: Dependence::Endpoint,
            filtering: Dependence::AddressAndPort,
            expiry: Duration::from_secs(300),
            hairpin: false,
            forwards: Vec::new(),
            dmz: None,
            alg: None,
            flows: Flows { flows: Vec::new(), expected: Vec::new() },
        }
    }

    /// Sets what mappings depend on, and who may use one from outside.
    #[must_use]
    pub const fn behaving(mut self, mapping: Dependence, filtering: Dependence) -> Self {
        self.mapping = mapping;
        self.filtering = filtering;
        self
    }

    /// Sets after how long without use a mapping is forgotten.
    #[must_use]
    pub const fn forgetting_after(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self
    }

    /// Turns packets from inside to the outside address around.
    #[must_use]
    pub const fn with_hairpin(mut self) -> Self {
        self.hairpin = true;
        self
    }

    /// Adds a port forwarding.
    #[must_use]
    pub fn forwarding(mut self, forward: Forward) -> Self {
        self.forwards.push(forward);
        self
    }

    /// Sends everything that belongs to nobody else to this host.
    #[must_use]
    pub const fn with_dmz(mut self, host: IpAddr) -> Self {
        self.dmz = Some(host);
        self
    }

    /// Looks into FTP control connections.
    #[must_use]
    pub fn with_alg(mut self, kind: AlgKind) -> Self {
        self.alg = Some(Alg::new(kind));
        self
    }

    fn forget(&mut self, context: &mut Context<'_>) {
        let (now, expiry) = (context.now, self.expiry);
        self.flows.flows.retain(|flow| {
            let keep = now.duration_since(flow.used) <= expiry;
            if !keep {
                context.notes.push(format!("nat: forgets {} as port {}", flow.inside, flow.outside));
            }
            keep
        });
    }

    fn map_out(&mut self, packet: &Packet, context: &mut Context<'_>) -> Option<u16> {
        let (inside, remote) = (packet.from, packet.to);
        let exact = |flow: &&mut Flow| flow.inside == inside && flow.remotes.contains(&remote);
        if let Some(flow) = self.flows.flows.iter_mut().find(exact) {
            flow.used = context.now;
            return Some(flow.outside);
        }
        if !packet.is_syn() {
            return None;
        }
        let mapping = self.mapping;
        let fits = |flow: &&mut Flow| flow.inside == inside && mapping.same(flow.first, remote);
        if let Some(flow) = self.flows.flows.iter_mut().find(fits) {
            flow.remotes.insert(remote);
            flow.used = context.now;
            return Some(flow.outside);
        }
        let keeps_port = mapping == Dependence::Endpoint;
        let outside = self.table(context).port(inside.port(), keeps_port)?;
        context.notes.push(format!("nat: {inside} is {}:{outside}", self.outside));
        self.flows.add(inside, outside, remote, context.now);
        Some(outside)
    }

    fn map_in(&mut self, packet: &Packet, context: &mut Context<'_>) -> Option<SocketAddr> {
        let (port, remote) = (packet.to.port(), packet.from);
        let filtering = self.filtering;
        let fits = |flow: &&mut Flow| {
            let answers = flow.remotes.contains(&remote);
            let allowed = flow.remotes.iter().any(|&known| filtering.same(known, remote));
            flow.outside == port && (answers || (packet.is_syn() && allowed))
        };
        if let Some(flow) = self.flows.flows.iter_mut().find(fits) {
            flow.used = context.now;
            flow.remotes.insert(remote);
            return Some(flow.inside);
        }
        let inside = self.opened(packet)?;
        context.notes.push(format!("nat: {remote} is let in to {inside}"));
        self.flows.replace(inside, remote);
        self.flows.add(inside, port, remote, context.now);
        Some(inside)
    }

    /// Who gets a new connection from outside: what an ALG has announced, a forwarding, the DMZ.
    fn opened(&mut self, packet: &Packet) -> Option<SocketAddr> {
        let port = packet.to.port();
        if !packet.is_syn() {
            return None;
        }
        let expected = |expected: &Expected| expected.outside == port && expected.from == packet.from.ip();
        if let Some(at) = self.flows.expected.iter().position(expected) {
            return Some(self.flows.expected.remove(at).inside);
        }
        let forwarded = self.forwards.iter().find_map(|forward| forward.inside(port));
        forwarded.or_else(|| self.dmz.map(|host| SocketAddr::new(host, port)))
    }

    const fn table<'a>(&'a mut self, context: &'a mut Context<'_>) -> Table<'a> {
        Table { outside: self.outside, flows: &mut self.flows, rng: context.rng }
    }

    /// Lets the ALG see the packet, whose inside address is its own end's.
    fn inspect(&mut self, packet: &mut Packet, place: &Place, context: &mut Context<'_>) {
        let Some(alg) = &mut self.alg else { return };
        let before = octets(packet);
        let mut table = Table { outside: self.outside, flows: &mut self.flows, rng: context.rng };
        let mut rest = alg.look(packet, place, &mut table);
        let after = octets(packet);
        if let (Some(before), Some(after)) = (&before, &after)
            && before != after
        {
            context.notes.push(format!("alg: \"{}\" to \"{}\"", before.escape_ascii(), after.escape_ascii()));
            // The sender's window counts what it has sent.
            let missing = before.len().saturating_sub(after.len());
            if missing > 0 {
                context.sends.push(packet.reply(Payload::Credit(missing)));
            }
        }
        if let Some(octets) = rest.take() {
            context.sends.push(Packet { what: Payload::Data { octets, urgent: false }, ..packet.clone() });
        }
    }
}

fn octets(packet: &Packet) -> Option<bytes::Bytes> {
    match &packet.what {
        Payload::Data { octets, .. } => Some(octets.clone()),
        _ => None,
    }
}

impl Flows {
    /// A new connection between the same two ends takes the place of the old one, which has ended unseen.
    fn replace(&mut self, inside: SocketAddr, remote: SocketAddr) {
        self.flows.retain_mut(|flow| {
            let was = flow.inside == inside && flow.remotes.remove(&remote);
            !(was && flow.remotes.is_empty())
        });
    }

    fn add(&mut self, inside: SocketAddr, outside: u16, remote: SocketAddr, now: Instant) {
        self.flows.push(Flow { inside, outside, first: remote, remotes: [remote].into(), used: now });
    }
}

/// The mapping table as an ALG uses it.
pub(super) struct Table<'a> {
    outside: IpAddr,
    flows: &'a mut Flows,
    rng: &'a mut fastrand::Rng,
}

impl Table<'_> {
    /// Lets `from` in to `inside`, once: where it will be reached.
    pub(super) fn expect(&mut self, inside: SocketAddr, from: IpAddr) -> Option<SocketAddr> {
        let outside = self.port(inside.port(), true)?;
        self.flows.expected.push(Expected { outside, inside, from });
        Some(SocketAddr::new(self.outside, outside))
    }

    /// A free port outside: the same as inside if it can be had and is wanted.
    fn port(&mut self, inside: u16, keep: bool) -> Option<u16> {
        let taken = |port: u16| {
            let flows = self.flows.flows.iter().any(|flow| flow.outside == port);
            flows || self.flows.expected.iter().any(|expected| expected.outside == port)
        };
        if keep && !taken(inside) {
            return Some(inside);
        }
        let first = self.rng.u16(1024..);
        (first..=u16::MAX).chain(1024..first).find(|&port| !taken(port))
    }
}

impl Middlebox for Nat {
    fn outbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict {
        if packet.from.is_ipv4() != self.outside.is_ipv4() {
            return Verdict::Pass;
        }
        self.forget(context);
        let Some(outside) = self.map_out(packet, context) else {
            context.notes.push(format!("nat: no mapping for {packet}"));
            return Verdict::Drop;
        };
        let place = Place { inside: packet.from, remote: packet.to, from_inside: true };
        packet.from = SocketAddr::new(self.outside, outside);
        self.inspect(packet, &place, context);
        Verdict::Pass
    }

    fn inbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict {
        if packet.to.ip() != self.outside {
            return Verdict::Pass;
        }
        self.forget(context);
        let Some(inside) = self.map_in(packet, context) else {
            context.notes.push(format!("nat: nobody inside for {packet}"));
            return Verdict::Drop;
        };
        let place = Place { inside, remote: packet.from, from_inside: false };
        packet.to = inside;
        self.inspect(packet, &place, context);
        Verdict::Pass
    }

    fn owns(&self, ip: IpAddr) -> bool {
        ip == self.outside
    }

    fn hides(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() == self.outside.is_ipv4()
    }

    fn hairpin(&self) -> bool {
        self.hairpin
    }
}
