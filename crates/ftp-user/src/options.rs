//! What an embedder can set.

use crate::{AbortHandle, Event};
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use ftp_dtp::tls::{TlsIdentity, TlsVersion, Trust};
use ftp_proto::client::{ActiveSettings, ClientConfig, Modes, PassiveAddress};
use ftp_proto::facts::list::ListingLimits;
use ftp_proto::io::TransmissionMode;
use std::sync::Arc;

/// Settings of a [`Client`](crate::Client). The defaults suit a server that is not known.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The protocol's own settings: timeouts, limits, quirks.
    pub protocol: Arc<ClientConfig>,
    /// Which data port modes may be tried.
    pub modes: Modes,
    /// Where a passive data connection goes to when the reply names an address.
    pub passive_address: PassiveAddress,
    /// How active mode listens, and what the server is told.
    pub active: ActiveSettings,
    /// TLS on the control and data connections.
    pub tls: Tls,
    /// Whom TLS believes to be the server.
    pub trust: Trust,
    /// The certificate that servers are shown which ask for one.
    pub certificate: Option<TlsIdentity>,
    /// The newest version of TLS that is spoken.
    pub tls_version: TlsVersion,
    /// Go back to the clear on the control connection after the login (CCC), for routers that must read it. What is on
    /// data connections stays under TLS.
    pub clear_control: bool,
    /// How octets are sent on data connections: as a stream, in blocks (MODE B), or compressed (MODE Z).
    pub transmission: TransmissionMode,
    /// Files have records, which are lines (STRU R).
    pub records: bool,
    /// Which address family the control connection may use.
    pub family: Family,
    /// The local address of the control connection, and with it of the data connections.
    pub bind: Option<IpAddr>,
    /// How long connecting to one address may take; `None` leaves it to the protocol's settings
    /// ([`ClientTimeouts::connect`](ftp_proto::client::ClientTimeouts)).
    pub connect_timeout: Option<Duration>,
    /// How much of a listing is taken from the server.
    pub listings: ListingLimits,
    /// Told what happens, for `-v`, progress and notices.
    pub observer: Observer,
    /// Ends operations, connecting too.
    pub abort: AbortHandle,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            protocol: Arc::default(),
            modes: Modes::Auto,
            passive_address: PassiveAddress::ControlPeer,
            active: ActiveSettings::default(),
            tls: Tls::Off,
            trust: Trust::System,
            certificate: None,
            tls_version: TlsVersion::default(),
            clear_control: false,
            transmission: TransmissionMode::Stream,
            records: false,
            family: Family::Any,
            bind: None,
            connect_timeout: None,
            listings: ListingLimits::default(),
            observer: Observer::default(),
            abort: AbortHandle::default(),
        }
    }
}

/// When there is TLS (RFC 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Never.
    #[default]
    Off,
    /// When the server has it. Whoever is on the way can make the server seem to have none.
    Auto,
    /// Always, by AUTH TLS; else the login fails.
    Explicit,
    /// Always, from the first octet.
    Implicit,
}

/// Which address family the control connection may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Either, in the order that the resolver gives.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    pub(crate) const fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }
}

type Observe = dyn Fn(&Event) + Send + Sync;

/// A function that is told what happens. It is called from the client's own task and must not block.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Observe>>);

impl Observer {
    /// Wraps `tell`.
    pub fn new(tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(crate) fn tell(&self, event: &Event) {
        if let Some(tell) = &self.0 {
            tell(event);
        }
    }

    /// Whether anybody listens.
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "Observer(..)" } else { "Observer(none)" })
    }
}
