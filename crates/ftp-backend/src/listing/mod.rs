//! Listings: what LIST, NLST, MLSD and STAT show.
//!
//! A directory is read as it is sent, so memory stays flat however large it is. Up to [`MAX_SORTED`] names come sorted; a larger
//! directory comes in the storage's own order. `-R` does not follow links, so it meets no loop, and ends at [`MAX_DEPTH`] levels
//! and [`MAX_LISTED`] entries (S24).

mod format;
mod selection;
mod source;

pub(crate) use selection::Selection;

use crate::path::VirtualPath;
use crate::rights::Rights;
use crate::storage::{Item, Storage};
use format::Format;
use ftp_dtp::storage::Source;
use ftp_proto::data::StorageFailure;
use ftp_proto::server::{TransferRequest, TransferVerb};
use source::Listing;
use std::sync::Arc;

/// Directories with at most this many entries are shown sorted by name.
pub const MAX_SORTED: usize = 4096;
/// `-R` goes this many levels down.
pub const MAX_DEPTH: usize = 32;
/// `-R` shows at most this many entries; if there are more, the transfer fails after them, so that nobody takes the listing for the
/// whole.
pub const MAX_LISTED: usize = 100_000;

/// A listing as `request` wants it, for a user with `rights` who is at `here`.
pub(crate) fn open(
    storage: &Arc<dyn Storage>,
    rights: Rights,
    here: &VirtualPath,
    request: &TransferRequest,
) -> Result<Source, StorageFailure> {
    let machine_readable = request.verb == TransferVerb::Mlsd;
    let itself = request.listing.directory && !machine_readable;
    let selection = Selection::find(&**storage, here, request.path.as_ref(), itself)?;
    if machine_readable && !matches!(selection, Selection::Directory { pattern: None, .. }) {
        return Err(StorageFailure::NotADirectory);
    }
    let format = Format {
        verb: request.verb,
        facts: request.listing.facts,
        now: storage.now(),
        all: request.listing.all || machine_readable,
        recursive: request.listing.recursive && !machine_readable,
        rights,
    };
    let listing = Listing::new(storage.clone(), format, selection)?;
    Ok(Source::Chunks(Box::new(listing)))
}

/// Whether an entry is to be seen: names that begin with a dot only on request, or when they were asked for by name.
pub(crate) fn is_shown(item: &Result<Item, StorageFailure>, selection: &Selection, all: bool) -> bool {
    match item {
        Err(StorageFailure::NotFound) => false,
        Err(_) => true,
        Ok(item) => selection.wants(&item.entry.name, all),
    }
}
