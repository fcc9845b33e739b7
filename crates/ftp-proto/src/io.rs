//! The vocabulary between a connection machine and its driver; the same for both sides.
//!
//! A driver's loop is: write [`pending_output`](ControlMachine::pending_output), carry out what
//! [`poll`](ControlMachine::poll) says until it says `None`, then wait for whichever comes first of control octets,
//! data events, answers of the application and [`deadline`](ControlMachine::deadline), and report it.

use crate::data::{
    AcceptFrom, Admission, DataEvent, DataId, PortRange, SourceEndpoint, TlsFacts, TlsRole, TransferId,
};
use crate::time::Instant;
use core::net::{IpAddr, SocketAddr};

/// The addresses of a control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ControlEndpoints {
    /// Our own socket's address: data sockets are bound to it.
    pub local: SocketAddr,
    /// The other end; behind a balancer the real client, as PROXY protocol tells.
    pub peer: SocketAddr,
    /// What the peer dialled, when that is not `local` (PROXY protocol): decides the family of PASV and is announced.
    pub dialled: Option<SocketAddr>,
}

impl ControlEndpoints {
    /// The addresses with IPv4-mapped IPv6 turned into IPv4, as every comparison needs it.
    #[must_use]
    pub fn normalised(self) -> Self {
        use crate::address::normalise_socket;
        Self {
            local: normalise_socket(self.local),
            peer: normalise_socket(self.peer),
            dialled: self.dialled.map(normalise_socket),
        }
    }

    /// What the peer dialled.
    #[must_use]
    pub fn dialled(&self) -> SocketAddr {
        self.dialled.unwrap_or(self.local)
    }
}

/// What the driver reports about the control connection, besides its octets.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ControlEvent {
    /// TLS is up.
    Secured(TlsFacts),
    /// The TLS handshake failed.
    SecureFailed,
    /// TLS has ended and the connection is in the clear again.
    Cleared,
    /// The peer sent its end of stream.
    PeerClosed,
    /// The connection was reset, or failed otherwise.
    Reset,
}

/// What a driver is to do. Exhaustive on purpose: a driver that does not know an action is wrong, so a new one must
/// not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IoAction {
    /// Begin TLS on the control connection; answered by `Secured` or `SecureFailed`.
    StartControlTls(TlsRole),
    /// End TLS on the control connection; answered by `Cleared`.
    StopControlTls,
    /// Everything is written: close the control connection.
    CloseControl,
    /// Open a listener; answered by `Listening`, then `Connected`, or `Failed`. Each peer that connects is put to
    /// [`ControlMachine::admit`]; strangers are closed and the listener goes on.
    Listen {
        /// The data connection that this is for.
        id: DataId,
        /// The address to listen on.
        bind: IpAddr,
        /// The ports to choose from.
        ports: PortRange,
        /// Who is expected.
        expect: AcceptFrom,
        /// PROT P is in force: a shared port may tell clients apart by their TLS session.
        tls: bool,
    },
    /// Connect; answered by `Connected` or `Failed`.
    Connect {
        /// The data connection that this is for.
        id: DataId,
        /// What to bind to.
        source: SourceEndpoint,
        /// Where to.
        target: SocketAddr,
    },
    /// Begin TLS on the data connection; answered by `Secured` or `Failed`.
    StartDataTls {
        /// The data connection.
        id: DataId,
        /// Who sends the ClientHello.
        role: TlsRole,
        /// Which way the octets will go.
        flow: Flow,
        /// The handshake must resume the control connection's session. One that does not is to be broken off before its
        /// end, lest a stranger is given a ticket; answered by `Failed` with [`Failure::NotResumed`](crate::data::Failure).
        must_resume: bool,
    },
    /// Move the octets of `transfer`'s resource over the data connection; answered by `Ended`.
    StartTransfer {
        /// The data connection.
        id: DataId,
        /// The resource.
        transfer: TransferId,
        /// How.
        plan: TransferPlan,
    },
    /// The application opened this resource, but no data connection came: free it, undo what was made.
    /// Every transfer answered `ready` gets exactly one of `StartTransfer` and `CancelTransfer`.
    CancelTransfer {
        /// The resource.
        transfer: TransferId,
    },
    /// Stop a pump, listener, half-open or idle data connection; answered by `Ended` with `Aborted` if a pump ran.
    DropData {
        /// The data connection.
        id: DataId,
    },
}

