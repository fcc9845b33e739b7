//! Why a command did not succeed: for people one text, for programs an exit code.

use crate::driver::{Cause, Error, ErrorKind};
use crate::exit::Exit;
use crate::local::DownloadError;
use ftp_proto::client::{Attempt, OperationError};
use ftp_proto::data::FailureId;
use ftp_proto::reply::{Refusal, Reply};
use std::io;

/// A failure. Its text is safe to show on a terminal.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What happened, why, and what to do. Empty when there is nothing to say.
    pub(crate) text: String,
    /// The control connection is gone: the same may work on a new one.
    pub(crate) lost: bool,
    /// The stable name of a data connection's failure.
    pub(crate) named: Option<FailureId>,
    /// The ways of getting a data connection that were tried.
    pub(crate) attempts: Vec<Attempt>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), lost: false, named: None, attempts: Vec::new() }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Something local: doing what, with what.
    pub(crate) fn local(what: impl core::fmt::Display, error: &io::Error) -> Self {
        Self::new(Exit::Local, format!("{what}: {error}"))
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Nobody reads what we write: no reason to complain.
    pub(crate) fn nobody_reads() -> Self {
        Self::new(Exit::Ok, "")
    }

    /// With a further sentence.
    pub(crate) fn and(mut self, more: impl core::fmt::Display) -> Self {
        self.text = format!("{}; {more}", self.text);
        self
    }

    /// Another file or path may succeed where this one did not.
    pub(crate) fn concerns_one_entry(&self) -> bool {
        !self.lost
            && matches!(
                self.exit,
                Exit::Local | Exit::Refused | Exit::NotFound | Exit::Failed | Exit::Changed | Exit::Protocol
            )
    }

    pub(crate) fn of_download(name: impl core::fmt::Display, error: &DownloadError) -> Self {
        let exit = match error {
            DownloadError::Changed | DownloadError::Unknown => Exit::Changed,
            DownloadError::Io(_) | DownloadError::NotAFile | DownloadError::Busy => Exit::Local,
        };
        Self::new(exit, format!("{name}: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut text = error.to_string();
        for attempt in error.attempts() {
            text.push_str(&format!("\n  tried {}: {}", attempt.rung.mode, attempt.named.text()));
        }
        if let Some(cure) = cure(&error) {
            text.push_str(&format!("\n  {cure}"));
        }
        Self {
            exit: exit_of(error.kind()),
            text,
            lost: error.is_connection_lost(),
            named: error.failure_id(),
            attempts: error.attempts().to_vec(),
        }
    }
}

const fn exit_of(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Login | ErrorKind::Denied => Exit::Refused,
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::Network => Exit::Network,
        ErrorKind::Protocol => Exit::Protocol,
        ErrorKind::Local => Exit::Local,
        ErrorKind::Tls => Exit::Tls,
        ErrorKind::Aborted => Exit::Interrupted,
        _ => Exit::Failed,
    }
}

/// The exit code for a reply that refuses.
pub(crate) fn exit_of_refusal(refusal: Refusal) -> Exit {
    match refusal {
        Refusal::Login | Refusal::Denied => Exit::Refused,
        Refusal::NotFound => Exit::NotFound,
        Refusal::DataConnection | Refusal::Unavailable => Exit::Network,
        _ => Exit::Failed,
    }
}

/// What the user can do about it, where there is something.
fn cure(error: &Error) -> Option<&'static str> {
    match (error.cause(), error.kind()) {
        (Cause::Resolve(_), _) => Some("check the host's name"),
        (Cause::NoAddress, _) => Some("try without -4, -6 and --bind"),
        (Cause::Connect(_), _) => Some("check host and port, and that a server runs there"),
        (Cause::Operation(OperationError::CredentialNeeded(_)), _) => {
            Some("give the password in the URL, in ~/.netrc, or at a terminal when it is asked for")
        }
        (Cause::Operation(OperationError::Data(attempt)), _) => Some(ftp_doctor::explain(attempt.named).cure),
        (_, ErrorKind::Login) if error.reply().is_some_and(speaks_of_tls) => {
            Some("the server wants TLS: say --tls explicit, or ftpes:// in the URL")
        }
        (_, ErrorKind::Login) => Some("check the user and the password"),
        _ => None,
    }
}

fn speaks_of_tls(reply: &Reply) -> bool {
    let text = reply.text().to_ascii_uppercase();
    text.windows(3).any(|word| word == b"TLS" || word == b"SSL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_distinct_exit_codes_where_a_program_decides_on_them() {
        assert_eq!(exit_of(ErrorKind::Denied), Exit::Refused);
        assert_eq!(exit_of(ErrorKind::NotFound), Exit::NotFound);
        assert_eq!(exit_of(ErrorKind::Network), Exit::Network);
        assert_eq!(exit_of(ErrorKind::Protocol), Exit::Protocol);
        assert_eq!(exit_of(ErrorKind::NotSupported), Exit::Failed);
    }
}
