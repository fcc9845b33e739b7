//! A random order of a port range that needs no memory.

use ftp_proto::data::PortRange;
use rustix::rand::{GetRandomFlags, getrandom};
use std::io;
use std::sync::{Mutex, PoisonError};

/// Visits every port of a range once: from a random start in steps of a random length that has no factor in common
/// with the range's.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    range: PortRange,
    at: u32,
    step: u32,
    left: u32,
}

/// Octets of the system's randomness that are in stock: one call of the system serves many listeners. Each is used once.
static STOCK: Mutex<Stock> = Mutex::new(Stock { octets: [0; 1024], left: 0 });

struct Stock {
    octets: [u8; 1024],
    left: usize,
}

fn random() -> io::Result<[u8; 16]> {
    let mut stock = STOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if stock.left == 0 {
        getrandom(&mut stock.octets, GetRandomFlags::empty())?;
        stock.left = stock.octets.len();
    }
    stock.left -= 16;
    let from = stock.left;
    let mut taken = [0; 16];
    taken.swap_with_slice(&mut stock.octets[from..from + 16]);
    Ok(taken)
}

impl Walk {
    /// A walk that nobody can foresee.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn random(range: PortRange) -> io::Result<Self> {
        Ok(Self::seeded(range, u128::from_ne_bytes(random()?)))
    }

    /// The seed is much wider than the range, so that no port is noticeably likelier than another.
    pub(super) fn seeded(range: PortRange, seed: u128) -> Self {
        let length = range.len().max(1);
        let below = |seed: u64, bound: u32| (seed % u64::from(bound)) as u32;
        let mut step = 1 + below((seed >> 64) as u64, length);
        while gcd(step, length) != 1 {
            step += 1;
        }
        Self { range, at: below(seed as u64, length), step, left: range.len() }
    }
}

impl Iterator for Walk {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let port = u32::from(self.range.first) + self.at;
        self.at = (self.at + self.step) % self.range.len();
        u16::try_from(port).ok()
    }
}

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_port_of_the_range_is_visited_once_and_no_other(
            first in 1_u16..,
            length in 0_u16..5_000,
            seed: u128,
        ) {
            let range = PortRange::new(first, first.saturating_add(length)).unwrap();
            let mut ports: Vec<u16> = Walk::seeded(range, seed).collect();
            ports.sort_unstable();
            prop_assert_eq!(ports, (range.first..=range.last).collect::<Vec<_>>());
        }
    }

    #[test]
    fn s10_two_walks_differ() {
        let range = PortRange::new(1024, 65535).unwrap();
        let walk = || Walk::random(range).unwrap().take(4).collect::<Vec<_>>();
        assert_ne!(walk(), walk());
    }

    #[test]
    fn a_range_of_one_port_is_walked() {
        let range = PortRange::new(65535, 65535).unwrap();
        assert_eq!(Walk::seeded(range, u128::MAX).collect::<Vec<_>>(), [65535]);
    }
}
