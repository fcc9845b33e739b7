//! From network to network, through the boxes on their borders.

use super::{HostId, Net, NetworkId, Verdict};
use crate::boxes::Context;
use crate::packet::{Packet, Payload};
use core::net::IpAddr;

/// More borders than any packet crosses; a ring of boxes that send each other packets ends here.
const MAX_BORDERS: usize = 32;

/// A packet, and the network that it is in.
struct Travelling {
    packet: Packet,
    network: NetworkId,
    borders: usize,
}

impl Net {
    /// Where a packet that starts in `network` arrives, as what; with what boxes send on its account.
    pub(super) fn route(&mut self, network: NetworkId, packet: Packet) -> Vec<(HostId, Packet)> {
        let mut arrived = Vec::new();
        let mut travelling = vec![Travelling { packet, network, borders: 0 }];
        while let Some(next) = travelling.pop() {
            if next.borders > MAX_BORDERS {
                continue;
            }
            let to = next.packet.to.ip();
            if let Some(host) = self.host_in(next.network, to) {
                arrived.push((host, next.packet));
            } else if let Some(inner) = self.network_towards(next.network, to) {
                self.cross_in(inner, next, &mut travelling);
            } else if let Some(outer) = self.networks[next.network.0].parent {
                self.cross_out(outer, next, &mut travelling);
            }
            // Nobody has this address: as in the internet, silence.
        }
        arrived
    }

    fn host_in(&self, network: NetworkId, ip: IpAddr) -> Option<HostId> {
        let here = |host: &super::HostState| host.network == network && host.addresses.contains(&ip);
        self.hosts.iter().position(here).map(HostId)
    }

    /// The network directly inside of `network` by which `ip` is reached.
    fn network_towards(&self, network: NetworkId, ip: IpAddr) -> Option<NetworkId> {
        let inner = self.networks.iter().enumerate().filter(|(_, inner)| inner.parent == Some(network));
        let mut ids = inner.map(|(id, _)| NetworkId(id));
        ids.find(|&id| self.networks[id.0].boxes.iter().any(|of| of.owns(ip)) || self.reaches(id, ip))
    }

    /// Whether a host in `network`, or in one inside of it, is reached from outside by its own address.
    fn reaches(&self, network: NetworkId, ip: IpAddr) -> bool {
        if self.networks[network.0].boxes.iter().any(|of| of.hides(ip)) {
            return false;
        }
        self.host_in(network, ip).is_some() || self.network_towards(network, ip).is_some()
    }

    fn cross_in(&mut self, inner: NetworkId, travelling: Travelling, on: &mut Vec<Travelling>) {
        let Travelling { mut packet, network, borders } = travelling;
        for number in (0..self.networks[inner.0].boxes.len()).rev() {
            let original = packet.clone();
            let (verdict, sends) = self.ask(inner, number, &mut packet, false);
            on.extend(sends.into_iter().map(|sent| {
                // What goes on inwards is in there; what goes back is outside.
                let back = sent.to == original.from;
                let sent = if back { original.reply(sent.what) } else { sent };
                Travelling { packet: sent, network: if back { network } else { inner }, borders: borders + 1 }
            }));
            if verdict != Verdict::Pass {
                return refuse(verdict, &original, network, borders, on);
            }
        }
        on.insert(0, Travelling { packet, network: inner, borders: borders + 1 });
    }

    fn cross_out(&mut self, outer: NetworkId, travelling: Travelling, on: &mut Vec<Travelling>) {
        let Travelling { mut packet, network, borders } = travelling;
        let boxes = &self.networks[network.0].boxes;
        let own = boxes.iter().any(|of| of.owns(packet.to.ip()));
        if own && !boxes.iter().any(|of| of.owns(packet.to.ip()) && of.hairpin()) {
            return;
        }
        for number in 0..self.networks[network.0].boxes.len() {
            let original = packet.clone();
            let (verdict, sends) = self.ask(network, number, &mut packet, true);
            on.extend(sends.into_iter().map(|sent| {
                let back = sent.to == packet.from;
                let sent = if back { original.reply(sent.what) } else { sent };
                Travelling { packet: sent, network: if back { network } else { outer }, borders: borders + 1 }
            }));
            if verdict != Verdict::Pass {
                return refuse(verdict, &original, network, borders, on);
            }
        }
        // To an address of its own border a packet comes back in from there: a hairpin.
        on.insert(0, Travelling { packet, network: outer, borders: borders + 1 });
    }

    fn ask(
        &mut self,
        network: NetworkId,
        number: usize,
        packet: &mut Packet,
        outbound: bool,
    ) -> (Verdict, Vec<Packet>) {
        let (mut sends, mut notes) = (Vec::new(), Vec::new());
        let mut context = Context { now: self.now, rng: &mut self.rng, sends: &mut sends, notes: &mut notes };
        let of = &mut self.networks[network.0].boxes[number];
        let verdict =
            if outbound { of.outbound(packet, &mut context) } else { of.inbound(packet, &mut context) };
        for note in notes {
            self.transcript.add(self.now, note);
        }
        (verdict, sends)
    }
}

/// The sender of a rejected packet is told.
fn refuse(verdict: Verdict, original: &Packet, network: NetworkId, borders: usize, on: &mut Vec<Travelling>) {
    if verdict == Verdict::Reject && original.what != Payload::Reset {
        on.push(Travelling { packet: original.reply(Payload::Reset), network, borders: borders + 1 });
    }
}
