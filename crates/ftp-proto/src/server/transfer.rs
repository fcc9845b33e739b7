//! Transfers: RETR, STOR, APPE, STOU, LIST, NLST, MLSD, and ABOR (RFC 959 §4.1.3, RFC 3659 §7).
//!
//! What happens in each phase stands in [`manual::transfer`](crate::manual::transfer) and
//! [`manual::abort`](crate::manual::abort).
//!
//! An abort withdraws the question (`Asked`), cancels (`Announced`) or stops the pump (`Moving`); what is being settled
//! is settled. Each is told with 426, and ABOR itself with 226 in its place (RFC 959 §4.1.3).

use super::ask::{Ask, Opened, SettleAsk, TransferAsk};
use super::connection::{Life, ServerConnection};
use super::encoding::{is_kept, plan};
use super::failures::{refused, storage_text, transfer_failed};
use super::gate::Service;
use super::{AskId, ListingOptions, Notice, OctetSpan, Outcome, TlsPolicy, TransferRequest, TransferVerb};
use crate::command::{ListArgument, PathName, Verb};
use crate::data::link::{LinkInput, LinkState};
use crate::data::{
    DataEvent, DataPhase, Failure, Opening, Resumption, Side, StorageFailure, StreamEnd, TlsFacts,
    TransferFailure, TransferId, TransferTotals,
};
use crate::io::{Flow, IoAction, Timer};
use crate::reply::{Reply, ReplyCode};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

/// The transfer in service.
#[derive(Debug)]
pub(super) struct Transfer {
    id: TransferId,
    request: Arc<TransferRequest>,
    phase: Phase,
    /// Octets moved, as last reported.
    octets: u64,
    /// Why we stopped the pump, if we did.
    stopped: Option<Stopped>,
}

#[derive(Debug)]
enum Phase {
    Asked(AskId),
    Announced,
    Moving,
    Settling { ask: AskId, totals: TransferTotals, result: Result<(), TransferFailure> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    ByAbor,
    Stalled,
}

impl Transfer {
    pub(super) fn request(&self) -> &TransferRequest {
        &self.request
    }

    /// For STAT: what is being moved, and how far.
    pub(super) fn describe(&self) -> String {
        let verb = self.request.verb.name();
        match self.phase {
            Phase::Asked(_) => format!("{verb} is being prepared"),
            Phase::Announced => format!("{verb} waits for the data connection"),
            Phase::Moving => format!("{verb} in progress, {} octets so far", self.octets),
            Phase::Settling { totals, .. } => format!("{verb} is being completed, {} octets", totals.wire),
        }
    }
}

impl ServerConnection {
    pub(super) fn file_transfer(&mut self, verb: TransferVerb, path: Option<PathName>) {
        self.begin_transfer(verb, ListArgument { path, ..ListArgument::default() });
    }

    pub(super) fn begin_transfer(&mut self, verb: TransferVerb, argument: ListArgument) {
        let (mut span, allocate) = self.take_restart();
        if let Some(refusal) = self.transfer_refusal(verb, span) {
            return self.finish(&refusal);
        }
        if verb.is_listing() {
            span = OctetSpan::default();
        }
        let request = Arc::new(TransferRequest {
            verb,
            path: argument.path,
            span,
            allocate,
            params: self.parameters.transfer,
            listing: ListingOptions {
                facts: self.parameters.facts,
                all: argument.all,
                recursive: argument.recursive,
                directory: argument.directory,
            },
        });
        let (ask, id) = (self.ids.ask(), self.ids.transfer());
        self.gate.service = Service::Transfer(Transfer {
            id,
            request: Arc::clone(&request),
            phase: Phase::Asked(ask),
            octets: 0,
            stopped: None,
        });
        // A listener that is waiting must not expire under the transfer that it waits for.
        self.timers.clear(Timer::DataOpen);
        self.set_timer(Timer::Decision, self.config.timeouts.decision);
        self.ask(Ask::Transfer(TransferAsk { ask, id, request }));
    }

