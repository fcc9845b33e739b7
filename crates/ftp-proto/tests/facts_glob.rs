//! Patterns of names.

use ftp_proto::facts::glob::{MAX_LENGTH, Pattern, PatternError, is_pattern};
use proptest::prelude::*;

fn matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern.as_bytes()).expect("a pattern").matches(name.as_bytes())
}

#[test]
fn what_patterns_match() {
    let table = [
        ("", &[""][..], &["a"][..]),
        ("a.txt", &["a.txt"], &["a_txt", "A.txt", "a.txt.", "xa.txt"]),
        ("*", &["", "a", "a b", "é"], &[".hidden"]),
        (".*", &[".", "..", ".hidden"], &["a"]),
        ("*.txt", &["a.txt", "a.b.txt", "é.txt"], &["a.txt2", ".txt", "atxt"]),
        ("a*", &["a", "ab"], &["b", "ba"]),
        ("a*b*c", &["abc", "axbxc", "abbcc", "abcbc"], &["acb", "ab", "abcd"]),
        ("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a"]),
        ("**a", &["a", "xa"], &["ax"]),
        ("?", &["a", "é", "語"], &["", "ab", "."]),
        ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
        ("[abc]x", &["ax", "cx"], &["dx", "x", "abx"]),
        ("[a-c]", &["a", "b", "c"], &["d", "-"]),
        ("[!a-c]", &["d", "é"], &["a", ""]),
        ("[^a-c]", &["d"], &["b"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[!]a]", &["b"], &["]", "a"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[à-ý]", &["é"], &["e", "z"]),
        ("[\\]]", &["]"], &["\\"]),
        ("[", &["["], &["a"]),
        ("[a", &["[a"], &["a"]),
        ("[!", &["[!"], &["a"]),
        ("\\*", &["*"], &["a", "\\*"]),
        ("\\", &["\\"], &["a"]),
        ("{a,b}", &["{a,b}"], &["a", "b"]),
        ("!a", &["!a"], &["b"]),
        ("[.]x", &[], &[".x"]),
    ];
    for (pattern, yes, no) in table {
        for name in yes {
            assert!(matches(pattern, name), "{pattern} must match {name:?}");
        }
        for name in no {
            assert!(!matches(pattern, name), "{pattern} must not match {name:?}");
        }
    }
}

#[test]
fn octets_that_are_not_utf8_are_characters() {
    let pattern = Pattern::parse(b"caf?").expect("a pattern");
    assert!(pattern.matches(b"caf\xe9"));
    assert!(!pattern.matches(b"caf\xe9\xe8"));
    assert!(Pattern::parse(b"caf\xe9").expect("a pattern").matches(b"caf\xe9"));
    assert!(!Pattern::parse(b"[\xe9]").expect("a pattern").matches("é".as_bytes()));
}

#[test]
fn s24_patterns_that_could_cost_too_much_are_refused() {
    assert_eq!(Pattern::parse(b"*a*b*c*"), Err(PatternError::TooManyStars));
    assert!(Pattern::parse(b"*a*b*").is_ok());
    assert!(Pattern::parse(b"*****").is_ok());
    assert!(Pattern::parse(b"a\\*b[*]c*").is_ok());
    assert_eq!(Pattern::parse(&[b'a'; MAX_LENGTH + 1]), Err(PatternError::TooLong));
    assert_eq!(Pattern::parse(b"*/*"), Err(PatternError::Slash));
}

#[test]
fn s24_the_worst_pattern_is_cheap() {
    let pattern = [&b"*a*a*"[..], &[b'a'; MAX_LENGTH - 6], b"b"].concat();
    let pattern = Pattern::parse(&pattern).expect("a pattern");
    assert!(!pattern.matches(&[b'a'; 4096]));
}

#[test]
fn names_are_told_from_patterns() {
    for pattern in ["*", "a?", "[a]"] {
        assert!(is_pattern(pattern.as_bytes()));
    }
    assert!(!is_pattern(b"a{b,c}\\"));
}

/// The same by definition: every way in which a star could match is tried.
fn by_definition(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|taken| by_definition(rest, &name[taken..])),
        ([b'?', rest @ ..], [_, left @ ..]) => by_definition(rest, left),
        ([one, rest @ ..], [other, left @ ..]) => one == other && by_definition(rest, left),
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_match_what_their_definition_says(
        pattern in "[ab?]{0,3}(\\*[ab?]{0,3}){0,3}",
        name in "[ab]{0,10}",
    ) {
        prop_assert_eq!(matches(&pattern, &name), by_definition(pattern.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn any_name_matches_itself_escaped(name in proptest::collection::vec(any::<u8>(), 0..20)) {
        prop_assume!(!name.contains(&b'/'));
        let escaped: Vec<u8> = name
            .iter()
            .flat_map(|&octet| if octet.is_ascii() { vec![b'\\', octet] } else { vec![octet] })
            .collect();
        // A dot at the beginning is matched by itself, escaped or not.
        prop_assert!(Pattern::parse(&escaped).expect("a pattern").matches(&name));
    }

    #[test]
    fn any_octets_are_a_pattern_or_refused(
        pattern in proptest::collection::vec(any::<u8>(), 0..30),
        name in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            let _ = pattern.matches(&name);
        }
    }
}
