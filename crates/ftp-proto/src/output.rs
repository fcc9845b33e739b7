//! Control octets that wait to be written.

use crate::wire::Encode;
use bytes::{Buf as _, BytesMut};

/// A queue of octets that gives its memory back when it is empty, so that an idle session holds none.
#[derive(Debug, Default)]
pub(crate) struct Output {
    octets: BytesMut,
}

impl Output {
    pub(crate) fn push(&mut self, message: &impl Encode) {
        message.encode(&mut self.octets);
    }

    pub(crate) fn push_octets(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn written(&mut self, octets: usize) {
        debug_assert!(octets <= self.octets.len(), "more was written than was pending");
        self.octets.advance(octets.min(self.octets.len()));
        if self.octets.is_empty() {
            self.octets = BytesMut::new();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    /// Forgets what is pending: the peer cannot have it any more.
    pub(crate) fn clear(&mut self) {
        self.octets = BytesMut::new();
    }
}
