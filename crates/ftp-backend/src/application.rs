//! One connection's side of the application: every question goes in, every answer comes out.

use crate::backend::{Backend, HostVerdict, LoginAttempt, LoginVerdict, Opened, Session};
use crate::storage::Handle;
use crate::withdrawal::Withdrawal;
use bytes::Bytes;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use ftp_proto::address;
use ftp_proto::data::{StorageFailure, TransferId};
use ftp_proto::io::ControlEndpoints;
use ftp_proto::reply::Reply;
use ftp_proto::server::{Answer, Ask, AskId, Decision, LoginAsk, LoginRefusal, Notice, Outcome};
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::sync::Arc;

/// What a driver keeps beside each [`ServerConnection`](ftp_proto::server::ServerConnection).
///
/// A driver does not look into questions. It hands each to [`prepare`](Self::prepare), runs the [`Work`] where blocking is
/// allowed, and gives what comes of it to [`finish`](Self::finish). At `StartTransfer` it takes the
/// [`Handle`] out; `CancelTransfer` goes to [`cancel`](Self::cancel), `Withdrawn` to [`withdraw`](Self::withdraw), every
/// notice to [`notice`](Self::notice).
#[derive(Debug)]
pub struct Application {
    backend: Arc<dyn Backend>,
    endpoints: ControlEndpoints,
    host: Option<Bytes>,
    session: Option<Arc<dyn Session>>,
    /// Whose transfer it is: it may outlive the login (REIN), and must be settled by the session that opened it.
    transfers: BTreeMap<TransferId, Transfer>,
    running: BTreeMap<AskId, Withdrawal>,
}

#[derive(Debug)]
struct Transfer {
    session: Arc<dyn Session>,
    handle: Option<Handle>,
}

impl Application {
    /// For a connection that was just accepted.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, endpoints: ControlEndpoints) -> Self {
        Self {
            backend,
            endpoints: endpoints.normalised(),
            host: None,
            session: None,
            transfers: BTreeMap::new(),
            running: BTreeMap::new(),
        }
    }

    /// What answering `ask` takes. Does not block.
    pub fn prepare(&mut self, ask: Ask) -> Work {
        let withdrawal = Withdrawal::new();
        self.running.insert(ask.id(), withdrawal.clone());
        let session = match &ask {
            Ask::Settle(ask) => self.transfers.get(&ask.transfer()).map(|transfer| transfer.session.clone()),
            _ => self.session.clone(),
        };
        Work {
            ask,
            session,
            withdrawal,
            backend: self.backend.clone(),
            host: self.host.clone(),
            peer: self.endpoints.peer.ip(),
            local: self.endpoints.dialled(),
        }
    }

    /// Puts an answer to the connection by `decide`, and takes over what came of it. Does not block; what is returned
    /// may, and must be run.
    ///
    /// ```ignore
    /// let cleanup = application.finish(done, |decision| connection.decide(decision, now));
    /// ```
    pub fn finish(&mut self, done: Done, decide: impl FnOnce(Decision) -> Outcome) -> Option<Cleanup> {
        let Done { decision, effect } = done;
        remove(&mut self.running, &decision.ask());
        if let Effect::Opened { transfer, session, handle } = effect {
            // Before `decide`: the connection may start the transfer right away.
            self.transfers.insert(transfer, Transfer { session, handle: Some(handle) });
            return match decide(decision) {
                Outcome::Used => None,
                Outcome::Stale(_) => self.cancel(transfer),
            };
        }
        match (decide(decision), effect) {
            (Outcome::Used, Effect::Host(host)) => self.host = Some(host),
            (Outcome::Used, Effect::LoggedIn(session)) => self.session = Some(session),
            (_, Effect::Settled(transfer)) => drop(remove(&mut self.transfers, &transfer)),
            (Outcome::Stale(Some(transfer)), _) => return self.cancel(transfer),
            _ => {}
        }
        None
    }

    /// The answer to this question is no longer wanted: work that looks at its [`Withdrawal`] stops soon.
    pub fn withdraw(&mut self, ask: AskId) {
        if let Some(withdrawal) = self.running.get(&ask) {
            withdrawal.withdraw();
        }
    }

    /// What the octets of a transfer are moved from or to, once. Its `Settle` question follows later.
    pub fn take_handle(&mut self, transfer: TransferId) -> Option<Handle> {
        self.transfers.get_mut(&transfer)?.handle.take()
    }

    /// The transfer will not take place: frees what was opened. Does not block; what is returned may, and must be run.
    #[must_use = "what was opened is freed when this is run"]
    pub fn cancel(&mut self, transfer: TransferId) -> Option<Cleanup> {
        remove(&mut self.transfers, &transfer).map(|gone| Cleanup { transfer, gone })
    }

    /// Follows what happens to the connection: after REIN or AUTH nobody is logged in.
    pub fn notice(&mut self, notice: &Notice) {
        if matches!(notice, Notice::LoggedOut) {
            self.session = None;
            self.host = None;
        }
    }

    /// The connection is gone. What was opened and never settled is to be undone. Does not block; each that is returned may,
    /// and must be run.
    #[must_use = "what was opened is freed when these are run"]
    pub fn close(mut self) -> Vec<Cleanup> {
        self.running.values().for_each(Withdrawal::withdraw);
        core::mem::take(&mut self.transfers)
            .into_iter()
            .map(|(transfer, gone)| Cleanup { transfer, gone })
            .collect()
    }
}

