//! One entry of a directory, whatever the format that it was or will be written in.

use super::TimeVal;
use bytes::Bytes;
use core::ops::BitAnd;

/// A fact of an MLSx entry (RFC 3659 §7.5) that this crate knows, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fact {
    /// `type`.
    Type,
    /// `size`: octets.
    Size,
    /// `modify`: last modification.
    Modify,
    /// `create`: creation.
    Create,
    /// `perm`: what this user may do with it.
    Perm,
    /// `unique`: equal if and only if it is the same object.
    Unique,
    /// `UNIX.mode`: permission bits, octal.
    UnixMode,
    /// `UNIX.owner`: the owner, a number or a name.
    UnixOwner,
    /// `UNIX.group`: the group, a number or a name.
    UnixGroup,
}

impl Fact {
    /// Every fact, in the order in which they are written.
    pub const ALL: [Self; 9] = [
        Self::Type,
        Self::Size,
        Self::Modify,
        Self::Create,
        Self::Perm,
        Self::Unique,
        Self::UnixMode,
        Self::UnixOwner,
        Self::UnixGroup,
    ];

    /// The name on the wire; compared without regard to case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Size => "size",
            Self::Modify => "modify",
            Self::Create => "create",
            Self::Perm => "perm",
            Self::Unique => "unique",
            Self::UnixMode => "UNIX.mode",
            Self::UnixOwner => "UNIX.owner",
            Self::UnixGroup => "UNIX.group",
        }
    }

    /// The fact with this name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| name.eq_ignore_ascii_case(fact.name().as_bytes()))
    }
}

/// A set of facts, as OPTS MLST selects them (RFC 3659 §7.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactSet(u16);

impl FactSet {
    /// No fact.
    pub const EMPTY: Self = Self(0);
    /// Every fact that this crate knows.
    pub const ALL: Self = Self((1 << Fact::ALL.len()) - 1);

    /// Whether `fact` is in the set.
    #[must_use]
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }

    /// The set with `fact`.
    #[must_use]
    pub const fn with(self, fact: Fact) -> Self {
        Self(self.0 | (1 << fact as u16))
    }

    /// The facts with these names; unknown names are left out, which is no error (RFC 3659 §7.9).
    #[must_use]
    pub fn from_names<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>) -> Self {
        names.into_iter().filter_map(|name| Fact::from_name(name.as_ref())).collect()
    }

    /// The facts, in the order in which they are written.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.into_iter().filter(move |&fact| self.contains(fact))
    }
}

impl FromIterator<Fact> for FactSet {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        facts.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl BitAnd for FactSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What an entry is (RFC 3659 §7.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EntryKind {
    /// `file`.
    #[default]
    File,
    /// `dir`.
    Directory,
    /// `cdir`: the listed directory itself.
    ListedDirectory,
    /// `pdir`: a parent of the listed directory.
    ParentDirectory,
    /// `OS.unix=slink:…`: a symbolic link.
    SymbolicLink,
    /// Anything else: a device, a socket, a type that is not known.
    Other,
}

impl EntryKind {
    /// Whether it is a directory, whichever.
    #[must_use]
    pub const fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::ListedDirectory | Self::ParentDirectory)
    }
}

/// The `perm` fact: what this user may do (RFC 3659 §7.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Permissions(u16);

impl Permissions {
    /// The letters, in the order of the RFC.
    pub const LETTERS: [u8; 10] = *b"acdeflmprw";

    /// The permissions that `letters` name; unknown letters are ignored.
    #[must_use]
    pub fn from_letters(letters: &[u8]) -> Self {
        let position =
            |letter: &u8| Self::LETTERS.iter().position(|known| known == &letter.to_ascii_lowercase());
        Self(letters.iter().filter_map(position).fold(0, |bits, at| bits | 1 << at))
    }

    /// Whether the permission named by `letter` is granted.
    #[must_use]
    pub fn allows(self, letter: u8) -> bool {
        Self::LETTERS.iter().position(|&known| known == letter).is_some_and(|at| self.0 & (1 << at) != 0)
    }

    /// The letters of what is granted.
    pub fn letters(self) -> impl Iterator<Item = u8> {
        Self::LETTERS.into_iter().filter(move |&letter| self.allows(letter))
    }
}

/// One entry of a directory. What is not known is `None`, never a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// The name, one component, as octets. MLST and the `cdir` and `pdir` entries of MLSD have pathnames here.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets"))]
    pub name: Bytes,
    /// What it is.
    pub kind: EntryKind,
    /// Size in octets.
    pub size: Option<u64>,
    /// Last modification.
    pub modify: Option<TimeVal>,
    /// Creation.
    pub create: Option<TimeVal>,
    /// What this user may do with it.
    pub permissions: Option<Permissions>,
    /// Equal if and only if it is the same object.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub unique: Option<Bytes>,
    /// Permission bits, 0 to 0o7777.
    pub unix_mode: Option<u16>,
    /// The owner: a name, or a number in digits.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub owner: Option<Bytes>,
    /// The group: a name, or a number in digits.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub group: Option<Bytes>,
    /// Number of hard links.
    pub links: Option<u64>,
    /// Where a symbolic link points.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub target: Option<Bytes>,
}
