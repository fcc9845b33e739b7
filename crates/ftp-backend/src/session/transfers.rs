//! Opening what a transfer needs, and what becomes of it.

use super::{Running, UserSession};
use crate::backend::Opened;
use crate::listing;
use crate::path::VirtualPath;
use crate::rights::Right;
use crate::storage::{Download, Handle, Links, Place, UploadPlan};
use crate::sync::lock;
use ftp_proto::command::PathName;
use ftp_proto::data::{StorageFailure, TransferFailure, TransferId, TransferTotals};
use ftp_proto::server::{TransferRequest, TransferVerb};

type Result<T> = core::result::Result<T, StorageFailure>;

/// How many names STOU tries.
const UNIQUE_ATTEMPTS: u32 = 1000;
/// What STOU calls a file when the client suggests nothing.
const UNIQUE_NAME: &[u8] = b"upload";

/// The part of a file that is asked for.
fn opened(download: Download, request: &TransferRequest) -> Opened {
    let span = request.span;
    let download = download.from(span.start);
    let most = span.end.map_or(u64::MAX, |end| end.saturating_sub(span.start));
    let size = (!request.params.is_ascii()).then_some(download.size.min(most));
    Opened { handle: Handle::Source(download.source), size, unique: None }
}

impl UserSession {
    pub(super) fn open_transfer(&self, transfer: TransferId, request: &TransferRequest) -> Result<Opened> {
        match request.verb {
            TransferVerb::Retr => self.download(request),
            TransferVerb::Stor | TransferVerb::Appe => {
                let path = self.resolve(request.path.as_ref().ok_or(StorageFailure::BadName)?)?;
                let place = self.place(&path, request)?;
                self.upload(transfer, request, &path, place)
            }
            TransferVerb::Stou => self.upload_unique(transfer, request),
            TransferVerb::List | TransferVerb::Nlst | TransferVerb::Mlsd => {
                self.rights.require(Right::List)?;
                let here = self.working_directory();
                let source = listing::open(&self.storage, self.rights, &here, request)?;
                Ok(Opened { handle: Handle::Source(source), size: None, unique: None })
            }
            _ => Err(StorageFailure::Unsupported),
        }
    }

    /// What is beyond the end of the file is nothing.
    fn download(&self, request: &TransferRequest) -> Result<Opened> {
        let download = self.storage.open(&self.readable(request)?)?;
        Ok(opened(download, request))
    }

    /// The same, where nothing has to be waited for.
    pub(super) fn download_at_once(&self, request: &TransferRequest) -> Option<Opened> {
        if request.verb != TransferVerb::Retr {
            return None;
        }
        let download = self.storage.open_at_once(&self.readable(request).ok()?)?;
        Some(opened(download, request))
    }

    /// What may be read.
    fn readable(&self, request: &TransferRequest) -> Result<VirtualPath> {
        self.rights.require(Right::Read)?;
        self.resolve(request.path.as_ref().ok_or(StorageFailure::BadName)?)
    }

    /// Where the octets of STOR or APPE go, if this user may put them there. APPE after REST is STOR
    /// (RFC 3659 §5.3).
    fn place(&self, path: &VirtualPath, request: &TransferRequest) -> Result<Place> {
        let there = match self.storage.look_at_once(path) {
            Some(look) => Some(look.size),
            None => match self.storage.facts(path, Links::Follow) {
                Ok(item) => Some(item.entry.size.unwrap_or(0)),
                Err(StorageFailure::NotFound) => None,
                Err(why) => return Err(why),
            },
        };
        let start = request.span.start;
        let place = match (start, request.verb) {
            (0, TransferVerb::Appe) => Place::End,
            (0, _) => Place::Whole { replace: self.rights.allows(Right::Overwrite) },
            (start, _) => Place::At(start),
        };
        self.rights.require(match (there, place) {
            (None, _) => Right::Create,
            (Some(_), Place::End) => Right::Append,
            (Some(size), Place::At(start)) if start >= size => Right::Append,
            (Some(_), _) => Right::Overwrite,
        })?;
        Ok(place)
    }

    fn upload(
        &self,
        transfer: TransferId,
        request: &TransferRequest,
        path: &VirtualPath,
        place: Place,
    ) -> Result<Opened> {
        let resumable = !request.params.is_ascii();
        let plan = UploadPlan {
            place,
            announced: request.allocate,
            owner: self.owner.as_deref().filter(|_| resumable),
        };
        let mut upload = self.storage.create(path, &plan)?;
        let handle = Handle::Sink(upload.sink());
        lock(&self.uploads).insert(transfer, Running { upload, resumable });
        Ok(Opened { handle, size: None, unique: None })
    }

    /// The suggested name if it is free, else that name with a number.
    fn upload_unique(&self, transfer: TransferId, request: &TransferRequest) -> Result<Opened> {
        self.rights.require(Right::Create)?;
        let here = self.working_directory();
        let suggested = request.path.as_ref().map_or(UNIQUE_NAME, PathName::as_bytes);
        let wanted = here.join(suggested)?;
        let (directory, name) = wanted.split_last().ok_or(StorageFailure::BadName)?;
        for attempt in 0..UNIQUE_ATTEMPTS {
            let mut unique = name.to_vec();
            if attempt > 0 {
                unique.extend_from_slice(format!(".{attempt}").as_bytes());
            }
            let path = directory.join(&unique)?;
            match self.upload(transfer, request, &path, Place::New) {
                Err(StorageFailure::Exists) => {}
                Err(why) => return Err(why),
                Ok(opened) => {
                    let told = if directory == here { PathName::new(unique).ok() } else { None };
                    let told = told.unwrap_or_else(|| path.to_path_name());
                    return Ok(Opened { unique: Some(told), ..opened });
                }
            }
        }
        Err(StorageFailure::Exists)
    }

    pub(super) fn settle_transfer(
        &self,
        transfer: TransferId,
        totals: TransferTotals,
        result: core::result::Result<(), TransferFailure>,
    ) -> Result<()> {
        let Some(running) = lock(&self.uploads).remove(&transfer) else {
            return Ok(());
        };
        match result {
            Ok(()) => running.upload.commit(totals.stored),
            Err(why) => {
                // After a failure of storage, what is there is not to be trusted, or takes the room that is missing.
                let worth = !matches!(why, TransferFailure::Storage(_)) && totals.stored > 0;
                running.upload.abandon(running.resumable && worth);
                Ok(())
            }
        }
    }
}
