//! What the server says about itself: FEAT (RFC 2389 §3), HELP, STAT, SITE HELP.

use super::TlsPolicy;
use super::connection::ServerConnection;
use super::gate::Service;
use super::names::digest_verb;
use super::parameters::hash_feature;
use crate::command::{ArgumentKind, CommandSpec, SPECS};
use crate::data::link::LinkState;
use crate::facts::{Fact, FactSet, mlst};
use crate::params::{DataType, Structure, TransferMode};
use crate::reply::{Reply, ReplyCode};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

/// The facts that MLST can show here.
const OFFERED_FACTS: [Fact; 8] = [
    Fact::Type,
    Fact::Size,
    Fact::Modify,
    Fact::Perm,
    Fact::Unique,
    Fact::UnixMode,
    Fact::UnixOwner,
    Fact::UnixGroup,
];

/// HELP shows that many verbs a line.
const VERBS_A_LINE: usize = 12;

impl ServerConnection {
    pub(super) fn feat(&mut self) {
        let mut features: Vec<Bytes> = SPECS
            .iter()
            .filter_map(|spec| spec.feat)
            .map(|line| Bytes::from_static(line.as_bytes()))
            .collect();
        features.extend(hash_feature(&self.config, self.parameters.hash));
        features.extend(self.config.hash.iter().map(|&algorithm| digest_verb(algorithm).name().into()));
        features.extend([
            Bytes::from_static(b"LANG EN*"),
            Bytes::from_static(b"MFF modify;UNIX.mode;"),
            self.mlst_feature(),
            Bytes::from_static(b"TVFS"),
            Bytes::from_static(b"UTF8"),
        ]);
        if self.config.encodings.deflate {
            features.push(Bytes::from_static(b"MODE Z"));
        }
        if self.config.tls != TlsPolicy::Off {
            features.extend([&b"AUTH TLS"[..], b"PBSZ", b"PROT"].map(Bytes::from_static));
        }
        features.sort_unstable();
        self.finish(&Reply::multi(ReplyCode::SYSTEM_STATUS, "Features:", features, "End"));
    }

    fn mlst_feature(&self) -> Bytes {
        let mut line = BytesMut::new();
        mlst::write_feat(FactSet::from_iter(OFFERED_FACTS), self.parameters.facts, &mut line);
        line.freeze()
    }

    pub(super) fn help(&mut self, topic: Option<&[u8]>) {
        let reply = match topic.map(CommandSpec::find) {
            None => {
                let names: Vec<&str> = SPECS.iter().map(|spec| spec.name).collect();
                let lines = names.chunks(VERBS_A_LINE).map(|chunk| Bytes::from(chunk.join(" ")));
                Reply::multi(
                    ReplyCode::HELP_MESSAGE,
                    "These commands are known:",
                    lines,
                    "HELP and a command says more.",
                )
            }
            Some(Some(spec)) => {
                let argument = argument_help(spec.argument);
                Reply::new(ReplyCode::HELP_MESSAGE, format!("Syntax: {}{argument} ({})", spec.name, spec.rfc))
            }
            Some(None) => Reply::new(ReplyCode::NOT_IMPLEMENTED, "No such command; see HELP."),
        };
        self.finish(&reply);
    }

    pub(super) fn site_help(&mut self) {
        let lines = [
            "CHMOD mode path",
            "HELP",
            "IDLE [seconds]",
            "MKDIR path",
            "RMDIR path",
            "SAW",
            "SYMLINK target link",
            "UTIME time path",
        ];
        let lines = lines.into_iter().map(|line| Bytes::from_static(line.as_bytes()));
        self.finish(&Reply::multi(ReplyCode::HELP_MESSAGE, "These SITE commands are known:", lines, "End."));
    }

    /// STAT without a path: the session, and the transfer in service.
    pub(super) fn status(&self) -> Reply {
        let mut lines = Vec::new();
        lines.push(format!("Connected from {}", self.endpoints.peer));
        lines.push(match self.access.user() {
            Some(user) => format!("Logged in as {}", String::from_utf8_lossy(user)),
            None => String::from("Not logged in"),
        });
        let data_type = match self.parameters.transfer.data_type {
            DataType::Ascii(_) | DataType::Ebcdic(_) => "ASCII",
            DataType::Image | DataType::Local(_) => "image",
        };
        let transfer = self.parameters.transfer;
        let structure = if transfer.structure == Structure::Record { "record" } else { "file" };
        let mode = match transfer.mode {
            TransferMode::Block => "block",
            TransferMode::Deflate => "deflate",
            TransferMode::Stream | TransferMode::Compressed => "stream",
        };
        lines.push(format!("TYPE: {data_type}; STRU: {structure}; MODE: {mode}"));
        lines.push(match (&self.gate.service, self.data.link.state(), self.data.address) {
            (Service::Transfer(transfer), _, _) => transfer.describe(),
            (_, LinkState::Unset, _) | (_, _, None) => String::from("No data connection"),
            (_, _, Some(address)) => format!("Data connection by {}: {address}", self.data.link.mode()),
        });
        Reply::multi(
            ReplyCode::SYSTEM_STATUS,
            "Status:",
            lines.into_iter().map(Bytes::from),
            "End of status.",
        )
    }
}

const fn argument_help(kind: ArgumentKind) -> &'static str {
    match kind {
        ArgumentKind::None => "",
        ArgumentKind::Path => " path",
        ArgumentKind::OptionalPath => " [path]",
        ArgumentKind::Listing => " [-aRd] [path]",
        ArgumentKind::HostPort => " h1,h2,h3,h4,p1,p2",
        ArgumentKind::Extended => " |protocol|address|port|",
        ArgumentKind::Number => " number",
        ArgumentKind::Range => " first last",
        ArgumentKind::Digest => " path, or \"path\" start end",
        ArgumentKind::Text | ArgumentKind::Secret => " text",
        ArgumentKind::OptionalText => " [text]",
    }
}
