//! A machine that is told what another was told.

use super::{Entry, Event};
use crate::data::Admission;
use crate::escape::escape;
use crate::io::{ControlMachine as _, Step};
use crate::server::{Ask, DecisionRecord, ServerConnection, ServerOutput};
use crate::time::Instant;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A session that is played again, entry by entry.
#[derive(Debug)]
pub struct Replay {
    machine: ServerConnection,
    /// Questions that wait for their answer.
    asks: Vec<Ask>,
    /// How many entries were played.
    played: usize,
}

/// The machine does not do what the transcript says it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry}: expected {expected}; found {found}")]
pub struct Divergence {
    /// The entry, counted from 1.
    pub entry: usize,
    /// What the transcript says.
    pub expected: String,
    /// What happened instead.
    pub found: String,
}

/// Plays all of `entries`.
///
/// # Errors
/// The first entry that goes otherwise than it did.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Divergence> {
    let mut entries = entries.into_iter();
    let mut replay = Replay::open(entries.next())?;
    entries.try_for_each(|entry| replay.play(entry))
}

impl Replay {
    /// Begins with the first entry.
    ///
    /// # Errors
    /// When it is not [`Event::Opened`], or its settings cannot be.
    pub fn open(first: Option<&Entry>) -> Result<Self, Divergence> {
        let cannot_begin = |found: String| Divergence {
            entry: 1,
            expected: "the opening of a session, with settings that can be".to_string(),
            found,
        };
        let Some(Entry { at, event: Event::Opened { config, endpoints } }) = first else {
            return Err(cannot_begin(format!("{first:?}")));
        };
        config.validate().map_err(|error| cannot_begin(error.to_string()))?;
        let machine = ServerConnection::new(Arc::clone(config), *endpoints, *at);
        Ok(Self { machine, asks: Vec::new(), played: 1 })
    }

    /// Plays the next entry.
    ///
    /// # Errors
    /// When it goes otherwise than it did.
    pub fn play(&mut self, entry: &Entry) -> Result<(), Divergence> {
        self.played += 1;
        let now = entry.at;
        match &entry.event {
            Event::Opened { .. } => return Err(self.diverged("no second opening", "one")),
            Event::TurnedAway => self.machine.turn_away(now),
            Event::Received(octets) => {
                let taken = self.machine.receive(octets, now);
                return self
                    .same(&format!("{} octets taken", octets.len()), &format!("{taken} octets taken"));
            }
            Event::Written(octets) => return self.written(octets, now),
            Event::Control(event) => self.machine.handle_control(event.clone(), now),
            Event::Admission { id, peer, admitted } => {
                let found = self.machine.admit(*id, *peer, now) == Admission::Take;
                return self
                    .same(&format!("{peer} admitted: {admitted}"), &format!("{peer} admitted: {found}"));
            }
            Event::Data { id, event } => self.machine.handle_data(*id, event.clone(), now),
            Event::TimedOut => self.machine.handle_timeout(now),
            Event::Decided(record) => return self.decided(record, now),
            Event::PolicySet(policy) => self.machine.set_data_policy(Arc::clone(policy)),
            Event::ShutDown(how) => self.machine.shut_down(*how, now),
            Event::Step(expected) => return self.step(expected),
        }
        Ok(())
    }

    fn written(&mut self, octets: &[u8], now: Instant) -> Result<(), Divergence> {
        let pending = self.machine.pending_output();
        let found = pending.get(..octets.len()).unwrap_or(pending);
        let (expected, found) = (escape(octets).to_string(), escape(found).to_string());
        self.same(&expected, &found)?;
        self.machine.output_written(octets.len(), now);
        Ok(())
    }

    fn decided(&mut self, record: &DecisionRecord, now: Instant) -> Result<(), Divergence> {
        let asked = self.asks.iter().position(|ask| ask.id() == record.ask());
        let Some(ask) = asked.map(|at| self.asks.swap_remove(at)) else {
            return Err(self.diverged(&format!("a question for {record:?}"), "none"));
        };
        match ask.replay(record) {
            Ok(decision) => {
                // Whether it came in time shows in what follows.
                let _ = self.machine.decide(decision, now);
                Ok(())
            }
            Err(ask) => Err(self.diverged(&format!("a question for {record:?}"), &format!("{ask:?}"))),
        }
    }

    fn step(&mut self, expected: &str) -> Result<(), Divergence> {
        let step = self.machine.poll();
        let found = step.as_ref().map_or_else(|| "nothing".to_string(), |step| format!("{step:?}"));
        if let Some(Step::App(ServerOutput::Ask(ask))) = step {
            self.asks.push(ask);
        }
        self.same(expected, &found)
    }

    fn same(&self, expected: &str, found: &str) -> Result<(), Divergence> {
        if expected == found { Ok(()) } else { Err(self.diverged(expected, found)) }
    }

    fn diverged(&self, expected: &str, found: &str) -> Divergence {
        Divergence { entry: self.played, expected: expected.to_string(), found: found.to_string() }
    }
}
