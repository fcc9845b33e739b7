//! What has to be done to make `target` like `source`: a pure function of both trees and the options.

use super::tree::{Directory, FileFacts, Node, RelPath};
use crate::local::FileName;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// What the user wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Remove what the source does not have.
    pub(crate) delete: bool,
    /// Which files that are on both sides are copied.
    pub(crate) replace: Replace,
    /// What is left alone on both sides.
    pub(crate) exclude: Excludes,
}

/// Which files that are on both sides are copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Replace {
    /// Those that differ in size, and those that are newer in the source.
    #[default]
    Different,
    /// Those that are newer in the source, whatever the size.
    Newer,
    /// All.
    Always,
}

/// The stages of a mirror, in the order in which they are carried out; what is in one stage is independent of each other
/// where the order says nothing else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is in the way of something of another kind.
    pub(crate) clear: Vec<Removal>,
    /// Directories to make, parents first.
    pub(crate) directories: Vec<RelPath>,
    /// Files to copy, in any order.
    pub(crate) copies: Vec<Copy>,
    /// What the source does not have, contents before their directory.
    pub(crate) remove: Vec<Removal>,
    /// What is left out, and why.
    pub(crate) skipped: Vec<(RelPath, Skip)>,
    /// Files that are the same on both sides.
    pub(crate) up_to_date: u64,
}

/// A file to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Where, on both sides.
    pub(crate) path: RelPath,
    /// As the source has it.
    pub(crate) facts: FileFacts,
}

/// Something to remove from the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// Where.
    pub(crate) path: RelPath,
    /// Whether it is a directory, empty by then.
    pub(crate) directory: bool,
}

/// Why something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    /// A symbolic link.
    Link,
    /// Neither file nor directory.
    Special,
    /// The target has something of another kind there.
    InTheWay,
}

impl Skip {
    /// Whether the mirror is incomplete for it. Links and devices are no part of a mirror.
    #[must_use]
    pub(crate) const fn is_failure(self) -> bool {
        matches!(self, Self::InTheWay)
    }

    /// For the message.
    #[must_use]
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Link => "symbolic link",
            Self::Special => "neither file nor directory",
            Self::InTheWay => "something of another kind is in the way (--delete removes it)",
        }
    }
}

/// Compares the trees.
#[must_use]
pub(crate) fn plan(source: &Directory, target: &Directory, options: &Options) -> Plan {
    let mut planner = Planner { options, plan: Plan::default() };
    planner.directory(&RelPath::default(), source, Some(target));
    planner.plan
}

struct Planner<'a> {
    options: &'a Options,
    plan: Plan,
}

