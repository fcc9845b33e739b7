//! Facts about files: MLSx entries, `ls`-style lines, time values (RFC 3659 §2.3 and §7).

mod digits;
mod entry;
pub mod glob;
pub mod list;
pub mod mlst;
mod timeval;

pub use entry::{Entry, EntryKind, Fact, FactSet, Permissions};
pub use timeval::{CivilTime, TimeVal};

/// Whether `name` can be in a listing: it cannot end its line, and a client can ask for it.
fn is_writable(name: &[u8]) -> bool {
    !name.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
}
