//! A line of the shell into words, as in other shells: white space separates, quotes and `\` take things literally.
//!
//! Any octet but CR, LF and NUL can be written: in double quotes and outside of quotes `\xff` is the octet 255.

/// One word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// What it says.
    pub(super) text: Vec<u8>,
    /// The same for [`Pattern`](ftp_proto::facts::glob::Pattern): what was quoted is literal there.
    pub(super) pattern: Vec<u8>,
    /// It has `*`, `?` or `[` outside of quotes.
    pub(super) is_pattern: bool,
    /// Where it begins in the line.
    pub(super) start: usize,
}

/// The line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quotation is not closed")]
pub(super) struct Unclosed;

const SPECIAL: &[u8] = b"*?[\\";

impl Word {
    fn literal(&mut self, octet: u8) {
        if SPECIAL.contains(&octet) {
            self.pattern.push(b'\\');
        }
        self.pattern.push(octet);
        self.text.push(octet);
    }

    fn bare(&mut self, octet: u8) {
        self.is_pattern |= matches!(octet, b'*' | b'?' | b'[');
        self.pattern.push(octet);
        self.text.push(octet);
    }
}

/// The words of a line.
///
/// # Errors
/// When a quotation is not closed.
pub(super) fn split(line: &str) -> Result<Vec<Word>, Unclosed> {
    match read(line) {
        (words, true) => Ok(words),
        (_, false) => Err(Unclosed),
    }
}

/// The word that ends where the line ends, and those before it: what completion works on.
pub(super) fn last(line: &str) -> (Vec<Word>, Word) {
    let (mut words, closed) = read(line);
    let at_word = !closed || line.ends_with(|last: char| !last.is_whitespace()) || line.ends_with("\\ ");
    match words.pop() {
        Some(word) if at_word => (words, word),
        word => {
            words.extend(word);
            (words, Word { start: line.len(), ..Word::default() })
        }
    }
}

/// The words, and whether all quotations are closed.
fn read(line: &str) -> (Vec<Word>, bool) {
    let octets = line.as_bytes();
    let (mut words, mut at) = (Vec::new(), 0);
    while at < octets.len() {
        if octets[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let mut word = Word { start: at, ..Word::default() };
        let closed = read_word(octets, &mut at, &mut word);
        words.push(word);
        if !closed {
            return (words, false);
        }
    }
    (words, true)
}

fn read_word(octets: &[u8], at: &mut usize, word: &mut Word) -> bool {
    let mut quote = None;
    while let Some(&octet) = octets.get(*at) {
        *at += 1;
        match (octet, quote) {
            (b'\\', None | Some(b'"')) => match escaped(octets, at) {
                Some(octet) => word.literal(octet),
                None => return false,
            },
            (_, Some(open)) if octet == open => quote = None,
            (_, Some(_)) => word.literal(octet),
            (b'"' | b'\'', None) => quote = Some(octet),
            (_, None) if octet.is_ascii_whitespace() => return true,
            (_, None) => word.bare(octet),
        }
    }
    quote.is_none()
}

/// What stands behind a backslash.
fn escaped(octets: &[u8], at: &mut usize) -> Option<u8> {
    let digits = octets.get(*at + 1..*at + 3).and_then(|digits| str::from_utf8(digits).ok());
    let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    match (octets.get(*at)?, value) {
        (b'x', Some(value)) => {
            *at += 3;
            Some(value)
        }
        (&octet, _) => {
            *at += 1;
            Some(octet)
        }
    }
}

/// A word that reads back as `text`.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::new();
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                _ if character.is_control() => {
                    let mut room = [0; 4];
                    character
                        .encode_utf8(&mut room)
                        .bytes()
                        .for_each(|octet| out.push_str(&format!("\\x{octet:02x}")));
                }
                ' ' | '"' | '\'' | '\\' | '*' | '?' | '[' => out.extend(['\\', character]),
                _ => out.push(character),
            }
        }
        chunk.invalid().iter().for_each(|octet| out.push_str(&format!("\\x{octet:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<Vec<u8>> {
        split(line).expect("closed").into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn rfc1123_27_every_pathname_can_be_written() {
        assert_eq!(texts("get 'a b' \"c\\\"d\" e\\ f -g"), [&b"get"[..], b"a b", b"c\"d", b"e f", b"-g"]);
        assert_eq!(texts("cd \\xff\\xe9 'it''s' \"it's\""), [&b"cd"[..], b"\xff\xe9", b"its", b"it's"]);
        assert_eq!(texts("cd gr\u{f6}\u{df}e ''"), [&b"cd"[..], "größe".as_bytes(), b""]);
    }

    #[test]
    fn rfc1123_27_quoting_reads_back() {
        for text in [&b"a b"[..], b"\xff\"'\\*?[", b"\x1b[2J", "\u{9b}größe".as_bytes()] {
            assert_eq!(texts(&quote(text)), [text]);
        }
    }

    #[test]
    fn only_what_is_not_quoted_is_a_pattern() {
        let words = split("*.txt '*.txt' a\\*b*").expect("closed");
        assert_eq!(words.iter().map(|word| word.is_pattern).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(words[2].pattern, b"a\\*b*");
    }

    #[test]
    fn an_open_quotation_is_an_error_and_can_be_completed() {
        assert_eq!(split("get 'a"), Err(Unclosed));
        let (before, word) = last("get 'a b");
        assert_eq!((before.len(), &word.text[..], word.start), (1, &b"a b"[..], 4));
        assert_eq!(last("get ").1.start, 4);
        assert_eq!(last("get a\\ ").1.text, b"a ");
    }
}
