//! Replies: codes, texts, multi-line form (RFC 959 §4.2).

pub mod answer;
mod build;
mod code;
mod encode;
mod refusal;
mod text;

pub use code::{NoReplyCode, ReplyClass, ReplyCode};
pub use refusal::Refusal;
pub use text::{parse_quoted_path, quoted_path};

pub(crate) use text::{put_quoted, split_quoted};

use alloc::vec::Vec;
use bytes::Bytes;

/// A reply, whole. On the server, lines are what is to be said; on the client, what was said.
///
/// The text of a reply that was received is kept as octets: it may be in any character set, and must be escaped before
/// it is shown on a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reply {
    /// The three digits.
    pub code: ReplyCode,
    /// The lines without code, separator and line end; at least one.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::list"))]
    pub lines: Vec<Bytes>,
}

impl Reply {
    /// A reply of one line.
    #[must_use]
    pub fn new(code: ReplyCode, text: impl Into<Bytes>) -> Self {
        Self { code, lines: alloc::vec![text.into()] }
    }

    /// The text of the first line.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.lines.first().map_or(&[], |line| &line[..])
    }
}
