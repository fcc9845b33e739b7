//! Which octets of a control connection nobody may read later.
//!
//! A line can be told only when its first word is whole, so its octets wait until then, wherever they were split. What
//! cannot be told is hidden.

use crate::command::{ArgumentKind, CommandSpec, SiteCommand, Verb};
use crate::server::gate::is_foreign;
use crate::wire::{Meaning, Telnet};
use alloc::vec::Vec;

/// A first word of more octets is no verb, nor SITE's.
const LONGEST_WORD: usize = 16;

/// Follows the lines of a control connection.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    telnet: Telnet,
    line: Line,
    /// The word that is not yet whole.
    word: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Line {
    /// In the verb.
    #[default]
    Verb,
    /// In SITE's own verb.
    SiteVerb,
    Told(Fate),
}

/// What becomes of octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Shown,
    Hidden,
}

/// What an octet has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing yet: it waits, too.
    Waits,
    /// What becomes of it, alone.
    Told(Fate),
    /// What becomes of those that wait, and of it.
    AllTold(Fate),
    /// What becomes of those that wait; it ends them, and is seen.
    Ends(Fate),
}

impl Redactor {
    /// Takes the next octet of the stream.
    pub(super) fn step(&mut self, octet: u8) -> Sight {
        let octet = match self.telnet.step(octet) {
            Meaning::Octet(octet) | Meaning::KeptWithIac(octet) => octet,
            Meaning::Nothing | Meaning::Interrupt | Meaning::Refuse(_) => return Sight::Told(Fate::Shown),
        };
        match (self.line, octet) {
            (Line::Told(_), b'\n') => {
                self.line = Line::Verb;
                Sight::Told(Fate::Shown)
            }
            (Line::Told(fate), _) => Sight::Told(fate),
            (Line::Verb | Line::SiteVerb, b'\n') => {
                let (fate, _) = self.told();
                self.line = Line::Verb;
                Sight::Ends(fate)
            }
            (Line::Verb | Line::SiteVerb, b' ') => {
                let (fate, next) = self.told();
                self.line = next;
                Sight::Ends(fate)
            }
            (Line::Verb | Line::SiteVerb, _) => self.collect(octet),
        }
    }

    /// The lines begin anew: TLS begins or ends. What waited is never told.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    fn collect(&mut self, octet: u8) -> Sight {
        self.word.push(octet);
        if self.word.len() <= LONGEST_WORD {
            return Sight::Waits;
        }
        self.word.clear();
        self.line = Line::Told(Fate::Hidden);
        Sight::AllTold(Fate::Hidden)
    }

    /// What becomes of the word that has ended, and what follows it.
    fn told(&mut self) -> (Fate, Line) {
        let word = core::mem::take(&mut self.word);
        let word = word.strip_suffix(b"\r").unwrap_or(&word);
        match self.line {
            Line::Verb => verb(word),
            Line::SiteVerb if SiteCommand::is_known(word) => (Fate::Shown, Line::Told(Fate::Shown)),
            Line::SiteVerb | Line::Told(_) => (Fate::Hidden, Line::Told(Fate::Hidden)),
        }
    }
}

fn verb(word: &[u8]) -> (Fate, Line) {
    // What is left of a Telnet Synch whose IAC was lost.
    let verb = word.iter().position(|&octet| octet < 0xF0).and_then(|at| word.get(at..)).unwrap_or_default();
    match CommandSpec::find(verb) {
        Some(spec) if spec.argument == ArgumentKind::Secret => (Fate::Shown, Line::Told(Fate::Hidden)),
        Some(spec) if spec.verb == Verb::Site => (Fate::Shown, Line::SiteVerb),
        Some(_) => (Fate::Shown, Line::Told(Fate::Shown)),
        None if is_foreign(verb) => (Fate::Shown, Line::Told(Fate::Hidden)),
        None => (Fate::Hidden, Line::Told(Fate::Hidden)),
    }
}

/// An octet of the same kind as `octet`, so that a line means as much or as little as before.
pub(super) const fn mask(octet: u8) -> u8 {
    match octet {
        b' ' | b'!'..=b'/' => b'.',
        b'0'..=b'~' => b'x',
        // Controls break lines or verbs, and no password has them; 0xFF is Telnet's.
        0..=0x1F | 0x7F | 0xFF => octet,
        0x80..=0xEF => 0x80,
        0xF0..=0xFE => 0xF0,
    }
}
