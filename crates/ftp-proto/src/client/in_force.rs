//! What is in force at the server, as far as we know: TYPE, STRU, MODE, a restart marker, EPSV ALL.

use super::transfer::Request;
use crate::command::{Command, EpsvArgument};
use crate::io::TransmissionMode;
use crate::params::{DataType, FormControl, Structure, TransferMode};

/// What is in force. `None`: not known, so it is said before it matters.
#[derive(Debug)]
pub(super) struct InForce {
    /// Not known at first: RFC 959 §5.1 says ASCII, some servers begin with image.
    data_type: Option<DataType>,
    structure: Option<Structure>,
    mode: Option<TransferMode>,
    /// A REST was accepted and no transfer has used it up: some servers keep it for the transfer after the next.
    restart_left: bool,
    epsv_worked: bool,
    epsv_all_tried: bool,
    epsv_all: bool,
}

impl Default for InForce {
    fn default() -> Self {
        Self {
            data_type: None,
            structure: Some(Structure::File),
            mode: Some(TransferMode::Stream),
            restart_left: false,
            epsv_worked: false,
            epsv_all_tried: false,
            epsv_all: false,
        }
    }
}

impl InForce {
    /// The next command to send before a data connection is asked for; `None` when everything is as it should be.
    pub(super) fn preparation(&mut self, request: &Request, want_epsv_all: bool) -> Option<Command> {
        let (data_type, structure, mode) = parameters(request);
        if self.data_type != Some(data_type) {
            Some(Command::Type(data_type))
        } else if self.structure != Some(structure) {
            Some(Command::Stru(structure))
        } else if self.mode != Some(mode) {
            Some(Command::Mode(mode))
        } else if self.restart_left && request.span.start == 0 {
            self.restart_left = false;
            Some(Command::Rest(0))
        } else if want_epsv_all && self.epsv_worked && !self.epsv_all_tried {
            self.epsv_all_tried = true;
            Some(Command::Epsv(EpsvArgument::All))
        } else {
            None
        }
    }

    /// What has to be said before a command that is not about a transfer: SIZE counts the octets of the type that is in
    /// force (RFC 3659 §4), and ours is asked for to be compared with octets that are moved unchanged.
    pub(super) fn before(&self, command: &Command) -> Option<Command> {
        let wanted = matches!(command, Command::Size(_)) && self.data_type != Some(DataType::Image);
        wanted.then_some(Command::Type(DataType::Image))
    }

    /// A command is sent: until its reply, what it sets is not known.
    pub(super) const fn sent(&mut self, command: &Command) {
        match command {
            Command::Type(_) => self.data_type = None,
            Command::Stru(_) => self.structure = None,
            Command::Mode(_) => self.mode = None,
            Command::Rest(marker) => self.restart_left = *marker > 0,
            _ => {}
        }
    }

    /// A command was accepted.
    pub(super) const fn accepted(&mut self, command: &Command) {
        match command {
            Command::Type(data_type) => self.data_type = Some(*data_type),
            Command::Stru(structure) => self.structure = Some(*structure),
            Command::Mode(mode) => self.mode = Some(*mode),
            Command::Epsv(EpsvArgument::All) => self.epsv_all = true,
            _ => {}
        }
    }

    /// A line was sent that was not understood: it may have changed anything.
    pub(super) const fn forget_parameters(&mut self) {
        self.data_type = None;
        self.structure = None;
        self.mode = None;
    }

    /// The transfer has begun: the restart marker is used up (RFC 959 §4.1.3).
    pub(super) const fn transfer_begun(&mut self) {
        self.restart_left = false;
    }

    /// A data connection was made by EPSV.
    pub(super) const fn epsv_worked(&mut self) {
        self.epsv_worked = true;
    }

    /// Only EPSV is left (RFC 2428 §4).
    pub(super) const fn epsv_all(&self) -> bool {
        self.epsv_all
    }
}

fn parameters(request: &Request) -> (DataType, Structure, TransferMode) {
    let encoding = request.encoding;
    let data_type = if encoding.ascii { DataType::Ascii(FormControl::NonPrint) } else { DataType::Image };
    let structure = if encoding.records { Structure::Record } else { Structure::File };
    let mode = match encoding.mode {
        TransmissionMode::Stream => TransferMode::Stream,
        TransmissionMode::Block => TransferMode::Block,
        TransmissionMode::Deflate { .. } => TransferMode::Deflate,
    };
    (data_type, structure, mode)
}
