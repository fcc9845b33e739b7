//! Patterns of names, as `ls` knows them, for the arguments of LIST and NLST.
//!
//! Nothing in FTP's standards knows patterns, but clients send them, and other servers expand them. Expanding has been
//! a way to keep servers busy (CVE-2010-2632, CVE-2011-0418), so what a pattern may cost is bounded: at most
//! [`MAX_STARS`] stars, no braces, no directories, and a time that grows with pattern length times name length.

use alloc::vec::Vec;

/// How many `*` a pattern may have.
pub const MAX_STARS: usize = 3;
/// How many octets a pattern may have.
pub const MAX_LENGTH: usize = 1024;

/// A pattern for one component of a pathname.
///
/// `*` matches any number of characters, `?` one, `[a-z]` one of those, `[!a-z]` or `[^a-z]` one of the others; `\`
/// takes the next character as it is, and everything else stands for itself, braces too. A character is one of UTF-8, or
/// one octet where a name is not UTF-8. A dot at the beginning of a name must be matched by a dot, so that `*` does not
/// name what is hidden.
///
/// ```
/// use ftp_proto::facts::glob::Pattern;
///
/// let pattern = Pattern::parse(b"report-20[12]?.*")?;
/// assert!(pattern.matches(b"report-2019.txt"));
/// assert!(!pattern.matches(b"report-1999.txt"));
/// # Ok::<(), ftp_proto::facts::glob::PatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    elements: Vec<Element>,
    /// How many characters a name has at least.
    shortest: usize,
}

/// Why octets are not a [`Pattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// More than [`MAX_STARS`] `*`.
    #[error("a pattern has at most {MAX_STARS} stars")]
    TooManyStars,
    /// More than [`MAX_LENGTH`] octets.
    #[error("a pattern has at most {MAX_LENGTH} octets")]
    TooLong,
    /// A slash: patterns are for names, not for paths.
    #[error("a pattern is for one directory")]
    Slash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    One(Character),
    AnyOne,
    AnyNumber,
    Set { negated: bool, ranges: Vec<(Character, Character)> },
}

/// A character of UTF-8; an octet that is not part of one comes after all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Character(u32);

const STAR: Character = Character(b'*' as u32);
const QUESTION: Character = Character(b'?' as u32);
const OPEN: Character = Character(b'[' as u32);
const CLOSE: Character = Character(b']' as u32);
const ESCAPE: Character = Character(b'\\' as u32);
const DASH: Character = Character(b'-' as u32);
const DOT: Character = Character(b'.' as u32);
const SLASH: Character = Character(b'/' as u32);
const NEGATIONS: [Character; 2] = [Character(b'!' as u32), Character(b'^' as u32)];

/// Whether `octets` have anything in them that makes a pattern of a name.
#[must_use]
pub fn is_pattern(octets: &[u8]) -> bool {
    octets.iter().any(|octet| matches!(octet, b'*' | b'?' | b'['))
}

impl Pattern {
    /// Reads a pattern. A `[` without its `]` stands for itself.
    ///
    /// # Errors
    /// When it could cost too much, or is a path.
    pub fn parse(octets: &[u8]) -> Result<Self, PatternError> {
        if octets.len() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        let characters: Vec<_> = Characters(octets).collect();
        if characters.contains(&SLASH) {
            return Err(PatternError::Slash);
        }
        let mut elements = Vec::with_capacity(characters.len());
        let mut rest = &characters[..];
        while let Some((element, after)) = parse_element(rest) {
            rest = after;
            // Several stars in a row are as good as one, and as cheap.
            if element != Element::AnyNumber || elements.last() != Some(&Element::AnyNumber) {
                elements.push(element);
            }
        }
        let stars = elements.iter().filter(|&element| *element == Element::AnyNumber).count();
        if stars > MAX_STARS {
            return Err(PatternError::TooManyStars);
        }
        let shortest = elements.len() - stars;
        Ok(Self { elements, shortest })
    }

    /// Whether `name` is one that the pattern means.
    ///
    /// Takes at most n²/4 steps for a name of n octets, about 16,000 for the longest that file systems have: a pattern
    /// that is longer than the name is not tried, and after a mismatch only the last star is tried further on.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let hidden = name.starts_with(b".") && self.elements.first() != Some(&Element::One(DOT));
        if hidden || name.len() < self.shortest {
            return false;
        }
        let mut pattern = &self.elements[..];
        let mut name = Characters(name);
        // What is left of pattern and name after the last star.
        let mut retry: Option<(&[Element], Characters<'_>)> = None;
        loop {
            if let Some((Element::AnyNumber, after)) = pattern.split_first() {
                pattern = after;
                retry = Some((after, name));
                continue;
            }
            match (pattern.split_first(), name.next()) {
                (None, None) => return true,
                (Some((element, after)), Some(character)) if element.matches(character) => pattern = after,
                _ => {
                    // The star takes one character more, if there is a star and a character.
                    let Some((after_star, left)) = &mut retry else { return false };
                    if left.next().is_none() {
                        return false;
                    }
                    pattern = after_star;
                    name = *left;
                }
            }
        }
    }
}

impl Element {
    fn matches(&self, character: Character) -> bool {
        match self {
            Self::One(own) => *own == character,
            Self::AnyOne | Self::AnyNumber => true,
            Self::Set { negated, ranges } => {
                let inside = ranges.iter().any(|(first, last)| (first..=last).contains(&&character));
                inside != *negated
            }
        }
    }
}

fn parse_element(characters: &[Character]) -> Option<(Element, &[Character])> {
    let (&first, rest) = characters.split_first()?;
    Some(match first {
        STAR => (Element::AnyNumber, rest),
        QUESTION => (Element::AnyOne, rest),
        OPEN => parse_set(rest).unwrap_or((Element::One(OPEN), rest)),
        ESCAPE => match rest.split_first() {
            Some((&escaped, rest)) => (Element::One(escaped), rest),
            None => (Element::One(ESCAPE), rest),
        },
        other => (Element::One(other), rest),
    })
}

/// What follows `[`, to its `]`. A `]` that comes first is one of the set.
fn parse_set(characters: &[Character]) -> Option<(Element, &[Character])> {
    let (negated, mut rest) = match characters.split_first() {
        Some((first, rest)) if NEGATIONS.contains(first) => (true, rest),
        _ => (false, characters),
    };
    let mut ranges = Vec::new();
    loop {
        match rest {
            [CLOSE, after @ ..] if !ranges.is_empty() => {
                return Some((Element::Set { negated, ranges }, after));
            }
            [first, DASH, last, after @ ..] if *last != CLOSE => {
                ranges.push((*first, *last));
                rest = after;
            }
            [ESCAPE, one, after @ ..] | [one, after @ ..] => {
                ranges.push((*one, *one));
                rest = after;
            }
            [] => return None,
        }
    }
}

/// The characters of octets.
#[derive(Debug, Clone, Copy)]
struct Characters<'a>(&'a [u8]);

impl Iterator for Characters<'_> {
    type Item = Character;

    fn next(&mut self) -> Option<Character> {
        let (&first, rest) = self.0.split_first()?;
        let length = match first {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        let decoded = self.0.split_at_checked(length).and_then(|(character, after)| {
            let character = core::str::from_utf8(character).ok()?.chars().next()?;
            Some((Character(character.into()), after))
        });
        let (character, after) =
            decoded.unwrap_or_else(|| (Character(char::MAX as u32 + 1 + u32::from(first)), rest));
        self.0 = after;
        Some(character)
    }
}
