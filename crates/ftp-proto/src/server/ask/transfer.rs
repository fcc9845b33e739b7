//! What a transfer needs to begin, and what becomes of it at its end.

use super::{AskId, Decision, Verdict};
use crate::command::PathName;
use crate::data::{StorageFailure, TransferFailure, TransferId, TransferTotals};
use crate::facts::FactSet;
use crate::params::TransferParams;
use alloc::sync::Arc;

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Opened {
    pub(crate) size: Option<u64>,
    pub(crate) unique: Option<PathName>,
}

/// RETR, STOR, a listing: open what it needs.
#[derive(Debug)]
pub struct TransferAsk {
    pub(crate) ask: AskId,
    pub(crate) id: TransferId,
    pub(crate) request: Arc<TransferRequest>,
}

impl TransferAsk {
    /// The transfer's name: the application keeps the resource under it.
    #[must_use]
    pub const fn id(&self) -> TransferId {
        self.id
    }

    /// What to open.
    #[must_use]
    pub const fn request(&self) -> &Arc<TransferRequest> {
        &self.request
    }

    /// It is open. `size` is what the 150 says, if it is known exactly.
    pub fn ready(self, size: Option<u64>) -> Decision {
        self.answer(Ok(Opened { size, unique: None }))
    }

    /// It is open under a name that was made (STOU).
    pub fn ready_as(self, unique: PathName) -> Decision {
        self.answer(Ok(Opened { size: None, unique: Some(unique) }))
    }

    /// It cannot be opened.
    pub fn fail(self, why: StorageFailure) -> Decision {
        self.answer(Err(why))
    }

    fn answer(self, result: Result<Opened, StorageFailure>) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Transfer { id: self.id, result } }
    }
}

/// What a transfer needs.
#[derive(Debug, Clone)]
pub struct TransferRequest {
    /// The command.
    pub verb: TransferVerb,
    /// Its path, as sent.
    pub path: Option<PathName>,
    /// Which octets: from REST (and, later, RANG).
    pub span: OctetSpan,
    /// What ALLO announced.
    pub allocate: Option<u64>,
    /// TYPE, STRU and MODE when the command came.
    pub params: TransferParams,
    /// For listings: what to show.
    pub listing: ListingOptions,
}

/// What a listing shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingOptions {
    /// The facts in force (OPTS MLST).
    pub facts: FactSet,
    /// Names that begin with a dot, too.
    pub all: bool,
    /// Subdirectories, too.
    pub recursive: bool,
    /// The directory itself instead of what is in it.
    pub directory: bool,
}

/// The commands that open a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferVerb {
    /// Download.
    Retr,
    /// Upload.
    Stor,
    /// Append.
    Appe,
    /// Upload under a name that the server makes.
    Stou,
    /// `ls -l`.
    List,
    /// Names.
    Nlst,
    /// Facts.
    Mlsd,
}

impl TransferVerb {
    /// The verb on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retr => "RETR",
            Self::Stor => "STOR",
            Self::Appe => "APPE",
            Self::Stou => "STOU",
            Self::List => "LIST",
            Self::Nlst => "NLST",
            Self::Mlsd => "MLSD",
        }
    }

    /// Whether octets go to the server.
    #[must_use]
    pub const fn is_upload(self) -> bool {
        matches!(self, Self::Stor | Self::Appe | Self::Stou)
    }

    /// Whether it lists names instead of moving a file.
    #[must_use]
    pub const fn is_listing(self) -> bool {
        matches!(self, Self::List | Self::Nlst | Self::Mlsd)
    }
}

/// A range of octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OctetSpan {
    /// The first octet.
    pub start: u64,
    /// The octet after the last; `None` is to the end.
    pub end: Option<u64>,
}

/// After a transfer: make the upload whole under its name, keep it as partial, or undo it; release a download. The final
/// reply waits for this. Every `StartTransfer` is followed by exactly one, also when the control connection is gone.
#[derive(Debug)]
pub struct SettleAsk {
    pub(crate) ask: AskId,
    pub(crate) transfer: TransferId,
    pub(crate) totals: TransferTotals,
    pub(crate) result: Result<(), TransferFailure>,
}

impl SettleAsk {
    /// Which transfer.
    #[must_use]
    pub const fn transfer(&self) -> TransferId {
        self.transfer
    }

    /// What was moved.
    #[must_use]
    pub const fn totals(&self) -> TransferTotals {
        self.totals
    }

    /// `Ok`: whole, commit it. `Err`: partial, never to be posed as whole.
    ///
    /// # Errors
    /// Why the transfer did not complete.
    pub const fn result(&self) -> Result<(), TransferFailure> {
        self.result
    }

    /// It is settled.
    pub fn done(self) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Settle(Ok(())) }
    }

    /// It could not be made whole.
    pub fn fail(self, why: StorageFailure) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Settle(Err(why)) }
    }
}
