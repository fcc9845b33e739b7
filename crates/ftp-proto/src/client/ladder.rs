//! Which data port mode to try next. Pure, and outlives a control connection.

use super::{Attempt, ListenPlan, PassiveAddress, Rung};
use crate::address::{is_private, normalise};
use crate::data::{DataMode, DataPhase, Failure, FailureId, Opening, PortRange, Side};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

/// What a ladder is built from.
#[derive(Debug, Clone)]
pub struct LadderConfig {
    /// Which modes may be tried.
    pub modes: Modes,
    /// The server's address on the control connection.
    pub server: IpAddr,
    /// Our own address on the control connection.
    pub local: IpAddr,
    /// Where a passive connection goes to when the reply names an address.
    pub passive_address: PassiveAddress,
    /// Try the address that 227 names, when it differs from the server's and is a public one, after the server's own
    /// address did not work. Off by default: a server could make us connect to other hosts (security: C4).
    pub try_told_address: bool,
    /// How active mode listens.
    pub active: ActiveSettings,
    /// How long a data connection may take when another rung follows (default 1 s).
    pub patience: Duration,
    /// Likewise when the server is far away: its fastest reply took longer than 300 ms (default 2.5 s).
    pub far_patience: Duration,
    /// How long the reply to PASV, EPSV, PORT or EPRT may take when another rung follows (default 2.5 s).
    pub reply_patience: Duration,
    /// How long all rungs together may take, and one that has worked before (default 10 s).
    pub last_patience: Duration,
    /// How long the only rung may take when it is the server that connects (default 12 s). Longer than a server usually
    /// tries (ours 10 s): its reply says more than our own time-out.
    pub active_patience: Duration,
}

impl LadderConfig {
    /// The defaults, for a control connection from `local` to `server`.
    #[must_use]
    pub fn new(server: IpAddr, local: IpAddr) -> Self {
        Self {
            modes: Modes::Auto,
            server,
            local,
            passive_address: PassiveAddress::ControlPeer,
            try_told_address: false,
            active: ActiveSettings::default(),
            patience: Duration::from_secs(1),
            far_patience: Duration::from_millis(2500),
            reply_patience: Duration::from_millis(2500),
            last_patience: Duration::from_secs(10),
            active_patience: Duration::from_secs(12),
        }
    }
}

/// Which modes may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    /// All that the address family allows, passive before active.
    Auto,
    /// This one.
    Only(DataMode),
}

/// How active mode listens, and what the server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveSettings {
    /// The ports to listen on.
    pub ports: PortRange,
    /// Our address as the server sees it (the outside of a NAT). Not used when the server is on a private network,
    /// where it would be wrong.
    pub external: Option<IpAddr>,
    /// Added to the listened port for the announced one.
    pub port_offset: i32,
}

impl Default for ActiveSettings {
    fn default() -> Self {
        Self { ports: PortRange::EPHEMERAL, external: None, port_offset: 0 }
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum NextStep {
    /// This, on the same control connection.
    Try(Rung),
    /// Log in anew on a fresh control connection, then this.
    Reconnect(Rung),
    /// Nothing is left, or no other mode would help.
    GiveUp,
}

/// A server whose fastest reply took longer is far away.
const FAR: Duration = Duration::from_millis(300);

/// How many failures are kept.
const MAX_ATTEMPTS: usize = 64;

/// What tells two rungs apart.
type Key = (DataMode, PassiveAddress);

/// Chooses rungs, from what has failed and what has worked.
///
/// Passive comes before active, and what RFC 2428 §4 prefers before the rest: EPSV, PASV at the server's own address,
/// PASV as told (where that is allowed), EPRT, PORT. Over IPv6 EPSV and EPRT are left, and PASV with a server that refuses
/// EPSV. A rung that has worked is
/// the first from then on. A rung that has failed comes again only when every other one has failed, too.
#[derive(Debug)]
pub struct Ladder {
    config: LadderConfig,
    worked: Option<Key>,
    /// Failed at some time.
    failed: Vec<Key>,
    /// Tried since the last [`first`](Self::first).
    tried: Vec<Key>,
    /// For how long those were waited for.
    waited: Duration,
    /// The server's fastest reply.
    round_trip: Duration,
    /// Has worked with this server at another time.
    preferred: Option<DataMode>,
    /// The server does not know EPSV.
    no_epsv: bool,
    /// A 227 named another address than the server's, and a public one.
    told: bool,
    attempts: Vec<Attempt>,
}

impl Ladder {
    /// Nothing has been tried.
    #[must_use]
    pub fn new(config: LadderConfig) -> Self {
        let config =
            LadderConfig { server: normalise(config.server), local: normalise(config.local), ..config };
        Self {
            config,
            worked: None,
            failed: Vec::new(),
            tried: Vec::new(),
            waited: Duration::ZERO,
            round_trip: Duration::ZERO,
            preferred: None,
            no_epsv: false,
            told: false,
            attempts: Vec::new(),
        }
    }

    /// The rung to begin a transfer with.
    #[must_use]
    pub fn first(&mut self) -> Rung {
        self.tried.clear();
        self.waited = Duration::ZERO;
        let key = self.worked.or_else(|| self.next_key()).unwrap_or_else(|| self.fallback());
        self.rung(key)
    }

    /// How long the server's fastest reply took ([`round_trip`](super::ClientConnection::round_trip)).
    pub const fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    /// Tries this mode before the others, where all may be tried: it has worked with this server at another time.
    pub const fn prefer(&mut self, mode: DataMode) {
        self.preferred = Some(mode);
    }

    /// The mode that works, once one has.
    #[must_use]
    pub fn working(&self) -> Option<DataMode> {
        self.worked.map(|(mode, _)| mode)
    }

    /// A rung did not work: what now?
    pub fn failed(&mut self, attempt: &Attempt) -> NextStep {
        if self.attempts.len() == MAX_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt.clone());
        self.learn(attempt);
        let hopeless = is_hopeless(attempt);
        match if hopeless { None } else { self.next_key() } {
            None => NextStep::GiveUp,
            Some(key) if attempt.control_usable => NextStep::Try(self.rung(key)),
            Some(key) => NextStep::Reconnect(self.rung(key)),
        }
    }

    /// A rung has worked: it is the first from now on.
    pub fn worked(&mut self, rung: &Rung) {
        let key = key(rung);
        self.failed.retain(|&failed| failed != key);
        self.worked = Some(key);
    }

    /// What has failed, the oldest first; at most the last 64.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    fn learn(&mut self, attempt: &Attempt) {
        let key = key(&attempt.rung);
        if self.worked == Some(key) {
            self.worked = None;
        }
        for list in [&mut self.failed, &mut self.tried] {
            if !list.contains(&key) {
                list.push(key);
            }
        }
        let told = attempt.announced.map(|at| normalise(at.ip()));
        if attempt.why == Failure::TimedOut {
            let rung = &attempt.rung;
            let answered = attempt.during != DataPhase::Listen;
            self.waited += if answered { rung.patience } else { rung.reply_patience };
        }
        self.no_epsv |= attempt.rung.mode == DataMode::EPSV && attempt.named == FailureId::ModeRefused;
        self.told |= attempt.rung.mode == DataMode::PASV
            && told.is_some_and(|ip| ip != self.config.server && !is_private(ip));
    }

