//! What will happen, in order.

use core::cmp::{Ordering, Reverse};
use ftp_proto::time::Instant;
use std::collections::BinaryHeap;

/// Events by time; those of the same time in the order in which they were put in.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    events: BinaryHeap<Reverse<Event<T>>>,
    next: u64,
}

#[derive(Debug)]
struct Event<T> {
    at: Instant,
    number: u64,
    what: T,
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self { events: BinaryHeap::new(), next: 0 }
    }

    pub(crate) fn push(&mut self, at: Instant, what: T) {
        self.events.push(Reverse(Event { at, number: self.next, what }));
        self.next += 1;
    }

    /// When the next event is.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.events.peek().map(|event| event.0.at)
    }

    /// The next event, if it is due.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<T> {
        self.next_at().filter(|&at| at <= now)?;
        self.events.pop().map(|event| event.0.what)
    }
}

impl<T> Event<T> {
    const fn key(&self) -> (Instant, u64) {
        (self.at, self.number)
    }
}

impl<T> PartialEq for Event<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Event<T> {}

impl<T> PartialOrd for Event<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Event<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
