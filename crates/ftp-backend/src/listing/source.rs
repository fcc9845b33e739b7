//! A listing as a stream of octets.

use super::format::Format;
use super::{MAX_DEPTH, MAX_LISTED, MAX_SORTED, Selection, is_shown};
use crate::path::VirtualPath;
use crate::storage::{Item, Items, Links, Storage};
use bytes::{Bytes, BytesMut};
use ftp_dtp::storage::ChunkSource;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{Entry, EntryKind};
use std::sync::Arc;
use std::vec::IntoIter;

/// How many octets are made before any are handed out.
const CHUNK: usize = 64 << 10;

/// Writes entries as they are read.
pub(super) struct Listing {
    storage: Arc<dyn Storage>,
    format: Format,
    selection: Selection,
    depth: usize,
    /// What is shown next: titles and the part of the directory that was read to be sorted.
    batch: IntoIter<Item>,
    /// The rest of the directory, when it is too large to be sorted.
    rest: Option<Items>,
    /// Subdirectories to come, the next one last.
    pending: Vec<(VirtualPath, Bytes, usize)>,
    /// Subdirectories of the directory being shown.
    found: Vec<(VirtualPath, Bytes, usize)>,
    listed: usize,
    out: BytesMut,
}

impl Listing {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        format: Format,
        selection: Selection,
    ) -> Result<Self, StorageFailure> {
        let items = selection.items(&*storage, format.detail())?;
        let mut listing = Self {
            storage,
            format,
            selection,
            depth: 0,
            batch: Vec::new().into_iter(),
            rest: None,
            pending: Vec::new(),
            found: Vec::new(),
            listed: 0,
            out: BytesMut::new(),
        };
        listing.begin(items)?;
        listing.write_titles();
        Ok(listing)
    }

    /// Reads as much of a directory as is sorted.
    fn begin(&mut self, mut items: Items) -> Result<(), StorageFailure> {
        let mut batch = Vec::new();
        self.rest = None;
        while batch.len() < MAX_SORTED {
            match self.next_shown(&mut items) {
                Some(item) => batch.push(item?),
                None => {
                    batch.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
                    self.batch = batch.into_iter();
                    return Ok(());
                }
            }
        }
        self.batch = batch.into_iter();
        self.rest = Some(items);
        Ok(())
    }

    fn next_shown(&self, items: &mut Items) -> Option<Result<Item, StorageFailure>> {
        items.find(|item| is_shown(item, &self.selection, self.format.all))
    }

    /// MLSD's `cdir` and `pdir`, which the writer leaves out when the type fact is not wanted (RFC 3659 §7.5.1.2).
    fn write_titles(&mut self) {
        let Selection::Directory { path, .. } = &self.selection else { return };
        if self.format.verb != ftp_proto::server::TransferVerb::Mlsd {
            return;
        }
        let titles = [
            (Some(path.clone()), EntryKind::ListedDirectory),
            (path.split_last().map(|(parent, _)| parent), EntryKind::ParentDirectory),
        ];
        for (path, kind) in titles {
            let Some(path) = path else { continue };
            if let Ok(item) = self.storage.facts(&path, Links::Follow) {
                let name = path.to_path_name().into_bytes();
                let item = Item { entry: Entry { kind, name, ..item.entry }, ..item };
                self.format.write(item, b"", &mut self.out);
            }
        }
    }

    fn next_item(&mut self) -> Option<Result<Item, StorageFailure>> {
        if let Some(item) = self.batch.next() {
            return Some(Ok(item));
        }
        let mut rest = self.rest.take()?;
        let item = self.next_shown(&mut rest);
        self.rest = item.is_some().then_some(rest);
        item
    }

    /// Writes the next line, or goes on to the next subdirectory. False at the end.
    fn step(&mut self) -> Result<bool, StorageFailure> {
        let Some(item) = self.next_item() else { return self.next_directory() };
        let item = item?;
        if self.format.recursive {
            self.listed += 1;
            if self.listed > MAX_LISTED {
                return Err(StorageFailure::TooLarge);
            }
            self.remember(&item);
        }
        self.format.write(item, self.selection.prefix(), &mut self.out);
        Ok(true)
    }

    /// A subdirectory will be shown after this directory. Only real ones: a link could lead back up.
    fn remember(&mut self, item: &Item) {
        let Selection::Directory { path, prefix, .. } = &self.selection else { return };
        if item.entry.kind != EntryKind::Directory || self.depth + 1 >= MAX_DEPTH {
            return;
        }
        // A name that cannot be in a path cannot be gone into.
        if let Ok(below) = path.join(&[b"./", &item.entry.name[..]].concat()) {
            let prefix = [prefix, &item.entry.name[..], b"/"].concat();
            self.found.push((below, prefix.into(), self.depth + 1));
        }
    }

    fn next_directory(&mut self) -> Result<bool, StorageFailure> {
        self.pending.extend(self.found.drain(..).rev());
        let Some((path, prefix, depth)) = self.pending.pop() else { return Ok(false) };
        self.format.write_heading(&prefix, &mut self.out);
        let items = match self.storage.list(&path, self.format.detail()) {
            Ok(items) => items,
            // It went away, or is closed to us: its heading stands alone, as `ls` has it.
            Err(StorageFailure::Local) => return Err(StorageFailure::Local),
            Err(_) => return Ok(true),
        };
        self.depth = depth;
        self.selection = Selection::Directory { path, prefix, pattern: None };
        self.begin(items)?;
        Ok(true)
    }
}

impl ChunkSource for Listing {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        while self.out.len() < CHUNK.min(max) {
            if !self.step()? {
                break;
            }
        }
        let length = self.out.len().min(max);
        Ok(if length == 0 { None } else { Some(self.out.split_to(length).freeze()) })
    }
}
