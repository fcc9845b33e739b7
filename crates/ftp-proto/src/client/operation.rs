//! What a client is asked to do.

use crate::address::PassiveAddress;
use crate::command::{Command, PathName, Secret, Text};
use crate::data::{DataMode, PortRange};
use crate::io::StreamEncoding;
use crate::server::{OctetSpan, TransferVerb};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

/// Names an operation, from [`start`](super::ClientConnection::start) to its [`Done`](super::ClientEvent::Done).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub(crate) u64);

impl OpId {
    /// The number, for logs.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// One thing to do, perhaps of several commands. Operations are done in order, one at a time.
#[derive(Debug)]
#[non_exhaustive]
pub enum Operation {
    /// TLS on the control connection: AUTH TLS (RFC 4217 §4). Before the login.
    Secure,
    /// USER, and PASS and ACCT as far as the server asks for them. What [`ClientConfig`](super::ClientConfig) wants
    /// before and after it is part of it. Done with the reply that let the user in.
    Login {
        /// Who.
        user: Text,
        /// Given when the server asks for it.
        password: Option<Secret>,
        /// Given when the server asks for it.
        account: Option<Secret>,
    },
    /// PBSZ 0 and PROT P (`true`) or PROT C (RFC 4217 §9). Under TLS only.
    Protect(bool),
    /// CCC: the control connection goes on in the clear (RFC 4217 §5).
    ClearControl,
    /// RETR, STOR, LIST and their kin, with everything before and after it: TYPE, REST, the data connection.
    Transfer {
        /// The command.
        verb: TransferVerb,
        /// Its path.
        path: Option<PathName>,
        /// Where to begin, by REST, and where to end; the end is ours alone, by ABOR.
        span: OctetSpan,
        /// What is done to the octets on the way; decides TYPE, STRU and MODE.
        encoding: StreamEncoding,
        /// The whole file's size, if it is known: a download of fewer octets than the span asks for is then an error.
        /// Not looked at when the encoding changes octets.
        size: Option<u64>,
        /// Where the octets go.
        data: DataPlan,
    },
    /// One command and its reply. What opens a data connection or changes TLS has an operation of its own.
    Command(Command),
    /// A line as the user wrote it, without line end (`quote`). Verbs that the machine must know of are refused; see
    /// [`Misuse::WrongState`](super::Misuse::WrongState).
    Raw(Text),
    /// QUIT. The connection is closed afterwards, and operations after it are not begun.
    Quit,
}

/// Where the octets of a transfer go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataPlan {
    /// Through our own data transfer process, by one rung, which the [`Ladder`](super::Ladder) chooses.
    Own(Rung),
    /// Server to server (RFC 959 §5.2, figure 3): this server listens. Its address, made out by this policy, is
    /// [`ClientEvent::PeerListens`](super::ClientEvent::PeerListens), for the other server's
    /// [`ThirdPartyConnects`](Self::ThirdPartyConnects).
    ThirdPartyListens(PassiveAddress),
    /// Server to server: this server connects there.
    ThirdPartyConnects(SocketAddr),
}

/// One way of getting a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The mode.
    pub mode: DataMode,
    /// Passive: where to connect to when the reply names an address.
    pub address: PassiveAddress,
    /// Active: what is listened on and what is announced. `None`: any port of the control connection's address.
    pub listen: Option<ListenPlan>,
    /// How long the connection may take.
    pub patience: Duration,
    /// How long the reply to PASV, EPSV, PORT or EPRT may take before.
    pub reply_patience: Duration,
    /// False until this rung has worked with this server: then a passive connection is opened before the transfer
    /// command is sent, so that a dead rung never leaves the server waiting with a command in service.
    pub command_first: bool,
}

/// What is listened on in active mode, and what the server is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenPlan {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The ports to choose from.
    pub ports: PortRange,
    /// The address to announce, when it is not the one that is listened on (a NAT).
    pub announce: Option<IpAddr>,
    /// Added to the listened port for the announced one (a NAT that maps ports).
    pub announced_port_offset: i32,
}
