//! Which ports a peer has just used.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// A short transfer, and TIME_WAIT after it (60 s on Linux).
const REMEMBERED: Duration = Duration::from_secs(120);

/// The oldest are forgotten beyond that many; about 1 MiB.
const MOST: usize = 8192;

/// Remembers who used which port. Only a preference depends on it.
#[derive(Debug, Default)]
pub(super) struct Recent {
    last: HashMap<(IpAddr, u16), Instant>,
    order: VecDeque<(Instant, IpAddr, u16)>,
}

impl Recent {
    pub(super) fn note(&mut self, peer: IpAddr, port: u16, now: Instant) {
        self.last.insert((peer, port), now);
        self.order.push_back((now, peer, port));
        while self.order.len() > MOST || self.order.front().is_some_and(|&(at, ..)| is_over(at, now)) {
            self.forget_oldest();
        }
    }

    pub(super) fn contains(&self, peer: IpAddr, port: u16, now: Instant) -> bool {
        self.last.get(&(peer, port)).is_some_and(|&at| !is_over(at, now))
    }

    fn forget_oldest(&mut self) {
        if let Some((at, peer, port)) = self.order.pop_front() {
            // It may have been used again since.
            if self.last.get(&(peer, port)) == Some(&at) {
                self.last.remove(&(peer, port));
            }
        }
    }
}

fn is_over(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) >= REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    #[test]
    fn a_use_is_remembered_for_its_peer_and_for_a_while() {
        let now = Instant::now();
        let mut recent = Recent::default();
        recent.note(PEER, 1, now);
        assert!(recent.contains(PEER, 1, now));
        assert!(!recent.contains(PEER, 2, now));
        assert!(!recent.contains(OTHER, 1, now));
        assert!(!recent.contains(PEER, 1, now + REMEMBERED));
    }

    #[test]
    fn a_second_use_is_remembered_from_then() {
        let now = Instant::now();
        let mut recent = Recent::default();
        recent.note(PEER, 1, now);
        let later = now + REMEMBERED / 2;
        recent.note(PEER, 1, later);
        recent.note(PEER, 2, now + REMEMBERED);
        assert!(recent.contains(PEER, 1, now + REMEMBERED));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let now = Instant::now();
        let mut recent = Recent::default();
        for port in 0..u16::MAX {
            recent.note(PEER, port, now);
        }
        assert_eq!((recent.last.len(), recent.order.len()), (MOST, MOST));
        recent.note(PEER, 0, now + REMEMBERED);
        assert_eq!((recent.last.len(), recent.order.len()), (1, 1));
    }
}
