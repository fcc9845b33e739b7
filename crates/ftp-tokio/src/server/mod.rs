//! The server: listeners, a task for each session, and how all of it ends.

mod control;
mod log;
mod questions;
mod session;
mod signals;

use crate::blocking::BlockingPool;
use crate::clock;
use crate::data::{DataConnections, DataResources};
use crate::readiness::register;
use crate::timer::Alarm;
use control::Control;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Poll, ready};
use core::time::Duration;
use ftp_backend::limits::{SessionLimits, SessionPermit, Sessions};
use ftp_backend::{Application, Backend};
use ftp_dtp::accept::{Accepted, Acceptor, EXHAUSTED_PAUSE};
use ftp_dtp::buffers::BufferPool;
use ftp_dtp::ports::PortPool;
use ftp_dtp::sockets::{control_listener, prepare_control};
use ftp_proto::data::DataPolicy;
use ftp_proto::server::{ConfigError, ServerConfig, ServerConnection, ShutDown, TlsPolicy};
use questions::Questions;
use session::Session;
use signals::{Signals, Subscription};
use std::io;
use std::sync::Arc;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Blocking work, such as opening files, that runs at a time for all sessions together.
const BLOCKING_THREADS: usize = 64;

/// Settings of a server that are not the protocol's.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The protocol's settings.
    pub protocol: ServerConfig,
    /// How many sessions there may be.
    pub sessions: SessionLimits,
    /// How long running transfers may go on after [`ServerHandle::drain`].
    pub drain: Duration,
}

impl Default for ServerOptions {
    /// The defaults of the protocol, 1,000 sessions, 50 from one address, 30 seconds to drain.
    fn default() -> Self {
        Self {
            protocol: ServerConfig::default(),
            sessions: SessionLimits::default(),
            drain: Duration::from_secs(30),
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
    #[error("this driver has no TLS yet: the TLS policy must be off")]
    NoTls,
    /// Nothing to listen on was given.
    #[error("no address to listen on was given")]
    NoAddress,
}

/// An FTP server that listens and does not accept yet.
///
/// ```
/// use ftp_backend::{Accounts, MemoryStorage, StandardBackend, users::Anonymous};
/// use ftp_tokio::{Server, ServerOptions};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut accounts = Accounts::new();
/// accounts.allow_anonymous(Anonymous::default());
/// let backend = Arc::new(StandardBackend::new(accounts, MemoryStorage::new()));
///
/// let server = Server::bind(&["127.0.0.1:0".parse()?], backend, ServerOptions::default())?;
/// println!("ftp://{}", server.addresses()[0]);
/// let handle = server.handle();
/// handle.drain(); // from a signal handler, in a real program
/// server.run().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<AsyncFd<Listening>>,
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

/// An acceptor that the event loop knows by the descriptor of its listener.
#[derive(Debug)]
struct Listening {
    acceptor: std::sync::Mutex<Acceptor>,
    descriptor: std::os::fd::RawFd,
}

impl std::os::fd::AsRawFd for Listening {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.descriptor
    }
}

/// What all sessions share.
#[derive(Debug)]
struct Shared {
    backend: Arc<dyn Backend>,
    config: Arc<ServerConfig>,
    resources: DataResources,
    sessions: Sessions,
    signals: watch::Sender<Signals>,
    drain: Duration,
    next_session: AtomicU64,
}

/// Ends a server, or changes it, from anywhere. Clones are the same.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    shared: Arc<Shared>,
}

impl ServerHandle {
    /// No new sessions; running transfers finish, up to [`ServerOptions::drain`]; idle sessions get 421.
    pub fn drain(&self) {
        self.stop(ShutDown::AfterTransfer);
    }

    /// Everything ends now.
    pub fn stop_now(&self) {
        self.stop(ShutDown::Now);
    }

    fn stop(&self, how: ShutDown) {
        self.shared.signals.send_modify(|signals| signals.stop = Some(how));
    }

    /// Another data policy, for new sessions and for those that are: the external address was learned anew.
    pub fn set_data_policy(&self, policy: Arc<DataPolicy>) {
        self.shared.signals.send_modify(|signals| signals.data_policy = policy);
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.shared.sessions.count()
    }
}

impl Server {
    /// Listens on these addresses. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the settings cannot be.
    pub fn bind(
        addresses: &[SocketAddr],
        backend: Arc<dyn Backend>,
        options: ServerOptions,
    ) -> Result<Self, BindError> {
        let ServerOptions { protocol, sessions, drain } = options;
        protocol.validate()?;
        if protocol.tls != TlsPolicy::Off {
            return Err(BindError::NoTls);
        }
        if addresses.is_empty() {
            return Err(BindError::NoAddress);
        }
        let listen =
            |&address: &SocketAddr| listen(address).map_err(|source| BindError::Listen { address, source });
        let (listeners, addresses) = addresses.iter().map(listen).collect::<Result<(Vec<_>, Vec<_>), _>>()?;
        let signals = Signals { stop: None, data_policy: Arc::clone(&protocol.data) };
        let shared = Shared {
            backend,
            config: Arc::new(protocol),
            resources: DataResources {
                ports: PortPool::new(),
                buffers: BufferPool::default(),
                blocking: BlockingPool::new(BLOCKING_THREADS),
            },
            sessions: Sessions::new(sessions),
            signals: watch::Sender::new(signals),
            drain,
            next_session: AtomicU64::new(1),
        };
        Ok(Self { listeners, addresses, shared: Arc::new(shared) })
    }

