//! One command line, borrowed.

use super::SyntaxError;
use core::ops::Range;

/// The least octet that Telnet uses; none of them can begin a verb.
const TELNET: u8 = 0xF0;

/// A command line as verb and argument, with spans into the line.
///
/// Exactly one SP separates them; further SP, also at the end, belong to the argument (RFC 2640 §3.1).
///
/// ```
/// use ftp_proto::wire::CommandView;
///
/// let view = CommandView::parse(b"STOR  two spaces ").unwrap();
/// assert_eq!(view.verb(), b"STOR");
/// assert_eq!(view.argument(), Some(&b" two spaces "[..]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandView<'a> {
    line: &'a [u8],
    verb_from: usize,
    verb_to: usize,
}

impl<'a> CommandView<'a> {
    /// Splits a line that has no line end.
    ///
    /// Octets of Telnet commands before the verb are passed over: a Synch loses its IAC where the peer's system keeps
    /// urgent data apart.
    ///
    /// # Errors
    /// When there is no verb, or an octet in it is not a printable ASCII character.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let verb_from = line.iter().take_while(|&&octet| octet >= TELNET).count();
        let rest = line.get(verb_from..).unwrap_or_default();
        let length = rest.iter().position(|&octet| octet == b' ').unwrap_or(rest.len());
        let verb = rest.get(..length).unwrap_or_default();
        let error = |at: usize| SyntaxError { what: "verb", at: verb_from + at };
        if verb.is_empty() {
            return Err(error(0));
        }
        match verb.iter().position(|octet| !octet.is_ascii_graphic()) {
            Some(at) => Err(error(at)),
            None => Ok(Self { line, verb_from, verb_to: verb_from + length }),
        }
    }

    /// The verb as sent, in any case.
    #[must_use]
    pub fn verb(&self) -> &'a [u8] {
        self.line.get(self.verb_span()).unwrap_or_default()
    }

    /// What follows the SP after the verb; `None` when there is no SP.
    #[must_use]
    pub fn argument(&self) -> Option<&'a [u8]> {
        self.line.get(self.verb_to + 1..)
    }

    /// Where the verb is in the line.
    #[must_use]
    pub const fn verb_span(&self) -> Range<usize> {
        self.verb_from..self.verb_to
    }

    /// Where the argument is in the line; empty at its end when there is none.
    #[must_use]
    pub fn argument_span(&self) -> Range<usize> {
        (self.verb_to + 1).min(self.line.len())..self.line.len()
    }
}
