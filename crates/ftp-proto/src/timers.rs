//! The timers of a connection: one fixed array, so that nothing is allocated and the earliest is found by looking at all.

use crate::io::{Deadline, Timer};
use crate::time::Instant;

/// Every timer, in the order of their numbers.
const ALL: [Timer; 14] = [
    Timer::Greeting,
    Timer::Login,
    Timer::Idle,
    Timer::Decision,
    Timer::ControlTls,
    Timer::ControlWrite,
    Timer::DataOpen,
    Timer::DataTls,
    Timer::TransferStall,
    Timer::AbortGrace,
    Timer::ReplyWait,
    Timer::Penalty,
    Timer::Linger,
    Timer::KeepAlive,
];

/// When each timer goes off. A timer that is not set never does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    at: [Option<Instant>; ALL.len()],
}

impl Timers {
    /// Sets a timer, also when it was set already.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        if let Some(slot) = self.at.get_mut(timer as usize) {
            *slot = Some(at);
        }
    }

    /// Stops a timer.
    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(slot) = self.at.get_mut(timer as usize) {
            *slot = None;
        }
    }

    /// Stops all of them.
    pub(crate) fn clear_all(&mut self) {
        *self = Self::default();
    }

    /// Whether a timer is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.at.get(timer as usize).is_some_and(Option::is_some)
    }

    /// The timer that goes off first; of several at the same instant, the first of [`Timer`].
    pub(crate) fn next(&self) -> Option<Deadline> {
        ALL.iter()
            .zip(self.at)
            .filter_map(|(&why, at)| Some(Deadline { at: at?, why }))
            .min_by_key(|deadline| deadline.at)
    }

    /// A timer that has gone off, which is stopped by this; call until `None`.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let due = self.next().filter(|deadline| deadline.at <= now)?;
        self.clear(due.why);
        Some(due.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn the_table_has_every_timer_at_its_number() {
        for (index, &timer) in ALL.iter().enumerate() {
            assert_eq!(timer as usize, index, "{timer:?}");
        }
        // A timer that is added to the vocabulary must be added here.
        assert_eq!(Timer::KeepAlive as usize + 1, ALL.len());
    }

    #[test]
    fn timers_go_off_in_the_order_of_their_time_and_once() {
        let mut timers = Timers::default();
        timers.set(Timer::ReplyWait, at(5));
        timers.set(Timer::DataOpen, at(3));
        timers.set(Timer::KeepAlive, at(9));
        assert_eq!(timers.next(), Some(Deadline { at: at(3), why: Timer::DataOpen }));
        assert_eq!(timers.expired(at(2)), None);
        assert_eq!(timers.expired(at(6)), Some(Timer::DataOpen));
        assert_eq!(timers.expired(at(6)), Some(Timer::ReplyWait));
        assert_eq!(timers.expired(at(6)), None);
        assert!(timers.is_set(Timer::KeepAlive));
    }

    #[test]
    fn setting_a_timer_again_moves_it_and_clearing_stops_it() {
        let mut timers = Timers::default();
        timers.set(Timer::Greeting, at(1));
        timers.set(Timer::Greeting, at(4));
        assert_eq!(timers.expired(at(3)), None);
        timers.clear(Timer::Greeting);
        timers.set(Timer::Linger, at(4));
        timers.clear_all();
        assert_eq!(timers.next(), None);
    }
}
