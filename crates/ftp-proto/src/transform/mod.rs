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
//! assert!(transform.finish(&mut buffer));
//! wire.extend_from_slice(&buffer);
//! assert_eq!(wire, b"one\r\ntwo\r\n");
//! ```

pub mod ascii;
pub mod block;
pub mod record;
mod scan;

use bytes::{Bytes, BytesMut};

/// With this much spare capacity in the output buffer, in octets, [`Transform::push`] takes at least one octet, and
/// [`Transform::finish`] gets on.
pub const MIN_ROOM: usize = 16;

/// Octets in, octets out, in chunks of any size.
pub trait Transform {
    /// Takes a prefix of `input`, appends what becomes of it to `out`, and returns the prefix's length.
    ///
    /// `out` is filled within its capacity and does not grow, so what is not taken is to be pushed again once there
    /// is room. Nothing is taken after the end mark and what is no framing, see [`state`](Self::state), nor behind a
    /// marker that waits for [`take_marker`](Self::take_marker).
    #[must_use = "the octets that were not taken must be pushed again"]
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize;

    /// The input has ended: appends what was held back, and the end mark if there is one, as far as there is room.
    /// Returns whether that was all: then it has begun anew, else it is to be called again once there is room.
    #[must_use = "there may be more to come"]
    fn finish(&mut self, out: &mut BytesMut) -> bool;

    /// The restart marker before which [`push`](Self::push) has stopped, if it has (RFC 959 §3.4.2). All data that was
    /// sent before it is in the output.
    fn take_marker(&mut self) -> Option<Bytes> {
        None
    }

    /// Appends a restart marker behind all that was pushed, if the framing has markers and there is room for it: the
    /// reverse of [`take_marker`](Self::take_marker). Returns whether it did.
    fn put_marker(&mut self, marker: &[u8], out: &mut BytesMut) -> bool {
        let _ = (marker, out);
        false
    }

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
    /// The end mark has not been read: the end of the data connection now is not the end of the file.
    Unended,
    /// The end mark has been read: octets after it belong to the next transfer.
    Ended,
    /// The peer sent what is no framing.
    Malformed,
}

/// How many octets can still be appended without growing.
fn room(out: &BytesMut) -> usize {
    out.capacity() - out.len()
}
