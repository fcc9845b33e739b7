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
use ftp_proto::server::{
    Ask, AskId, Decision, Grant, HostAsk, LoginAsk, LoginRefusal, NameAsk, Notice, Outcome, SettleAsk,
    SiteAsk, TransferAsk,
};
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
        let Self { ask, session, withdrawal, backend, host, peer, local } = self;
        // A question of these kinds without a session would be the core's mistake; it is refused, not trusted.
        let session = session.ok_or(StorageFailure::Denied);
        match ask {
            Ask::Host(ask) => answer_host(ask, &*backend),
            Ask::Login(ask) => {
                let attempt = LoginAttempt {
                    user: ask.user(),
                    stage: ask.stage(),
                    host: host.as_deref(),
                    peer: address::normalise(peer),
                    local,
                    tls: ask.tls(),
                };
                let verdict = guard(|| backend.login(&attempt));
                answer_login(ask, verdict)
            }
            Ask::Name(ask) => answer_name(ask, session, &withdrawal),
            Ask::Transfer(ask) => answer_transfer(ask, session, &withdrawal),
            Ask::Settle(ask) => answer_settle(ask, session),
            Ask::Site(ask) => answer_site(ask, session),
        }
    }
}

fn answer_host(ask: HostAsk, backend: &dyn Backend) -> Done {
    let name = Bytes::copy_from_slice(ask.host());
    match guard(|| backend.host(&name)) {
        Ok(HostVerdict::Accept) => Done { decision: ask.accept(), effect: Effect::Host(name) },
        Ok(HostVerdict::Unknown) => Done { decision: ask.unknown(), effect: Effect::None },
        Ok(HostVerdict::Unavailable) | Err(_) => Done { decision: ask.unavailable(), effect: Effect::None },
    }
}

fn answer_login(ask: LoginAsk, verdict: Result<LoginVerdict, StorageFailure>) -> Done {
    let refuse = |ask: LoginAsk, why, after| ask.refuse(why, after);
    let decision = match verdict {
        Ok(LoginVerdict::Accept { grant, session }) => return logged_in(ask, grant, session),
        Ok(LoginVerdict::NeedPassword) => ask.need_password(),
        Ok(LoginVerdict::NeedAccount) => ask.need_account(),
        Ok(LoginVerdict::Refuse { why, after }) => refuse(ask, why, after),
        Err(_) => refuse(ask, LoginRefusal::Credentials, Duration::ZERO),
    };
    Done { decision, effect: Effect::None }
}

fn logged_in(ask: LoginAsk, grant: Grant, session: Arc<dyn Session>) -> Done {
    Done { decision: ask.accept(grant), effect: Effect::LoggedIn(session) }
}

type Whose = Result<Arc<dyn Session>, StorageFailure>;

fn answer_name(ask: NameAsk, session: Whose, withdrawal: &Withdrawal) -> Done {
    let answer = session.and_then(|session| guarded(|| session.query(ask.query(), withdrawal)));
    let decision = match answer {
        Ok(answer) => ask.answer(answer),
        Err(why) => ask.fail(why),
    };
    Done { decision, effect: Effect::None }
}

fn answer_transfer(ask: TransferAsk, session: Whose, withdrawal: &Withdrawal) -> Done {
    let transfer = ask.id();
    let opened = session.and_then(|session| {
        let opened = guarded(|| session.open(transfer, ask.request(), withdrawal))?;
        Ok((session, opened))
    });
    match opened {
        Err(why) => Done { decision: ask.fail(why), effect: Effect::None },
        Ok((session, Opened { handle, size, unique })) => {
            let decision = match unique {
                Some(name) => ask.ready_as(name),
                None => ask.ready(size),
            };
            Done { decision, effect: Effect::Opened { transfer, session, handle } }
        }
    }
}

fn answer_settle(ask: SettleAsk, session: Whose) -> Done {
    let transfer = ask.transfer();
    let settled =
        session.and_then(|session| guarded(|| session.settle(transfer, ask.totals(), ask.result())));
    let decision = match settled {
        Ok(()) => ask.done(),
        Err(why) => ask.fail(why),
    };
    Done { decision, effect: Effect::Settled(transfer) }
}

fn answer_site(ask: SiteAsk, session: Whose) -> Done {
    let reply = session.and_then(|session| guard(|| session.site(ask.line())));
    let decision = match reply {
        Ok(Some(reply)) => ask.answer(reply),
        Ok(None) | Err(_) => ask.unknown(),
    };
    Done { decision, effect: Effect::None }
}
