//! The files that must be there, as far as that can be known from what the client was told.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of each path. One that is not in it does not exist.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<&'static str, File>,
    /// An upload was cut short at some time: SIZE may tell how much of it was kept, so that it can be resumed.
    partial: BTreeSet<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
enum File {
    Content(Vec<u8>),
    /// Something went wrong on the way: it may be there or not, whole or in part.
    Unknown,
}

type Judgement = Result<(), String>;

impl Tree {
    pub(super) fn stored(&mut self, path: &'static str, content: Vec<u8>) {
        self.files.insert(path, File::Content(content));
    }

    pub(super) fn unknown(&mut self, path: &'static str) {
        self.files.insert(path, File::Unknown);
        self.partial.insert(path);
    }

    /// It was read, and this was in it.
    pub(super) fn read(&mut self, path: &'static str, content: &[u8]) -> Judgement {
        match self.files.get(path) {
            None => Err(format!("{path} was read and does not exist")),
            Some(File::Content(known)) if known != content => {
                Err(format!("{path}: {} octets were read and {} are in it", content.len(), known.len()))
            }
            Some(_) => {
                self.files.insert(path, File::Content(content.to_vec()));
                Ok(())
            }
        }
    }

    /// It is said not to exist.
    pub(super) fn missing(&mut self, path: &'static str) -> Judgement {
        match self.files.get(path) {
            Some(File::Content(_)) => Err(format!("{path} exists and is said not to")),
            Some(File::Unknown) | None => {
                self.files.remove(path);
                Ok(())
            }
        }
    }

    pub(super) fn deleted(&mut self, path: &'static str) -> Judgement {
        self.files.remove(path).map(drop).ok_or_else(|| format!("{path} was deleted and did not exist"))
    }

    pub(super) fn renamed(&mut self, from: &'static str, to: &'static str) -> Judgement {
        let file = self.files.remove(from).ok_or_else(|| format!("{from} was renamed and did not exist"))?;
        self.files.insert(to, file);
        Ok(())
    }

    pub(super) fn sized(&self, path: &'static str, size: &str) -> Judgement {
        match self.files.get(path) {
            _ if self.partial.contains(path) => Ok(()),
            None => Err(format!("{path} has a size and does not exist")),
            Some(File::Content(content)) if content.len().to_string() != size => {
                Err(format!("{path} has {} octets and is said to have {size}", content.len()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Exactly the files that exist are listed; those that are not known may be.
    pub(super) fn listed(&self, listing: &str) -> Judgement {
        let names: Vec<&str> = listing.lines().collect();
        let strange = names.iter().find(|name| !self.files.contains_key(**name));
        let kept = |(path, file): (&&'static str, &File)| (*file != File::Unknown).then_some(*path);
        let forgotten = self.files.iter().filter_map(kept).find(|path| !names.contains(path));
        match (strange, forgotten) {
            (Some(name), _) => Err(format!("{name} is listed and does not exist")),
            (_, Some(path)) => Err(format!("{path} exists and is not listed")),
            (None, None) => Ok(()),
        }
    }
}
