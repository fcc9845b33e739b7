//! What a user may do, and the `perm` fact that tells.

use crate::storage::{Access, Item};
use core::fmt;
use core::str::FromStr;
use ftp_proto::data::StorageFailure;
use ftp_proto::facts::{EntryKind, Permissions};

macro_rules! rights {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// One thing that a user may be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Right {
            $(#[doc = $doc] $variant,)*
        }

        impl Right {
            /// Every right.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in configuration files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

rights! {
    List "list" "See the names and facts in a directory, and enter it.";
    Read "read" "Download files.";
    Create "create" "Upload a file under a name that is free.";
    Overwrite "overwrite" "Put other contents into a file that is there.";
    Append "append" "Add to a file, or go on with one at an offset.";
    Delete "delete" "Delete files and remove directories.";
    Rename "rename" "Rename.";
    MakeDirectory "mkdir" "Make directories.";
    SetFacts "set-facts" "Change modification times and permission bits.";
    Link "link" "Make symbolic links.";
}

/// A set of [`Right`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u16);

impl Rights {
    /// Nothing at all.
    pub const NONE: Self = Self(0);
    /// List and read: what anonymous users get.
    pub const READ_ONLY: Self = Self::NONE.with(Right::List).with(Right::Read);
    /// Everything.
    pub const FULL: Self = Self((1 << Right::ALL.len()) - 1);

    /// The set with `right`.
    #[must_use]
    pub const fn with(self, right: Right) -> Self {
        Self(self.0 | 1 << right as u16)
    }

    /// The set without `right`.
    #[must_use]
    pub const fn without(self, right: Right) -> Self {
        Self(self.0 & !(1 << right as u16))
    }

    /// Whether `right` is in it.
    #[must_use]
    pub const fn allows(self, right: Right) -> bool {
        self.0 & 1 << right as u16 != 0
    }

    /// Whether nothing in it changes storage.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        self.0 & !Self::READ_ONLY.0 == 0
    }

    /// Demands a right.
    ///
    /// # Errors
    /// [`StorageFailure::ReadOnly`] when the user may change nothing, [`StorageFailure::Denied`] otherwise.
    pub const fn require(self, right: Right) -> Result<(), StorageFailure> {
        match right {
            _ if self.allows(right) => Ok(()),
            Right::List | Right::Read => Err(StorageFailure::Denied),
            _ if self.is_read_only() => Err(StorageFailure::ReadOnly),
            _ => Err(StorageFailure::Denied),
        }
    }

    /// The `perm` fact of `item` for a user with these rights (RFC 3659 §7.5.5): a letter for each command that both
    /// the rights and the storage allow.
    #[must_use]
    pub fn perm(self, item: &Item) -> Permissions {
        let mut letters = [0; PERM.len()];
        let granted = PERM
            .iter()
            .filter(|row| row.concerns.includes(item.entry.kind) && (row.storage)(item.access))
            .filter(|row| row.rights.iter().any(|&right| self.allows(right)));
        let count = granted.zip(&mut letters).map(|(row, letter)| *letter = row.letter).count();
        Permissions::from_letters(&letters[..count])
    }
}

/// When a letter of the `perm` fact is granted.
struct PermRow {
    letter: u8,
    concerns: Concerns,
    /// Any of them.
    rights: &'static [Right],
    storage: fn(Access) -> bool,
}

/// What kind of object a letter is about.
enum Concerns {
    Anything,
    Directories,
    Files,
}

impl Concerns {
    const fn includes(&self, kind: EntryKind) -> bool {
        let directory =
            matches!(kind, EntryKind::Directory | EntryKind::ListedDirectory | EntryKind::ParentDirectory);
        match self {
            Self::Anything => true,
            Self::Directories => directory,
            Self::Files => matches!(kind, EntryKind::File),
        }
    }
}

const fn row(
    letter: u8,
    concerns: Concerns,
    rights: &'static [Right],
    storage: fn(Access) -> bool,
) -> PermRow {
    PermRow { letter, concerns, rights, storage }
}

/// RFC 3659 §7.5.5 as a table.
const PERM: &[PermRow] = &[
    row(b'a', Concerns::Files, &[Right::Append], |access| access.write),
    row(b'c', Concerns::Directories, &[Right::Create], |access| access.write && access.search),
    row(b'd', Concerns::Anything, &[Right::Delete], |access| access.remove),
    row(b'e', Concerns::Directories, &[Right::List], |access| access.search),
    row(b'f', Concerns::Anything, &[Right::Rename], |access| access.remove),
    row(b'l', Concerns::Directories, &[Right::List], |access| access.read),
    row(b'm', Concerns::Directories, &[Right::MakeDirectory], |access| access.write && access.search),
    row(b'p', Concerns::Directories, &[Right::Delete], |access| access.write && access.search),
    row(b'r', Concerns::Files, &[Right::Read], |access| access.read),
    row(b'w', Concerns::Files, &[Right::Overwrite], |access| access.write),
];

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        rights.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Right::ALL.iter().filter(|&&right| self.allows(right))).finish()
    }
}

