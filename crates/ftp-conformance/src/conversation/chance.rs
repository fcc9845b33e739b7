//! Where the choices of a conversation come from: a seed, or a fuzzer.

use core::ops::Range;

/// Makes choices.
#[derive(Debug)]
pub(super) struct Chance {
    rng: fastrand::Rng,
    /// The choices of a fuzzer, the next one last.
    octets: Option<Vec<u8>>,
}

impl Chance {
    pub(super) fn of_seed(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), octets: None }
    }

    /// When there are no octets left, the same choices as ever follow.
    pub(super) fn of_octets(octets: &[u8]) -> Self {
        Self { rng: fastrand::Rng::with_seed(0), octets: Some(octets.iter().rev().copied().collect()) }
    }

    /// A fuzzer has no more to choose.
    pub(super) fn is_over(&self) -> bool {
        self.octets.as_ref().is_some_and(Vec::is_empty)
    }

    /// A number of the range; of an empty one, its start.
    pub(super) fn number(&mut self, range: Range<u64>) -> u64 {
        let count = range.end.saturating_sub(range.start).max(1);
        let Some(octets) = &mut self.octets else { return range.start + self.rng.u64(0..count) };
        // As few octets as the range needs, so that each of them matters.
        let (mut choice, mut most) = (0_u64, count - 1);
        while most > 0 {
            choice = choice << 8 | u64::from(octets.pop().unwrap_or_else(|| self.rng.u8(..)));
            most >>= 8;
        }
        range.start + choice % count
    }

    pub(super) fn size(&mut self, range: Range<usize>) -> usize {
        let choice = self.number(0..range.len() as u64);
        range.start + usize::try_from(choice).unwrap_or_default()
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.number(0..times) == 0
    }

    pub(super) fn pick<T: Copy, const N: usize>(&mut self, among: [T; N]) -> T {
        among[self.size(0..N)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_choose_within_the_range_and_then_there_are_no_more() {
        let mut chance = Chance::of_octets(&[7, 1, 2, 255]);
        assert_eq!(chance.number(10..13), 10 + 7 % 3);
        assert_eq!(chance.number(0..0x1000), 0x0102);
        assert!(!chance.is_over());
        assert!(!chance.one_in(2));
        assert!(chance.is_over());
        assert!((3..20).contains(&chance.size(3..20)));
    }
}
