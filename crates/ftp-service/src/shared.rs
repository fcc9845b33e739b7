//! What all sessions of a server share, and what they are told.

use crate::server::{Recorder, ServerOptions, Watcher};
use core::fmt;
use core::hash::{BuildHasher as _, Hasher as _};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use ftp_backend::Backend;
use ftp_backend::limits::{SessionLimits, Sessions};
use ftp_dtp::data::DataResources;
use ftp_dtp::ports::PortPool;
use ftp_dtp::tls::{ServerTls, ServerTlsSession};
use ftp_proto::data::DataPolicy;
use ftp_proto::server::{ServerConfig, ShutDown};
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// How many peers that are turned away are told why at a time; those beyond are only closed. They count nowhere else,
/// and must not take the descriptors of those who are served.
const TURNED_AWAY: SessionLimits = SessionLimits { total: 16, per_address: 0 };

/// What all sessions of a server share.
#[derive(Debug)]
pub struct Service {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) config: Arc<ServerConfig>,
    /// The same, with TLS before everything else.
    pub(crate) implicit: Arc<ServerConfig>,
    tls: Mutex<Option<Arc<ServerTls>>>,
    pub(crate) resources: DataResources,
    pub(crate) sessions: Sessions,
    pub(crate) turned_away: Sessions,
    /// How long running transfers may go on once the server drains.
    pub(crate) drain: Duration,
    pub(crate) watcher: Option<Arc<dyn Watcher>>,
    /// Who wants to know what is said in sessions.
    recorder: Mutex<Option<Arc<dyn Recorder>>>,
    next_session: AtomicU64,
    signals: Mutex<Signals>,
    /// Counts what was said, so that a session sees without a lock that there is nothing new.
    said: AtomicU64,
    wake: OnceLock<Wake>,
}

/// What holds for all sessions now.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    /// Sessions are to end.
    pub(crate) stop: Option<ShutDown>,
    listeners_closed: bool,
    /// Addresses, ports and modes of data connections.
    pub(crate) data_policy: Arc<DataPolicy>,
}

struct Wake(Box<dyn Fn() + Send + Sync>);

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wake")
    }
}

impl Service {
    pub(crate) fn new(backend: Arc<dyn Backend>, options: ServerOptions) -> Self {
        let ServerOptions {
            mut protocol,
            sessions,
            drain,
            tls,
            implicit: _,
            proxies,
            share_passive_ports,
            watcher,
            recorder,
        } = options;
        protocol.instance.get_or_insert_with(|| RandomState::new().build_hasher().finish());
        Self {
            backend,
            signals: Mutex::new(Signals {
                stop: None,
                listeners_closed: false,
                data_policy: Arc::clone(&protocol.data),
            }),
            implicit: Arc::new(ServerConfig { implicit_tls: true, ..protocol.clone() }),
            config: Arc::new(protocol),
            tls: Mutex::new(tls),
            resources: DataResources {
                proxies,
                ports: ports(share_passive_ports),
                ..DataResources::default()
            },
            sessions: Sessions::new(sessions),
            turned_away: Sessions::new(TURNED_AWAY),
            drain,
            watcher,
            recorder: Mutex::new(recorder),
            next_session: AtomicU64::new(1),
            said: AtomicU64::new(0),
            wake: OnceLock::new(),
        }
    }

    /// The driver's way to give every session a turn and to look at [`is_stopping`](Self::is_stopping), from any thread. Said
    /// once; what was signalled before counts too, so look at once.
    pub fn wake_by(&self, wake: impl Fn() + Send + Sync + 'static) {
        let first = self.wake.set(Wake(Box::new(wake))).is_ok();
        debug_assert!(first, "one driver runs a server");
    }

    /// Whether no more connections are to be accepted: then the driver drops the listeners, and says so by
    /// [`listeners_closed`](Self::listeners_closed).
    pub fn is_stopping(&self) -> bool {
        self.signals().stop.is_some()
    }

    /// Nobody new is let in any more. Only now the sessions are told to end: who sees one of them go must not see another
    /// come. The driver is done when all of them are over.
    pub fn listeners_closed(&self) {
        self.signal(|signals| signals.listeners_closed = true);
    }

    /// TLS for a new session.
    pub(crate) fn tls(&self) -> Option<ServerTlsSession> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|tls| tls.session())
    }

    /// Who takes the transcript of a new session.
    pub(crate) fn recorder(&self) -> Option<Arc<dyn Recorder>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn record(&self, recorder: Arc<dyn Recorder>) {
        *self.recorder.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorder);
    }

    pub(crate) fn set_tls(&self, tls: Arc<ServerTls>) {
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = Some(tls);
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.next_session.fetch_add(1, Ordering::Relaxed)
    }

    /// Says something to all sessions.
    pub(crate) fn signal(&self, change: impl FnOnce(&mut Signals)) {
        change(&mut self.signals());
        self.said.fetch_add(1, Ordering::Release);
        if let Some(Wake(wake)) = self.wake.get() {
            wake();
        }
    }

    /// What holds now, if anything was said since `heard`.
    pub(crate) fn news(&self, heard: &mut u64) -> Option<Signals> {
        let said = self.said.load(Ordering::Acquire);
        if core::mem::replace(heard, said) == said {
            return None;
        }
        let mut signals = self.signals().clone();
        signals.stop = signals.stop.filter(|_| signals.listeners_closed);
        Some(signals)
    }

    fn signals(&self) -> MutexGuard<'_, Signals> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without a descriptor to share ports by, each session has its own.
fn ports(shared: bool) -> PortPool {
    let pool = if shared { PortPool::sharing() } else { Ok(PortPool::new()) };
    pool.unwrap_or_else(|error| {
        tracing::warn!(%error, "passive ports cannot be shared");
        PortPool::new()
    })
}
