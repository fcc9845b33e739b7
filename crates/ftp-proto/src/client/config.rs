//! What a user can set for the protocol. Plain structs; every default is meant to be right for a server that is not known.

use crate::command::Text;
use crate::wire::{Quirks, ReplyLimits};
use core::time::Duration;

/// Settings of a client's control connections.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// How long things may take.
    pub timeouts: ClientTimeouts,
    /// How much there may be of things.
    pub limits: ClientLimits,
    /// Violations of the reply grammar that this server needs tolerated.
    pub quirks: Quirks,
    /// The virtual host to ask for before the login (RFC 7151); without port. A server that does not know HOST is used
    /// as it is.
    pub host: Option<Text>,
    /// Ask for the server's features after the login (RFC 2389). A refusal is no error.
    pub ask_features: bool,
    /// Send `OPTS UTF8 ON` after the login when the server lists UTF8. RFC 2640 needs no such command; some servers do.
    /// A refusal is no error.
    pub opts_utf8: bool,
    /// Send `EPSV ALL` once EPSV has worked, so that address-rewriting routers may leave the connection alone
    /// (RFC 2428 §4). Other modes and server-to-server transfers then need a new session.
    pub epsv_all: bool,
    /// Put Telnet IP and Synch (`IAC IP IAC DM`) before ABOR, as RFC 959 §4.1.3 has it. Few servers need it and some
    /// choke on it.
    pub telnet_abort: bool,
    /// TLS from the first octet, without AUTH.
    pub implicit_tls: bool,
    /// Accept a download under TLS whose end was not authenticated by close_notify and whose size is not known.
    /// Off: it is an error, since anyone on the way can cut it short (RFC 4217 §15).
    pub accept_unclean_end: bool,
}

/// How long things may take. [`Duration::MAX`] is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTimeouts {
    /// For the driver to connect to one address of the server (default 10 s); there may be several.
    pub connect: Duration,
    /// From the connection to the end of the greeting (default 30 s).
    pub greeting: Duration,
    /// For a final reply, whatever else comes in the meantime (default 60 s). During a transfer it begins when the
    /// octets have moved.
    pub reply: Duration,
    /// For the final reply of a download whose octets have all come (default 15 s): the server has nothing more to do, so that
    /// silence means that the control connection was lost on the way.
    pub confirmation: Duration,
    /// For the reply to QUIT (default 3 s).
    pub quit: Duration,
    /// For the control connection's TLS handshake (default 10 s).
    pub control_tls: Duration,
    /// For the server to read some of our commands (default 60 s).
    pub control_write: Duration,
    /// For the data connection's TLS handshake (default 10 s).
    pub data_tls: Duration,
    /// For the next octet of a transfer (default 2 min).
    pub transfer_stall: Duration,
    /// For the server to answer ABOR, and a NOOP after it (default 2 s).
    pub abort_grace: Duration,
    /// For our own data transfer process to report its end after the server has said that an upload is complete
    /// (default 1 s); an upload that goes on for longer was not complete.
    pub early_final: Duration,
    /// During a transfer, a NOOP is sent when the control connection has been silent for so long, so that no NAT forgets
    /// it (default 30 s). [`Duration::MAX`] sends none.
    pub keep_alive: Duration,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            greeting: Duration::from_secs(30),
            reply: Duration::from_secs(60),
            confirmation: Duration::from_secs(15),
            quit: Duration::from_secs(3),
            control_tls: Duration::from_secs(10),
            control_write: Duration::from_secs(60),
            data_tls: Duration::from_secs(10),
            transfer_stall: Duration::from_secs(120),
            abort_grace: Duration::from_secs(2),
            early_final: Duration::from_secs(1),
            keep_alive: Duration::from_secs(30),
        }
    }
}

/// How much there may be of things. Together they bound the memory of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Lines and octets of a reply (defaults 8 KiB a line, 256 lines, 64 KiB).
    pub reply: ReplyLimits,
    /// Operations that wait for their turn (default 64).
    pub queue: usize,
    /// Preliminary replies to one command (default 16).
    pub preliminaries: u32,
    /// Replies that nobody asked for, in the life of a connection (default 64).
    pub unsolicited: u32,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { reply: ReplyLimits::default(), queue: 64, preliminaries: 16, unsolicited: 64 }
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            timeouts: ClientTimeouts::default(),
            limits: ClientLimits::default(),
            quirks: Quirks::default(),
            host: None,
            ask_features: true,
            opts_utf8: false,
            epsv_all: false,
            telnet_abort: false,
            implicit_tls: false,
            accept_unclean_end: false,
        }
    }
}
