//! STRU and MODE, and what they do to a transfer (RFC 959 §3.4, RFC 1123 §4.1.2.4).
//!
//! | MODE | the file ends with | after it the data connection |
//! |---|---|---|
//! | S | the data connection, or the EOF mark of STRU R | is closed |
//! | B | a mark | is kept; a failed transfer closes it |
//! | Z | the zlib stream | is closed |
//!
//! Listings have the structure file, whatever STRU says: their lines are for people, and end in CRLF.

use super::connection::ServerConnection;
use super::gate::Service;
use super::{TransferRequest, TransferVerb};
use crate::io::{Flow, OnEnd, StreamEncoding, TransferPlan, TransmissionMode};
use crate::params::{Structure, TransferMode};
use crate::reply::{Reply, ReplyCode};
use alloc::format;
use bytes::Bytes;

impl ServerConnection {
    pub(super) fn stru(&mut self, structure: Structure) {
        let text = match structure {
            Structure::File => "Structure is file.",
            Structure::Record if self.config.encodings.records => "Structure is record: each line is one.",
            Structure::Record | Structure::Page => {
                let text = "This structure is not implemented: use STRU F.";
                return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, text);
            }
        };
        self.parameters.transfer.structure = structure;
        self.finish_with(ReplyCode::COMMAND_OKAY, text);
    }

    pub(super) fn mode(&mut self, mode: TransferMode) {
        let text = match mode {
            TransferMode::Stream => "Mode is stream.",
            TransferMode::Block if self.config.encodings.block => "Mode is block.",
            TransferMode::Deflate if self.config.encodings.deflate => "Mode is deflate.",
            TransferMode::Block | TransferMode::Compressed | TransferMode::Deflate => {
                let text = "This mode is not implemented: use MODE S.";
                return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, text);
            }
        };
        self.parameters.transfer.mode = mode;
        self.finish_with(ReplyCode::COMMAND_OKAY, text);
    }

    /// OPTS MODE Z LEVEL (draft-preston-ftpext-deflate-04 §3.1). It is for what we send.
    pub(super) fn choose_level(&mut self, level: Option<u8>) {
        if !self.config.encodings.deflate {
            return self.finish_with(ReplyCode::ARGUMENT_SYNTAX_ERROR, "MODE Z is switched off here.");
        }
        if let Some(level) = level {
            self.parameters.deflate_level = level;
        }
        let level = self.parameters.deflate_level;
        self.finish_with(ReplyCode::COMMAND_OKAY, format!("MODE Z LEVEL is {level}."));
    }

    /// The peer's restart marker, and ours for the same place (RFC 959 §4.2, reply 110: the text is exact). What is no
    /// printable text is not repeated.
    pub(super) fn checkpoint(&mut self, marker: &Bytes, stored: u64) {
        let Service::Transfer(transfer) = &self.gate.service else { return };
        let request = transfer.request();
        let printable = !marker.is_empty() && marker.iter().all(u8::is_ascii_graphic);
        // Where an appended file began is not known here.
        if !printable || request.verb == TransferVerb::Appe || !self.has_room_for_replies() {
            return;
        }
        let ours = request.span.start.saturating_add(stored);
        let text = [b"MARK ", &marker[..], b" = ", format!("{ours}").as_bytes()].concat();
        self.say(&Reply::new(ReplyCode::RESTART_MARKER, text));
    }
}

/// How the octets are to be moved. A listing has its line ends already.
pub(super) fn plan(request: &TransferRequest, level: u8) -> TransferPlan {
    let is_file = !request.verb.is_listing();
    TransferPlan {
        flow: if request.verb.is_upload() { Flow::FromPeer } else { Flow::ToPeer },
        encoding: StreamEncoding {
            ascii: request.params.is_ascii() && is_file,
            records: request.params.structure == Structure::Record && is_file,
            mode: match request.params.mode {
                TransferMode::Block => TransmissionMode::Block,
                TransferMode::Deflate => TransmissionMode::Deflate { level },
                TransferMode::Stream | TransferMode::Compressed => TransmissionMode::Stream,
            },
        },
        limit: request.span.end.map(|end| end.saturating_sub(request.span.start)),
        on_end: if is_kept(request) { OnEnd::Keep } else { OnEnd::Close },
    }
}

/// Whether the data connection is kept after a transfer that goes well.
pub(super) fn is_kept(request: &TransferRequest) -> bool {
    request.params.mode == TransferMode::Block
}
