//! What an operator can set for the protocol. Plain structs; every default is one that a security reviewer would choose.

use super::HashAlgorithm;
use crate::data::DataPolicy;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

/// Settings of every control connection of a server.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServerConfig {
    /// Text of the greeting. It names no version (security: S43).
    #[cfg_attr(feature = "serde", serde(with = "crate::octets"))]
    pub greeting: Bytes,
    /// What tells this process from others that serve under the same address, for SITE SAW.
    pub instance: Option<u64>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How much there may be of things.
    pub limits: Limits,
    /// Addresses, ports and modes of data connections.
    pub data: Arc<DataPolicy>,
    /// Serve a transfer command without PORT, PASV, EPRT or EPSV by connecting to the control peer's own port
    /// (RFC 959 §3.2). Off: 425.
    pub default_data_port: bool,
    /// TLS on the control connection.
    pub tls: TlsPolicy,
    /// TLS on data connections; `None` is as on the control connection. Off: PROT P is refused.
    pub tls_data: Option<TlsPolicy>,
    /// TLS from the first octet, without AUTH.
    pub implicit_tls: bool,
    /// Whether CCC is served (RFC 4217 §5).
    pub allow_ccc: bool,
    /// Take an upload under TLS as whole that ends without close_notify, for clients that send none. Off: it is 426, since
    /// anyone on the way can cut it short (RFC 4217 §15).
    pub accept_unclean_end: bool,
    /// Structures and modes besides STRU F and MODE S.
    pub encodings: Encodings,
    /// The algorithms that HASH offers, the default first; empty switches HASH off.
    pub hash: Vec<HashAlgorithm>,
}

/// TLS as a matter of policy (RFC 4217 §10.2); certificates are the driver's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TlsPolicy {
    /// AUTH is not served; for data connections, PROT P.
    #[default]
    Off,
    /// AUTH is served; for data connections, PROT P.
    Offer,
    /// USER is refused in the clear; for data connections, transfers without PROT P.
    Require,
}

/// Structures and modes besides STRU F and MODE S, each of which can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Encodings {
    /// STRU R: text as records.
    pub records: bool,
    /// MODE B: blocks, restart markers, one data connection for many transfers.
    pub block: bool,
    /// MODE Z: deflate. It costs processor time, and some hundred KiB of memory for each transfer.
    pub deflate: bool,
}

impl Default for Encodings {
    /// All of them.
    fn default() -> Self {
        Self { records: true, block: true, deflate: true }
    }
}

/// How long things may take. [`Duration::MAX`] is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timeouts {
    /// From the connection to the end of the login, whatever the peer sends (default 60 s).
    pub login: Duration,
    /// Between commands; does not count while a transfer runs (default 5 min, RFC 1123 §4.1.3.2).
    pub idle: Duration,
    /// For an answer of the application (default 5 min: a digest of a large file takes its time).
    pub decision: Duration,
    /// For the control connection's TLS handshake (default 10 s).
    pub control_tls: Duration,
    /// For the peer to read some of its replies (default 60 s).
    pub control_write: Duration,
    /// From the preliminary reply to the data connection (default 10 s).
    pub data_open: Duration,
    /// How long a passive listener waits for a transfer command (default 2 min).
    pub listener: Duration,
    /// For the data connection's TLS handshake (default 10 s).
    pub data_tls: Duration,
    /// For the next octet of a transfer (default 2 min).
    pub transfer_stall: Duration,
    /// For the last reply to be written before the connection is closed (default 5 s).
    pub linger: Duration,
    /// Before a refused login is told (default 2 s; RFC 2577 §5).
    pub penalty: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(60),
            idle: Duration::from_secs(300),
            decision: Duration::from_secs(300),
            control_tls: Duration::from_secs(10),
            control_write: Duration::from_secs(60),
            data_open: Duration::from_secs(10),
            listener: Duration::from_secs(120),
            data_tls: Duration::from_secs(10),
            transfer_stall: Duration::from_secs(120),
            linger: Duration::from_secs(5),
            penalty: Duration::from_secs(2),
        }
    }
}

/// How much there may be of things. Together they bound the memory of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Octets of a line before login (default 2 KiB: passwords can be tokens).
    pub line_before_login: usize,
    /// Octets of a line after login (default 8 KiB).
    pub line: usize,
    /// Octets that are received but not yet decoded (default 16 KiB).
    pub buffered: usize,
    /// Lines that are decoded ahead while a transfer runs, in search of ABOR (default 4,096).
    pub lines_ahead: usize,
    /// Octets of replies that are not yet written; beyond, no further command is served (default 64 KiB).
    pub output: usize,
    /// Commands that are not understood, in a session, before it is closed (default 20).
    pub bad_commands: u32,
    /// Refused logins before the session is closed (default 3; RFC 2577 §5).
    pub login_attempts: u32,
    /// Entries of a listing over the control connection (default 500).
    pub stat_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_before_login: 2 * 1024,
            line: 8 * 1024,
            buffered: 16 * 1024,
            lines_ahead: 4096,
            output: 64 * 1024,
            bad_commands: 20,
            login_attempts: 3,
            stat_entries: 500,
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            greeting: Bytes::from_static(b"FTP server ready."),
            instance: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            data: Arc::new(DataPolicy::default()),
            default_data_port: false,
            tls: TlsPolicy::Off,
            tls_data: None,
            implicit_tls: false,
            allow_ccc: false,
            accept_unclean_end: false,
            encodings: Encodings::default(),
            hash: HashAlgorithm::ALL.to_vec(),
        }
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A line must hold a command, and a buffer a line.
    #[error(
        "line limits: a line needs at least 512 octets, and `buffered` at least as many as the longest line"
    )]
    Lines,
    /// The largest reply must fit.
    #[error("`output` needs at least 4096 octets")]
    Output,
    /// Nobody could log in.
    #[error("`login_attempts` and `lines_ahead` need to be at least 1")]
    Zero,
    /// Implicit TLS without TLS.
    #[error("implicit TLS needs a TLS policy other than off")]
    ImplicitWithoutTls,
    /// Nobody could transfer anything.
    #[error("TLS on data connections cannot be required where the control connection has none")]
    DataWithoutControl,
}

impl ServerConfig {
    /// Checks the settings against each other.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let longest = limits.line.max(limits.line_before_login);
        if limits.line.min(limits.line_before_login) < 512 || limits.buffered < longest {
            return Err(ConfigError::Lines);
        }
        if limits.output < 4096 {
            return Err(ConfigError::Output);
        }
        if limits.login_attempts == 0 || limits.lines_ahead == 0 {
            return Err(ConfigError::Zero);
        }
        if self.implicit_tls && self.tls == TlsPolicy::Off {
            return Err(ConfigError::ImplicitWithoutTls);
        }
        if self.tls == TlsPolicy::Off && self.tls_data() == TlsPolicy::Require {
            return Err(ConfigError::DataWithoutControl);
        }
        Ok(())
    }

    pub(super) fn tls_data(&self) -> TlsPolicy {
        self.tls_data.unwrap_or(self.tls)
    }
}
