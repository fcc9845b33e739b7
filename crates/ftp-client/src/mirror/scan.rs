//! Both sides read into trees.

use super::plan::Excludes;
use super::summary::Skipped;
use super::tree::{Directory, FileFacts, MAX_DEPTH, MAX_ENTRIES, Node, RelPath, Stamp};
use super::worker::Patience;
use crate::driver::Listing;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::{Dir, FileName, Kind, NameError};
use crate::remote;
use crate::site::{Connection, Context};
use ftp_proto::command::PathName;
use ftp_proto::escape::escape;
use ftp_proto::facts::{Entry, EntryKind, TimeVal};

/// Reads trees, and keeps what had to be left out.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    pub(super) context: &'a Context,
    pub(super) exclude: &'a Excludes,
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
    /// How many entries there may still be.
    left: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(context: &'a Context, exclude: &'a Excludes) -> Self {
        Self { context, exclude, skipped: Vec::new(), left: MAX_ENTRIES }
    }

    fn skip(&mut self, path: String, why: impl core::fmt::Display) {
        self.skipped.push(Skipped { path, why: why.to_string(), missing: true });
    }

    fn count(&mut self) -> Result<(), Failure> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Failure::new(Exit::Protocol, format!("the tree has more than {MAX_ENTRIES} entries"))
        })?;
        Ok(())
    }

    /// Reads the local tree.
    pub(super) fn local(&mut self, dir: &Dir, at: &RelPath) -> Result<Directory, Failure> {
        let mut tree = Directory::default();
        let entries = dir.entries().map_err(|error| Failure::local(dir.path().display(), &error))?;
        for entry in entries {
            self.count()?;
            let name = match FileName::new(&entry.name) {
                Ok(name) if name.is_temporary() => continue,
                Ok(name) => name,
                Err(error) => {
                    self.refuse(&mut tree, at, &entry.name, error);
                    continue;
                }
            };
            let node = match entry.facts.kind {
                Kind::File => Node::File(FileFacts {
                    size: Some(entry.facts.size),
                    modify: Some(Stamp::exact(entry.facts.modify)),
                }),
                Kind::Directory => Node::Directory(self.local_below(dir, at, &name)),
                Kind::Link => Node::Link,
                Kind::Other => Node::Other,
            };
            tree.entries.insert(name, node);
        }
        Ok(tree)
    }

    /// A directory that cannot be read is left out, not the whole tree.
    fn local_below(&mut self, dir: &Dir, at: &RelPath, name: &FileName) -> Directory {
        let path = at.join(name);
        if self.exclude.prunes(at, name) {
            return incomplete();
        }
        if path.names().len() > MAX_DEPTH {
            self.skip(path.to_string(), format_args!("more than {MAX_DEPTH} directories deep"));
            return incomplete();
        }
        let below = dir.open_dir(name).map_err(|error| Failure::local(path.to_string(), &error));
        below.and_then(|below| self.local(&below, &path)).unwrap_or_else(|failure| {
            self.skip(path.to_string(), failure.text);
            incomplete()
        })
    }

    fn refuse(&mut self, tree: &mut Directory, at: &RelPath, name: &[u8], why: NameError) {
        tree.incomplete = true;
        self.skip(format!("{at}/{}", escape(name)), why);
    }

    /// Reads the remote tree below `path`.
    pub(super) fn remote(
        &mut self,
        connection: &mut Connection,
        path: Option<PathName>,
        at: RelPath,
    ) -> Result<Directory, Failure> {
        let listing = self.list(connection, path.as_ref())?;
        let mut tree = Directory { incomplete: listing.skipped.is_some(), ..Directory::default() };
        if let Some((lines, _)) = listing.skipped {
            self.skip(at.to_string(), format_args!("{lines} lines of the listing were not understood"));
        }
        for entry in listing.entries {
            self.count()?;
            match FileName::from_server(&entry.name) {
                Err(error) => self.refuse(&mut tree, &at, &entry.name, error),
                // What came first counts: a link, then a directory of the same name, is an attack.
                Ok(name) if tree.entries.contains_key(&name) => {
                    tree.incomplete = true;
                    self.skip(at.join(&name).to_string(), "the name stands twice in the listing");
                }
                Ok(name) => {
                    let node =
                        self.node(connection, path.as_ref(), &at, &name, entry, listing.exact_times)?;
                    tree.entries.insert(name, node);
                }
            }
        }
        Ok(tree)
    }

    fn node(
        &mut self,
        connection: &mut Connection,
        parent: Option<&PathName>,
        at: &RelPath,
        name: &FileName,
        entry: Entry,
        exact: bool,
    ) -> Result<Node, Failure> {
        Ok(match entry.kind {
            EntryKind::File => Node::File(FileFacts {
                size: entry.size,
                modify: entry.modify.map(|time| stamp(time, exact)),
            }),
            EntryKind::Directory if self.exclude.prunes(at, name) => Node::Directory(incomplete()),
            EntryKind::Directory => {
                let below = remote::join(parent, name.as_bytes())?;
                Node::Directory(self.remote_below(connection, below, at.join(name))?)
            }
            EntryKind::SymbolicLink => Node::Link,
            _ => Node::Other,
        })
    }

    fn remote_below(
        &mut self,
        connection: &mut Connection,
        path: PathName,
        at: RelPath,
    ) -> Result<Directory, Failure> {
        if at.names().len() > MAX_DEPTH {
            self.skip(at.to_string(), format_args!("more than {MAX_DEPTH} directories deep"));
            return Ok(incomplete());
        }
        match self.remote(connection, Some(path), at.clone()) {
            Err(failure) if failure.concerns_one_entry() => {
                self.skip(at.to_string(), failure.text);
                Ok(incomplete())
            }
            result => result,
        }
    }

    /// With new connections when the old one is lost.
    fn list(&self, connection: &mut Connection, path: Option<&PathName>) -> Result<Listing, Failure> {
        let mut patience = Patience::new(self.context);
        loop {
            match connection.client.list(path) {
                Ok(listing) => return Ok(listing),
                Err(error) => patience.mend(connection, error.into())?,
            }
        }
    }
}

fn incomplete() -> Directory {
    Directory { incomplete: true, ..Directory::default() }
}

/// `ls` tells minutes, or for old files days; MLSD tells seconds.
fn stamp(time: TimeVal, exact: bool) -> Stamp {
    let seconds = time.seconds_since_epoch;
    let precision = match (exact, seconds.rem_euclid(86_400)) {
        (true, _) => 1,
        (false, 0) => 86_400,
        (false, _) => 60,
    };
    Stamp { seconds, precision }
}
