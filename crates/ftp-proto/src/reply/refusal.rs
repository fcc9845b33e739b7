//! What a server means by no.

use super::{Reply, ReplyClass, ReplyCode};

/// Why a server refused, as well as can be told. FTP has few codes, and 550 stands for nearly everything that is about
/// a file: there the text is looked at too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Not logged in, or the login is wrong.
    Login,
    /// Permission denied.
    Denied,
    /// No such file or directory.
    NotFound,
    /// It is there already.
    Exists,
    /// The server does not know the command, or not with this argument.
    NotSupported,
    /// No room: the disk or the quota.
    NoSpace,
    /// The data connection could not be opened, or broke.
    DataConnection,
    /// The service is going away, or has no room for this session.
    Unavailable,
    /// Anything else.
    Other,
}

/// Words of the common servers, in lower case; the first row that fits decides.
const WORDS: &[(Refusal, &[&str])] = &[
    (
        Refusal::Denied,
        &[
            "permission",
            "denied",
            "not permitted",
            "not allowed",
            "forbidden",
            "read-only",
            "read only",
            "privilege",
        ],
    ),
    (
        Refusal::NotFound,
        &[
            "no such",
            "not found",
            "does not exist",
            "doesn't exist",
            "not exist",
            "cannot find",
            "can't find",
        ],
    ),
    (Refusal::Exists, &["exists", "already there"]),
    (Refusal::NoSpace, &["no space", "disk full", "quota"]),
    (Refusal::Other, &["not empty", "is a directory", "not a plain file", "not a regular file"]),
];

impl Refusal {
    /// What `reply` means; `None` when it refuses nothing.
    #[must_use]
    pub fn of(reply: &Reply) -> Option<Self> {
        match reply.code.class() {
            ReplyClass::TransientNegative | ReplyClass::PermanentNegative => {}
            _ => return None,
        }
        Some(match reply.code {
            ReplyCode::NOT_LOGGED_IN | ReplyCode::NEED_ACCOUNT_FOR_STORING => Self::Login,
            ReplyCode::SERVICE_NOT_AVAILABLE => Self::Unavailable,
            ReplyCode::CANNOT_OPEN_DATA_CONNECTION | ReplyCode::TRANSFER_ABORTED => Self::DataConnection,
            ReplyCode::SYNTAX_ERROR
            | ReplyCode::NOT_IMPLEMENTED
            | ReplyCode::PARAMETER_NOT_IMPLEMENTED
            | ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED => Self::NotSupported,
            ReplyCode::INSUFFICIENT_STORAGE | ReplyCode::EXCEEDED_STORAGE => Self::NoSpace,
            ReplyCode::PROTECTION_DENIED | ReplyCode::SECURITY_POLICY_REFUSES => Self::Denied,
            ReplyCode::FILE_UNAVAILABLE => by_words(reply).unwrap_or(Self::NotFound),
            ReplyCode::FILE_NAME_NOT_ALLOWED => by_words(reply).unwrap_or(Self::Denied),
            _ => by_words(reply).unwrap_or(Self::Other),
        })
    }
}

fn by_words(reply: &Reply) -> Option<Refusal> {
    let has = |word: &&str| reply.lines.iter().any(|line| contains(line, word.as_bytes()));
    WORDS.iter().find(|(_, words)| words.iter().any(has)).map(|&(refusal, _)| refusal)
}

/// `needle` is in lower case.
fn contains(line: &[u8], needle: &[u8]) -> bool {
    line.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_common_servers_are_told_apart() {
        for (code, text, expected) in [
            (530, "Login incorrect.", Refusal::Login),
            (530, "Permission denied.", Refusal::Login),
            (550, "Failed to open file.", Refusal::NotFound),
            (550, "Permission denied.", Refusal::Denied),
            (550, "x: No such file or directory", Refusal::NotFound),
            (450, "No such file or directory.", Refusal::NotFound),
            (550, "Can't create directory: File exists", Refusal::Exists),
            (553, "Could not create file.", Refusal::Denied),
            (500, "Unknown command.", Refusal::NotSupported),
            (502, "Not implemented.", Refusal::NotSupported),
            (552, "Quota exceeded.", Refusal::NoSpace),
            (550, "The directory is not empty.", Refusal::Other),
            (550, "x: not a plain file.", Refusal::Other),
            (451, "Local error: no space left on device", Refusal::NoSpace),
            (425, "Cannot open data connection.", Refusal::DataConnection),
            (421, "Timeout.", Refusal::Unavailable),
            (451, "Local error.", Refusal::Other),
            (501, "Bad argument.", Refusal::Other),
        ] {
            let code = ReplyCode::new(code).expect("a code");
            assert_eq!(Refusal::of(&Reply::new(code, text)), Some(expected), "{code} {text}");
        }
    }

    #[test]
    fn what_is_no_refusal_is_none() {
        for code in [150, 226, 331] {
            let code = ReplyCode::new(code).expect("a code");
            assert_eq!(Refusal::of(&Reply::new(code, "no such thing as a refusal")), None);
        }
    }
}
