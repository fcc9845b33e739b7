//! A server that listens: its settings, its listeners, its handle.

use crate::shared::Service;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::Backend;
use ftp_backend::limits::SessionLimits;
use ftp_dtp::accept::{Accepted, Acceptor, EXHAUSTED_PAUSE};
use ftp_dtp::proxy::TrustedProxies;
use ftp_dtp::sockets::control_listener;
use ftp_dtp::tls::ServerTls;
use ftp_proto::data::DataPolicy;
use ftp_proto::server::transcript::Line;
use ftp_proto::server::{ConfigError, Notice, ServerConfig, ShutDown, TlsPolicy};
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

/// Settings of a server that are not the protocol's.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The protocol's settings.
    pub protocol: ServerConfig,
    /// How many sessions there may be.
    pub sessions: SessionLimits,
    /// How long running transfers may go on after [`ServerHandle::drain`].
    pub drain: Duration,
    /// What TLS is made with; needed unless the protocol's [`TlsPolicy`] is off.
    pub tls: Option<Arc<ServerTls>>,
    /// Where TLS comes first (implicit TLS), besides the other addresses.
    pub implicit: Vec<SocketAddr>,
    /// Load balancers that begin each connection with a PROXY header, on control and data listeners; nobody else is believed.
    pub proxies: TrustedProxies,
    /// Sessions of clients with different addresses listen on the same passive ports.
    pub share_passive_ports: bool,
    /// Hears what happens in all sessions.
    pub watcher: Option<Arc<dyn Watcher>>,
    /// Takes the transcripts of all sessions; none are made when there is nobody.
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// Takes transcripts.
pub trait Recorder: fmt::Debug + Send + Sync {
    /// What happened next in a session. Called on an event loop: it must not wait.
    fn record(&self, line: Line);
}

/// Hears what happens in sessions, to count it.
pub trait Watcher: fmt::Debug + Send + Sync {
    /// Something happened in some session. Called on an event loop: it must not wait.
    fn notice(&self, notice: &Notice);
}

impl Default for ServerOptions {
    /// The defaults of the protocol, 1,000 sessions, 50 from one address, 30 seconds to drain.
    fn default() -> Self {
        Self {
            protocol: ServerConfig::default(),
            sessions: SessionLimits::default(),
            drain: Duration::from_secs(30),
            tls: None,
            implicit: Vec::new(),
            proxies: TrustedProxies::default(),
            share_passive_ports: false,
            watcher: None,
            recorder: None,
        }
    }
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The settings cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS was asked for.
    #[error("there is no certificate to make TLS with: give one, or switch TLS off")]
    NoTls,
    /// Nothing to listen on was given.
    #[error("no address to listen on was given")]
    NoAddress,
}

/// An FTP server that listens and does not accept yet: a driver runs it.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    addresses: Vec<SocketAddr>,
    service: Arc<Service>,
}

impl Server {
    /// Listens on these addresses.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the settings cannot be.
    pub fn bind(
        addresses: &[SocketAddr],
        backend: Arc<dyn Backend>,
        options: ServerOptions,
    ) -> Result<Self, BindError> {
        options.protocol.validate()?;
        let tls_is_off = options.protocol.tls == TlsPolicy::Off;
        if options.tls.is_none() && !tls_is_off {
            return Err(BindError::NoTls);
        }
        if tls_is_off && !options.implicit.is_empty() {
            return Err(ConfigError::ImplicitWithoutTls.into());
        }
        if addresses.is_empty() && options.implicit.is_empty() {
            return Err(BindError::NoAddress);
        }
        let explicit = addresses.iter().map(|&address| (address, options.protocol.implicit_tls));
        let all = explicit.chain(options.implicit.iter().map(|&address| (address, true)));
        let listen = |(address, implicit)| {
            Listener::bind(address, implicit).map_err(|source| BindError::Listen { address, source })
        };
        let (listeners, addresses) = all.map(listen).collect::<Result<(Vec<_>, Vec<_>), _>>()?;
        Ok(Self { listeners, addresses, service: Arc::new(Service::new(backend, options)) })
    }

    /// Where it listens, with the ports that were chosen; those with implicit TLS last.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Ends it, from anywhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { service: Arc::clone(&self.service) }
    }

    /// For the driver that runs it.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Listener>, Arc<Service>) {
        (self.listeners, self.service)
    }
}

/// Ends a server, or changes it, from anywhere. Clones are the same.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    service: Arc<Service>,
}

impl ServerHandle {
    /// No new sessions; running transfers finish, up to [`ServerOptions::drain`]; idle sessions get 421.
    pub fn drain(&self) {
        self.service.signal(|signals| signals.stop = signals.stop.or(Some(ShutDown::AfterTransfer)));
    }

    /// Everything ends now.
    pub fn stop_now(&self) {
        self.service.signal(|signals| signals.stop = Some(ShutDown::Now));
    }

    /// Another data policy, for new sessions and for those that are: the external address was learned anew.
    pub fn set_data_policy(&self, policy: Arc<DataPolicy>) {
        self.service.signal(|signals| signals.data_policy = policy);
    }

    /// Takes the transcripts of new sessions from now on.
    pub fn record(&self, recorder: Arc<dyn Recorder>) {
        self.service.record(recorder);
    }

    /// Another certificate, for new sessions; those that are keep theirs.
    pub fn set_tls(&self, tls: Arc<ServerTls>) {
        self.service.set_tls(tls);
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.service.sessions.count()
    }
}

/// A listener for control connections. Dropped, it refuses them.
#[derive(Debug)]
pub struct Listener {
    acceptor: Acceptor,
    implicit_tls: bool,
}

/// A connection that was just accepted.
#[derive(Debug)]
pub struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) implicit_tls: bool,
}

/// What [`Listener::accept`] came to.
#[derive(Debug)]
pub enum Arrival {
    /// For [`Session::open`](crate::Session::open).
    Connection(Connection),
    /// There are connections, and nothing to take them with: leave all listeners alone for so long, then try again.
    Pause(Duration),
}

impl Listener {
    fn bind(address: SocketAddr, implicit_tls: bool) -> io::Result<(Self, SocketAddr)> {
        let listener = control_listener(address)?;
        let local = listener.local_addr()?;
        Ok((Self { acceptor: Acceptor::new(listener), implicit_tls }, local))
    }

    /// The next connection.
    ///
    /// # Errors
    /// `WouldBlock` when there is none, and no other.
    pub fn accept(&self) -> io::Result<Arrival> {
        loop {
            match self.acceptor.accept() {
                Ok(Accepted::Connection(stream, _)) => {
                    return Ok(Arrival::Connection(Connection { stream, implicit_tls: self.implicit_tls }));
                }
                Ok(Accepted::Shed(peer)) => {
                    tracing::warn!(%peer, "turned away: no file descriptor is left; raise the limit (ulimit -n)");
                }
                Ok(Accepted::Exhausted) => return Ok(Arrival::Pause(EXHAUSTED_PAUSE)),
                Ok(Accepted::Nothing) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(error) => {
                    tracing::error!(%error, "a listener failed");
                    return Ok(Arrival::Pause(EXHAUSTED_PAUSE));
                }
            }
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.acceptor.as_raw_fd()
    }
}
