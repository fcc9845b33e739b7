//! What stands between a network and the one around it.

mod alg;
mod balancer;
mod firewall;
mod nat;

pub use alg::AlgKind;
pub use balancer::Balancer;
pub use firewall::{Direction, Firewall, Rule};
pub use nat::{Dependence, Forward, Nat};

use crate::packet::Packet;
use core::net::IpAddr;
use ftp_proto::time::Instant;

/// What a box does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, with the addresses that it has now.
    Pass,
    /// It disappears.
    Drop,
    /// Its sender is told: a reset.
    Reject,
}

/// What a box has at hand.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time.
    pub now: Instant,
    /// Chance, from the seed.
    pub rng: &'a mut fastrand::Rng,
    /// Packets that the box sends itself; they start from where it stands, unseen by itself.
    pub sends: &'a mut Vec<Packet>,
    /// Lines for the transcript.
    pub notes: &'a mut Vec<String>,
}

/// A box on the border of a network. Write your own to try what is not here.
pub trait Middlebox {
    /// A packet leaves the network.
    fn outbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict;

    /// A packet comes to the network, or to an address of the box.
    fn inbound(&mut self, packet: &mut Packet, context: &mut Context<'_>) -> Verdict;

    /// Whether the box itself has this address, on the outside.
    fn owns(&self, _ip: IpAddr) -> bool {
        false
    }

    /// Whether a host behind it that has this address cannot be reached by it from outside.
    fn hides(&self, _ip: IpAddr) -> bool {
        false
    }

    /// Whether a packet from inside to the box's own address is turned around there.
    fn hairpin(&self) -> bool {
        false
    }
}
