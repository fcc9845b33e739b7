//! A user who is logged in: working directory, rights and transfers, over any [`Storage`].

mod digest;
mod names;
pub mod octets;
mod transfers;

use crate::backend::{Opened, Session};
use crate::listing::{self, Selection};
use crate::path::VirtualPath;
use crate::rights::{Right, Rights};
use crate::storage::{Detail, Item, Storage, Upload};
use crate::sync::lock;
use crate::withdrawal::Withdrawal;
use bytes::Bytes;
use ftp_proto::command::PathName;
use ftp_proto::data::{StorageFailure, TransferFailure, TransferId, TransferTotals};
use ftp_proto::facts::Entry;
use ftp_proto::server::{Answer, Query, SetFact, TransferRequest};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One user in one [`Storage`].
#[derive(Debug)]
pub struct UserSession {
    storage: Arc<dyn Storage>,
    rights: Rights,
    /// Whose unfinished uploads are kept; `None` for users who share a name.
    owner: Option<Bytes>,
    working_directory: Mutex<VirtualPath>,
    uploads: Mutex<BTreeMap<TransferId, Running>>,
}

/// An upload in progress.
#[derive(Debug)]
struct Running {
    upload: Box<dyn Upload>,
    /// Octets are stored as they come, so that an offset of the peer is one of the file.
    resumable: bool,
}

impl UserSession {
    /// A user with `rights`, at the root of `storage`. What is kept of their broken uploads is kept for `owner`, and
    /// nothing is when there is none.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, rights: Rights, owner: Option<Bytes>) -> Self {
        Self { storage, rights, owner, working_directory: Mutex::default(), uploads: Mutex::default() }
    }

    fn working_directory(&self) -> VirtualPath {
        lock(&self.working_directory).clone()
    }

    /// What `path` means here.
    fn resolve(&self, path: &PathName) -> Result<VirtualPath, StorageFailure> {
        self.working_directory().join(path.as_bytes())
    }

    fn resolve_or_here(&self, path: Option<&PathName>) -> Result<VirtualPath, StorageFailure> {
        path.map_or_else(|| Ok(self.working_directory()), |path| self.resolve(path))
    }

    /// `item` with the `perm` fact of this user.
    fn entry(&self, item: Item) -> Entry {
        Entry { permissions: Some(self.rights.perm(&item)), ..item.entry }
    }
}

impl Session for UserSession {
    fn query(&self, query: &Query, withdrawal: &Withdrawal) -> Result<Answer, StorageFailure> {
        let done = |()| Answer::Done;
        match query {
            Query::Cwd(path) => self.change_directory(&self.resolve(path)?).map(done),
            Query::Cdup => self.change_directory(&self.working_directory().parent()).map(done),
            Query::Pwd => Ok(Answer::Path(self.working_directory().to_path_name())),
            Query::Mkd(path) => self.make_directory(path).map(Answer::Path),
            Query::Rmd(path) => self.remove_directory(path).map(done),
            Query::Dele(path) => self.delete(path).map(done),
            Query::RenameFrom(path) => self.may_rename(path).map(done),
            Query::RenameTo { from, to } => self.rename(from, to).map(done),
            Query::Size { path, params } => self.size(path, *params, withdrawal).map(Answer::Octets),
            Query::Modified(path) => self.modified(path).map(Answer::Time),
            Query::SetModified { path, time } => self.set_facts(path, &[SetFact::Modify(*time)]).map(done),
            Query::SetFacts { path, facts } => self.set_and_tell(path, facts).map(Answer::Facts),
            Query::Facts { path } => self.facts(path.as_ref()).map(Answer::Entry),
            Query::List { what, most } => self.list(what, *most),
            Query::Hash { path, algorithm, span } => self.digest(path, *algorithm, *span, withdrawal),
            Query::Available { path } => self.available(path.as_ref()).map(Answer::Octets),
            Query::ChangeMode { path, mode } => self.set_facts(path, &[SetFact::UnixMode(*mode)]).map(done),
            Query::SymbolicLink { target, link } => self.make_link(target, link).map(done),
            _ => Err(StorageFailure::Unsupported),
        }
    }

    fn open(
        &self,
        transfer: TransferId,
        request: &TransferRequest,
        withdrawal: &Withdrawal,
    ) -> Result<Opened, StorageFailure> {
        withdrawal.check()?;
        self.open_transfer(transfer, request)
    }

    fn query_at_once(&self, query: &Query) -> Option<Answer> {
        match query {
            Query::Pwd => Some(Answer::Path(self.working_directory().to_path_name())),
            Query::Size { path, params } => self.size_at_once(path, *params).map(Answer::Octets),
            Query::Modified(path) => {
                self.rights.require(Right::List).ok()?;
                let look = self.storage.look_at_once(&self.resolve(path).ok()?)?;
                Some(Answer::Time(look.modify))
            }
            _ => None,
        }
    }

    fn open_at_once(&self, request: &TransferRequest) -> Option<Opened> {
        self.download_at_once(request)
    }

    fn settles_at_once(&self, transfer: TransferId) -> bool {
        // A download leaves nothing behind.
        !lock(&self.uploads).contains_key(&transfer)
    }

    fn settle(
        &self,
        transfer: TransferId,
        totals: TransferTotals,
        result: Result<(), TransferFailure>,
    ) -> Result<(), StorageFailure> {
        self.settle_transfer(transfer, totals, result)
    }

    fn cancel(&self, transfer: TransferId) {
        if let Some(running) = lock(&self.uploads).remove(&transfer) {
            running.upload.abandon(false);
        }
    }
}

impl UserSession {
    fn list(&self, what: &ftp_proto::command::ListArgument, most: usize) -> Result<Answer, StorageFailure> {
        self.rights.require(Right::List)?;
        let here = self.working_directory();
        let selection = Selection::find(&*self.storage, &here, what.path.as_ref(), what.directory)?;
        let items = selection.items(&*self.storage, Detail::Access)?;
        // One more than may be shown tells that there are more.
        let mut entries = Vec::new();
        for item in
            items.filter(|item| listing::is_shown(item, &selection, what.all)).take(most.saturating_add(1))
        {
            entries.push(self.entry(item?));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Answer::Entries { entries, now: self.storage.now() })
    }
}