    /// What can be refused without asking: no data connection selected, not protected enough, a restart in ASCII.
    fn transfer_refusal(&mut self, verb: TransferVerb, span: OctetSpan) -> Option<Reply> {
        let protect = self.access.protects_data || self.config.tls_data() == TlsPolicy::Require;
        if protect && !self.security.protects_data() {
            return Some(Reply::new(
                ReplyCode::PROTECTION_LEVEL_FORBIDS,
                "Data must be protected: use PROT P.",
            ));
        }
        if span.end.is_some() && verb.is_upload() {
            let text = "RANG is for RETR; uploads begin where REST says.";
            return Some(Reply::new(ReplyCode::PARAMETER_NOT_IMPLEMENTED, text));
        }
        let partial = span != OctetSpan::default();
        if partial && !self.parameters.transfer.counts_storage() && !verb.is_listing() {
            let text = "REST and RANG count octets, which ASCII and records change: use TYPE I and STRU F.";
            return Some(Reply::new(ReplyCode::INVALID_RESTART, text));
        }
        if self.data.link.state() == LinkState::Unset && !self.select_default_port() {
            let text = "No data connection: send EPSV, PASV, EPRT or PORT before each transfer.";
            return Some(Reply::new(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, text));
        }
        None
    }

    pub(super) fn transfer_decided(
        &mut self,
        ask: AskId,
        id: TransferId,
        result: Result<Opened, StorageFailure>,
    ) -> Outcome {
        let stale = Outcome::Stale(result.is_ok().then_some(id));
        let Service::Transfer(transfer) = &self.gate.service else { return stale };
        if !matches!(transfer.phase, Phase::Asked(asked) if asked == ask) {
            return stale;
        }
        self.timers.clear(Timer::Decision);
        match result {
            Ok(opened) => self.announce_transfer(opened),
            Err(why) => {
                let verb = verb_of(transfer.request.verb);
                self.drop_link();
                self.finish(&refused(verb, why));
            }
        }
        Outcome::Used
    }

    /// The preliminary reply, then whatever gets the data connection.
    fn announce_transfer(&mut self, opened: Opened) {
        let Service::Transfer(transfer) = &mut self.gate.service else { return };
        transfer.phase = Phase::Announced;
        let verb = transfer.request.verb;
        let linked = matches!(self.data.link.state(), LinkState::Linked | LinkState::Held);
        let code = if linked { ReplyCode::DATA_CONNECTION_ALREADY_OPEN } else { ReplyCode::FILE_STATUS_OKAY };
        let reply = match opened {
            // RFC 1123 §4.1.2.9 says exactly this text.
            Opened { unique: Some(path), .. } => Reply::new(code, [b"FILE: ", path.as_bytes()].concat()),
            Opened { size: Some(size), .. } => {
                Reply::new(code, format!("Opening data connection for {} ({size} bytes).", verb.name()))
            }
            Opened { .. } => Reply::new(code, format!("Opening data connection for {}.", verb.name())),
        };
        self.say(&reply);
        let connects = self.data.link.mode().opening(Side::Server) == Opening::Connect;
        match self.data.link.apply(LinkInput::Go, self.security.protects_data()) {
            Ok(LinkState::Opening) => {
                self.set_timer(Timer::DataOpen, self.config.timeouts.data_open);
                if connects && let Some(target) = self.data.address {
                    let (id, source) = (self.data.link.id(), self.active_source());
                    self.data.since = Some(self.now);
                    self.act(IoAction::Connect { id, source, target });
                }
            }
            Ok(_) => self.data_connection_ready(),
            Err(_) => {
                let reply = self.name_failure(DataPhase::Connect, Failure::Other);
                self.cancel_transfer(&reply);
            }
        }
    }

    /// The data connection is there: secure it, or move.
    fn data_connection_ready(&mut self) {
        let id = self.data.link.id();
        if self.data.link.state() == LinkState::Securing {
            self.timers.clear(Timer::DataOpen);
            self.set_timer(Timer::DataTls, self.config.timeouts.data_tls);
            let flow = match &self.gate.service {
                Service::Transfer(transfer) if transfer.request.verb.is_upload() => Flow::FromPeer,
                _ => Flow::ToPeer,
            };
            let must_resume = self.must_resume();
            self.act(IoAction::StartDataTls { id, role: Side::Server.tls_role(), flow, must_resume });
        } else if let Service::Transfer(transfer) = &mut self.gate.service {
            transfer.phase = Phase::Moving;
            let (transfer, plan) = (transfer.id, plan(&transfer.request, self.parameters.deflate_level));
            self.timers.clear(Timer::DataOpen);
            self.timers.clear(Timer::DataTls);
            self.set_timer(Timer::TransferStall, self.config.timeouts.transfer_stall);
            self.act(IoAction::StartTransfer { id, transfer, plan });
        }
    }