/// A word that names no right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no right is called {0:?}; there are none, read-only, full, {names}", names = names())]
pub struct UnknownRight(pub String);

fn names() -> String {
    Right::ALL.iter().map(|right| right.name()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Rights {
    type Err = UnknownRight;

    /// `none`, `read-only`, `full`, or names of rights separated by commas.
    fn from_str(text: &str) -> Result<Self, UnknownRight> {
        match text {
            "none" => Ok(Self::NONE),
            "read-only" => Ok(Self::READ_ONLY),
            "full" => Ok(Self::FULL),
            names => names.split(',').map(str::trim).map(named).collect(),
        }
    }
}

fn named(name: &str) -> Result<Right, UnknownRight> {
    let found = Right::ALL.iter().find(|right| right.name() == name);
    found.copied().ok_or_else(|| UnknownRight(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_proto::facts::Entry;

    fn letters(rights: Rights, kind: EntryKind, access: Access) -> String {
        let item = Item { entry: Entry { kind, ..Entry::default() }, access };
        rights.perm(&item).letters().map(char::from).collect()
    }

    #[test]
    fn rfc3659_20_perm_is_what_rights_and_storage_both_allow() {
        use EntryKind::{Directory, File, SymbolicLink};
        let (full, none) = (Access::FULL, Access::NONE);
        let read = Access { write: false, remove: false, ..Access::FULL };
        for (rights, kind, access, expected) in [
            (Rights::FULL, File, full, "adfrw"),
            (Rights::FULL, Directory, full, "cdeflmp"),
            (Rights::FULL, SymbolicLink, full, "df"),
            (Rights::FULL, File, read, "r"),
            (Rights::FULL, Directory, read, "el"),
            (Rights::FULL, File, none, ""),
            (Rights::READ_ONLY, File, full, "r"),
            (Rights::READ_ONLY, Directory, full, "el"),
            (Rights::NONE, File, full, ""),
            (Rights::READ_ONLY.with(Right::Create), File, full, "r"),
            (Rights::READ_ONLY.with(Right::Create), Directory, full, "cel"),
        ] {
            assert_eq!(letters(rights, kind, access), expected, "{rights:?} {kind:?} {access:?}");
        }
    }

    #[test]
    fn rights_are_read_from_their_names() {
        assert_eq!("full".parse(), Ok(Rights::FULL));
        assert_eq!("list, read".parse(), Ok(Rights::READ_ONLY));
        assert_eq!("none".parse(), Ok(Rights::NONE));
        let error = "list,fly".parse::<Rights>().unwrap_err();
        assert!(error.to_string().contains("\"fly\"") && error.to_string().contains("mkdir"), "{error}");
    }

    #[test]
    fn a_user_who_may_change_nothing_is_told_so() {
        assert_eq!(Rights::READ_ONLY.require(Right::Delete), Err(StorageFailure::ReadOnly));
        assert_eq!(Rights::FULL.without(Right::Delete).require(Right::Delete), Err(StorageFailure::Denied));
        assert_eq!(Rights::NONE.require(Right::Read), Err(StorageFailure::Denied));
        assert_eq!(Rights::FULL.require(Right::Delete), Ok(()));
    }
}