impl Planner<'_> {
    /// `target` is `None` where the directory is still to be made.
    fn directory(&mut self, at: &RelPath, source: &Directory, target: Option<&Directory>) {
        for (name, node) in &source.entries {
            let path = at.join(name);
            if !self.options.exclude.matches(&path, matches!(node, Node::Directory(_))) {
                self.entry(path, node, target.and_then(|target| target.entries.get(name)));
            }
        }
        if let Some(target) = target.filter(|_| self.options.delete && !source.incomplete) {
            self.surplus(at, source, target);
        }
    }

    fn entry(&mut self, path: RelPath, source: &Node, target: Option<&Node>) {
        match (source, target) {
            (Node::Link, _) => self.skip(path, Skip::Link),
            (Node::Other, _) => self.skip(path, Skip::Special),
            (Node::Directory(source), Some(Node::Directory(target))) => {
                self.directory(&path, source, Some(target));
            }
            (Node::File(facts), Some(Node::File(old))) => self.both_have(path, *facts, *old),
            (_, None) => self.make(path, source),
            (_, Some(other)) if self.options.delete && !self.holds_excluded(&path, other) => {
                removals(path.clone(), other, &mut self.plan.clear);
                self.make(path, source);
            }
            (_, Some(_)) => self.skip(path, Skip::InTheWay),
        }
    }

    fn make(&mut self, path: RelPath, source: &Node) {
        match source {
            Node::File(facts) => self.plan.copies.push(Copy { path, facts: *facts }),
            Node::Directory(source) => {
                self.plan.directories.push(path.clone());
                self.directory(&path, source, None);
            }
            Node::Link | Node::Other => {}
        }
    }

    fn both_have(&mut self, path: RelPath, new: FileFacts, old: FileFacts) {
        match is_wanted(self.options.replace, new, old) {
            true => self.plan.copies.push(Copy { path, facts: new }),
            false => self.plan.up_to_date += 1,
        }
    }

    fn skip(&mut self, path: RelPath, why: Skip) {
        self.plan.skipped.push((path, why));
    }

    fn surplus(&mut self, at: &RelPath, source: &Directory, target: &Directory) {
        for (name, node) in &target.entries {
            let path = at.join(name);
            if !source.entries.contains_key(name) && !self.holds_excluded(&path, node) {
                removals(path, node, &mut self.plan.remove);
            }
        }
    }

    /// Whether something in it is excluded, or not known: then it stays.
    fn holds_excluded(&self, path: &RelPath, node: &Node) -> bool {
        let directory = match node {
            Node::Directory(directory) => Some(directory),
            _ => None,
        };
        self.options.exclude.matches(path, directory.is_some())
            || directory.is_some_and(|directory| {
                directory.incomplete
                    || directory
                        .entries
                        .iter()
                        .any(|(name, node)| self.holds_excluded(&path.join(name), node))
            })
    }
}

fn is_wanted(replace: Replace, new: FileFacts, old: FileFacts) -> bool {
    let newer = match (new.modify, old.modify) {
        (Some(new), Some(old)) => new.is_after(old),
        _ => false,
    };
    let other_size = matches!((new.size, old.size), (Some(new), Some(old)) if new != old);
    let unknown = new.size.is_none() && new.modify.is_none();
    match replace {
        Replace::Always => true,
        Replace::Newer => newer,
        Replace::Different => newer || other_size || unknown,
    }
}

/// Contents before their directory.
fn removals(path: RelPath, node: &Node, out: &mut Vec<Removal>) {
    let directory = match node {
        Node::Directory(directory) => {
            for (name, node) in &directory.entries {
                removals(path.join(name), node, out);
            }
            true
        }
        _ => false,
    };
    out.push(Removal { path, directory });
}

/// `--exclude` patterns. One without a slash is held against the name alone, at any depth; one with a slash against the
/// whole pathname from the top; one that ends in a slash fits directories only. `*` does not match a slash, `**` does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Excludes {
    anything: GlobSet,
    directories: GlobSet,
}

impl Excludes {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// When one of them is not a pattern.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, globset::Error> {
        let (mut anything, mut directories) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let (body, only_directories) = match pattern.strip_suffix('/') {
                Some(body) => (body, true),
                None => (pattern.as_str(), false),
            };
            let body = match body.strip_prefix('/') {
                Some(anchored) => anchored.to_owned(),
                None if body.contains('/') => body.to_owned(),
                None => format!("**/{body}"),
            };
            let glob = GlobBuilder::new(&body).literal_separator(true).build()?;
            if only_directories { &mut directories } else { &mut anything }.add(glob);
        }
        Ok(Self { anything: anything.build()?, directories: directories.build()? })
    }

    fn matches(&self, path: &RelPath, directory: bool) -> bool {
        if self.anything.is_empty() && self.directories.is_empty() {
            return false;
        }
        let octets = path.to_octets();
        let path = OsStr::from_bytes(&octets);
        self.anything.is_match(path) || (directory && self.directories.is_match(path))
    }

    /// Whether a directory need not be read at all.
    #[must_use]
    pub(crate) fn prunes(&self, at: &RelPath, name: &FileName) -> bool {
        self.matches(&at.join(name), true)
    }
}

#[cfg(test)]
mod tests;
