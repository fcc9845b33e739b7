//! What happened, for the person who has to find out why a test fails.

use core::fmt;
use ftp_proto::time::Instant;

/// One line for each thing that happened, with the virtual time in seconds. The same seed gives the same lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    lines: Vec<String>,
}

impl Transcript {
    pub(crate) fn add(&mut self, at: Instant, what: impl fmt::Display) {
        let seconds = at.since_origin().as_secs_f64();
        self.lines.push(format!("{seconds:11.6}  {what}"));
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
