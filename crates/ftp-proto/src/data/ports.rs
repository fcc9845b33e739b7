//! Ports and addresses that a data connection may use.

use core::net::IpAddr;

/// The ports that an operator allows, inclusive; [`PortRange::EPHEMERAL`] lets the system choose.
///
/// Which one is taken is the port pool's business (ftp-dtp): it alone knows what is in use, who used it last,
/// and has the system's randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl PortRange {
    /// Any port that the system hands out.
    pub const EPHEMERAL: Self = Self { first: 0, last: 0 };

    /// A range of fixed ports; `None` when it is empty or contains port 0.
    #[must_use]
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        if first == 0 || last < first { None } else { Some(Self { first, last }) }
    }

    /// Whether the system chooses.
    #[must_use]
    pub const fn is_ephemeral(self) -> bool {
        self.first == 0
    }

    /// How many ports there are; 0 when the system chooses.
    #[must_use]
    pub const fn len(self) -> u32 {
        if self.is_ephemeral() { 0 } else { self.last as u32 - self.first as u32 + 1 }
    }

    /// Whether no fixed port is in the range, that is, the system chooses.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.is_ephemeral()
    }

    /// Whether `port` is in the range.
    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        !self.is_ephemeral() && self.first <= port && port <= self.last
    }
}

/// Whose data connection a listener takes. The last word has [`ControlMachine::admit`](crate::io::ControlMachine::admit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcceptFrom {
    /// Only this address (already normalised, see [`crate::address::normalise`]).
    Only(IpAddr),
    /// Anyone.
    Any,
}

/// The operator's choice of the local port of active connections (RFC 959 §3.2: the control port minus one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SourcePort {
    /// Whatever the system chooses.
    Any,
    /// The port that the peer dialled minus one, or any if that cannot be had.
    PreferBelowDialled,
    /// This port, or any if it cannot be had.
    Prefer(u16),
    /// This port or none: for firewalls that let only it out.
    Require(u16),
}

/// What an outgoing data connection is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceEndpoint {
    /// The local address; that of the control connection, so that firewalls recognise the pair.
    pub ip: IpAddr,
    /// The local port; `None` lets the system choose.
    pub port: Option<u16>,
    /// When the port cannot be had (no privilege, or in use), let the system choose instead of failing.
    pub fall_back: bool,
}

/// The answer to "may this peer have the data connection?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Admission {
    /// It is the right peer: hand it over and close the listener.
    Take,
    /// A stranger: close it and keep listening.
    Drop,
}
