//! Why a line is no command, with the reply that says so.

use crate::reply::{Reply, ReplyCode};
use alloc::string::ToString as _;

/// Why a line is no [`Command`](super::Command). Its `Display` is the text of the reply; nothing of what the peer sent
/// is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The verb is not in the table: 500.
    #[error("Command not understood")]
    UnknownVerb,
    /// The argument is missing, too much, or not of the verb's form: 501.
    #[error("{what}")]
    Argument {
        /// What is wrong, as a sentence without a full stop.
        what: &'static str,
    },
    /// The argument is of the verb's form, but this value is not implemented: 504.
    #[error("{what}")]
    NotSupported {
        /// What is not there, as a sentence without a full stop.
        what: &'static str,
    },
    /// EPRT or EPSV with an unknown network protocol: 522 (RFC 2428 §2).
    #[error("Network protocol not supported, use (1,2)")]
    NetworkProtocol,
}

impl CommandError {
    /// The reply's code (RFC 959 §5.4: 500, 501, 504; RFC 2428 §2: 522).
    #[must_use]
    pub const fn code(self) -> ReplyCode {
        match self {
            Self::UnknownVerb => ReplyCode::SYNTAX_ERROR,
            Self::Argument { .. } => ReplyCode::ARGUMENT_SYNTAX_ERROR,
            Self::NotSupported { .. } => ReplyCode::PARAMETER_NOT_IMPLEMENTED,
            Self::NetworkProtocol => ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED,
        }
    }
}

impl From<CommandError> for Reply {
    fn from(error: CommandError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
