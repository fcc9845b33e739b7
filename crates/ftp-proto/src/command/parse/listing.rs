//! LIST, NLST, STAT: pathnames with `ls` options before them.

use super::Parsed;
use super::field::{optional_path, split_word};
use crate::command::ListArgument;

/// Letters that `ls` knows. A word with any other letter is a name, not options.
const OPTIONS: &[u8] = b"1aAcCdFgGhiklLmnopqrRsStTuUxX";

/// Words of options that are looked at; more is no client that means well.
const MAX_OPTION_WORDS: usize = 8;

/// Splits leading options off. `--` ends them; `-` alone, and a word that is no cluster of known options, begin the
/// pathname. All options but `-a`, `-A`, `-R` and `-d` change how a listing looks, and this server's has one look.
pub(super) fn listing(given: &[u8]) -> Parsed<ListArgument> {
    let mut argument = ListArgument::default();
    let mut rest = given;
    for _ in 0..MAX_OPTION_WORDS {
        let (word, after) = split_word(rest);
        let Some(options) = word.strip_prefix(b"-").filter(|options| !options.is_empty()) else { break };
        let ends_options = options == b"-";
        if !ends_options && !options.iter().all(|option| OPTIONS.contains(option)) {
            break;
        }
        argument.all |= options.contains(&b'a') || options.contains(&b'A');
        argument.recursive |= options.contains(&b'R');
        argument.directory |= options.contains(&b'd');
        rest = after.unwrap_or_default();
        if ends_options {
            break;
        }
    }
    argument.path = optional_path(rest)?;
    Ok(argument)
}

/// STAT: with nothing at all it is about the session, not about a directory.
pub(super) fn optional_listing(given: &[u8]) -> Parsed<Option<ListArgument>> {
    if given.trim_ascii().is_empty() { Ok(None) } else { listing(given).map(Some) }
}
