//! The operator's table: which address is announced, which ports and modes are used, how strict the checks are.
//!
//! The first row whose conditions all hold is chosen; the last row has none, so there always is one.

use super::{PortRange, SourcePort};
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};

/// What a row of the operator's table says. The defaults are those that a security reviewer would choose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataPolicyRow {
    /// The address in 227. EPSV has no address.
    pub announce: Announce,
    /// The ports that passive listeners use.
    pub ports: PortRange,
    /// Added to the listened port for the announced one (a NAT that maps ports).
    pub announced_port_offset: i32,
    /// Whether PASV and EPSV are served.
    pub passive: bool,
    /// Whether PORT and EPRT are served.
    pub active: bool,
    /// Who may connect to a passive port.
    pub peer_check: PeerCheck,
    /// What happens to PORT and EPRT with another address than the control peer's.
    pub foreign_target: ForeignTarget,
    /// The local port of active connections.
    pub active_source: SourcePort,
    /// Whether data TLS must resume the control connection's session.
    pub resumption: RequireResumption,
}

impl Default for DataPolicyRow {
    fn default() -> Self {
        Self {
            announce: Announce::Dialled,
            ports: PortRange::EPHEMERAL,
            announced_port_offset: 0,
            passive: true,
            active: true,
            peer_check: PeerCheck::SameAddress,
            foreign_target: ForeignTarget::Refuse,
            active_source: SourcePort::PreferBelowDialled,
            resumption: RequireResumption::Auto,
        }
    }
}

/// Which address 227 carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Announce {
    /// What the peer dialled (`ControlEndpoints::dialled`, else `local`).
    Dialled,
    /// The external address of a NAT.
    Address(IpAddr),
}

/// Who may connect to a passive port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PeerCheck {
    /// The control connection's peer only.
    SameAddress,
    /// A host of the control peer's network.
    SameNetwork {
        /// Prefix length for IPv4, 0 to 32.
        v4_prefix: u8,
        /// Prefix length for IPv6, 0 to 128.
        v6_prefix: u8,
    },
    /// Anyone: for server-to-server transfers.
    Off,
}

/// What happens to PORT and EPRT with another address than the control peer's (RFC 2577 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ForeignTarget {
    /// 504, naming both addresses.
    Refuse,
    /// A private address from a public peer is replaced by the peer's; others are refused.
    SubstitutePrivate,
    /// Connect there: server-to-server transfers.
    Allow,
}

/// Whether data TLS must resume the control connection's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RequireResumption {
    /// Not looked at.
    Off,
    /// Noticed, never refused.
    Log,
    /// Required from the first data connection of this control session that resumed.
    Auto,
    /// Always required.
    Require,
}

/// What a row is chosen by.
#[derive(Debug, Clone, Copy)]
pub struct DataFacts<'a> {
    /// The control connection's peer.
    pub client: IpAddr,
    /// What it dialled.
    pub listener: SocketAddr,
    /// Whether the control connection is under TLS.
    pub tls: bool,
    /// The user, once logged in.
    pub user: Option<&'a [u8]>,
}

/// The conditions of a row; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataCondition {
    /// The client is in this network (address, prefix length).
    pub client: Option<(IpAddr, u8)>,
    /// The client dialled this address.
    pub listener: Option<IpAddr>,
    /// The control connection is (or is not) under TLS.
    pub tls: Option<bool>,
    /// This user is logged in.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub user: Option<Bytes>,
}

impl DataCondition {
    fn holds(&self, facts: DataFacts<'_>) -> bool {
        self.client
            .is_none_or(|(network, prefix)| crate::address::same_network(network, facts.client, prefix))
            && self.listener.is_none_or(|ip| ip == crate::address::normalise(facts.listener.ip()))
            && self.tls.is_none_or(|tls| tls == facts.tls)
            && self.user.as_ref().is_none_or(|user| Some(&user[..]) == facts.user)
    }
}

/// The operator's table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataPolicy {
    rows: Vec<(DataCondition, DataPolicyRow)>,
    otherwise: DataPolicyRow,
}

impl DataPolicy {
    /// A table of one row.
    #[must_use]
    pub const fn new(otherwise: DataPolicyRow) -> Self {
        Self { rows: Vec::new(), otherwise }
    }

    /// Adds a row after the conditional rows that are there.
    #[must_use]
    pub fn with_row(mut self, when: DataCondition, row: DataPolicyRow) -> Self {
        self.rows.push((when, row));
        self
    }

    /// The first row that matches.
    #[must_use]
    pub fn choose(&self, facts: DataFacts<'_>) -> &DataPolicyRow {
        self.rows.get(self.position(facts)).map_or(&self.otherwise, |(_, row)| row)
    }

    /// Which of [`rows`](Self::rows) is the first that matches.
    #[must_use]
    pub fn position(&self, facts: DataFacts<'_>) -> usize {
        self.rows.iter().position(|(when, _)| when.holds(facts)).unwrap_or(self.rows.len())
    }

    /// Every row, in order, the unconditional one last.
    pub fn rows(&self) -> impl Iterator<Item = &DataPolicyRow> {
        self.rows.iter().map(|(_, row)| row).chain(core::iter::once(&self.otherwise))
    }
}
