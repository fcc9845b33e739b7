//! A machine whose calls are noted.

use super::redaction::{Fate, Redactor, Sight, mask};
use super::{Entry, Event};
use crate::data::{Admission, DataEvent, DataId, DataPolicy};
use crate::io::{ControlEndpoints, ControlEvent, ControlMachine, Deadline, Step};
use crate::server::{Decision, Outcome, ServerConfig, ServerConnection, ServerOutput, ShutDown};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};
use core::net::SocketAddr;

/// So many entries wait behind a word that is not whole; beyond, the word is hidden.
const MOST_WAITING: usize = 1024;

/// A [`ServerConnection`] that notes what happens to it, if that is wanted. Else it is the same, and costs a pointer.
#[derive(Debug)]
pub struct Recording {
    machine: ServerConnection,
    notes: Option<Box<Notes>>,
}

#[derive(Debug, Default)]
struct Notes {
    entries: VecDeque<Entry>,
    redactor: Redactor,
    /// How many entries have been taken: the number of the first that is here.
    taken: usize,
    /// Octets of which it is not yet known whether they may be seen: number of the entry, place in it.
    waiting: Vec<(usize, usize)>,
    now: Instant,
}

impl Recording {
    /// A connection that was just accepted, as [`ServerConnection::new`]; it notes when `noting`.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, endpoints: ControlEndpoints, now: Instant, noting: bool) -> Self {
        let notes = noting.then(|| {
            let mut notes = Box::<Notes>::default();
            notes.note(now, Event::Opened { config: Arc::clone(&config), endpoints });
            notes
        });
        Self { machine: ServerConnection::new(config, endpoints, now), notes }
    }

    /// The next entry that is known to hold no secret. To be taken after each turn, so that few are kept.
    pub fn next_entry(&mut self) -> Option<Entry> {
        self.notes.as_mut()?.next()
    }

    /// Nothing more will come: what is not known to be harmless is hidden.
    pub fn finish(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.restart();
        }
    }

    /// See [`ServerConnection::decide`].
    pub fn decide(&mut self, decision: Decision, now: Instant) -> Outcome {
        self.note(now, || Event::Decided(decision.record()));
        self.machine.decide(decision, now)
    }

    /// See [`ServerConnection::set_data_policy`].
    pub fn set_data_policy(&mut self, policy: Arc<DataPolicy>) {
        if let Some(notes) = &mut self.notes {
            notes.note(notes.now, Event::PolicySet(Arc::clone(&policy)));
        }
        self.machine.set_data_policy(policy);
    }

    /// See [`ServerConnection::shut_down`].
    pub fn shut_down(&mut self, how: ShutDown, now: Instant) {
        self.note(now, || Event::ShutDown(how));
        self.machine.shut_down(how, now);
    }

    /// See [`ServerConnection::turn_away`].
    pub fn turn_away(&mut self, now: Instant) {
        self.note(now, || Event::TurnedAway);
        self.machine.turn_away(now);
    }

    fn note(&mut self, at: Instant, event: impl FnOnce() -> Event) {
        if let Some(notes) = &mut self.notes {
            notes.note(at, event());
        }
    }
}

impl ControlMachine for Recording {
    type Output = ServerOutput;

    fn wants_input(&self) -> bool {
        self.machine.wants_input()
    }

    fn receive(&mut self, octets: &[u8], now: Instant) -> usize {
        let taken = self.machine.receive(octets, now);
        if let Some(notes) = &mut self.notes {
            notes.received(now, octets.get(..taken).unwrap_or(octets));
        }
        taken
    }

    fn pending_output(&self) -> &[u8] {
        self.machine.pending_output()
    }

    fn output_written(&mut self, octets: usize, now: Instant) {
        if let Some(notes) = &mut self.notes {
            let written = self.machine.pending_output().get(..octets).unwrap_or_default();
            notes.note(now, Event::Written(Bytes::copy_from_slice(written)));
        }
        self.machine.output_written(octets, now);
    }

    fn handle_control(&mut self, event: ControlEvent, now: Instant) {
        if let Some(notes) = &mut self.notes {
            if matches!(event, ControlEvent::Secured(_) | ControlEvent::Cleared) {
                notes.restart();
            }
            notes.note(now, Event::Control(event.clone()));
        }
        self.machine.handle_control(event, now);
    }

    fn admit(&mut self, id: DataId, peer: SocketAddr, now: Instant) -> Admission {
        let admission = self.machine.admit(id, peer, now);
        self.note(now, || Event::Admission { id, peer, admitted: admission == Admission::Take });
        admission
    }

    fn handle_data(&mut self, id: DataId, event: DataEvent, now: Instant) {
        self.note(now, || Event::Data { id, event: event.clone() });
        self.machine.handle_data(id, event, now);
    }

    fn deadline(&self) -> Option<Deadline> {
        self.machine.deadline()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.note(now, || Event::TimedOut);
        self.machine.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Step<ServerOutput>> {
        let step = self.machine.poll();
        if let (Some(notes), Some(step)) = (&mut self.notes, &step) {
            notes.note(notes.now, Event::Step(format!("{step:?}")));
        }
        step
    }

    fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }
}

impl Notes {
    fn note(&mut self, at: Instant, event: Event) {
        self.now = at;
        self.entries.push_back(Entry { at, event });
        if self.entries.len() > MOST_WAITING && !self.waiting.is_empty() {
            self.restart();
        }
    }

    fn received(&mut self, at: Instant, octets: &[u8]) {
        let number = self.taken + self.entries.len();
        self.note(at, Event::Received(Bytes::copy_from_slice(octets)));
        for (place, &octet) in octets.iter().enumerate() {
            match self.redactor.step(octet) {
                Sight::Waits => self.waiting.push((number, place)),
                Sight::Told(fate) => self.settle(fate, (number, place)),
                Sight::Ends(fate) => self.settle_waiting(fate),
                Sight::AllTold(fate) => {
                    self.settle_waiting(fate);
                    self.settle(fate, (number, place));
                }
            }
        }
    }

    fn settle_waiting(&mut self, fate: Fate) {
        for place in core::mem::take(&mut self.waiting) {
            self.settle(fate, place);
        }
    }

    fn settle(&mut self, fate: Fate, (number, place): (usize, usize)) {
        let entry = number.checked_sub(self.taken).and_then(|at| self.entries.get_mut(at));
        if let (Fate::Hidden, Some(Entry { event: Event::Received(octets), .. })) = (fate, entry) {
            let mut masked = BytesMut::from(core::mem::take(octets));
            if let Some(octet) = masked.get_mut(place) {
                *octet = mask(*octet);
            }
            *octets = masked.freeze();
        }
    }

    fn restart(&mut self) {
        self.settle_waiting(Fate::Hidden);
        self.redactor.restart();
    }

    fn next(&mut self) -> Option<Entry> {
        if self.waiting.first().is_some_and(|&(number, _)| number <= self.taken) {
            return None;
        }
        let entry = self.entries.pop_front()?;
        self.taken += 1;
        Some(entry)
    }
}
