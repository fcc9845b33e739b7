//! `cargo xtask replay`: sessions of a transcript that `ftp-server serve --record` wrote, played again into the core.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use ftp_proto::escape::escape;
use ftp_proto::server::transcript::{Entry, Event, Line, replay};
use serde_json::Value;

/// Which file, and what of it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The transcript.
    file: PathBuf,
    /// Only this session.
    #[arg(long)]
    session: Option<u64>,
    /// Only the last lines, not the conversation.
    #[arg(long)]
    quiet: bool,
}

/// Plays the sessions one after the other, and fails when one goes otherwise than it did.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let text = std::fs::read_to_string(&options.file)
        .map_err(|error| format!("cannot read {}: {error}", options.file.display()))?;
    let sessions = sessions(&text)?;
    let chosen: Vec<_> = sessions
        .iter()
        .filter(|(number, _)| options.session.is_none_or(|wanted| wanted == **number))
        .collect();
    if chosen.is_empty() {
        return Err("there is no such session in the transcript".to_owned());
    }
    let mut different = Vec::new();
    for (number, entries) in chosen {
        if !options.quiet {
            entries.iter().for_each(|entry| say(&format!("{number} {}", shown(entry))));
        }
        match replay(entries) {
            Ok(()) => say(&format!("session {number}: {} entries, the same again", entries.len())),
            Err(why) => {
                say(&format!("session {number}: {why}"));
                different.push(number.to_string());
            }
        }
    }
    if different.is_empty() {
        Ok(())
    } else {
        Err(format!("these sessions went otherwise than recorded: {}", different.join(", ")))
    }
}

/// The entries of each session, in order. What was lost in between is an error: what follows cannot be judged.
fn sessions(text: &str) -> Result<BTreeMap<u64, Vec<Entry>>, String> {
    let mut sessions: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let at = |why: String| format!("line {}: {why}", number + 1);
        let value: Value = serde_json::from_str(line).map_err(|error| at(error.to_string()))?;
        if let Some(lost) = value.get("lost") {
            return Err(at(format!("{lost} entries were lost when the transcript was written")));
        }
        let Line { session, entry } = serde_json::from_value(value).map_err(|error| at(error.to_string()))?;
        sessions.entry(session).or_default().push(entry);
    }
    Ok(sessions)
}

/// An entry for the reader: C is the client, S the server, `>` what the machine asked for, `<` what it was told.
fn shown(entry: &Entry) -> String {
    let at = entry.at.since_origin().as_secs_f64();
    match &entry.event {
        Event::Received(octets) => format!("{at:10.6} C: {}", escape(octets)),
        Event::Written(octets) => format!("{at:10.6} S: {}", escape(octets)),
        Event::Step(step) => format!("{at:10.6}  > {}", escape(step.as_bytes())),
        Event::Opened { endpoints, .. } => format!("{at:10.6}    from {}", endpoints.peer),
        other => format!("{at:10.6}  < {}", escape(format!("{other:?}").as_bytes())),
    }
}

#[expect(clippy::print_stdout, reason = "the conversation is what this task is for")]
fn say(text: &str) {
    println!("{text}");
}