/// How the octets of a transfer are to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferPlan {
    /// Which way.
    pub flow: Flow,
    /// What is done to them on the way.
    pub encoding: StreamEncoding,
    /// Move at most this many octets of storage; `None` is to the end. Where the range begins is in the
    /// application's request.
    pub limit: Option<u64>,
    /// What becomes of the data connection afterwards.
    pub on_end: OnEnd,
}

/// Which way the octets of a transfer go, seen from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// From our storage to the peer.
    ToPeer,
    /// From the peer to our storage.
    FromPeer,
}

/// What becomes of the data connection after a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnEnd {
    /// It is closed; in stream mode that is the end of the file (RFC 959 §3.3).
    Close,
    /// It is kept for the next transfer (block mode).
    Keep,
}

/// What is done to octets on the way. A product, not a choice: TYPE A under MODE Z, STRU R under MODE S are legal
/// (RFC 959 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamEncoding {
    /// TYPE A: storage has LF line ends, the wire CRLF.
    pub ascii: bool,
    /// STRU R: records have end marks.
    pub records: bool,
    /// The transmission mode.
    pub mode: TransmissionMode,
}

impl StreamEncoding {
    /// TYPE I, STRU F, MODE S: nothing is done.
    pub const PLAIN: Self = Self { ascii: false, records: false, mode: TransmissionMode::Stream };
}

/// The transmission mode (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransmissionMode {
    /// MODE S.
    Stream,
    /// MODE B.
    Block,
    /// MODE Z.
    Deflate {
        /// 1 to 9.
        level: u8,
    },
}

/// When a machine wants waking, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When.
    pub at: Instant,
    /// Why.
    pub why: Timer,
}

/// The timers of a connection, on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The greeting does not come.
    Greeting,
    /// The login takes too long.
    Login,
    /// Nothing was asked for a while.
    Idle,
    /// The application does not answer.
    Decision,
    /// The control connection's TLS handshake takes too long.
    ControlTls,
    /// The peer does not read its replies.
    ControlWrite,
    /// The data connection does not come.
    DataOpen,
    /// The data connection's TLS handshake takes too long.
    DataTls,
    /// No octet moves.
    TransferStall,
    /// The peer does not react to ABOR.
    AbortGrace,
    /// A reply does not come.
    ReplyWait,
    /// A refused login waits before it is told.
    Penalty,
    /// The last octets wait to be written before the connection is closed.
    Linger,
    /// The control connection has been silent during a transfer, and a NAT might forget it.
    KeepAlive,
}

/// The only surface that a driver needs, for either side. [`receive`](Self::receive) always gets clear text: under
/// TLS the driver's TLS pipe is in between.
pub trait ControlMachine {
    /// What the application gets: questions and notices on the server, events on the client.
    type Output;

    /// Whether more control octets can be taken now. While false, the driver does not read, and TCP pushes back.
    fn wants_input(&self) -> bool;

    /// Takes a prefix of `octets` and returns its length; the rest is offered again later.
    #[must_use = "the octets that were not taken must be offered again"]
    fn receive(&mut self, octets: &[u8], now: Instant) -> usize;

    /// Control octets to write.
    fn pending_output(&self) -> &[u8];

    /// The first `octets` of [`pending_output`](Self::pending_output) are written.
    fn output_written(&mut self, octets: usize, now: Instant);

    /// Something else happened to the control connection.
    fn handle_control(&mut self, event: ControlEvent, now: Instant);

    /// Whether `peer`, which connected to the listener `id`, is the one. Asked in the accept loop.
    fn admit(&mut self, id: DataId, peer: SocketAddr, now: Instant) -> Admission;

    /// Something happened to a data connection. Events of old ids are ignored.
    fn handle_data(&mut self, id: DataId, event: DataEvent, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) is wanted, and why. Changes with every other call.
    fn deadline(&self) -> Option<Deadline>;

    /// Time has passed. May come early or late.
    fn handle_timeout(&mut self, now: Instant);

    /// The next thing to do; call until `None` after every other call.
    #[must_use = "an action that is not carried out stops the session"]
    fn poll(&mut self) -> Option<Step<Self::Output>>;

    /// Nothing more will come: the machine can be freed. Not before every transfer has settled.
    fn is_finished(&self) -> bool;
}

/// What [`ControlMachine::poll`] returns.
#[derive(Debug)]
#[must_use]
pub enum Step<T> {
    /// For the driver.
    Io(IoAction),
    /// For the application.
    App(T),
}
