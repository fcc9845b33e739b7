//! A server that listens: its settings, its listeners, its handle.

use crate::shared::Service;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::Backend;
use ftp_backend::limits::SessionLimits;
use ftp_dtp::accept::{Accepted, Acceptor, EXHAUSTED_PAUSE};
use ftp_dtp::sockets::control_listener;
use ftp_proto::data::DataPolicy;
use ftp_proto::server::transcript::Line;
use ftp_proto::server::{ConfigError, ServerConfig, ShutDown, TlsPolicy};
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
    /// Takes the transcripts of all sessions; none are made when there is nobody.
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// Takes transcripts.
pub trait Recorder: fmt::Debug + Send + Sync {
    /// What happened next in a session. Called on an event loop: it must not wait.
    fn record(&self, line: Line);
}

impl Default for ServerOptions {
    /// The defaults of the protocol, 1,000 sessions, 50 from one address, 30 seconds to drain.
    fn default() -> Self {
        Self {
            protocol: ServerConfig::default(),
            sessions: SessionLimits::default(),
            drain: Duration::from_secs(30),
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
    #[error("there is no TLS yet: the TLS policy must be off")]
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
        if options.protocol.tls != TlsPolicy::Off {
            return Err(BindError::NoTls);
        }
        if addresses.is_empty() {
            return Err(BindError::NoAddress);
        }
        let listen =
            |&address| Listener::bind(address).map_err(|source| BindError::Listen { address, source });
        let (listeners, addresses) = addresses.iter().map(listen).collect::<Result<(Vec<_>, Vec<_>), _>>()?;
        Ok(Self { listeners, addresses, service: Arc::new(Service::new(backend, options)) })
    }

    /// Where it listens, with the ports that were chosen.
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

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.service.sessions.count()
    }
}

/// A listener for control connections. Dropped, it refuses them.
#[derive(Debug)]
pub struct Listener(Acceptor);

/// What [`Listener::accept`] came to.
#[derive(Debug)]
pub enum Arrival {
    /// For [`Session::open`](crate::Session::open).
    Connection(TcpStream),
    /// There are connections, and nothing to take them with: leave all listeners alone for so long, then try again.
    Pause(Duration),
}

impl Listener {
    fn bind(address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let listener = control_listener(address)?;
        let local = listener.local_addr()?;
        Ok((Self(Acceptor::new(listener)), local))
    }

    /// The next connection.
    ///
    /// # Errors
    /// `WouldBlock` when there is none, and no other.
    pub fn accept(&self) -> io::Result<Arrival> {
        loop {
            match self.0.accept() {
                Ok(Accepted::Connection(stream, _)) => return Ok(Arrival::Connection(stream)),
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
        self.0.as_raw_fd()
    }
}
