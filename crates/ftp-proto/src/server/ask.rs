//! Questions that only the application can answer. Each is answered once, by value: not twice, not with the wrong
//! kind of answer.

use crate::command::{ListArgument, PathName, Secret};
use crate::data::{DataPolicy, StorageFailure, TlsFacts, TransferFailure, TransferId, TransferTotals};
use crate::facts::{Entry, FactSet, TimeVal};
use crate::params::TransferParams;
use crate::reply::Reply;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostVerdict {
    Accepted,
    Unknown,
    Unavailable,
}

#[derive(Debug)]
pub(crate) enum LoginVerdict {
    Accepted(Grant),
    NeedPassword,
    NeedAccount,
    Refused { why: LoginRefusal, after: Duration },
}

#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) size: Option<u64>,
    pub(crate) unique: Option<PathName>,
}

/// HOST (RFC 7151): which virtual host; the core has checked it against the TLS server name.
#[derive(Debug)]
pub struct HostAsk {
    pub(crate) ask: AskId,
    pub(crate) host: Bytes,
}

impl HostAsk {
    /// The name asked for, lower case, without brackets or port.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// It is there: 220.
    pub fn accept(self) -> Decision {
        self.answer(HostVerdict::Accepted)
    }

    /// It is not there: 504.
    pub fn unknown(self) -> Decision {
        self.answer(HostVerdict::Unknown)
    }

    /// It is there but out of service: 421, and the session ends.
    pub fn unavailable(self) -> Decision {
        self.answer(HostVerdict::Unavailable)
    }

    fn answer(self, verdict: HostVerdict) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Host(verdict) }
    }
}

/// What a login grants to the protocol; paths and permissions stay with the application.
#[derive(Debug, Default)]
pub struct Grant {
    /// The text of the 230, if it is to be another than the usual.
    pub text: Option<Bytes>,
    /// The data policy of this user, if it is another than the server's.
    pub data: Option<Arc<DataPolicy>>,
    /// The idle timeout of this user, if it is another than the server's.
    pub idle: Option<Duration>,
}

/// Why a login is refused. The peer is told the same whether the name or the password is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginRefusal {
    /// Wrong name, password or account.
    Credentials,
    /// This user must log in under TLS.
    TlsRequired,
    /// This user must show a certificate.
    CertificateRequired,
    /// Too many sessions: 421, and the session ends.
    TooManySessions,
    /// Banned for a while: 421, and the session ends.
    Banned,
}

/// USER, PASS or ACCT.
#[derive(Debug)]
pub struct LoginAsk {
    pub(crate) ask: AskId,
    pub(crate) user: Bytes,
    pub(crate) password: Option<Secret>,
    pub(crate) account: Option<Secret>,
    pub(crate) tls: Option<TlsFacts>,
}

/// How far a login has come: what was given so far.
#[derive(Debug, Clone, Copy)]
pub enum LoginStage<'a> {
    /// The name only.
    User,
    /// The name and a password.
    Password(&'a Secret),
    /// The name, perhaps a password, and an account.
    Account(&'a Secret),
}

impl LoginAsk {
    /// The name as given.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        &self.user
    }

    /// What was given so far.
    #[must_use]
    pub const fn stage(&self) -> LoginStage<'_> {
        match (&self.account, &self.password) {
            (Some(account), _) => LoginStage::Account(account),
            (None, Some(password)) => LoginStage::Password(password),
            (None, None) => LoginStage::User,
        }
    }

    /// The control connection's TLS, for certificate logins and per-user rules.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_ref()
    }

    /// In: 230 (232 straight after USER under TLS with a certificate).
    pub fn accept(self, grant: Grant) -> Decision {
        self.answer(LoginVerdict::Accepted(grant))
    }

    /// 331. Say so for unknown names too (RFC 2577 §6).
    pub fn need_password(self) -> Decision {
        self.answer(LoginVerdict::NeedPassword)
    }

    /// 332.
    pub fn need_account(self) -> Decision {
        self.answer(LoginVerdict::NeedAccount)
    }

    /// `TooManySessions` and `Banned` are 421 and close, the others 530. The reply waits for `after` and at least for
    /// the configured delay.
    pub fn refuse(self, why: LoginRefusal, after: Duration) -> Decision {
        self.answer(LoginVerdict::Refused { why, after })
    }

    fn answer(self, verdict: LoginVerdict) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Login(verdict) }
    }
}

