//! What a client may have to put up with, as values that can be set for one server.

/// Violations of RFC 959 §4.2 that a [`ReplyDecoder`](super::ReplyDecoder) tolerates. None by default: each repairs
/// some servers and breaks on others, so it is switched on for a server that is known to need it.
///
/// What no correct server can be hurt by is always tolerated: bare LF, NUL, lines inside of a multi-line reply that
/// begin with anything, a last line of the code alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quirks {
    /// A multi-line reply ends at a line with any code and SP, not only with its own (glFTPd opens with 553 and ends
    /// with 150). With a server that quotes replies in its texts this ends a reply too early.
    pub end_with_any_code: bool,
    /// Text directly after the three digits, with no separator, is a reply of one line.
    pub no_separator: bool,
    /// A line that is no reply where one should begin is passed over, not reported. Servers under inetd print such
    /// lines when a library complains.
    pub stray_lines: bool,
}
