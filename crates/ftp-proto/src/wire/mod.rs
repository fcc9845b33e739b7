//! Octets to lines, lines to views: what a client, a server and a middlebox all need. No protocol state.
//!
//! * [`LineBuffer`]: framing of a control connection. Splits at LF, takes Telnet commands out, bounded.
//! * [`CommandView`], [`ReplyLineView`]: one line, borrowed, with spans, so that a middlebox can splice.
//! * [`ReplyDecoder`]: whole replies, with [`Quirks`] for servers that break the rules.
//! * [`Encode`]: the other way.

mod command_view;
mod line_buffer;
mod quirks;
mod reply_decoder;
mod reply_view;
mod scan;
mod telnet;

pub use command_view::CommandView;
pub use line_buffer::{Line, LineBuffer, LineError, LineLimits};
pub use quirks::Quirks;
pub use reply_decoder::{ReplyDecoder, ReplyError, ReplyLimits};
pub use reply_view::ReplyLineView;

pub(crate) use telnet::{Meaning, Telnet, put_doubled};

use bytes::BytesMut;

/// What can be written on a control connection. Writing cannot fail: what could not be sent cannot be constructed.
pub trait Encode {
    /// Appends the octets, line end included.
    fn encode(&self, out: &mut BytesMut);
}

/// A line, or a part of one, that is not what it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what} at octet {at}")]
pub struct SyntaxError {
    /// What was expected.
    pub what: &'static str,
    /// Where, counted from the start of what was parsed.
    pub at: usize,
}
