//! What the peer sent, made safe for a terminal or a log: the one place that does it.
//!
//! Names and reply texts come from the other end. Written raw they could move the cursor, set the window's title, answer
//! for the keyboard, begin a new line of the log, or show `exe.txt` where `txt.exe` is meant.

use core::fmt::{self, Write as _};

/// `octets` for a terminal or a log: printable UTF-8 stays, everything else is written as `\n`, `\x1b` or `\u{202e}`.
///
/// A backslash stays single, so that a reply from Windows can be read; the result is for eyes and is not read back.
#[must_use]
pub fn escape(octets: &[u8]) -> Escaped<'_> {
    Escaped(octets)
}

/// See [`escape`].
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                write_character(f, character)?;
            }
            for octet in chunk.invalid() {
                write!(f, "\\x{octet:02x}")?;
            }
        }
        Ok(())
    }
}

fn write_character(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\0'..='\u{1f}' | '\u{7f}' => write!(f, "\\x{:02x}", u32::from(character)),
        _ if is_deceptive(character) => write!(f, "\\u{{{:x}}}", u32::from(character)),
        _ => f.write_char(character),
    }
}

/// Characters that are not seen themselves but change what is seen: C1 controls, bidirectional marks, line and
/// paragraph separators, invisible spaces and tags. The joiners U+200C and U+200D stay: scripts and emoji need them.
const fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString as _};

    fn shown(octets: &[u8]) -> String {
        escape(octets).to_string()
    }

    #[test]
    fn printable_text_stays() {
        for text in ["plain name.txt", "größe", "日本語", "C:\\dir", "a 'quoted' \"name\"", "👩\u{200d}💻"]
        {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn c7_control_characters_are_escaped() {
        assert_eq!(shown(b"\x1b]0;title\x07"), "\\x1b]0;title\\x07");
        assert_eq!(shown(b"a\r\nb\tc\0d\x7f"), "a\\r\\nb\\tc\\x00d\\x7f");
    }

    #[test]
    fn c7_c1_controls_are_escaped_as_characters_and_as_octets() {
        assert_eq!(shown("\u{9b}31m".as_bytes()), "\\u{9b}31m");
        assert_eq!(shown(b"\x9b31m"), "\\x9b31m");
    }

    #[test]
    fn c7_bidirectional_marks_are_escaped() {
        assert_eq!(shown("invoice\u{202e}fdp.exe".as_bytes()), "invoice\\u{202e}fdp.exe");
        for mark in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{2066}', '\u{2069}'] {
            assert!(!shown(mark.to_string().as_bytes()).contains(mark), "{mark:?}");
        }
    }

    #[test]
    fn octets_that_are_not_utf8_are_shown_in_hexadecimal() {
        assert_eq!(shown(b"caf\xe9.txt"), "caf\\xe9.txt");
    }
}