/// Removes an entry, and with the last one all memory of the map: an idle session holds none.
fn remove<K: Ord, V>(map: &mut BTreeMap<K, V>, key: &K) -> Option<V> {
    let value = map.remove(key);
    if map.is_empty() {
        *map = BTreeMap::new();
    }
    value
}

/// A question with all that answering it takes. May be sent to another thread.
#[derive(Debug)]
#[must_use = "the session waits for the answer"]
pub struct Work {
    ask: Ask,
    session: Option<Arc<dyn Session>>,
    withdrawal: Withdrawal,
    backend: Arc<dyn Backend>,
    host: Option<Bytes>,
    peer: core::net::IpAddr,
    local: core::net::SocketAddr,
}

/// A question's answer and what it leaves with the application, for [`Application::finish`].
#[derive(Debug)]
#[must_use = "the session waits for the answer"]
pub struct Done {
    decision: Decision,
    effect: Effect,
}

#[derive(Debug)]
enum Effect {
    None,
    Host(Bytes),
    LoggedIn(Arc<dyn Session>),
    Opened { transfer: TransferId, session: Arc<dyn Session>, handle: Handle },
    Settled(TransferId),
}

/// Something opened that is to be freed. May be sent to another thread.
#[derive(Debug)]
#[must_use = "what was opened is freed when this is run"]
pub struct Cleanup {
    transfer: TransferId,
    gone: Transfer,
}

impl Cleanup {
    /// Frees it. Blocks.
    pub fn run(self) {
        let Transfer { session, handle } = self.gone;
        drop(handle);
        // Nobody is left to be told.
        let _ = guard(|| session.cancel(self.transfer));
    }
}

/// A panic in somebody's storage costs one answer, not the session that waits for it.
fn guard<T>(call: impl FnOnce() -> T) -> Result<T, StorageFailure> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| StorageFailure::Local)
}

/// [`guard`] for calls that can fail themselves.
fn guarded<T>(call: impl FnOnce() -> Result<T, StorageFailure>) -> Result<T, StorageFailure> {
    guard(call).and_then(|result| result)
}

impl Work {
    /// Finds the answer. Blocks.
    pub fn run(self) -> Done {
        let found = self.find();
        self.conclude(found)
    }

    /// Finds the answer where nothing has to be waited for. Does not block.
    ///
    /// # Errors
    /// The work, which is still to be [run](Self::run).
    #[expect(clippy::result_large_err, reason = "it goes on to a thread, boxed there")]
    pub fn at_once(self) -> Result<Done, Self> {
        match guard(|| self.find_at_once()) {
            Ok(Some(found)) => Ok(self.conclude(found)),
            Ok(None) | Err(_) => Err(self),
        }
    }

    /// A question about files without a session would be the core's mistake; it is refused, not trusted.
    fn session(&self) -> Result<&Arc<dyn Session>, StorageFailure> {
        self.session.as_ref().ok_or(StorageFailure::Denied)
    }

    fn attempt<'a>(&'a self, ask: &'a LoginAsk) -> LoginAttempt<'a> {
        LoginAttempt {
            user: ask.user(),
            stage: ask.stage(),
            host: self.host.as_deref(),
            peer: address::normalise(self.peer),
            local: self.local,
            tls: ask.tls(),
        }
    }

