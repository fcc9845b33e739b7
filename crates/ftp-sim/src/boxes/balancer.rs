//! A load balancer that knows connections and not sessions: a data connection may go to another server than the
//! control connection that announced it.

use super::{Context, Middlebox, Verdict};
use crate::packet::Packet;
use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

/// Spreads connections to one address over several servers behind it.
#[derive(Debug)]
pub struct Balancer {
    address: IpAddr,
    servers: Vec<IpAddr>,
    /// By the client's address, so that one client always comes to the same server.
    sticky: bool,
    next: usize,
    /// Client and the port that it connected to, and the server it got.
    flows: BTreeMap<(SocketAddr, u16), IpAddr>,
    clients: BTreeMap<IpAddr, IpAddr>,
}

impl Balancer {
    /// One connection after the other to the next server.
    #[must_use]
    pub const fn round_robin(address: IpAddr, servers: Vec<IpAddr>) -> Self {
        Self { address, servers, sticky: false, next: 0, flows: BTreeMap::new(), clients: BTreeMap::new() }
    }

    /// Each client always to the same server: what FTP needs.
    #[must_use]
    pub const fn by_client(address: IpAddr, servers: Vec<IpAddr>) -> Self {
        Self { address, servers, sticky: true, next: 0, flows: BTreeMap::new(), clients: BTreeMap::new() }
    }

    fn choose(&mut self, client: IpAddr) -> Option<IpAddr> {
        if let Some(&server) = self.clients.get(&client).filter(|_| self.sticky) {
            return Some(server);
        }
        let server = *self.servers.get(self.next % self.servers.len().max(1))?;
        self.next += 1;
        self.clients.insert(client, server);
        Some(server)
    }
}

impl Middlebox for Balancer {
    /// Everything that the servers send comes from the balancer's address.
    fn outbound(&mut self, packet: &mut Packet, _context: &mut Context<'_>) -> Verdict {
        if self.servers.contains(&packet.from.ip()) {
            self.flows.entry((packet.to, packet.from.port())).or_insert_with(|| packet.from.ip());
            packet.from.set_ip(self.address);
        }
        Verdict::Pass
    }

    fn inbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict {
        if packet.to.ip() != self.address {
            return Verdict::Pass;
        }
        let flow = (packet.from, packet.to.port());
        let server = match self.flows.get(&flow) {
            Some(&server) if !packet.is_syn() => server,
            _ if !packet.is_syn() => return Verdict::Drop,
            _ => {
                let Some(server) = self.choose(packet.from.ip()) else { return Verdict::Reject };
                context.notes.push(format!("balancer: {} to {server}", packet.from));
                self.flows.insert(flow, server);
                server
            }
        };
        packet.to.set_ip(server);
        Verdict::Pass
    }

    fn owns(&self, ip: IpAddr) -> bool {
        ip == self.address
    }

    fn hides(&self, ip: IpAddr) -> bool {
        self.servers.contains(&ip)
    }
}
