//! Questions that only the application can answer. Each is answered once, by value: not twice, not with the wrong
//! kind of answer.

mod login;
mod names;
mod transfer;

pub use login::{Grant, HostAsk, LoginAsk, LoginRefusal, LoginStage};
pub(crate) use login::{HostVerdict, LoginVerdict};
pub use names::{Answer, HashAlgorithm, NameAsk, Query, SetFact};
pub(crate) use transfer::Opened;
pub use transfer::{ListingOptions, OctetSpan, SettleAsk, TransferAsk, TransferRequest, TransferVerb};

use crate::data::{StorageFailure, TransferId};
use crate::reply::Reply;
use bytes::Bytes;

/// Names a question, so that its work can be cancelled ([`ServerOutput::Withdrawn`](super::ServerOutput)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskId(pub(crate) u64);

/// A question to the application.
#[derive(Debug)]
pub enum Ask {
    /// Is there such a virtual host?
    Host(HostAsk),
    /// May this user in?
    Login(LoginAsk),
    /// Something about names: directories, renaming, facts.
    Name(NameAsk),
    /// Open what a transfer needs.
    Transfer(TransferAsk),
    /// A transfer has ended: make it whole, keep it as partial, or undo it.
    Settle(SettleAsk),
    /// A SITE command that the core does not know.
    Site(SiteAsk),
}

impl Ask {
    /// The question's name.
    #[must_use]
    pub const fn id(&self) -> AskId {
        match self {
            Self::Host(ask) => ask.ask,
            Self::Login(ask) => ask.ask,
            Self::Name(ask) => ask.ask,
            Self::Transfer(ask) => ask.ask,
            Self::Settle(ask) => ask.ask,
            Self::Site(ask) => ask.ask,
        }
    }
}

/// An answer, for [`ServerConnection::decide`](super::ServerConnection::decide).
#[derive(Debug)]
#[must_use = "the session waits until it is given to `decide`"]
pub struct Decision {
    pub(crate) ask: AskId,
    pub(crate) verdict: Verdict,
}

impl Decision {
    /// Which question it answers.
    #[must_use]
    pub const fn ask(&self) -> AskId {
        self.ask
    }
}

#[derive(Debug)]
pub(crate) enum Verdict {
    Host(HostVerdict),
    Login(LoginVerdict),
    Name(Result<Answer, StorageFailure>),
    Transfer { id: TransferId, result: Result<Opened, StorageFailure> },
    Settle(Result<(), StorageFailure>),
    Site(Reply),
}

/// A SITE command that the core does not know.
#[derive(Debug)]
pub struct SiteAsk {
    pub(crate) ask: AskId,
    pub(crate) line: Bytes,
}

impl SiteAsk {
    /// Everything after `SITE `.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Answered; a preliminary code becomes 451.
    pub fn answer(self, reply: Reply) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Site(reply) }
    }

    /// Not known: 504.
    pub fn unknown(self) -> Decision {
        use crate::reply::ReplyCode;
        self.answer(Reply::new(
            ReplyCode::PARAMETER_NOT_IMPLEMENTED,
            "SITE command not known; see SITE HELP.",
        ))
    }
}
