//! Fuzz targets have no code of their own: their bodies run under proptest as well.

use super::Finding;
use super::tree::{Source, Tree};

/// Lines of a target: an attribute, a blank line, the call.
const MOST_LINES: usize = 3;

/// Where bodies are: those of one machine, those of both in the simulator, and that of a program.
const BODIES: [&str; 3] =
    ["| ftp_proto::testing::", "| ftp_conformance::conversation::", "| ftp_client::testing::"];

/// A target is one call of a body.
pub(super) fn targets(tree: &Tree) -> Vec<Finding> {
    let targets = tree.sources.iter().filter(|source| source.path.starts_with("fuzz/fuzz_targets/"));
    let wrong = targets.filter(|source| !is_one_call(source));
    wrong
        .map(|source| Finding::error(&*source.path, None, "only calls a body that is elsewhere, in one line"))
        .collect()
}

fn is_one_call(source: &Source) -> bool {
    let last = source.text.lines().last().unwrap_or_default();
    source.text.lines().count() <= MOST_LINES
        && last.starts_with("libfuzzer_sys::fuzz_target!(|")
        && BODIES.iter().any(|body| last.contains(body))
}
