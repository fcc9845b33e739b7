//! Failures to order.

use ftp_proto::data::StorageFailure;
use std::collections::{BTreeMap, VecDeque};

/// What can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Looking at facts, and at the room that is left.
    Facts,
    /// Opening a directory.
    List,
    /// Opening a file to read.
    Open,
    /// Reading a piece of it.
    Read,
    /// Opening a file to write.
    Create,
    /// Writing a piece of it.
    Write,
    /// Making an upload whole.
    Commit,
    /// Making a directory.
    MakeDirectory,
    /// Removing a file or directory.
    Remove,
    /// Renaming.
    Rename,
    /// Setting facts.
    SetFacts,
    /// Making a symbolic link.
    MakeLink,
}

/// What is to fail, and how.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<Operation, VecDeque<StorageFailure>>);

impl Faults {
    pub(super) fn add(&mut self, operation: Operation, why: StorageFailure) {
        self.0.entry(operation).or_default().push_back(why);
    }

    /// Fails if this operation is to fail now.
    pub(super) fn check(&mut self, operation: Operation) -> Result<(), StorageFailure> {
        match self.0.get_mut(&operation).and_then(VecDeque::pop_front) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }
}
