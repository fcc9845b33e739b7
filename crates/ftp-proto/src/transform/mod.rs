//! What is done to the octets of a transfer on their way, without I/O: push octets in, take octets out.
//!
//! A transform is fed chunk after chunk, however the octets happen to be cut: what it makes does not depend on where.
//! It never makes its output buffer grow, so whoever drives it decides how much memory a transfer may use:
//!
//! ```
//! use bytes::BytesMut;
//! use ftp_proto::transform::{MIN_ROOM, Transform, ascii::ToNetwork};
//!
//! let mut transform = ToNetwork::new();
//! let mut wire = Vec::new();
//! let mut buffer = BytesMut::with_capacity(MIN_ROOM);
//! for chunk in [&b"one\ntw"[..], b"o\n"] {
//!     let mut rest = chunk;
//!     while !rest.is_empty() {
//!         let taken = transform.push(rest, &mut buffer);
//!         rest = &rest[taken..];
//!         wire.extend_from_slice(&buffer); // Write it to the data connection.
//!         buffer.clear();
//!     }
//! }
//! transform.finish(&mut buffer);
//! wire.extend_from_slice(&buffer);
//! assert_eq!(wire, b"one\r\ntwo\r\n");
//! ```

pub mod ascii;
mod scan;

use bytes::BytesMut;

/// With this much spare capacity in the output buffer, in octets, [`Transform::push`] takes at least one octet, and
/// [`Transform::finish`] has room for all that is left.
pub const MIN_ROOM: usize = 16;

/// Octets in, octets out, in chunks of any size.
pub trait Transform {
    /// Takes a prefix of `input`, appends what becomes of it to `out`, and returns the prefix's length.
    ///
    /// `out` is filled within its capacity and does not grow, so what is not taken is to be pushed again once there
    /// is room. After [`state`](Self::state) is no longer [`State::Open`], nothing is taken.
    #[must_use = "the octets that were not taken must be pushed again"]
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize;

    /// The input has ended: appends what was held back, at most [`MIN_ROOM`] octets, and begins anew.
    fn finish(&mut self, out: &mut BytesMut);

    /// How the data stands. A transform that only converts is always open; one that removes framing can meet the end
    /// mark, or something that is no framing.
    fn state(&self) -> State {
        State::Open
    }
}

/// How the data stands in a [`Transform`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// More can come, and the end of the data connection is the end of the file.
    Open,
    /// The end mark has been read: octets after it belong to the next transfer.
    Ended,
    /// The peer sent what is no framing.
    Malformed,
}

/// How many octets can still be appended without growing.
fn room(out: &BytesMut) -> usize {
    out.capacity() - out.len()
}
