//! The transform between storage and wire that a plan asks for.

use core::fmt;
use ftp_proto::io::{Flow, StreamEncoding, TransmissionMode};
use ftp_proto::transform::{Transform, ascii};

/// What is done to the octets on their way.
pub(super) enum Coder {
    /// Nothing.
    Unchanged,
    /// This.
    Changed(Box<dyn Transform + Send>),
}

impl Coder {
    /// `None` for an encoding that is not there.
    pub(super) fn new(encoding: StreamEncoding, flow: Flow) -> Option<Self> {
        if encoding.records || encoding.mode != TransmissionMode::Stream {
            return None;
        }
        Some(match (encoding.ascii, flow) {
            (false, _) => Self::Unchanged,
            (true, Flow::ToPeer) => Self::Changed(Box::new(ascii::ToNetwork::new())),
            (true, Flow::FromPeer) => Self::Changed(Box::new(ascii::FromNetwork::new())),
        })
    }

    pub(super) const fn is_unchanged(&self) -> bool {
        matches!(self, Self::Unchanged)
    }
}

impl fmt::Debug for Coder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_unchanged() { "Unchanged" } else { "Changed" })
    }
}
