//! The tree itself.

use crate::path::VirtualPath;
use crate::storage::Links;
use bytes::Bytes;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::TimeVal;
use std::collections::{BTreeMap, VecDeque};

type Result<T> = core::result::Result<T, StorageFailure>;

/// The entries of a directory.
pub(super) type Names = BTreeMap<Bytes, Node>;

/// How many links may be followed on one path, as on Linux.
const MAX_LINKS: usize = 40;
/// The longest name, as on most file systems.
const MAX_NAME: usize = 255;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    pub(super) mode: u16,
    pub(super) modify: TimeVal,
    pub(super) id: u64,
}

#[derive(Debug)]
pub(super) enum Body {
    File(Bytes),
    Directory(Names),
    Link(Bytes),
}

#[derive(Debug)]
pub(super) struct Tree {
    root: Node,
    next_id: u64,
    /// Parts of uploads that broke off, by path and owner.
    partials: BTreeMap<(VirtualPath, Bytes), Bytes>,
    pub(super) capacity: u64,
    pub(super) used: u64,
    pub(super) now: TimeVal,
}

impl Tree {
    pub(super) fn new(capacity: u64) -> Self {
        // 2000-01-01T00:00:00Z: as good as any, and always the same.
        let now = TimeVal { seconds_since_epoch: 946_684_800, nanos: None };
        let root = Node { body: Body::Directory(Names::new()), mode: 0o755, modify: now, id: 1 };
        Self { root, next_id: 2, partials: BTreeMap::new(), capacity, used: 0, now }
    }

    /// Takes room for `more` octets.
    pub(super) fn take_room(&mut self, more: u64) -> Result<()> {
        let used = self.used.saturating_add(more);
        if used > self.capacity {
            return Err(StorageFailure::NoSpace);
        }
        self.used = used;
        Ok(())
    }

    pub(super) fn give_room(&mut self, less: u64) {
        self.used = self.used.saturating_sub(less);
    }

    /// `path` without links: all of them but the last one, which `links` decides about. The last component need not be there.
    pub(super) fn canonical(&self, path: &VirtualPath, links: Links) -> Result<VirtualPath> {
        let mut todo: VecDeque<Bytes> = path.components().map(Bytes::copy_from_slice).collect();
        let mut at = VirtualPath::root();
        let mut followed = 0;
        while let Some(name) = todo.pop_front() {
            if name == ".." {
                at = at.split_last().ok_or(StorageFailure::Denied)?.0;
                continue;
            }
            let next = at.join(&[b"./", &name[..]].concat())?;
            match self.get(&next)?.map(|node| &node.body) {
                Some(Body::Link(target)) if !todo.is_empty() || links == Links::Follow => {
                    followed += 1;
                    if target.starts_with(b"/") || followed > MAX_LINKS {
                        return Err(StorageFailure::Denied);
                    }
                    for component in target.split(|&octet| octet == b'/').rev() {
                        if !matches!(component, b"" | b".") {
                            todo.push_front(Bytes::copy_from_slice(component));
                        }
                    }
                }
                Some(_) => at = next,
                None if todo.is_empty() => at = next,
                None => return Err(StorageFailure::NotFound),
            }
        }
        Ok(at)
    }

