//! One line of a reply, borrowed.

use super::SyntaxError;
use crate::reply::ReplyCode;
use core::ops::Range;

/// How many digits a code has.
const CODE: usize = 3;

/// A line of a reply, with spans into it (RFC 959 §4.2).
///
/// ```
/// use ftp_proto::wire::ReplyLineView;
///
/// let view = ReplyLineView::parse(b"227 Entering Passive Mode (127,0,0,1,4,5).").unwrap();
/// assert_eq!(view.code().map(|code| code.get()), Some(227));
/// assert!(view.is_last());
/// assert_eq!(view.text(), b"Entering Passive Mode (127,0,0,1,4,5).");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyLineView<'a> {
    line: &'a [u8],
    code: Option<ReplyCode>,
    last: bool,
}

impl<'a> ReplyLineView<'a> {
    /// Takes a line that has no line end apart.
    ///
    /// A line that does not begin with three digits has no code: it is a line inside of a multi-line reply.
    ///
    /// # Errors
    /// When the line begins with three digits but they are no code (100 to 699), or neither SP nor a hyphen nor the
    /// line's end follows. Inside of a multi-line reply such a line is only text.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let Some((digits, rest)) = line.split_first_chunk::<CODE>() else {
            return Ok(Self { line, code: None, last: false });
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Ok(Self { line, code: None, last: false });
        }
        let number = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        let code = ReplyCode::new(number).ok_or(SyntaxError { what: "reply code", at: 0 })?;
        match rest.first() {
            None | Some(b' ') => Ok(Self { line, code: Some(code), last: true }),
            Some(b'-') => Ok(Self { line, code: Some(code), last: false }),
            Some(_) => Err(SyntaxError { what: "separator after the reply code", at: CODE }),
        }
    }

    /// The code, if the line begins with one.
    #[must_use]
    pub const fn code(&self) -> Option<ReplyCode> {
        self.code
    }

    /// Whether the line has the form of a reply's last: a code, then SP or nothing. Inside of a multi-line reply the
    /// code must also be that of its first line.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// What follows code and separator; the whole line when it has no code.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.line.get(self.text_span()).unwrap_or_default()
    }

    /// Where the text is in the line.
    #[must_use]
    pub fn text_span(&self) -> Range<usize> {
        let from = if self.code.is_some() { CODE + 1 } else { 0 };
        from.min(self.line.len())..self.line.len()
    }
}
