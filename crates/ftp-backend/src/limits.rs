//! How much one address, or all together, may ask for: sessions, and wrong passwords.

use crate::sync::lock;
use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use ftp_proto::address::normalise;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Who counts as one source: an IPv4 address, or the /64 network of an IPv6 address, which one host can fill at will.
fn source(peer: IpAddr) -> IpAddr {
    match normalise(peer) {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

/// How many sessions there may be at once; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// All together.
    pub total: usize,
    /// From one address (IPv6: from one /64 network).
    pub per_address: usize,
}

impl Default for SessionLimits {
    /// 1,000 all together, 50 from one address.
    fn default() -> Self {
        Self { total: 1000, per_address: 50 }
    }
}

/// Why there may not be one more session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitReached {
    /// Too many all together.
    #[error("too many sessions")]
    Total,
    /// Too many from this address.
    #[error("too many sessions from this address")]
    PerAddress,
}

/// Counts sessions. Clones count together.
#[derive(Debug, Clone)]
pub struct Sessions {
    limits: SessionLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_source: BTreeMap<IpAddr, usize>,
}

impl Sessions {
    /// None yet.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Self {
        Self { limits, counts: Arc::default() }
    }

    /// One more session, which counts until the permit is dropped.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit(&self, peer: IpAddr) -> Result<SessionPermit, LimitReached> {
        let is_full = |count: usize, limit: usize| limit != 0 && count >= limit;
        let source = source(peer);
        let mut counts = lock(&self.counts);
        if is_full(counts.total, self.limits.total) {
            return Err(LimitReached::Total);
        }
        let from_here = counts.by_source.get(&source).copied().unwrap_or(0);
        if is_full(from_here, self.limits.per_address) {
            return Err(LimitReached::PerAddress);
        }
        counts.total += 1;
        counts.by_source.insert(source, from_here + 1);
        Ok(SessionPermit { counts: self.counts.clone(), source })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.counts).total
    }
}

/// A session that counts.
#[derive(Debug)]
#[must_use = "the session counts until this is dropped"]
pub struct SessionPermit {
    counts: Arc<Mutex<Counts>>,
    source: IpAddr,
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.total = counts.total.saturating_sub(1);
        match counts.by_source.get_mut(&self.source) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.by_source.remove(&self.source)),
        }
    }
}

/// How fast one address may guess passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessLimits {
    /// So many wrong passwords are free.
    pub burst: u32,
    /// After those, one more for each of these intervals. Zero is no limit.
    pub interval: Duration,
}

impl Default for GuessLimits {
    /// 10 at once, then one every 2 seconds.
    fn default() -> Self {
        Self { burst: 10, interval: Duration::from_secs(2) }
    }
}

/// How many sources are remembered; then those that have been quiet for longest are forgotten.
const MAX_SOURCES: usize = 16_384;

/// Slows guessing down, however many connections one address opens; other addresses do not feel it.
#[derive(Debug)]
pub struct Guesses {
    limits: GuessLimits,
    /// When the source will have all its free guesses back.
    full_at: Mutex<BTreeMap<IpAddr, Instant>>,
}

impl Guesses {
    /// Nobody has guessed yet.
    #[must_use]
    pub const fn new(limits: GuessLimits) -> Self {
        Self { limits, full_at: Mutex::new(BTreeMap::new()) }
    }

    /// Takes a guess before the password is looked at, so that guesses made at the same time count too. False: this address
    /// has none left, and the password must not be looked at.
    pub fn take(&self, peer: IpAddr, now: Instant) -> bool {
        let window = self.limits.interval.saturating_mul(self.limits.burst);
        let source = source(peer);
        let mut full_at = lock(&self.full_at);
        if full_at.len() >= MAX_SOURCES && !full_at.contains_key(&source) {
            forget(&mut full_at, now);
        }
        let from = full_at.get(&source).copied().unwrap_or(now).max(now);
        let Some(next) = from.checked_add(self.limits.interval) else { return false };
        let is_free = next.saturating_duration_since(now) <= window;
        if is_free {
            full_at.insert(source, next);
        }
        is_free
    }

