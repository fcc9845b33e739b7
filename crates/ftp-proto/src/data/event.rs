//! What a driver reports about data connections, and how a transfer ended. Never carries data octets.

use bytes::Bytes;
use core::net::SocketAddr;

/// Names one data connection, from its selection to its end. Generation-tagged: an event that carries an old id
/// is ignored, never misapplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataId(pub(crate) u32);

impl DataId {
    /// The number, for logs.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Names one transfer, and with it the resource that the application opened for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TransferId(pub(crate) u32);

impl TransferId {
    /// A name of the caller's own, to use storage without a connection: in tests, and in programs that are no server.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, for logs.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What the driver reports about a data connection.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DataEvent {
    /// A listener is ready; `local` has the port that was taken.
    Listening {
        /// The listener's address.
        local: SocketAddr,
    },
    /// The data connection exists (accepted after [`Admission::Take`](super::Admission::Take), or connected).
    Connected {
        /// Our end.
        local: SocketAddr,
        /// The other end.
        peer: SocketAddr,
        /// `Some` when the port pool had to finish TLS to know whose connection this is (shared ports); then no
        /// `StartDataTls` follows.
        tls: Option<TlsFacts>,
    },
    /// The connection is being made, from here: in place of the wanted port it may be another.
    Connecting {
        /// Our end.
        local: SocketAddr,
    },
    /// The TLS handshake on the data connection is complete.
    Secured(TlsFacts),
    /// The data connection could not be had.
    Failed {
        /// Doing what.
        during: DataPhase,
        /// Why not.
        why: Failure,
    },
    /// Cumulative. Reported when a `TransferStall` deadline is due, else at most four times a second.
    Progress {
        /// Octets moved on the wire so far.
        octets: u64,
    },
    /// The peer has sent a restart marker (RFC 959 §3.5), and storage has everything that came before it.
    Checkpoint {
        /// The peer's marker.
        #[cfg_attr(feature = "serde", serde(with = "crate::octets"))]
        marker: Bytes,
        /// Octets given to storage so far.
        stored: u64,
    },
    /// The pump has stopped; totals are true in either case. Storage has not yet committed: see
    /// [`SettleAsk`](crate::server::SettleAsk).
    Ended {
        /// What was moved.
        totals: TransferTotals,
        /// Whether all of it was.
        result: Result<(), TransferFailure>,
    },
}

/// A step of opening a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DataPhase {
    /// Opening the listener.
    Listen,
    /// Waiting for, or making, the connection.
    Connect,
    /// The TLS handshake.
    Secure,
}

/// A failure of the network, copyable and without text: drivers map their system's errors to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Failure {
    /// The source address and port are taken.
    AddressInUse,
    /// Every port of the range is in use.
    PortsExhausted,
    /// The process or the system has no file descriptor left.
    TooManyDescriptors,
    /// The connection came from, or went to, another host than agreed.
    WrongPeer,
    /// ICMP host unreachable.
    HostUnreachable,
    /// The local address is not on this machine, or the four-tuple is taken.
    AddressUnavailable,
    /// The system forbids it: a privileged port, a firewall on this machine.
    PermissionDenied,
    /// RST to our SYN: nothing listens there.
    Refused,
    /// ICMP network unreachable, or no route.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The connection was reset.
    Reset,
    /// TLS failed.
    Tls,
    /// The data connection's TLS did not resume the control connection's session, which was required.
    NotResumed,
    /// Anything else.
    Other,
}

/// What a transfer moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TransferTotals {
    /// Octets on the data connection.
    pub wire: u64,
    /// Octets given to or taken from storage.
    pub stored: u64,
    /// How the peer ended its stream.
    pub end: StreamEnd,
}

impl TransferTotals {
    /// Nothing moved.
    pub const NONE: Self = Self { wire: 0, stored: 0, end: StreamEnd::Open };
}

/// How the peer ended its stream; whether `Unclean` is a truncation is the core's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StreamEnd {
    /// It did not.
    Open,
    /// By closing its TCP stream, in the clear.
    Fin,
    /// By a TLS close_notify.
    CloseNotify,
    /// Under TLS, without close_notify.
    Unclean,
}

/// Why a transfer did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TransferFailure {
    /// Stopped by us: ABOR, shutdown, `DropData`.
    Aborted,
    /// The data connection failed.
    Connection(Failure),
    /// The stream ended before its end.
    Truncated,
    /// The peer sent what the structure and mode in force do not allow: no block, no mark, no zlib stream.
    Malformed,
    /// Storage failed.
    Storage(StorageFailure),
}

/// Why storage said no. How each becomes a reply code is one table (`server::failures`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StorageFailure {
    /// No such file or directory.
    NotFound,
    /// A directory was needed.
    NotADirectory,
    /// A file was needed.
    IsADirectory,
    /// A FIFO, socket or device.
    NotARegularFile,
    /// The name is taken.
    Exists,
    /// The directory is not empty.
    NotEmpty,
    /// Permission denied: by the file system, or by the user's rights here.
    Denied,
    /// The file system or the user is read-only.
    ReadOnly,
    /// In use by somebody else.
    Busy,
    /// The disk is full.
    NoSpace,
    /// The quota is used up.
    QuotaExceeded,
    /// Larger than the file system or the limits allow.
    TooLarge,
    /// The name cannot be: too long, or with octets that storage refuses.
    BadName,
    /// Restart beyond the end of the file.
    BadOffset,
    /// Storage cannot do this.
    Unsupported,
    /// The file changed while it was read.
    Changed,
    /// An error of the machine (EIO and its kin), the operator's to mend.
    Local,
}

/// What a TLS handshake established.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TlsFacts {
    /// Whether the handshake resumed a session.
    pub resumption: Resumption,
    /// TLS 1.3; else 1.2.
    pub tls13: bool,
    /// The server name that was asked for (SNI).
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub server_name: Option<Bytes>,
    /// The application protocol that was agreed on (ALPN).
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub alpn: Option<Bytes>,
    /// DER of the peer's end-entity certificate.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub peer_certificate: Option<Bytes>,
}

/// Which session a TLS handshake resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Resumption {
    /// A full handshake.
    None,
    /// Some session, not the control connection's.
    OtherSession,
    /// The session of this control connection.
    ControlSession,
}
