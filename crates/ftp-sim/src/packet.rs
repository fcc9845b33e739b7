//! What travels: the events of a TCP connection, not its segments. There are no sequence numbers, and nothing is lost
//! or comes out of order except where a box drops it.

use bytes::Bytes;
use core::fmt;
use core::net::SocketAddr;

/// Something on its way from one host to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Who seems to send it.
    pub from: SocketAddr,
    /// Where it goes.
    pub to: SocketAddr,
    /// What it is.
    pub what: Payload,
}

/// What a [`Packet`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A connection is asked for.
    Syn,
    /// It is there.
    SynAck,
    /// Octets.
    Data {
        /// The octets.
        octets: Bytes,
        /// The last of them is urgent (a Telnet Synch).
        urgent: bool,
    },
    /// So many octets have been read: the window opens.
    Credit(usize),
    /// No octets follow.
    Fin,
    /// There is no such connection, or no longer.
    Reset,
}

impl Packet {
    /// The same way back.
    #[must_use]
    pub const fn reply(&self, what: Payload) -> Self {
        Self { from: self.to, to: self.from, what }
    }

    /// Whether it asks for a connection.
    #[must_use]
    pub const fn is_syn(&self) -> bool {
        matches!(self.what, Payload::Syn)
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {} {}", self.from, self.to, self.what)
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Of long data the transcript shows the start.
        const SHOWN: usize = 80;
        match self {
            Self::Syn => f.write_str("SYN"),
            Self::SynAck => f.write_str("SYN+ACK"),
            Self::Credit(octets) => write!(f, "ACK {octets}"),
            Self::Fin => f.write_str("FIN"),
            Self::Reset => f.write_str("RST"),
            Self::Data { octets, urgent } => {
                let shown = octets.get(..SHOWN).unwrap_or(octets);
                let mark = if *urgent { " URG" } else { "" };
                write!(f, "{} octets{mark} \"{}\"", octets.len(), shown.escape_ascii())
            }
        }
    }
}
