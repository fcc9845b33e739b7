//! What is set for later commands: TYPE, REST, ALLO, OPTS, LANG. STRU and MODE are in `encoding`.

use super::connection::ServerConnection;
use super::{HashAlgorithm, OctetSpan, ServerConfig};
use crate::command::{OptsCommand, PathName};
use crate::facts::{Fact, FactSet, mlst};
use crate::params::{DataType, FormControl, TransferParams};
use crate::reply::ReplyCode;
use alloc::format;
use alloc::string::String;
use bytes::{Bytes, BytesMut};

/// Set by a command, used by later ones; REIN and AUTH set all of it back.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) transfer: TransferParams,
    /// What REST or RANG has set; the next transfer takes it, whether it succeeds or not. HASH takes RANG's.
    pub(super) span: OctetSpan,
    /// ALLO's octets, for the next transfer.
    pub(super) allocate: Option<u64>,
    /// RNFR's path; only the very next command may be RNTO.
    pub(super) rename_from: Option<PathName>,
    /// The facts that MLST and MLSD show (RFC 3659 §7.9).
    pub(super) facts: FactSet,
    /// How hard MODE Z tries, 1 to 9.
    pub(super) deflate_level: u8,
    /// The algorithm that HASH uses; `None` when HASH is switched off.
    pub(super) hash: Option<HashAlgorithm>,
}

/// The facts that are shown when nothing was chosen: those that RFC 3659 §7.5.10 asks for, and the permission bits.
pub(super) const DEFAULT_FACTS: [Fact; 6] =
    [Fact::Type, Fact::Size, Fact::Modify, Fact::Perm, Fact::Unique, Fact::UnixMode];

/// What zlib takes for the best of size and time.
const DEFAULT_LEVEL: u8 = 6;

impl Parameters {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            transfer: TransferParams::default(),
            span: OctetSpan::default(),
            allocate: None,
            rename_from: None,
            facts: DEFAULT_FACTS.into_iter().collect(),
            deflate_level: DEFAULT_LEVEL,
            hash: config.hash.first().copied(),
        }
    }
}

impl ServerConnection {
    /// TYPE: ASCII non-print (and Telnet, which is the same here; RFC 1123 §4.1.2.2), image, and logical bytes of 8 bits.
    pub(super) fn type_command(&mut self, data_type: DataType) {
        let text = match data_type {
            DataType::Ascii(FormControl::NonPrint | FormControl::Telnet) => "Type is ASCII.",
            DataType::Image | DataType::Local(8) => "Type is image.",
            DataType::Ascii(FormControl::CarriageControl) | DataType::Ebcdic(_) | DataType::Local(_) => {
                return self.finish_with(
                    ReplyCode::PARAMETER_NOT_IMPLEMENTED,
                    "Only TYPE A, TYPE I and TYPE L 8 are implemented.",
                );
            }
        };
        self.parameters.transfer.data_type = data_type;
        self.finish_with(ReplyCode::COMMAND_OKAY, text);
    }

    pub(super) fn rest(&mut self, offset: u64) {
        self.parameters.span = OctetSpan { start: offset, end: None };
        self.finish_with(
            ReplyCode::FILE_ACTION_PENDING,
            format!("Restarting at {offset}; send the transfer command."),
        );
    }

    /// RANG: the octets from `first` to `last`; `1 0` means all (draft-bryan-ftp-range-08 §3). It replaces REST.
    pub(super) fn rang(&mut self, first: u64, last: u64) {
        let (span, text) = if first > last {
            (OctetSpan::default(), String::from("The range is the whole file."))
        } else {
            let span = OctetSpan { start: first, end: Some(last.saturating_add(1)) };
            (span, format!("Restarting at {first}, ending at {last}; send the transfer command."))
        };
        self.parameters.span = span;
        self.finish_with(ReplyCode::FILE_ACTION_PENDING, text);
    }

    pub(super) fn allo(&mut self, octets: u64) {
        self.parameters.allocate = Some(octets);
        self.finish_with(ReplyCode::COMMAND_OKAY, "Noted for the next upload.");
    }

    pub(super) fn opts(&mut self, options: OptsCommand) {
        match options {
            OptsCommand::Mlst(names) => {
                let known = names.iter().filter_map(|name| Fact::from_name(name.as_ref()));
                self.parameters.facts = known.collect();
                let mut text = BytesMut::new();
                mlst::write_opts(self.parameters.facts, &mut text);
                self.finish_with(ReplyCode::COMMAND_OKAY, text);
            }
            OptsCommand::Utf8 { on: true } => self.finish_with(ReplyCode::COMMAND_OKAY, "Names are UTF-8."),
            OptsCommand::Utf8 { on: false } => {
                self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "Names are always UTF-8.");
            }
            OptsCommand::ModeZ { level } => self.choose_level(level),
            OptsCommand::Hash(None) => match self.parameters.hash {
                Some(algorithm) => self.finish_with(ReplyCode::COMMAND_OKAY, algorithm.name()),
                None => self.hash_is_off(),
            },
            OptsCommand::Hash(Some(name)) => self.choose_hash(name.as_ref()),
        }
    }

    fn choose_hash(&mut self, name: &[u8]) {
        match HashAlgorithm::from_name(name).filter(|algorithm| self.config.hash.contains(algorithm)) {
            Some(algorithm) => {
                self.parameters.hash = Some(algorithm);
                self.finish_with(ReplyCode::COMMAND_OKAY, algorithm.name());
            }
            None if self.config.hash.is_empty() => self.hash_is_off(),
            None => {
                self.finish_with(ReplyCode::ARGUMENT_SYNTAX_ERROR, "This algorithm is not offered; see FEAT.")
            }
        }
    }

    pub(super) fn hash_is_off(&mut self) {
        self.finish_with(ReplyCode::NOT_IMPLEMENTED, "HASH is switched off here.");
    }

    /// LANG: texts are English only (RFC 2640 §4.1). A tag of English is granted, and so is no tag: the default.
    pub(super) fn lang(&mut self, tag: Option<&[u8]>) {
        let primary = tag.map(|tag| tag.split(|&octet| octet == b'-').next().unwrap_or(tag));
        match primary {
            None => self.finish_with(ReplyCode::COMMAND_OKAY, "Texts are in English."),
            Some(tag) if tag.eq_ignore_ascii_case(b"en") => {
                self.finish_with(ReplyCode::COMMAND_OKAY, "Texts are in English.");
            }
            Some(_) => self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "Texts are in English only."),
        }
    }

    /// Takes what REST, RANG and ALLO set for this transfer.
    pub(super) fn take_restart(&mut self) -> (OctetSpan, Option<u64>) {
        (core::mem::take(&mut self.parameters.span), self.parameters.allocate.take())
    }
}

/// The line of FEAT for HASH: the algorithm in force has an asterisk.
pub(super) fn hash_feature(config: &ServerConfig, chosen: Option<HashAlgorithm>) -> Option<Bytes> {
    let mut line = String::from("HASH ");
    for (index, algorithm) in config.hash.iter().enumerate() {
        line.push_str(if index == 0 { "" } else { ";" });
        line.push_str(algorithm.name());
        line.push_str(if Some(*algorithm) == chosen { "*" } else { "" });
    }
    (!config.hash.is_empty()).then(|| Bytes::from(line))
}