/// Something about names.
#[derive(Debug)]
pub struct NameAsk {
    pub(crate) ask: AskId,
    pub(crate) query: Query,
}

impl NameAsk {
    /// What is asked.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// The answer. One of another kind than the query's is a bug of the application: the peer is told 451.
    pub fn answer(self, answer: Answer) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Name(Ok(answer)) }
    }

    /// It cannot be done.
    pub fn fail(self, why: StorageFailure) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Name(Err(why)) }
    }
}

/// A question about names. Typed, so that no application writes protocol text. Paths are as sent: relative ones are
/// relative to the working directory, which the application keeps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Query {
    /// Change the working directory: `Done`.
    Cwd(PathName),
    /// Change to the parent; at the root, stay: `Done`.
    Cdup,
    /// The working directory: `Path`, absolute.
    Pwd,
    /// Make a directory: `Path`, absolute.
    Mkd(PathName),
    /// Remove an empty directory: `Done`.
    Rmd(PathName),
    /// Delete a file or link: `Done`.
    Dele(PathName),
    /// Is it there and may it be renamed: `Done`.
    RenameFrom(PathName),
    /// Rename: `Done`.
    RenameTo {
        /// What RNFR named.
        from: PathName,
        /// The new name.
        to: PathName,
    },
    /// Exact octets of a transfer under `params`, never an estimate: `Octets`.
    Size {
        /// Of this file.
        path: PathName,
        /// TYPE, STRU, MODE.
        params: TransferParams,
    },
    /// Modification time: `Time`.
    Modified(PathName),
    /// Set it: `Done`.
    SetModified {
        /// Of this.
        path: PathName,
        /// The new time.
        time: TimeVal,
    },
    /// Set several facts, all or none: `Facts`, values in force, in the order asked. The core has checked that it knows
    /// each fact.
    SetFacts {
        /// Of this.
        path: PathName,
        /// What to set.
        facts: Vec<SetFact>,
    },
    /// Facts of one object: `Entry` with the name as asked for, or the working directory's path when nothing was.
    Facts {
        /// Of this; the working directory when there is none.
        path: Option<PathName>,
    },
    /// Entries for STAT, which go over the control connection: `Entries`, at most `most`, and one more if there are
    /// more.
    List {
        /// Options and path.
        what: ListArgument,
        /// How many at the most.
        most: usize,
    },
    /// Digest of a range: `Digest`.
    Hash {
        /// Of this file.
        path: PathName,
        /// The algorithm.
        algorithm: HashAlgorithm,
        /// Which octets.
        span: OctetSpan,
    },
    /// Octets that could be stored: `Octets`.
    Available {
        /// In this directory; the working directory when there is none.
        path: Option<PathName>,
    },
    /// Change permission bits: `Done`. The core has refused setuid, setgid and sticky bits.
    ChangeMode {
        /// Of this.
        path: PathName,
        /// 0 to 0o777.
        mode: u16,
    },
    /// Make a symbolic link: `Done`.
    SymbolicLink {
        /// What it points to.
        target: PathName,
        /// The link itself.
        link: PathName,
    },
}

/// One fact to set (draft-somers-ftp-mfxx §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetFact {
    /// Modification time.
    Modify(TimeVal),
    /// Permission bits, 0 to 0o777.
    UnixMode(u16),
}

/// An answer to a [`Query`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Done,
    /// An absolute path.
    Path(PathName),
    /// A number of octets.
    Octets(u64),
    /// A time.
    Time(TimeVal),
    /// Values in force, in the order asked.
    Facts(Vec<SetFact>),
    /// One entry.
    Entry(Entry),
    /// Several entries.
    Entries {
        /// In the order in which they are told.
        entries: Vec<Entry>,
        /// The time of day, by which `ls` shows the hour or the year.
        now: TimeVal,
    },
    /// A digest.
    Digest {
        /// Its octets.
        digest: Bytes,
        /// What it is of: `end` is where the file ended, if that was sooner than asked.
        span: (u64, u64),
    },
}

/// HASH's algorithms (draft-bryan-ftpext-hash).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// CRC32.
    Crc32,
}

impl HashAlgorithm {
    /// Every algorithm, the preferred first.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5, Self::Crc32];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// The algorithm of this name, in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| name.eq_ignore_ascii_case(algorithm.name().as_bytes()))
    }
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