    /// What is at a path without links.
    fn get(&self, path: &VirtualPath) -> Result<Option<&Node>> {
        let mut node = &self.root;
        for name in path.components() {
            let Body::Directory(names) = &node.body else { return Err(StorageFailure::NotADirectory) };
            match names.get(name) {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    fn get_mut(&mut self, path: &VirtualPath) -> Option<&mut Node> {
        path.components().try_fold(&mut self.root, |node, name| match &mut node.body {
            Body::Directory(names) => names.get_mut(name),
            _ => None,
        })
    }

    pub(super) fn find(&self, path: &VirtualPath, links: Links) -> Result<&Node> {
        self.get(&self.canonical(path, links)?)?.ok_or(StorageFailure::NotFound)
    }

    pub(super) fn find_mut(&mut self, path: &VirtualPath) -> Result<&mut Node> {
        let path = self.canonical(path, Links::Follow)?;
        self.get_mut(&path).ok_or(StorageFailure::NotFound)
    }

    /// The directory that `path` is in, with leave to change it, and the name there.
    fn directory_of(&mut self, path: &VirtualPath) -> Result<(&mut Names, Bytes)> {
        let (parent, name) = path.split_last().ok_or(StorageFailure::Denied)?;
        if name.len() > MAX_NAME {
            return Err(StorageFailure::BadName);
        }
        let node = self.find_mut(&parent)?;
        if node.mode & 0o200 == 0 {
            return Err(StorageFailure::Denied);
        }
        match &mut node.body {
            Body::Directory(names) => Ok((names, name)),
            _ => Err(StorageFailure::NotADirectory),
        }
    }

    /// Puts something under a name that is free.
    pub(super) fn insert(&mut self, path: &VirtualPath, body: Body, mode: u16) -> Result<()> {
        if self.find(path, Links::Keep).is_ok() {
            return Err(StorageFailure::Exists);
        }
        let node = Node { body, mode, modify: self.now, id: self.next_id };
        let (names, name) = self.directory_of(path)?;
        names.insert(name, node);
        self.next_id += 1;
        Ok(())
    }

    pub(super) fn make_directories(&mut self, path: &VirtualPath) -> Result<()> {
        let mut at = VirtualPath::root();
        for name in path.components() {
            at = at.join(&[b"./", name].concat())?;
            match self.insert(&at, Body::Directory(Names::new()), 0o755) {
                Ok(()) | Err(StorageFailure::Exists) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &VirtualPath) -> Result<Node> {
        let (names, name) = self.directory_of(path)?;
        let node = names.remove(&name).ok_or(StorageFailure::NotFound)?;
        if let Body::File(octets) = &node.body {
            self.give_room(octets.len() as u64);
        }
        Ok(node)
    }

    /// Gives a file its contents, and makes it if it is not there. `counted`: their room has to be taken.
    pub(super) fn write(&mut self, path: &VirtualPath, octets: Bytes, counted: bool) -> Result<()> {
        let path = self.canonical(path, Links::Follow)?;
        if counted {
            self.take_room(octets.len() as u64)?;
        }
        let now = self.now;
        match self.get_mut(&path) {
            None => self.insert(&path, Body::File(octets), 0o644),
            Some(Node { body: Body::File(old), modify, .. }) => {
                let freed = core::mem::replace(old, octets).len() as u64;
                *modify = now;
                self.give_room(freed);
                Ok(())
            }
            Some(_) => Err(StorageFailure::IsADirectory),
        }
    }

    pub(super) fn rename(&mut self, from: &VirtualPath, to: &VirtualPath, replace: bool) -> Result<()> {
        let (from, to) = (self.canonical(from, Links::Keep)?, self.canonical(to, Links::Keep)?);
        let is_directory = matches!(self.find(&from, Links::Keep)?.body, Body::Directory(_));
        if from == to {
            return Ok(());
        }
        if to.starts_with(&from) {
            return Err(StorageFailure::BadName);
        }
        match self.get(&to)?.map(|node| &node.body) {
            None => {}
            Some(_) if !replace => return Err(StorageFailure::Exists),
            Some(Body::Directory(names)) if is_directory && !names.is_empty() => {
                return Err(StorageFailure::NotEmpty);
            }
            Some(Body::Directory(_)) if !is_directory => return Err(StorageFailure::IsADirectory),
            Some(Body::File(_) | Body::Link(_)) if is_directory => return Err(StorageFailure::NotADirectory),
            Some(_) => {}
        }
        // Everything that can fail comes before the first change.
        self.directory_of(&to)?;
        let node = self.remove(&from)?;
        if let Body::File(octets) = &node.body {
            self.used += octets.len() as u64;
        }
        let _ = self.remove(&to);
        let (names, name) = self.directory_of(&to)?;
        names.insert(name, node);
        Ok(())
    }

    pub(super) fn partial(&self, path: &VirtualPath, owner: &[u8]) -> Option<&Bytes> {
        self.partials.get(&(path.clone(), Bytes::copy_from_slice(owner)))
    }

    /// Keeps part of an upload, instead of an earlier part.
    pub(super) fn keep_partial(&mut self, path: VirtualPath, owner: Bytes, octets: Bytes) {
        if let Some(old) = self.partials.insert((path, owner), octets) {
            self.give_room(old.len() as u64);
        }
    }

    pub(super) fn take_partial(&mut self, path: &VirtualPath, owner: &[u8]) -> Option<Bytes> {
        self.partials.remove(&(path.clone(), Bytes::copy_from_slice(owner)))
    }
}
