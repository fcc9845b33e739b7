//! The cases for clients, played with somebody's client.

use core::fmt::Write as _;

use ftp_conformance::case::Outcome;
use ftp_conformance::clients::{CASES, Client};
use serde_json::json;

/// Prints what became of each; fails if one has failed.
pub(super) fn run(client: &Client, wanted: impl Fn(&str) -> bool, as_json: bool) -> Result<(), String> {
    let played: Vec<_> =
        CASES.iter().filter(|case| wanted(case.id)).map(|case| (case, client.play(case))).collect();
    let mut text = String::new();
    let mut failed = 0;
    for (case, outcome) in &played {
        let (word, why) = match outcome {
            Outcome::Passed => ("passed", String::new()),
            Outcome::Failed(why) => ("FAILED", why.to_string()),
            Outcome::NotRun(why) => ("not run", (*why).to_owned()),
        };
        failed += usize::from(word == "FAILED");
        let line = if as_json {
            json!({"id": case.id, "about": case.about, "outcome": word.to_lowercase(), "why": why})
                .to_string()
        } else {
            let why = if why.is_empty() { why } else { format!(" ({why})") };
            format!("{:<12}{word:<9}{}{why}", case.id, case.about)
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    }
    super::print(&text)?;
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} of {} cases for clients are not so", played.len()))
    }
}