    /// Something happened to the data connection at hand.
    pub(super) fn data_event(&mut self, event: DataEvent) {
        match event {
            DataEvent::Listening { local } => self.listening(local),
            DataEvent::Connecting { local } => self.data.seen().source = Some(local),
            DataEvent::Connected { local, peer, .. } => {
                let Ok(state) = self.data.link.apply(LinkInput::Connected, self.security.protects_data())
                else {
                    return;
                };
                let (id, mode) = (self.data.link.id(), self.data.link.mode());
                let after = self.data.since.map_or(Duration::ZERO, |since| self.now.duration_since(since));
                self.notice(Notice::DataOpened { id, mode, local, peer, after });
                if state != LinkState::Linked {
                    self.data_connection_ready();
                }
            }
            DataEvent::Secured(facts) => self.data_secured(&facts),
            DataEvent::Failed { during, why } => self.data_failed(during, why),
            DataEvent::Progress { octets } => self.progressed(octets),
            DataEvent::Checkpoint { marker, stored } => self.checkpoint(&marker, stored),
            DataEvent::Ended { totals, result } => self.transfer_ended(totals, result),
        }
    }

    fn data_secured(&mut self, facts: &TlsFacts) {
        let resumed = facts.resumption == Resumption::ControlSession;
        if self.must_resume() && !resumed {
            return self.data_failed(DataPhase::Secure, Failure::NotResumed);
        }
        if !self.security.is_same_client(facts) {
            return self.data_failed(DataPhase::Secure, Failure::WrongPeer);
        }
        let id = self.data.link.id();
        if self.data.link.apply(LinkInput::Secured, true).is_ok() {
            if resumed {
                self.security.data_resumed = !facts.tls13;
                self.security.ticket_spent = facts.tls13;
            }
            self.notice(Notice::DataSecured { id, resumed });
            self.data_connection_ready();
        }
    }

    /// The data connection could not be had.
    pub(super) fn data_failed(&mut self, during: DataPhase, why: Failure) {
        if matches!(self.data.link.state(), LinkState::Unset | LinkState::Moving | LinkState::Settling) {
            return;
        }
        let reply = self.name_failure(during, why);
        self.drop_link();
        match self.gate.service {
            Service::Listening => self.finish(&reply),
            Service::Transfer(Transfer { phase: Phase::Announced, .. }) => self.cancel_transfer(&reply),
            // What the application is about to open is of no use.
            Service::Transfer(Transfer { phase: Phase::Asked(ask), .. }) => {
                self.withdraw(ask);
                self.timers.clear(Timer::Decision);
                self.finish(&reply);
            }
            // A listener that nobody used: the next transfer command is told.
            _ => {}
        }
    }

    pub(super) fn data_timed_out(&mut self, timer: Timer) {
        let during = if timer == Timer::DataTls { DataPhase::Secure } else { DataPhase::Connect };
        self.data_failed(during, Failure::TimedOut);
    }

    /// Announced, but nothing will be moved: free the resource and say why.
    fn cancel_transfer(&mut self, reply: &Reply) {
        if let Service::Transfer(transfer) = &self.gate.service {
            let transfer = transfer.id;
            self.act(IoAction::CancelTransfer { transfer });
            self.finish(reply);
        }
    }

    fn progressed(&mut self, octets: u64) {
        if let Service::Transfer(transfer) = &mut self.gate.service
            && octets > transfer.octets
        {
            transfer.octets = octets;
            self.set_timer(Timer::TransferStall, self.config.timeouts.transfer_stall);
        }
    }

    /// No octet has moved for too long.
    pub(super) fn transfer_stalled(&mut self) {
        if let Service::Transfer(transfer) = &mut self.gate.service
            && matches!(transfer.phase, Phase::Moving)
            && transfer.stopped.is_none()
        {
            transfer.stopped = Some(Stopped::Stalled);
            let id = self.data.link.id();
            self.act(IoAction::DropData { id });
        }
    }

    fn transfer_ended(&mut self, totals: TransferTotals, result: Result<(), TransferFailure>) {
        if self.data.link.apply(LinkInput::Ended, false).is_err() {
            return;
        }
        self.timers.clear(Timer::TransferStall);
        let ask = self.ids.ask();
        let cut = totals.end == StreamEnd::Unclean && !self.config.accept_unclean_end;
        let Service::Transfer(transfer) = &mut self.gate.service else { return };
        // Under TLS an upload ends with close_notify; without, it may have been cut on the way (RFC 4217 §12.3).
        let result = match result {
            Ok(()) if cut && transfer.request.verb.is_upload() => Err(TransferFailure::Truncated),
            other => other,
        };
        let spent = core::mem::take(&mut self.security.ticket_spent);
        self.security.data_resumed |= spent && result.is_ok() && !transfer.request.verb.is_upload();
        transfer.phase = Phase::Settling { ask, totals, result };
        let transfer = transfer.id;
        self.ask(Ask::Settle(SettleAsk { ask, transfer, totals, result }));
    }

