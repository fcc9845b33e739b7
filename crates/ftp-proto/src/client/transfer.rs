//! A transfer: the commands before it, the transfer command, and the replies to them. How its data connection is had is
//! in `data`, how it ends in `verdict`.
//!
//! | stage | waits for |
//! |---|---|
//! | `Preparing` | the reply to TYPE, STRU, MODE, REST 0 or EPSV ALL |
//! | `Listening` | our own listener (active) |
//! | `Announcing` | the reply to PORT or EPRT |
//! | `Selecting` | the reply to PASV or EPSV |
//! | `Connecting` | the data connection, before the transfer command (passive) |
//! | `Restarting` | the reply to REST |
//! | `Commanded` | 1yz |
//! | `Running` | the final reply and the end of data, in either order |
//! | `Draining` | the replies that are due after ABOR |
//! | `Stopping` | our own data transfer process, which was told to stop |

use super::control::{Control, Fate};
use super::drain::Drain;
use super::{ClientEvent, DataPlan, OpId, OperationError};
use crate::command::{Command, EpsvArgument, ListArgument, PathName};
use crate::data::{TransferFailure, TransferId, TransferTotals};
use crate::io::{StreamEncoding, Timer};
use crate::reply::{Reply, ReplyClass, ReplyCode};
use crate::server::{OctetSpan, TransferVerb};
use core::net::SocketAddr;

/// What is to be transferred.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: TransferVerb,
    pub(super) path: Option<PathName>,
    pub(super) span: OctetSpan,
    pub(super) encoding: StreamEncoding,
    pub(super) size: Option<u64>,
}

/// What is waited for; see the module's table.
#[derive(Debug)]
pub(super) enum Stage {
    Preparing(Command),
    Listening,
    Announcing,
    Selecting,
    Connecting,
    Restarting,
    Commanded,
    Running,
    Draining(Drain),
    Stopping,
}

/// A transfer in service.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) op: OpId,
    pub(super) request: Request,
    pub(super) plan: DataPlan,
    /// The resource that the caller holds; `None` when the octets do not pass here.
    pub(super) id: Option<TransferId>,
    pub(super) stage: Stage,
    /// In 227 or 229, or by us in PORT or EPRT.
    pub(super) announced: Option<SocketAddr>,
    pub(super) target: Option<SocketAddr>,
    /// Another host connected to our listener.
    pub(super) stranger: bool,
    /// The data connection came with TLS.
    pub(super) link_secured: bool,
    /// `StartTransfer` was said.
    pub(super) started: bool,
    /// Octets moved so far.
    pub(super) octets: u64,
    pub(super) ended: Option<(TransferTotals, Result<(), TransferFailure>)>,
    pub(super) final_reply: Option<Reply>,
    /// We have all that was asked for; the server is told to stop.
    pub(super) cut: bool,
    /// Decided before everything has come to rest.
    pub(super) verdict: Option<Result<Reply, OperationError>>,
}

impl Transfer {
    pub(super) const fn new(op: OpId, request: Request, plan: DataPlan) -> Self {
        Self {
            op,
            request,
            plan,
            id: None,
            stage: Stage::Stopping,
            announced: None,
            target: None,
            stranger: false,
            link_secured: false,
            started: false,
            octets: 0,
            ended: None,
            final_reply: None,
            cut: false,
            verdict: None,
        }
    }

    pub(super) fn begin(&mut self, control: &mut Control) -> Fate {
        if matches!(self.plan, DataPlan::Own(_)) {
            let id = control.new_transfer();
            self.id = Some(id);
            control.tell(ClientEvent::TransferStarting { op: self.op, id });
        }
        self.prepare(control)
    }

    pub(super) const fn is_draining(&self) -> bool {
        matches!(self.stage, Stage::Draining(_))
    }

    /// Whether the data connection is our own.
    pub(super) const fn is_own(&self) -> bool {
        matches!(self.plan, DataPlan::Own(_))
    }

    /// 1yz.
    pub(super) fn preliminary(&mut self, control: &mut Control) -> Fate {
        match self.stage {
            Stage::Commanded => self.begun(control),
            Stage::Preparing(_)
            | Stage::Listening
            | Stage::Announcing
            | Stage::Selecting
            | Stage::Connecting
            | Stage::Restarting
            | Stage::Running
            | Stage::Draining(_)
            | Stage::Stopping => Fate::GoesOn,
        }
    }

    /// The final reply to the command that was sent last.
    pub(super) fn reply(&mut self, control: &mut Control, reply: Reply) -> Fate {
        if self.verdict.is_some() {
            // Decided while a command was in service: its reply was all that was missing.
            return self.stop(control);
        }
        match &self.stage {
            Stage::Preparing(command) => {
                let command = command.clone();
                self.prepared(control, &command, reply)
            }
            Stage::Selecting => self.selected(control, reply),
            Stage::Announcing => self.announcement_answered(control, reply),
            Stage::Restarting => self.restart_answered(control, reply),
            Stage::Commanded | Stage::Running => self.final_came(control, reply),
            Stage::Listening | Stage::Connecting | Stage::Draining(_) | Stage::Stopping => Fate::GoesOn,
        }
    }

