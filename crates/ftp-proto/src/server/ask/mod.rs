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
use alloc::boxed::Box;
use bytes::Bytes;
use core::fmt;

/// Names a question, so that its work can be cancelled ([`ServerOutput::Withdrawn`](super::ServerOutput)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

    /// The answer that was recorded for this question, once more.
    ///
    /// # Errors
    /// The question, when the record is of another one, or of another kind.
    pub fn replay(self, record: &DecisionRecord) -> Result<Decision, Box<Self>> {
        let DecisionRecord { ask, verdict } = record;
        let same_kind = match (&self, verdict) {
            (Self::Transfer(transfer), Verdict::Transfer { id, .. }) => transfer.id == *id,
            (Self::Host(_), Verdict::Host(_))
            | (Self::Login(_), Verdict::Login(_))
            | (Self::Name(_), Verdict::Name(_))
            | (Self::Settle(_), Verdict::Settle(_))
            | (Self::Site(_), Verdict::Site(_)) => true,
            (
                Self::Host(_)
                | Self::Login(_)
                | Self::Name(_)
                | Self::Transfer(_)
                | Self::Settle(_)
                | Self::Site(_),
                _,
            ) => false,
        };
        if same_kind && self.id() == *ask {
            Ok(Decision { ask: *ask, verdict: verdict.clone() })
        } else {
            Err(Box::new(self))
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

    /// The answer as data, for [`Ask::replay`]. There is no secret in it.
    #[must_use]
    pub fn record(&self) -> DecisionRecord {
        DecisionRecord { ask: self.ask, verdict: self.verdict.clone() }
    }
}

/// A [`Decision`] as data: it can be kept, and with the feature `serde` be written and read.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DecisionRecord {
    ask: AskId,
    verdict: Verdict,
}

impl DecisionRecord {
    /// Which question it answers.
    #[must_use]
    pub const fn ask(&self) -> AskId {
        self.ask
    }
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Verdict {
    Host(HostVerdict),
    Login(LoginVerdict),
    Name(Result<Answer, StorageFailure>),
    Transfer { id: TransferId, result: Result<Opened, StorageFailure> },
    Settle(Result<(), StorageFailure>),
    Site(Reply),
}

/// A SITE command that the core does not know. It may be somebody's way to change a password: what follows SITE is not in
/// its `Debug`.
pub struct SiteAsk {
    pub(crate) ask: AskId,
    pub(crate) line: Bytes,
}

impl fmt::Debug for SiteAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteAsk").field("ask", &self.ask).finish_non_exhaustive()
    }
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