    /// Where it listens, with the ports that were chosen.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Ends it, from anywhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { shared: Arc::clone(&self.shared) }
    }

    /// Serves until the [`handle`](Self::handle) says that it is to end, and all sessions have.
    pub async fn run(self) {
        let Self { listeners, shared, .. } = self;
        let mut sessions = JoinSet::new();
        let mut stop = shared.signals.subscribe();
        loop {
            tokio::select! {
                accepted = accept_any(&listeners) => begin(&mut sessions, &shared, accepted),
                Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
                _ = stop.wait_for(|signals| signals.stop.is_some()) => break,
            }
        }
        // A peer that connects from now on is refused, not left waiting.
        drop(listeners);
        wind_down(sessions, &shared).await;
    }
}

/// Lets sessions end, at first in their own time.
async fn wind_down(mut sessions: JoinSet<()>, shared: &Arc<Shared>) {
    let mut stop = shared.signals.subscribe();
    let in_a_hurry = tokio::time::timeout(shared.drain, async {
        // What `wait_for` returns locks the signals: it must not live on.
        drop(stop.wait_for(|signals| signals.stop == Some(ShutDown::Now)).await);
    });
    tokio::pin!(in_a_hurry);
    let mut hurried = false;
    loop {
        tokio::select! {
            ended = sessions.join_next() => if ended.is_none() { return },
            _ = &mut in_a_hurry, if !hurried => {
                hurried = true;
                shared.signals.send_modify(|signals| signals.stop = Some(ShutDown::Now));
            }
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<(AsyncFd<Listening>, SocketAddr)> {
    let listener = control_listener(address)?;
    let local = listener.local_addr()?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&listener);
    let listening = Listening { acceptor: std::sync::Mutex::new(Acceptor::new(listener)), descriptor };
    Ok((register(listening)?, local))
}

/// The next control connection on any listener.
async fn accept_any(listeners: &[AsyncFd<Listening>]) -> std::net::TcpStream {
    loop {
        let accepted = poll_fn(|cx| {
            for listener in listeners {
                if let Poll::Ready(accepted) = poll_accept(listener, cx) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        });
        match accepted.await {
            Some(stream) => return stream,
            None => tokio::time::sleep(EXHAUSTED_PAUSE).await,
        }
    }
}

/// `None`: out of descriptors, leave the listeners alone for a moment.
fn poll_accept(
    listener: &AsyncFd<Listening>,
    cx: &mut core::task::Context<'_>,
) -> Poll<Option<std::net::TcpStream>> {
    loop {
        let Ok(mut guard) = ready!(listener.poll_read_ready(cx)) else { return Poll::Pending };
        let mut acceptor = match listener.get_ref().acceptor.lock() {
            Ok(acceptor) => acceptor,
            Err(poisoned) => poisoned.into_inner(),
        };
        match acceptor.accept() {
            Ok(Accepted::Connection(stream, _)) => return Poll::Ready(Some(stream)),
            Ok(Accepted::Shed(peer)) => {
                tracing::warn!(%peer, "turned away: no file descriptor is left; raise the limit (ulimit -n)");
            }
            Ok(Accepted::Exhausted) => return Poll::Ready(None),
            Ok(Accepted::Nothing) => guard.clear_ready(),
            Err(error) => {
                tracing::error!(%error, "a listener failed");
                return Poll::Ready(None);
            }
        }
    }
}

fn begin(sessions: &mut JoinSet<()>, shared: &Arc<Shared>, stream: std::net::TcpStream) {
    // The connection works without what this sets, only worse.
    let _ = prepare_control(&stream);
    match open_session(shared, stream) {
        Ok(session) => {
            let span = session.span.clone();
            sessions.spawn(session.instrument(span));
        }
        Err(error) => tracing::debug!(%error, "a connection was gone before it was served"),
    }
}

fn open_session(shared: &Arc<Shared>, stream: std::net::TcpStream) -> io::Result<Session> {
    let control = Control::new(stream)?;
    let (endpoints, own_address) = control.addresses()?;
    let id = shared.next_session.fetch_add(1, Ordering::Relaxed);
    let span = log::session_span(id, endpoints.peer);
    let mut machine = ServerConnection::new(Arc::clone(&shared.config), endpoints, clock::now());
    machine.set_data_policy(Arc::clone(&shared.signals.borrow().data_policy));
    let permit: Option<SessionPermit> = match shared.sessions.admit(endpoints.peer.ip()) {
        Ok(permit) => Some(permit),
        Err(why) => {
            span.in_scope(|| tracing::warn!(%why, "turned away"));
            machine.turn_away(clock::now());
            None
        }
    };
    let application = Application::new(Arc::clone(&shared.backend), endpoints);
    Ok(Session {
        machine,
        control,
        data: DataConnections::new(shared.resources.clone(), own_address, endpoints.peer.ip()),
        questions: Questions::new(application, shared.resources.blocking.clone()),
        alarm: Alarm::default(),
        signals: Subscription::new(shared.signals.subscribe()),
        linger: shared.config.timeouts.linger,
        span,
        _permit: permit,
    })
}