    fn find(&self) -> Found {
        let on_session = |call: &dyn Fn(&dyn Session) -> Result<Found, StorageFailure>| {
            self.session().and_then(|session| guarded(|| call(&**session)))
        };
        match &self.ask {
            Ask::Host(ask) => {
                let host = Bytes::copy_from_slice(ask.host());
                Found::Host(guard(|| self.backend.host(&host)).unwrap_or(HostVerdict::Unavailable), host)
            }
            Ask::Login(ask) => {
                let refused = LoginVerdict::Refuse { why: LoginRefusal::Credentials, after: Duration::ZERO };
                Found::Login(guard(|| self.backend.login(&self.attempt(ask))).unwrap_or(refused))
            }
            Ask::Name(ask) => {
                on_session(&|session| Ok(Found::Answer(session.query(ask.query(), &self.withdrawal)?)))
                    .unwrap_or_else(Found::Failed)
            }
            Ask::Transfer(ask) => on_session(&|session| {
                Ok(Found::Opened(session.open(ask.id(), ask.request(), &self.withdrawal)?))
            })
            .unwrap_or_else(Found::Failed),
            Ask::Settle(ask) => on_session(&|session| {
                session.settle(ask.transfer(), ask.totals(), ask.result()).map(|()| Found::Settled)
            })
            .unwrap_or_else(Found::Failed),
            Ask::Site(ask) => {
                let reply = self.session().and_then(|session| guard(|| session.site(ask.line())));
                Found::Reply(reply.unwrap_or(None))
            }
        }
    }

    fn find_at_once(&self) -> Option<Found> {
        match &self.ask {
            Ask::Login(ask) => self.backend.login_at_once(&self.attempt(ask)).map(Found::Login),
            Ask::Name(ask) => self.session.as_ref()?.query_at_once(ask.query()).map(Found::Answer),
            Ask::Transfer(ask) => self.session.as_ref()?.open_at_once(ask.request()).map(Found::Opened),
            Ask::Settle(ask) => self.session.as_ref()?.settles_at_once(ask.transfer()).then(|| self.find()),
            Ask::Host(_) | Ask::Site(_) => None,
        }
    }

    /// The question meets its answer.
    fn conclude(self, found: Found) -> Done {
        let plain = |decision| Done { decision, effect: Effect::None };
        match (self.ask, found) {
            (Ask::Host(ask), Found::Host(HostVerdict::Accept, name)) => {
                Done { decision: ask.accept(), effect: Effect::Host(name) }
            }
            (Ask::Host(ask), Found::Host(HostVerdict::Unknown, _)) => plain(ask.unknown()),
            (Ask::Host(ask), _) => plain(ask.unavailable()),
            (Ask::Login(ask), Found::Login(LoginVerdict::Accept { grant, session })) => {
                Done { decision: ask.accept(grant), effect: Effect::LoggedIn(session) }
            }
            (Ask::Login(ask), Found::Login(LoginVerdict::NeedPassword)) => plain(ask.need_password()),
            (Ask::Login(ask), Found::Login(LoginVerdict::NeedAccount)) => plain(ask.need_account()),
            (Ask::Login(ask), Found::Login(LoginVerdict::Refuse { why, after })) => {
                plain(ask.refuse(why, after))
            }
            (Ask::Login(ask), _) => plain(ask.refuse(LoginRefusal::Credentials, Duration::ZERO)),
            (Ask::Name(ask), Found::Answer(answer)) => plain(ask.answer(answer)),
            (Ask::Name(ask), other) => plain(ask.fail(other.failure())),
            (Ask::Transfer(ask), Found::Opened(Opened { handle, size, unique })) => {
                let transfer = ask.id();
                let decision = match unique {
                    Some(name) => ask.ready_as(name),
                    None => ask.ready(size),
                };
                let effect = match self.session {
                    Some(session) => Effect::Opened { transfer, session, handle },
                    // It was opened by a session.
                    None => Effect::None,
                };
                Done { decision, effect }
            }
            (Ask::Transfer(ask), other) => plain(ask.fail(other.failure())),
            (Ask::Settle(ask), found) => {
                let transfer = ask.transfer();
                let decision = match found {
                    Found::Settled => ask.done(),
                    other => ask.fail(other.failure()),
                };
                Done { decision, effect: Effect::Settled(transfer) }
            }
            (Ask::Site(ask), Found::Reply(Some(reply))) => plain(ask.answer(reply)),
            (Ask::Site(ask), _) => plain(ask.unknown()),
        }
    }
}

/// What was found for a question.
#[derive(Debug)]
enum Found {
    Host(HostVerdict, Bytes),
    Login(LoginVerdict),
    Answer(Answer),
    Opened(Opened),
    Settled,
    Reply(Option<Reply>),
    Failed(StorageFailure),
}

impl Found {
    const fn failure(&self) -> StorageFailure {
        match self {
            Self::Failed(why) => *why,
            // Another kind of answer than was asked for.
            _ => StorageFailure::Local,
        }
    }
}
