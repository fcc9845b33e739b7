//! Questions about names.

use super::UserSession;
use crate::path::VirtualPath;
use crate::rights::Right;
use crate::storage::{Item, Links};
use crate::sync::lock;
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use ftp_proto::server::SetFact;

type Result<T> = core::result::Result<T, StorageFailure>;

/// Every permission bit that may be set from outside: never setuid, setgid or sticky.
const SETTABLE_MODE: u16 = 0o777;

impl UserSession {
    pub(super) fn change_directory(&self, path: &VirtualPath) -> Result<()> {
        self.rights.require(Right::List)?;
        let item = self.storage.facts(path, Links::Follow)?;
        if item.entry.kind != EntryKind::Directory {
            return Err(StorageFailure::NotADirectory);
        }
        if !item.access.search {
            return Err(StorageFailure::Denied);
        }
        *lock(&self.working_directory) = path.clone();
        Ok(())
    }

    pub(super) fn make_directory(&self, path: &PathName) -> Result<PathName> {
        self.rights.require(Right::MakeDirectory)?;
        let path = self.resolve(path)?;
        self.storage.make_directory(&path)?;
        Ok(path.to_path_name())
    }

    pub(super) fn remove_directory(&self, path: &PathName) -> Result<()> {
        self.rights.require(Right::Delete)?;
        self.storage.remove_directory(&self.resolve(path)?)
    }

    pub(super) fn delete(&self, path: &PathName) -> Result<()> {
        self.rights.require(Right::Delete)?;
        self.storage.remove_file(&self.resolve(path)?)
    }

    pub(super) fn may_rename(&self, path: &PathName) -> Result<()> {
        self.rights.require(Right::Rename)?;
        let path = self.resolve(path)?;
        if path.is_root() {
            return Err(StorageFailure::Denied);
        }
        self.storage.facts(&path, Links::Keep).map(drop)
    }

    /// Renaming onto a name that is taken destroys what has it, so that needs the right to delete.
    pub(super) fn rename(&self, from: &PathName, to: &PathName) -> Result<()> {
        self.rights.require(Right::Rename)?;
        let replace = self.rights.allows(Right::Delete);
        self.storage.rename(&self.resolve(from)?, &self.resolve(to)?, replace)
    }

    pub(super) fn facts(&self, path: Option<&PathName>) -> Result<Entry> {
        self.rights.require(Right::List)?;
        let at = self.resolve_or_here(path)?;
        let item = self.facts_or_partial(&at)?;
        let name = path.map_or_else(|| at.to_path_name(), Clone::clone);
        Ok(Entry { name: name.into_bytes(), ..self.entry(item) })
    }

    /// Facts of what is there, or else of what is kept of this user's broken upload.
    pub(super) fn facts_or_partial(&self, path: &VirtualPath) -> Result<Item> {
        match (self.storage.facts(path, Links::Follow), &self.owner) {
            (Err(StorageFailure::NotFound), Some(owner)) => self.storage.partial(path, owner),
            (facts, _) => facts,
        }
    }

    pub(super) fn modified(&self, path: &PathName) -> Result<TimeVal> {
        self.rights.require(Right::List)?;
        let item = self.storage.facts(&self.resolve(path)?, Links::Follow)?;
        item.entry.modify.ok_or(StorageFailure::Unsupported)
    }

    pub(super) fn set_facts(&self, path: &PathName, facts: &[SetFact]) -> Result<()> {
        self.rights.require(Right::SetFacts)?;
        let is_special =
            |fact: &SetFact| matches!(fact, SetFact::UnixMode(mode) if mode & !SETTABLE_MODE != 0);
        if facts.iter().any(is_special) {
            return Err(StorageFailure::Denied);
        }
        self.storage.set_facts(&self.resolve(path)?, facts)
    }

    /// Sets facts and tells what is in force then, which may be less precise.
    pub(super) fn set_and_tell(&self, path: &PathName, facts: &[SetFact]) -> Result<Vec<SetFact>> {
        self.set_facts(path, facts)?;
        let entry = self.storage.facts(&self.resolve(path)?, Links::Follow)?.entry;
        let in_force = facts.iter().map(|fact| match *fact {
            SetFact::Modify(asked) => SetFact::Modify(entry.modify.unwrap_or(asked)),
            SetFact::UnixMode(asked) => {
                SetFact::UnixMode(entry.unix_mode.map_or(asked, |mode| mode & SETTABLE_MODE))
            }
            other => other,
        });
        Ok(in_force.collect())
    }

    pub(super) fn available(&self, path: Option<&PathName>) -> Result<u64> {
        self.rights.require(Right::List)?;
        self.storage.available(&self.resolve_or_here(path)?)
    }

    /// A link that leads out would not be followed here, but might be by other programs on the machine: it is not made.
    pub(super) fn make_link(&self, target: &PathName, link: &PathName) -> Result<()> {
        self.rights.require(Right::Link)?;
        let link = self.resolve(link)?;
        if leads_out(&link, target.as_bytes()) {
            return Err(StorageFailure::Denied);
        }
        self.storage.make_link(target.as_bytes(), &link)
    }
}

/// Whether `target`, read in the directory of `link`, is absolute or has more `..` than there are directories.
fn leads_out(link: &VirtualPath, target: &[u8]) -> bool {
    let mut depth = link.parent().components().count();
    target.starts_with(b"/")
        || target.split(|&octet| octet == b'/').any(|component| match component {
            b"" | b"." => false,
            b".." => depth.checked_sub(1).map(|less| depth = less).is_none(),
            _ => {
                depth += 1;
                false
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_a_link_that_leads_out_is_recognised() {
        let link = VirtualPath::root().join(b"/a/b/link").unwrap();
        for (target, expected) in [
            (&b"c"[..], false),
            (b"../..", false),
            (b"../../x", false),
            (b"../../../x", true),
            (b"/etc/passwd", true),
            (b"x/../../../..", true),
            (b"./../b/../../x", false),
        ] {
            assert_eq!(leads_out(&link, target), expected, "{}", target.escape_ascii());
        }
    }
}
