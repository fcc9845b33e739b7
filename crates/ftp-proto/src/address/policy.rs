//! Which of the addresses that a peer names are used (RFC 2577 §3, RFC 1123 §4.1.2.6). Pure decisions, for both
//! sides.

use super::{Announced, normalise};
use crate::data::{DataPolicyRow, ForeignTarget};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Ports below are services' own: nobody's data connection is there (RFC 2577 §3).
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// Why an announced address is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TargetRefusal {
    /// It is not the control connection's peer.
    #[error("{target} is not this control connection's peer, {peer}")]
    Foreign {
        /// The address announced.
        target: IpAddr,
        /// The control connection's peer.
        peer: IpAddr,
    },
    /// It is an address of a private network, and the control connection's peer is not.
    #[error("{target} is a private address, and this control connection comes from {peer}")]
    Private {
        /// The address announced.
        target: IpAddr,
        /// The control connection's peer.
        peer: IpAddr,
    },
    /// The port is below 1024.
    #[error("port {port} is below 1024")]
    LowPort {
        /// The port announced.
        port: u16,
    },
    /// It is no address of a host: unspecified, multicast or broadcast.
    #[error("{target} is no address of a host")]
    Unspecified {
        /// The address announced.
        target: IpAddr,
    },
}

/// Where a server connects to for a PORT or EPRT that names `target`.
///
/// The unspecified address means the peer itself: some clients announce what their socket is bound to (lftp, `::`).
///
/// # Errors
/// When `row` does not allow it. A port below 1024 never is allowed, and neither is this machine's own loopback to
/// anybody who does not come from there: with [`ForeignTarget::Allow`] both would let a client speak to the server's
/// own services.
pub fn check_target(
    row: &DataPolicyRow,
    peer: IpAddr,
    target: SocketAddr,
) -> Result<SocketAddr, TargetRefusal> {
    let (peer, ip, port) = (normalise(peer), normalise(target.ip()), target.port());
    if port < FIRST_UNPRIVILEGED_PORT {
        return Err(TargetRefusal::LowPort { port });
    }
    // "This host" can only be the one that says so; nobody else is reached by it.
    let this_host = ip.is_unspecified() && ip.is_ipv4() == peer.is_ipv4();
    if ip == peer || this_host {
        return Ok(SocketAddr::new(peer, port));
    }
    if !is_host(ip) {
        return Err(TargetRefusal::Unspecified { target: ip });
    }
    let hidden = is_private(ip) && !is_private(peer);
    let refusal = if hidden {
        TargetRefusal::Private { target: ip, peer }
    } else {
        TargetRefusal::Foreign { target: ip, peer }
    };
    match row.foreign_target {
        ForeignTarget::SubstitutePrivate if hidden && ip.is_ipv4() == peer.is_ipv4() => {
            Ok(SocketAddr::new(peer, port))
        }
        ForeignTarget::Allow if !ip.is_loopback() || peer.is_loopback() => Ok(SocketAddr::new(ip, port)),
        ForeignTarget::Allow | ForeignTarget::SubstitutePrivate | ForeignTarget::Refuse => Err(refusal),
    }
}

/// Whose word a client takes for the address of a passive port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PassiveAddress {
    /// The control connection's peer, whatever the reply says (CVE-2020-8284).
    #[default]
    ControlPeer,
    /// What the reply says, where it says something: for servers whose data connections are on another host.
    AsTold,
    /// What the reply says, unless it can be seen to be wrong: no address of a host, or a private address from a peer
    /// with a public one. Then the control connection's peer.
    Repair,
}

/// What stands for IPv4 on networks that have IPv6 only (RFC 6052 §2.1): 64:ff9b::/96.
const NAT64: [u16; 6] = [0x64, 0xFF9B, 0, 0, 0, 0];

/// An IPv4 address that was told by a server behind a NAT64, as it is reached from this side: by the same prefix. Without such
/// a prefix an IPv6 client has no way to an IPv4 address but the one that the control connection goes.
fn through_nat64(peer: IpAddr, told: IpAddr) -> IpAddr {
    let (IpAddr::V6(peer), IpAddr::V4(v4)) = (peer, told) else { return told };
    let [a, b, c, d, e, f, ..] = peer.segments();
    if [a, b, c, d, e, f] != NAT64 {
        return peer.into();
    }
    let [w, x, y, z] = v4.octets();
    Ipv6Addr::new(a, b, c, d, e, f, u16::from_be_bytes([w, x]), u16::from_be_bytes([y, z])).into()
}

/// Where a client connects to, once its server has `announced` a port.
///
/// # Errors
/// Under [`PassiveAddress::AsTold`], when what was told is no address of a host.
pub fn passive_target(
    trust: PassiveAddress,
    peer: IpAddr,
    announced: Announced,
) -> Result<SocketAddr, TargetRefusal> {
    let peer = normalise(peer);
    let told = announced.ip.map_or(peer, |told| through_nat64(peer, normalise(told)));
    let ip = match trust {
        PassiveAddress::ControlPeer => peer,
        PassiveAddress::AsTold if told == peer || is_host(told) => told,
        PassiveAddress::AsTold => return Err(TargetRefusal::Unspecified { target: told }),
        PassiveAddress::Repair if !is_host(told) || (is_private(told) && !is_private(peer)) => peer,
        // A server on this machine may well announce this machine's loopback; nobody else's loopback is meant.
        PassiveAddress::Repair if told.is_loopback() && !peer.is_loopback() => peer,
        PassiveAddress::Repair => told,
    };
    Ok(SocketAddr::new(ip, announced.port))
}

/// Whether an address has no meaning outside of some network: loopback, link-local, private (RFC 1918), shared by a
/// carrier's NAT (RFC 6598), unique local (RFC 4193).
///
/// ```
/// use ftp_proto::address::is_private;
///
/// assert!(is_private("100.64.0.1".parse().unwrap()));
/// assert!(is_private("fd00::1".parse().unwrap()));
/// assert!(!is_private("192.0.2.1".parse().unwrap()));
/// ```
#[must_use]
pub fn is_private(ip: IpAddr) -> bool {
    match normalise(ip) {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_carrier_nat(ip),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// 100.64.0.0/10 (RFC 6598).
const fn is_carrier_nat(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0xC0 == 0x40
}

/// Whether an address can be one host's: not unspecified, multicast or broadcast. 0.0.0.0/8 and 240.0.0.0/4 are no
/// host's either.
fn is_host(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !matches!(ip.octets(), [0 | 224..=255, ..]),
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    }
}
