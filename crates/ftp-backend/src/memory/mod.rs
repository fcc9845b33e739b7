//! Storage in memory: the semantics of a directory on disk without the disk. For tests, for the simulator, for servers that keep
//! nothing.
//!
//! Nothing depends on the machine: the clock stands where it was put, identifiers count up, names come sorted. Storage that fails can
//! be had at will, see [`MemoryStorage::fail_next`].

mod faults;
mod tree;
mod upload;

pub use faults::Operation;

use crate::path::VirtualPath;
use crate::storage::{Access, Detail, Download, Item, Items, Links, Storage, Upload, UploadPlan};
use crate::sync::lock;
use bytes::Bytes;
use faults::Faults;
use ftp_dtp::storage::{ChunkSource, Source};
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use ftp_proto::server::SetFact;
use std::sync::{Arc, Mutex};
use tree::{Body, Node, Tree};

/// How much a [`MemoryStorage`] holds unless told otherwise: 64 MiB.
pub const DEFAULT_CAPACITY: u64 = 64 << 20;

/// A tree of directories and files in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryStorage {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tree: Mutex<Tree>,
    faults: Mutex<Faults>,
}

impl Shared {
    /// The tree, unless this operation is to fail.
    fn begin(&self, operation: Operation) -> Result<std::sync::MutexGuard<'_, Tree>, StorageFailure> {
        lock(&self.faults).check(operation)?;
        Ok(lock(&self.tree))
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStorage {
    /// An empty root with room for [`DEFAULT_CAPACITY`] octets.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty root with room for `capacity` octets in files, finished or not.
    #[must_use]
    pub fn with_capacity(capacity: u64) -> Self {
        let shared = Shared { tree: Mutex::new(Tree::new(capacity)), faults: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// The next call of this kind fails with `why`; several wait for their turn in the order given.
    pub fn fail_next(&self, operation: Operation, why: StorageFailure) {
        lock(&self.shared.faults).add(operation, why);
    }

    /// Puts the clock.
    pub fn set_time(&self, now: TimeVal) {
        lock(&self.shared.tree).now = now;
    }

    /// Puts a file there, with the directories that it needs, whatever was there. For setting a scene.
    ///
    /// # Errors
    /// [`StorageFailure::NoSpace`], or when a file is where a directory is needed.
    pub fn put(&self, path: &str, contents: impl Into<Bytes>) -> Result<(), StorageFailure> {
        let path = VirtualPath::root().join(path.as_bytes())?;
        let mut tree = lock(&self.shared.tree);
        tree.make_directories(&path.parent())?;
        tree.write(&path, contents.into(), true)
    }

    /// What is in a file; `None` when there is none. For looking at what came of it.
    #[must_use]
    pub fn contents(&self, path: &str) -> Option<Bytes> {
        let path = VirtualPath::root().join(path.as_bytes()).ok()?;
        match &lock(&self.shared.tree).find(&path, Links::Follow).ok()?.body {
            Body::File(octets) => Some(octets.clone()),
            _ => None,
        }
    }

    /// Octets in use: files, uploads in progress, and what is kept of broken ones.
    #[must_use]
    pub fn used(&self) -> u64 {
        lock(&self.shared.tree).used
    }
}

/// Facts of a node.
fn item(name: Bytes, node: &Node, is_root: bool) -> Item {
    let (kind, size, target) = match &node.body {
        Body::File(octets) => (EntryKind::File, Some(octets.len() as u64), None),
        Body::Directory(_) => (EntryKind::Directory, None, None),
        Body::Link(target) => (EntryKind::SymbolicLink, None, Some(target.clone())),
    };
    let bit = |bit| node.mode & bit != 0;
    Item {
        entry: Entry {
            name,
            kind,
            size,
            modify: Some(node.modify),
            unique: Some(format!("m{:x}", node.id).into()),
            unix_mode: Some(node.mode),
            links: Some(1),
            target,
            ..Entry::default()
        },
        access: Access { read: bit(0o400), write: bit(0o200), search: bit(0o100), remove: !is_root },
    }
}

/// The last component of `path`.
fn name_of(path: &VirtualPath) -> Bytes {
    path.split_last().map(|(_, name)| name).unwrap_or_default()
}

impl Storage for MemoryStorage {
    fn facts(&self, path: &VirtualPath, links: Links) -> Result<Item, StorageFailure> {
        let tree = self.shared.begin(Operation::Facts)?;
        Ok(item(name_of(path), tree.find(path, links)?, path.is_root()))
    }

    fn list(&self, directory: &VirtualPath, _detail: Detail) -> Result<Items, StorageFailure> {
        let tree = self.shared.begin(Operation::List)?;
        let node = tree.find(directory, Links::Follow)?;
        let Body::Directory(names) = &node.body else { return Err(StorageFailure::NotADirectory) };
        if node.mode & 0o400 == 0 {
            return Err(StorageFailure::Denied);
        }
        let items: Vec<_> = names.iter().map(|(name, node)| Ok(item(name.clone(), node, false))).collect();
        Ok(Box::new(items.into_iter()))
    }

    fn open(&self, file: &VirtualPath) -> Result<Download, StorageFailure> {
        let tree = self.shared.begin(Operation::Open)?;
        let node = tree.find(file, Links::Follow)?;
        let octets = match &node.body {
            Body::File(octets) if node.mode & 0o400 != 0 => octets.clone(),
            Body::File(_) => return Err(StorageFailure::Denied),
            Body::Directory(_) => return Err(StorageFailure::IsADirectory),
            Body::Link(_) => return Err(StorageFailure::NotFound),
        };
        let size = octets.len() as u64;
        let chunks = Reader { octets, shared: self.shared.clone() };
        Ok(Download { source: Source::Chunks(Box::new(chunks)), size })
    }

    fn create(&self, file: &VirtualPath, plan: &UploadPlan<'_>) -> Result<Box<dyn Upload>, StorageFailure> {
        upload::begin(&self.shared, file, plan)
    }

    fn partial(&self, file: &VirtualPath, owner: &[u8]) -> Result<Item, StorageFailure> {
        let tree = lock(&self.shared.tree);
        let octets = tree.partial(file, owner).ok_or(StorageFailure::NotFound)?;
        let node = Node { body: Body::File(octets.clone()), mode: 0o600, modify: tree.now, id: 0 };
        let mut item = item(name_of(file), &node, false);
        item.entry.unique = None;
        Ok(item)
    }

    fn make_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        let mut tree = self.shared.begin(Operation::MakeDirectory)?;
        tree.insert(path, Body::Directory(tree::Names::new()), 0o755)
    }

    fn remove_directory(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        let mut tree = self.shared.begin(Operation::Remove)?;
        match &tree.find(path, Links::Keep)?.body {
            Body::Directory(names) if names.is_empty() => tree.remove(path).map(drop),
            Body::Directory(_) => Err(StorageFailure::NotEmpty),
            _ => Err(StorageFailure::NotADirectory),
        }
    }

    fn remove_file(&self, path: &VirtualPath) -> Result<(), StorageFailure> {
        let mut tree = self.shared.begin(Operation::Remove)?;
        match &tree.find(path, Links::Keep)?.body {
            Body::Directory(_) => Err(StorageFailure::IsADirectory),
            _ => tree.remove(path).map(drop),
        }
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: bool) -> Result<(), StorageFailure> {
        self.shared.begin(Operation::Rename)?.rename(from, to, replace)
    }

    fn set_facts(&self, path: &VirtualPath, facts: &[SetFact]) -> Result<(), StorageFailure> {
        let mut tree = self.shared.begin(Operation::SetFacts)?;
        let node = tree.find_mut(path)?;
        let mut changed = (node.modify, node.mode);
        for fact in facts {
            match *fact {
                SetFact::Modify(time) => changed.0 = time,
                SetFact::UnixMode(mode) => changed.1 = mode,
                _ => return Err(StorageFailure::Unsupported),
            }
        }
        (node.modify, node.mode) = changed;
        Ok(())
    }

    fn make_link(&self, target: &[u8], link: &VirtualPath) -> Result<(), StorageFailure> {
        let mut tree = self.shared.begin(Operation::MakeLink)?;
        tree.insert(link, Body::Link(Bytes::copy_from_slice(target)), 0o777)
    }

    fn available(&self, path: &VirtualPath) -> Result<u64, StorageFailure> {
        let tree = self.shared.begin(Operation::Facts)?;
        tree.find(path, Links::Follow)?;
        Ok(tree.capacity.saturating_sub(tree.used))
    }

    fn now(&self) -> TimeVal {
        lock(&self.shared.tree).now
    }
}

/// A file being read; as it was when it was opened, whatever becomes of its name.
struct Reader {
    octets: Bytes,
    shared: Arc<Shared>,
}

impl ChunkSource for Reader {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        lock(&self.shared.faults).check(Operation::Read)?;
        let length = self.octets.len().min(max);
        Ok((length > 0).then(|| self.octets.split_to(length)))
    }
}