    /// The next rung that was not tried since [`first`](Self::first); one that has never failed, if there is one.
    fn next_key(&self) -> Option<Key> {
        let untried = |key: &Key| !self.tried.contains(key);
        let order = self.order();
        let fresh = order.iter().copied().find(|key| untried(key) && !self.failed.contains(key));
        fresh.or_else(|| order.iter().copied().find(untried))
    }

    fn order(&self) -> Vec<Key> {
        let own = self.config.passive_address;
        let v4 = self.config.server.is_ipv4();
        let told = self.config.try_told_address && self.told && own != PassiveAddress::AsTold;
        let all = [
            ((DataMode::EPSV, own), true),
            // Behind a NAT64 a server of IPv4 answers PASV to a client that sees it by IPv6.
            ((DataMode::PASV, own), v4 || self.no_epsv),
            ((DataMode::PASV, PassiveAddress::AsTold), v4 && told),
            ((DataMode::EPRT, own), true),
            ((DataMode::PORT, own), v4),
        ];
        match self.config.modes {
            Modes::Auto => {
                let mut order: Vec<_> =
                    all.into_iter().filter_map(|(key, fits)| fits.then_some(key)).collect();
                // The others stay in their order.
                order.sort_by_key(|(mode, _)| Some(*mode) != self.preferred);
                order
            }
            Modes::Only(mode) => {
                let as_told = all.into_iter().filter_map(|((of, address), fits)| {
                    (of == mode && fits && address != own).then_some((of, address))
                });
                core::iter::once((mode, own)).chain(as_told).collect()
            }
        }
    }

    fn fallback(&self) -> Key {
        (DataMode::EPSV, self.config.passive_address)
    }

    fn rung(&self, (mode, address): Key) -> Rung {
        let known = self.worked == Some((mode, address));
        let others = self.order().iter().any(|&key| key != (mode, address) && !self.tried.contains(&key));
        let hurry = others && !known;
        let opening = mode.opening(Side::User);
        Rung {
            mode,
            address,
            listen: (opening == Opening::Listen).then(|| self.listen_plan()),
            patience: if hurry { self.hurried() } else { self.last(opening) },
            reply_patience: if hurry { self.config.reply_patience } else { self.config.last_patience },
            command_first: known,
        }
    }

    const fn hurried(&self) -> Duration {
        let far = self.round_trip.as_nanos() > FAR.as_nanos();
        if far { self.config.far_patience } else { self.config.patience }
    }

    /// What is left of the time when nothing follows.
    fn last(&self, opening: Opening) -> Duration {
        match opening {
            Opening::Listen if self.waited.is_zero() => self.config.active_patience,
            Opening::Listen | Opening::Connect => {
                self.config.last_patience.saturating_sub(self.waited).max(self.hurried())
            }
        }
    }

    fn listen_plan(&self) -> ListenPlan {
        let active = self.config.active;
        let local = self.config.local;
        // On a private network there is no NAT between us, unless we are not on it ourselves.
        let near = is_private(self.config.server);
        let fits = |ip: &IpAddr| !near && ip.is_ipv4() == local.is_ipv4();
        let announce = active.external.map(normalise).filter(fits);
        ListenPlan {
            bind: local,
            ports: active.ports,
            announce,
            announced_port_offset: if near { 0 } else { active.port_offset },
        }
    }
}

fn key(rung: &Rung) -> Key {
    (rung.mode, rung.address)
}

/// Failures that no other mode can cure: TLS that does not come about, no descriptors left.
fn is_hopeless(attempt: &Attempt) -> bool {
    match (attempt.during, attempt.why) {
        (_, Failure::TooManyDescriptors) | (DataPhase::Secure, Failure::Tls) => true,
        (DataPhase::Listen | DataPhase::Connect | DataPhase::Secure, _) => false,
    }
}
