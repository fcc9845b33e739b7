//! Facts about files: MLSx entries, `ls`-style lines, time values (RFC 3659 §2.3 and §7).

mod digits;
mod entry;
pub mod list;
pub mod mlst;
mod timeval;

pub use entry::{Entry, EntryKind, Fact, FactSet, Permissions};
pub use timeval::{CivilTime, TimeVal};
