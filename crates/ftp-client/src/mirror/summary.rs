//! What came of a mirror.

use crate::commands::failure_json;
use crate::exit::Exit;
use crate::failure::Failure;
use core::fmt;
use indicatif::BinaryBytes;
use serde_json::{Value, json};

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Files copied.
    pub(crate) copied: u64,
    /// Octets moved for them.
    pub(crate) octets: u64,
    /// Files that were the same already.
    pub(crate) up_to_date: u64,
    /// Directories made.
    pub(crate) directories: u64,
    /// Entries removed.
    pub(crate) removed: u64,
    /// What was left out.
    pub(crate) skipped: Vec<Skipped>,
    /// What did not work.
    pub(crate) failures: Vec<Failure>,
}

/// Something that was left out.
#[derive(Debug, Clone)]
pub(crate) struct Skipped {
    /// Its path, safe for a terminal.
    pub(crate) path: String,
    /// Why.
    pub(crate) why: String,
    /// The copy is incomplete for it.
    pub(crate) missing: bool,
}

impl Summary {
    /// How the program ends.
    pub(crate) fn exit(&self) -> Exit {
        match self.failures.is_empty() && !self.skipped.iter().any(|skipped| skipped.missing) {
            true => Exit::Ok,
            false => Exit::Partial,
        }
    }

    /// For a program.
    pub(crate) fn to_json(&self) -> Value {
        let skipped = |skipped: &Skipped| json!({ "path": skipped.path, "why": skipped.why });
        json!({
            "files": self.copied,
            "octets": self.octets,
            "up_to_date": self.up_to_date,
            "directories": self.directories,
            "removed": self.removed,
            "skipped": self.skipped.iter().map(skipped).collect::<Vec<_>>(),
            "failed": self.failures.iter().map(failure_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files copied ({})", self.copied, BinaryBytes(self.octets))?;
        let more = [
            (self.up_to_date, "up to date"),
            (self.directories, "directories made"),
            (self.removed, "removed"),
            (self.skipped.len() as u64, "skipped"),
            (self.failures.len() as u64, "failed"),
        ];
        for (count, what) in more.into_iter().filter(|&(count, _)| count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}
