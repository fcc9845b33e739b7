//! A file that is being written.

use super::tree::{Body, Node, Tree};
use super::{Operation, Shared};
use crate::path::VirtualPath;
use crate::storage::{Links, Place, Upload, UploadPlan};
use crate::sync::lock;
use bytes::{Bytes, BytesMut};
use ftp_dtp::storage::{ChunkSink, Sink};
use ftp_proto::data::StorageFailure;
use std::sync::{Arc, Mutex};

/// The octets so far; their room is taken.
type Buffer = Arc<Mutex<BytesMut>>;

#[derive(Debug)]
struct MemoryUpload {
    shared: Arc<Shared>,
    path: VirtualPath,
    place: Place,
    owner: Option<Bytes>,
    buffer: Buffer,
    /// Octets in the buffer before the first came.
    start: u64,
    /// The file was there when the upload began; then an append that breaks off stays in it.
    in_place: bool,
    ended: bool,
}

pub(super) fn begin(
    shared: &Arc<Shared>,
    path: &VirtualPath,
    plan: &UploadPlan<'_>,
) -> Result<Box<dyn Upload>, StorageFailure> {
    let mut tree = shared.begin(Operation::Create)?;
    let path = tree.canonical(path, Links::Follow)?;
    let old = match tree.find(&path, Links::Keep) {
        Ok(Node { body: Body::File(octets), mode, .. }) if mode & 0o200 != 0 => Some(octets.clone()),
        Ok(Node { body: Body::Directory(_), .. }) => return Err(StorageFailure::IsADirectory),
        Ok(_) => return Err(StorageFailure::Denied),
        Err(StorageFailure::NotFound) => None,
        Err(why) => return Err(why),
    };
    if tree.capacity.saturating_sub(tree.used) < plan.announced.unwrap_or(0) {
        return Err(StorageFailure::NoSpace);
    }
    let kept = continued(&mut tree, &path, plan, old.as_ref())?;
    match (plan.place, &old) {
        (Place::Whole { replace: false } | Place::New, Some(_)) => return Err(StorageFailure::Exists),
        (_, Some(_)) => {}
        // Takes the name, or finds out that there can be none such.
        (place, None) => {
            tree.insert(&path, Body::File(Bytes::new()), 0o644)?;
            if place != Place::New {
                tree.remove(&path)?;
            }
        }
    }
    tree.take_room(kept.len() as u64)?;
    let start = kept.len() as u64;
    Ok(Box::new(MemoryUpload {
        shared: shared.clone(),
        path,
        place: plan.place,
        owner: plan.owner.map(Bytes::copy_from_slice),
        buffer: Arc::new(Mutex::new(kept.into())),
        start,
        in_place: old.is_some() && start > 0,
        ended: false,
    }))
}

/// What the new octets follow.
fn continued(
    tree: &mut Tree,
    path: &VirtualPath,
    plan: &UploadPlan<'_>,
    old: Option<&Bytes>,
) -> Result<Bytes, StorageFailure> {
    let start = match plan.place {
        Place::Whole { .. } | Place::New => return Ok(Bytes::new()),
        Place::End => None,
        Place::At(start) => Some(start),
    };
    let owner = plan.owner.unwrap_or_default();
    let there = match old {
        Some(octets) => octets.clone(),
        None => tree.partial(path, owner).cloned().unwrap_or_default(),
    };
    let start = start.unwrap_or(there.len() as u64);
    if start > there.len() as u64 {
        return Err(StorageFailure::BadOffset);
    }
    if old.is_none()
        && let Some(octets) = tree.take_partial(path, owner)
    {
        tree.give_room(octets.len() as u64);
    }
    Ok(there.slice(..usize::try_from(start).unwrap_or(there.len())))
}

impl Upload for MemoryUpload {
    fn sink(&mut self) -> Sink {
        Sink::Chunks(Box::new(Writer { shared: self.shared.clone(), buffer: self.buffer.clone() }))
    }

    fn commit(mut self: Box<Self>, _stored: u64) -> Result<(), StorageFailure> {
        let shared = self.shared.clone();
        let mut tree = shared.begin(Operation::Commit)?;
        if self.place == (Place::Whole { replace: false }) && tree.find(&self.path, Links::Keep).is_ok() {
            return Err(StorageFailure::Exists);
        }
        self.ended = true;
        let octets = core::mem::take(&mut *lock(&self.buffer)).freeze();
        let room = octets.len() as u64;
        tree.write(&self.path, octets, false).inspect_err(|_| tree.give_room(room))
    }

    fn abandon(mut self: Box<Self>, keep: bool) {
        self.end(keep);
    }
}

impl MemoryUpload {
    fn end(&mut self, keep: bool) {
        if core::mem::replace(&mut self.ended, true) {
            return;
        }
        let mut tree = lock(&self.shared.tree);
        let octets = core::mem::take(&mut *lock(&self.buffer)).freeze();
        let room = octets.len() as u64;
        if self.place == Place::New {
            let _ = tree.remove(&self.path);
        }
        let kept = match &self.owner {
            _ if self.in_place && room > self.start => tree.write(&self.path, octets, false).is_ok(),
            Some(owner) if (keep || self.start > 0) && !self.in_place && self.place != Place::New => {
                tree.keep_partial(self.path.clone(), owner.clone(), octets);
                true
            }
            _ => false,
        };
        if !kept {
            tree.give_room(room);
        }
    }
}

impl Drop for MemoryUpload {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Where the octets go.
struct Writer {
    shared: Arc<Shared>,
    buffer: Buffer,
}

impl ChunkSink for Writer {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        self.shared.begin(Operation::Write)?.take_room(chunk.len() as u64)?;
        lock(&self.buffer).extend_from_slice(&chunk);
        Ok(())
    }
}
