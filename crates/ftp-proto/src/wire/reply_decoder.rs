//! Lines to replies, for the client. It has no context: it never knows what was asked.

use super::{Line, LineBuffer, LineError, LineLimits, Quirks, ReplyLineView};
use crate::reply::{Reply, ReplyCode};
use alloc::vec::Vec;
use core::ops::Range;

/// How large a reply may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyLimits {
    /// Octets of one line, without its end.
    pub max_line: usize,
    /// Lines of one reply.
    pub max_lines: usize,
    /// Octets of one reply's texts.
    pub max_octets: usize,
}

impl Default for ReplyLimits {
    fn default() -> Self {
        Self { max_line: 8192, max_lines: 256, max_octets: 64 * 1024 }
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A line that should begin a reply does not begin with a code. The decoder goes on with the next line.
    #[error("a line that should begin a reply does not begin with a reply code")]
    NotAReply,
    /// A line is too long. The decoder is out of step with the server from here on, and takes no more.
    #[error("reply: {0}")]
    Line(#[from] LineError),
    /// A reply has too many lines. As for a line that is too long.
    #[error("reply of more than {limit} lines")]
    TooManyLines {
        /// The limit.
        limit: usize,
    },
    /// A reply has too many octets. As for a line that is too long.
    #[error("reply of more than {limit} octets")]
    TooLarge {
        /// The limit in octets.
        limit: usize,
    },
}

/// Makes replies of the octets of a control connection (RFC 959 §4.2).
///
/// A multi-line reply begins with `ddd-` and ends with a line of the same code and SP. Of the lines between, a leading
/// `ddd-` of the same code or one leading SP is form and not text, and is taken off.
///
/// ```
/// use ftp_proto::wire::{Quirks, ReplyDecoder, ReplyLimits};
///
/// let mut decoder = ReplyDecoder::new(ReplyLimits::default());
/// let octets = b"211-Features:\r\n SIZE\r\n211 End\r\n";
/// assert_eq!(decoder.push(octets), octets.len());
/// let reply = decoder.next_reply().unwrap().unwrap();
/// assert_eq!(reply.lines, ["Features:", "SIZE", "End"]);
/// ```
#[derive(Debug)]
pub struct ReplyDecoder {
    limits: ReplyLimits,
    quirks: Quirks,
    lines: LineBuffer,
    /// The multi-line reply whose end has not come.
    open: Option<Open>,
    /// Out of step: everything is dropped.
    failed: bool,
}

#[derive(Debug)]
struct Open {
    reply: Reply,
    octets: usize,
}

impl ReplyDecoder {
    /// A decoder that tolerates no [`Quirks`].
    #[must_use]
    pub fn new(limits: ReplyLimits) -> Self {
        Self { limits, quirks: Quirks::default(), lines: lines(limits), open: None, failed: false }
    }

    /// Sets what is tolerated from the next line on.
    pub const fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
    }

    /// Takes a prefix of `octets` and returns its length; the rest is to be offered again once replies were taken.
    #[must_use = "the octets that were not taken must be offered again"]
    pub fn push(&mut self, octets: &[u8]) -> usize {
        if self.failed { octets.len() } else { self.lines.push(octets) }
    }

    /// The next whole reply; `None` when its end has not come yet.
    pub fn next_reply(&mut self) -> Option<Result<Reply, ReplyError>> {
        loop {
            let line = self.lines.next_line()?;
            // A client takes part in no Telnet negotiation (RFC 1123 §4.1.2.12): nothing is answered.
            self.lines.take_telnet_replies();
            match line.map_err(ReplyError::from).and_then(|line| self.take(line)) {
                Ok(None) => {}
                Ok(Some(reply)) => return Some(Ok(reply)),
                Err(ReplyError::NotAReply) if self.quirks.stray_lines => {}
                Err(ReplyError::NotAReply) => return Some(Err(ReplyError::NotAReply)),
                Err(error) => {
                    self.discard();
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Octets that are buffered and belong to no reply that was returned, without the lines of a reply that has begun.
    #[must_use]
    pub fn residue(&self) -> usize {
        self.lines.residue()
    }

    /// Whether nothing is held: no octet, and no part of a reply.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.open.is_none()
    }

    /// Forgets everything that was received, also a reply of which a part has come, and says how many octets of lines
    /// and texts that were. For the moment before TLS: nothing that came in the clear may be used after it.
    pub fn discard(&mut self) -> usize {
        self.failed = false;
        let open = self.open.take().map_or(0, |open| open.octets);
        open + self.lines.discard()
    }

    fn take(&mut self, line: Line) -> Result<Option<Reply>, ReplyError> {
        let (mut open, part) = match self.open.take() {
            None => self.begin(line.as_bytes())?,
            Some(open) => {
                let part = self.go_on(open.reply.code, line.as_bytes());
                (open, part)
            }
        };
        open.octets = open.octets.saturating_add(part.text.len());
        open.reply.lines.push(line.into_bytes().slice(part.text));
        self.check(&open)?;
        if part.last {
            return Ok(Some(open.reply));
        }
        self.open = Some(open);
        Ok(None)
    }

    fn begin(&self, line: &[u8]) -> Result<(Open, Part), ReplyError> {
        let view = ReplyLineView::parse(line).ok();
        let (code, part) = match view.and_then(|view| Some((view, view.code()?))) {
            Some((view, code)) => (code, Part { text: view.text_span(), last: view.is_last() }),
            None => {
                let code = self.without_separator(line).ok_or(ReplyError::NotAReply)?;
                (code, Part { text: 3..line.len(), last: true })
            }
        };
        Ok((Open { reply: Reply { code, lines: Vec::new() }, octets: 0 }, part))
    }

    /// The code of a line whose text follows it directly, where that is tolerated.
    fn without_separator(&self, line: &[u8]) -> Option<ReplyCode> {
        let (digits, rest) = line.split_at_checked(3).filter(|_| self.quirks.no_separator)?;
        let number_goes_on = rest.first().is_some_and(u8::is_ascii_digit);
        if number_goes_on { None } else { ReplyLineView::parse(digits).ok()?.code() }
    }

    /// What a line inside of the multi-line reply with this code is.
    fn go_on(&self, code: ReplyCode, line: &[u8]) -> Part {
        let view = ReplyLineView::parse(line).ok();
        let same_code = view.is_some_and(|view| view.code() == Some(code));
        let last = view.is_some_and(|view| view.is_last() && (same_code || self.quirks.end_with_any_code));
        let text = match view {
            Some(view) if same_code || last => view.text_span(),
            _ => usize::from(line.first() == Some(&b' '))..line.len(),
        };
        Part { text, last }
    }

    const fn check(&self, open: &Open) -> Result<(), ReplyError> {
        let ReplyLimits { max_lines, max_octets, .. } = self.limits;
        if open.reply.lines.len() > max_lines {
            Err(ReplyError::TooManyLines { limit: max_lines })
        } else if open.octets > max_octets {
            Err(ReplyError::TooLarge { limit: max_octets })
        } else {
            Ok(())
        }
    }
}

/// What a line contributes to its reply.
struct Part {
    /// Where in the line the text is.
    text: Range<usize>,
    /// Whether the reply ends with it.
    last: bool,
}

fn lines(limits: ReplyLimits) -> LineBuffer {
    let limits = LineLimits { max_line: limits.max_line, max_buffered: 2 * limits.max_line };
    LineBuffer::new(limits).tolerating_nul()
}