    /// The password was right: the guess does not count.
    pub fn give_back(&self, peer: IpAddr) {
        let source = source(peer);
        let mut full_at = lock(&self.full_at);
        let earlier = full_at.get(&source).and_then(|at| at.checked_sub(self.limits.interval));
        if let Some(earlier) = earlier {
            full_at.insert(source, earlier);
        }
    }
}

/// Makes room: those whose guesses are all back, or else the one that is nearest to it.
fn forget(full_at: &mut BTreeMap<IpAddr, Instant>, now: Instant) {
    full_at.retain(|_, at| *at > now);
    if full_at.len() >= MAX_SOURCES {
        let nearest = full_at.iter().min_by_key(|(_, at)| **at).map(|(source, _)| *source);
        nearest.map(|source| full_at.remove(&source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn s41_one_address_cannot_take_every_session() {
        let sessions = Sessions::new(SessionLimits { total: 4, per_address: 2 });
        let first = sessions.admit(ip("192.0.2.1")).unwrap();
        let _second = sessions.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(sessions.admit(ip("192.0.2.1")).unwrap_err(), LimitReached::PerAddress);
        let _other = sessions.admit(ip("192.0.2.2")).unwrap();
        let _v6 = sessions.admit(ip("2001:db8::1")).unwrap();
        assert_eq!(sessions.admit(ip("192.0.2.3")).unwrap_err(), LimitReached::Total);
        drop(first);
        assert_eq!(sessions.count(), 3);
        let _again = sessions.admit(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn rfc2577_5_a_network_of_ipv6_counts_as_one_address() {
        let sessions = Sessions::new(SessionLimits { total: 0, per_address: 1 });
        let _first = sessions.admit(ip("2001:db8::1")).unwrap();
        assert!(sessions.admit(ip("2001:db8::ffff:2")).is_err());
        assert!(sessions.admit(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn no_limit_is_zero() {
        let sessions = Sessions::new(SessionLimits { total: 0, per_address: 0 });
        let permits: Vec<_> = (0..2000).map(|_| sessions.admit(ip("192.0.2.1")).unwrap()).collect();
        assert_eq!(sessions.count(), 2000);
        drop(permits);
        assert_eq!(sessions.count(), 0);
        assert!(lock(&sessions.counts).by_source.is_empty());
    }

    #[test]
    fn s18_guesses_from_one_address_are_slowed_down_and_others_are_not() {
        let guesses = Guesses::new(GuessLimits { burst: 3, interval: Duration::from_secs(2) });
        let begin = Instant::now();
        let mut made = 0;
        for tenth in 0..200 {
            let now = begin + Duration::from_millis(100) * tenth;
            made += u32::from(guesses.take(ip("192.0.2.1"), now));
        }
        assert_eq!(made, 3 + 9, "three at once, then one in two seconds for twenty seconds");
        let end = begin + Duration::from_secs(20);
        assert!(guesses.take(ip("192.0.2.2"), end), "the real user, from elsewhere");
    }

    #[test]
    fn right_passwords_do_not_count() {
        let guesses = Guesses::new(GuessLimits { burst: 1, interval: Duration::from_secs(60) });
        let now = Instant::now();
        for _ in 0..10 {
            assert!(guesses.take(ip("192.0.2.1"), now));
            guesses.give_back(ip("192.0.2.1"));
        }
        assert!(guesses.take(ip("192.0.2.1"), now));
        assert!(!guesses.take(ip("192.0.2.1"), now));
    }

    #[test]
    fn memory_is_bounded_however_many_addresses_guess() {
        let guesses = Guesses::new(GuessLimits::default());
        let now = Instant::now();
        for number in 0..u32::try_from(MAX_SOURCES).unwrap() + 100 {
            assert!(guesses.take(IpAddr::V4(number.into()), now));
        }
        assert_eq!(lock(&guesses.full_at).len(), MAX_SOURCES);
    }
}