    pub(super) fn settle_decided(&mut self, ask: AskId, settled: Result<(), StorageFailure>) -> Outcome {
        let Service::Transfer(transfer) = &self.gate.service else { return Outcome::Stale(None) };
        let Phase::Settling { ask: asked, totals, result } = transfer.phase else {
            return Outcome::Stale(None);
        };
        if asked != ask {
            return Outcome::Stale(None);
        }
        let (id, verb, stopped) = (transfer.id, transfer.request.verb, transfer.stopped);
        // The driver keeps the data connection of a transfer that it has carried out.
        let kept = is_kept(&transfer.request) && result.is_ok() && stopped.is_none();
        let result = result.and_then(|()| settled.map_err(TransferFailure::Storage));
        let _ = self.data.link.apply(if kept { LinkInput::Kept } else { LinkInput::Settled }, false);
        if !kept {
            self.data.address = None;
        } else if !matches!(self.life, Life::Open | Life::Draining) {
            self.drop_link();
        }
        self.notice(Notice::TransferEnded { id, verb, totals, result });
        self.finish(&final_reply(result, stopped));
        Outcome::Used
    }

    /// ABOR in its place: there is no transfer any more, whatever became of it.
    pub(super) fn abor(&mut self) {
        self.drop_link();
        self.finish_with(ReplyCode::CLOSING_DATA_CONNECTION, "No transfer is in progress.");
    }

    /// ABOR was seen, or the session ends: the transfer in service stops now. Says nothing twice.
    pub(super) fn cut_transfer(&mut self) {
        let Service::Transfer(transfer) = &mut self.gate.service else { return };
        let aborted = transfer_failed(TransferFailure::Aborted);
        match transfer.phase {
            Phase::Asked(ask) => {
                self.withdraw(ask);
                self.timers.clear(Timer::Decision);
                self.drop_link();
                self.finish(&aborted);
            }
            Phase::Announced => {
                self.drop_link();
                self.cancel_transfer(&aborted);
            }
            Phase::Moving if transfer.stopped.is_none() => {
                transfer.stopped = Some(Stopped::ByAbor);
                let id = self.data.link.id();
                self.act(IoAction::DropData { id });
            }
            Phase::Moving | Phase::Settling { .. } => {}
        }
    }

    /// QUIT is the next command and the data connection is not there: nobody waits for it any more.
    pub(super) fn stop_waiting_for_data(&mut self) {
        let state = self.data.link.state();
        if matches!(self.gate.service, Service::Transfer(Transfer { phase: Phase::Announced, .. }))
            && state == LinkState::Opening
        {
            self.drop_link();
            let text = "The data connection was not opened before QUIT.";
            self.cancel_transfer(&Reply::new(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, text));
        }
    }

    /// The application does not open what the transfer needs.
    pub(super) fn transfer_not_opened_in_time(&mut self) {
        if let Service::Transfer(Transfer { phase: Phase::Asked(ask), .. }) = self.gate.service {
            self.withdraw(ask);
            self.drop_link();
            self.finish_with(
                ReplyCode::LOCAL_ERROR,
                "The server's storage does not answer; try again later.",
            );
        }
    }
}

fn final_reply(result: Result<(), TransferFailure>, stopped: Option<Stopped>) -> Reply {
    match (result, stopped) {
        (Ok(()), _) => Reply::new(ReplyCode::CLOSING_DATA_CONNECTION, "Transfer complete."),
        (Err(TransferFailure::Aborted), Some(Stopped::Stalled)) => {
            Reply::new(ReplyCode::TRANSFER_ABORTED, "Transfer aborted: no data moved for too long.")
        }
        (Err(TransferFailure::Storage(why @ StorageFailure::Changed)), _) => {
            Reply::new(ReplyCode::LOCAL_ERROR, format!("{}; get it again.", storage_text(why)))
        }
        (Err(why), _) => transfer_failed(why),
    }
}

const fn verb_of(verb: TransferVerb) -> Verb {
    match verb {
        TransferVerb::Retr => Verb::Retr,
        TransferVerb::Stor => Verb::Stor,
        TransferVerb::Appe => Verb::Appe,
        TransferVerb::Stou => Verb::Stou,
        TransferVerb::List => Verb::List,
        TransferVerb::Nlst => Verb::Nlst,
        TransferVerb::Mlsd => Verb::Mlsd,
    }
}