    /// Sends the next command that has to come before the data connection, or goes on to that.
    fn prepare(&mut self, control: &mut Control) -> Fate {
        let epsv_all = control.config.epsv_all && self.is_own();
        match control.in_force.preparation(&self.request, epsv_all) {
            Some(command) => {
                control.send(&command);
                self.stage = Stage::Preparing(command);
                Fate::GoesOn
            }
            None => self.select(control),
        }
    }

    fn prepared(&mut self, control: &mut Control, command: &Command, reply: Reply) -> Fate {
        let optional = matches!(command, Command::Rest(_) | Command::Epsv(EpsvArgument::All));
        if reply.code.is_completion() {
            control.in_force.accepted(command);
            self.prepare(control)
        } else if optional {
            self.prepare(control)
        } else {
            self.conclude(control, Err(refusal(reply)))
        }
    }

    /// REST, when the transfer does not begin at the beginning; else the transfer command itself. Nothing may come
    /// between the two (RFC 3659 §5.3).
    pub(super) fn command(&mut self, control: &mut Control) -> Fate {
        match self.request.span.start {
            0 => self.transfer_command(control),
            start => {
                control.send(&Command::Rest(start));
                self.stage = Stage::Restarting;
                Fate::GoesOn
            }
        }
    }

    fn restart_answered(&mut self, control: &mut Control, reply: Reply) -> Fate {
        match reply.code.class() {
            ReplyClass::Intermediate | ReplyClass::Completion => self.transfer_command(control),
            ReplyClass::TransientNegative
            | ReplyClass::PermanentNegative
            | ReplyClass::Preliminary
            | ReplyClass::Protected => self.conclude(control, Err(refusal(reply))),
        }
    }

    fn transfer_command(&mut self, control: &mut Control) -> Fate {
        let Some(command) = transfer_command(self.request.verb, self.request.path.clone()) else {
            return self.conclude(control, Err(OperationError::Protocol("this command needs a pathname")));
        };
        self.stage = Stage::Commanded;
        control.send(&command);
        self.await_peer(control);
        Fate::GoesOn
    }

    /// The server has begun.
    fn begun(&mut self, control: &mut Control) -> Fate {
        self.stage = Stage::Running;
        control.in_force.transfer_begun();
        control.timers.clear(Timer::ReplyWait);
        control.set_timer(Timer::KeepAlive, control.config.timeouts.keep_alive);
        self.go(control)
    }

    /// The transfer's final reply. 2yz without 1yz is a download so short that the server saw no use in it.
    fn final_came(&mut self, control: &mut Control, reply: Reply) -> Fate {
        let done = reply.code.is_completion();
        if !done || self.ended.is_some() || !self.is_own() {
            control.timers.clear(Timer::KeepAlive);
        }
        let unbegun = matches!(self.stage, Stage::Commanded);
        if !done {
            self.final_reply = Some(reply);
            return self.stop(control);
        }
        if unbegun && self.is_own() && self.request.verb.is_upload() {
            let text = "an upload was confirmed before it began";
            return self.conclude(control, Err(OperationError::Protocol(text)));
        }
        self.final_reply = Some(reply);
        control.in_force.transfer_begun();
        if unbegun {
            self.stage = Stage::Running;
            let fate = self.go(control);
            debug_assert!(matches!(fate, Fate::GoesOn), "opening a data connection ends nothing");
        }
        self.both_in(control)
    }

    /// A NOOP, so that nothing on the way forgets the control connection.
    pub(super) fn keep_alive(&self, control: &mut Control) {
        // Octets may come for long after the server has sent its last.
        let waits =
            matches!(self.stage, Stage::Running) && (self.final_reply.is_none() || self.ended.is_none());
        if waits && control.expected.may_keep_alive() {
            control.put(&Command::Noop);
            control.expected.keep_alive_sent();
            control.set_timer(Timer::KeepAlive, control.config.timeouts.keep_alive);
        }
    }
}

/// A reply that is not the one hoped for.
pub(super) fn refusal(reply: Reply) -> OperationError {
    match reply.code.class() {
        ReplyClass::TransientNegative | ReplyClass::PermanentNegative => OperationError::refused(reply),
        ReplyClass::Preliminary
        | ReplyClass::Completion
        | ReplyClass::Intermediate
        | ReplyClass::Protected => {
            OperationError::Protocol("a reply of a class that this command does not have")
        }
    }
}

/// Whether a refusal is about the session and not about the data port mode.
pub(super) fn concerns_session(code: ReplyCode) -> bool {
    matches!(code, ReplyCode::NOT_LOGGED_IN | ReplyCode::SERVICE_NOT_AVAILABLE)
}

/// The command of a verb; `None` when it lacks its pathname.
pub(super) fn transfer_command(verb: TransferVerb, path: Option<PathName>) -> Option<Command> {
    let listing = |path| ListArgument { path, ..ListArgument::default() };
    Some(match verb {
        TransferVerb::Retr => Command::Retr(path?),
        TransferVerb::Stor => Command::Stor(path?),
        TransferVerb::Appe => Command::Appe(path?),
        TransferVerb::Stou => Command::Stou(path),
        TransferVerb::List => Command::List(listing(path)),
        TransferVerb::Nlst => Command::Nlst(listing(path)),
        TransferVerb::Mlsd => Command::Mlsd(path),
    })
}
