//! A driver waits, times and schedules; so does what drivers share. What it says to the peer, and what the peer says, is the core's.

use ftp_proto::command::SPECS;
use proc_macro2::TokenTree;

use super::Finding;
use super::tree::{Source, Tree, each_token};

const DRIVERS: [&str; 4] =
    ["crates/ftp-tokio/src/", "crates/ftp-mio/src/", "crates/ftp-service/src/", "crates/ftp-user/src/"];
/// Types with which a driver would decide by what a reply or a command says.
const PROTOCOL_TYPES: [&str; 2] = ["ReplyCode", "Verb"];

/// Neither verbs nor replies as text, nor their types.
pub(super) fn words(tree: &Tree) -> Vec<Finding> {
    let is_driver = |source: &&Source| DRIVERS.iter().any(|driver| source.path.starts_with(driver));
    let mut findings = Vec::new();
    for source in tree.sources.iter().filter(is_driver).filter(|source| !source.is_test()) {
        each_token(&source.file, &mut |token| {
            let line = token.span().start().line;
            findings.extend(why_not(token).map(|message| Finding::error(&*source.path, line, message)));
        });
    }
    findings
}

fn why_not(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) if PROTOCOL_TYPES.iter().any(|name| ident == name) => {
            Some(format!("{ident} in a driver: this decision belongs to the core"))
        }
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let word = protocol_word(&text)?;
            Some(format!("\"{word}\" in a driver: verbs and replies belong to the core"))
        }
        _ => None,
    }
}

/// A verb anywhere in a string literal, or a reply code at its beginning.
fn protocol_word(literal: &str) -> Option<&str> {
    let text = literal.trim_start_matches(['b', 'r', '#']).strip_prefix('"')?;
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|digit| digit.is_ascii_digit());
    let first = words.clone().next().filter(|word| is_code(word));
    first.or_else(|| words.find(|word| SPECS.iter().any(|spec| spec.name == *word)))
}

#[test]
fn words_of_the_protocol_are_seen_and_others_are_not() {
    assert_eq!(protocol_word("\"220 ready\""), Some("220"));
    assert_eq!(protocol_word("b\"QUIT\\r\\n\""), Some("QUIT"));
    assert_eq!(protocol_word("\"cannot send PASV here\""), Some("PASV"));
    assert_eq!(protocol_word("\"the type of the user, 220 of them\""), None);
}
