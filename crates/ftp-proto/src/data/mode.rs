//! Who listens and who connects, for each data port mode (RFC 959 §3.2, RFC 2428).

use core::fmt;

/// One end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client: user-PI and user-DTP.
    User,
    /// The server: server-PI and server-DTP.
    Server,
}

/// How an address is written on the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressForm {
    /// PORT and PASV: six numbers, IPv4 only (RFC 959 §4.1.2).
    Classic,
    /// EPRT and EPSV: any address family (RFC 2428).
    Extended,
}

/// The data port mode. Active and passive are seen from the server, as the field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataMode {
    /// No PORT, PASV, EPRT or EPSV was sent: the server connects to the control peer's own port (RFC 959 §3.2).
    DefaultPort,
    /// PORT, EPRT: the server connects.
    Active(AddressForm),
    /// PASV, EPSV: the server listens.
    Passive(AddressForm),
}

/// What one side does to get a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opening {
    /// Wait for the peer to connect.
    Listen,
    /// Connect to the peer.
    Connect,
}

impl DataMode {
    /// PORT.
    pub const PORT: Self = Self::Active(AddressForm::Classic);
    /// EPRT.
    pub const EPRT: Self = Self::Active(AddressForm::Extended);
    /// PASV.
    pub const PASV: Self = Self::Passive(AddressForm::Classic);
    /// EPSV.
    pub const EPSV: Self = Self::Passive(AddressForm::Extended);

    /// The one table that makes active and passive, user and server, the same machine.
    #[must_use]
    pub const fn opening(self, side: Side) -> Opening {
        match (self, side) {
            (Self::Passive(_), Side::Server) | (Self::Active(_) | Self::DefaultPort, Side::User) => {
                Opening::Listen
            }
            (Self::Passive(_), Side::User) | (Self::Active(_) | Self::DefaultPort, Side::Server) => {
                Opening::Connect
            }
        }
    }

    /// The verb that selects this mode; the default port has none.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::DefaultPort => "default port",
            Self::Active(AddressForm::Classic) => "PORT",
            Self::Active(AddressForm::Extended) => "EPRT",
            Self::Passive(AddressForm::Classic) => "PASV",
            Self::Passive(AddressForm::Extended) => "EPSV",
        }
    }
}

impl fmt::Display for DataMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.verb())
    }
}

/// Who is the TLS client on a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsRole {
    /// Sends the ClientHello.
    Client,
    /// Answers it.
    Server,
}

impl Side {
    /// By side, not by who connected: a server-DTP that connects is still the TLS server (RFC 4217 §7).
    #[must_use]
    pub const fn tls_role(self) -> TlsRole {
        match self {
            Self::User => TlsRole::Client,
            Self::Server => TlsRole::Server,
        }
    }
}
