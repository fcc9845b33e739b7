//! A stateful packet filter: ordered rules for new connections, the first that fits decides.

use super::{Context, Middlebox, Verdict};
use crate::packet::Packet;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use std::collections::BTreeSet;

/// Which way a new connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From outside to inside.
    In,
    /// From inside to outside.
    Out,
}

/// A rule for new connections. What is `None` fits anything.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which way.
    pub direction: Option<Direction>,
    /// Who connects.
    pub from: Option<IpAddr>,
    /// From which ports.
    pub from_ports: RangeInclusive<u16>,
    /// To whom.
    pub to: Option<IpAddr>,
    /// To which ports.
    pub to_ports: RangeInclusive<u16>,
    /// What happens.
    pub verdict: Verdict,
}

impl Rule {
    /// Fits everything.
    #[must_use]
    pub const fn any(verdict: Verdict) -> Self {
        Self {
            direction: None,
            from: None,
            from_ports: 0..=u16::MAX,
            to: None,
            to_ports: 0..=u16::MAX,
            verdict,
        }
    }

    /// Connections from outside to these ports.
    #[must_use]
    pub fn inbound(to_ports: RangeInclusive<u16>, verdict: Verdict) -> Self {
        Self { direction: Some(Direction::In), to_ports, ..Self::any(verdict) }
    }

    /// Connections from inside, from these ports.
    #[must_use]
    pub fn outbound(from_ports: RangeInclusive<u16>, verdict: Verdict) -> Self {
        Self { direction: Some(Direction::Out), from_ports, ..Self::any(verdict) }
    }

    fn fits(&self, direction: Direction, packet: &Packet) -> bool {
        self.direction.is_none_or(|wanted| wanted == direction)
            && self.from.is_none_or(|ip| ip == packet.from.ip())
            && self.to.is_none_or(|ip| ip == packet.to.ip())
            && self.from_ports.contains(&packet.from.port())
            && self.to_ports.contains(&packet.to.port())
    }
}

/// Lets through what belongs to a connection that a rule has let through.
#[derive(Debug)]
pub struct Firewall {
    rules: Vec<Rule>,
    otherwise: Verdict,
    flows: BTreeSet<(SocketAddr, SocketAddr)>,
}

impl Firewall {
    /// These rules, and what happens to a connection that none of them fits.
    #[must_use]
    pub const fn new(rules: Vec<Rule>, otherwise: Verdict) -> Self {
        Self { rules, otherwise, flows: BTreeSet::new() }
    }

    fn judge(&mut self, direction: Direction, packet: &Packet, context: &mut Context<'_>) -> Verdict {
        let flow = (packet.from, packet.to);
        if !packet.is_syn() {
            let known = self.flows.contains(&flow) || self.flows.contains(&(packet.to, packet.from));
            return if known { Verdict::Pass } else { Verdict::Drop };
        }
        let rule = self.rules.iter().find(|rule| rule.fits(direction, packet));
        let verdict = rule.map_or(self.otherwise, |rule| rule.verdict);
        match verdict {
            Verdict::Pass => {
                self.flows.insert(flow);
            }
            Verdict::Drop | Verdict::Reject => context.notes.push(format!("firewall: {verdict:?} {packet}")),
        }
        verdict
    }
}

impl Middlebox for Firewall {
    fn outbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict {
        self.judge(Direction::Out, packet, context)
    }

    fn inbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict {
        self.judge(Direction::In, packet, context)
    }
}
