//! How a transfer ends: when both the final reply and the end of data are in, by ABOR, or because something is gone.

use super::control::{Control, Fate};
use super::drain::{Drain, DrainStep};
use super::transfer::{Stage, Transfer};
use super::{CloseReason, OperationError};
use crate::command::Command;
use crate::data::link::LinkState;
use crate::data::{DataPhase, Failure, FailureId, StreamEnd, TransferFailure, TransferTotals};
use crate::io::{IoAction, StreamEncoding, Timer};
use crate::reply::{Reply, ReplyClass, ReplyCode};

/// The timers that belong to a transfer.
const TIMERS: [Timer; 6] = [
    Timer::ReplyWait,
    Timer::DataOpen,
    Timer::DataTls,
    Timer::TransferStall,
    Timer::AbortGrace,
    Timer::KeepAlive,
];

impl Transfer {
    /// What was moved, once that is known.
    pub(super) fn totals(&self) -> Option<TransferTotals> {
        self.ended.map(|(totals, _)| totals)
    }

    /// Ends it with this result, as soon as our own data transfer process has stopped.
    pub(super) fn conclude(&mut self, control: &mut Control, result: Result<Reply, OperationError>) -> Fate {
        self.verdict = Some(result);
        self.stop(control)
    }

    /// Ends it with what the replies and the octets tell, as soon as our own data transfer process has stopped.
    pub(super) fn stop(&mut self, control: &mut Control) -> Fate {
        for timer in TIMERS {
            control.timers.clear(timer);
        }
        if !self.started
            && let Some(transfer) = self.id.take()
        {
            control.act(IoAction::CancelTransfer { transfer });
        }
        let moving = control.link.state() == LinkState::Moving;
        let done = self.verdict.is_none()
            && self.final_reply.as_ref().is_some_and(|reply| reply.code.is_completion());
        // The next transfer in block mode goes over the same data connection.
        if !(done && control.link.state() == LinkState::Held) {
            control.drop_data();
        }
        self.stage = Stage::Stopping;
        if moving { Fate::GoesOn } else { self.end(control) }
    }

    fn end(&mut self, control: &Control) -> Fate {
        let mut result = match self.verdict.take() {
            Some(result) => result,
            None => self.judge(control),
        };
        if let Err(OperationError::Data(attempt)) = &mut result
            && attempt.reply.is_none()
        {
            // What the server said to it explains it best.
            match self.final_reply.take() {
                Some(reply) if refuses_file(reply.code) => result = Err(OperationError::refused(reply)),
                reply => attempt.reply = reply,
            }
        }
        Fate::Ended(result)
    }

    /// Our own data transfer process has stopped.
    pub(super) fn data_ended(
        &mut self,
        control: &mut Control,
        totals: TransferTotals,
        result: Result<(), TransferFailure>,
    ) -> Fate {
        control.timers.clear(Timer::TransferStall);
        self.ended = Some((totals, result));
        match self.stage {
            Stage::Stopping => self.end(control),
            Stage::Running => self.moved(control, totals, result),
            Stage::Preparing(_)
            | Stage::Listening
            | Stage::Announcing
            | Stage::Selecting
            | Stage::Connecting
            | Stage::Restarting
            | Stage::Commanded
            | Stage::Draining(_) => Fate::GoesOn,
        }
    }

    fn moved(
        &mut self,
        control: &mut Control,
        totals: TransferTotals,
        result: Result<(), TransferFailure>,
    ) -> Fate {
        if self.final_reply.is_some() {
            return self.both_in(control);
        }
        let download = !self.request.verb.is_upload();
        match result {
            // The server would go on, or take what it has got for the whole.
            Err(TransferFailure::Storage(_)) => self.abandon(
                control,
                Some(Err(OperationError::Transfer(result.err().unwrap_or(TransferFailure::Aborted)))),
            ),
            Ok(()) if download && self.request.span.end.is_some() && totals.end == StreamEnd::Open => {
                self.cut = true;
                self.abandon(control, None)
            }
            Ok(()) | Err(_) => {
                let timeouts = &control.config.timeouts;
                let whole = download && result.is_ok();
                control
                    .set_timer(Timer::ReplyWait, if whole { timeouts.confirmation } else { timeouts.reply });
                Fate::GoesOn
            }
        }
    }

    /// Ends it if both the final reply and the end of data are in. A server that confirms an upload while our data
    /// transfer process still sends has not got all of it; but the news of our own end may be on its way, so it is given
    /// a moment.
    pub(super) fn both_in(&mut self, control: &mut Control) -> Fate {
        if self.ended.is_some() || !self.is_own() {
            return self.stop(control);
        }
        control.timers.clear(Timer::ReplyWait);
        if self.request.verb.is_upload() {
            control.set_timer(Timer::AbortGrace, control.config.timeouts.early_final);
        }
        Fate::GoesOn
    }

    /// ABOR: nothing more is wanted, and every reply that is due has to be heard before anything else is said.
    pub(super) fn abandon(
        &mut self,
        control: &mut Control,
        verdict: Option<Result<Reply, OperationError>>,
    ) -> Fate {
        let drain = if control.expected.awaits_command() {
            Drain::of_transfer(control.expected.keep_alives())
        } else {
            Drain::of_nothing()
        };
        self.verdict = verdict;
        for timer in TIMERS {
            control.timers.clear(timer);
        }
        control.drop_data();
        control.expected.reset();
        control.put_abort();
        control.set_timer(Timer::AbortGrace, control.config.timeouts.abort_grace);
        self.stage = Stage::Draining(drain);
        Fate::GoesOn
    }

    /// A reply after ABOR.
    pub(super) fn drained(&mut self, control: &mut Control, reply: Reply) -> Fate {
        let Stage::Draining(drain) = &mut self.stage else { return Fate::GoesOn };
        let step = drain.reply(reply.code);
        if !reply.code.is_preliminary() {
            self.final_reply.get_or_insert(reply);
        }
        self.drain_step(control, step)
    }

    fn drain_step(&mut self, control: &mut Control, step: DrainStep) -> Fate {
        match step {
            DrainStep::Wait => Fate::GoesOn,
            DrainStep::Fence => {
                control.put(&Command::Noop);
                control.set_timer(Timer::AbortGrace, control.config.timeouts.abort_grace);
                Fate::GoesOn
            }
            DrainStep::InStep => self.stop(control),
            DrainStep::OutOfStep => self.time_is_up(Timer::AbortGrace),
        }
    }

    /// The caller does not want it any more.
    pub(super) fn abort(&mut self, control: &mut Control) -> Fate {
        let aborted = Err(OperationError::Aborted);
        match self.stage {
            Stage::Listening | Stage::Connecting => self.conclude(control, aborted),
            Stage::Preparing(_) | Stage::Announcing | Stage::Selecting | Stage::Restarting => {
                self.when_answered(control, aborted)
            }
            Stage::Commanded | Stage::Running if self.final_reply.is_some() => {
                self.conclude(control, aborted)
            }
            Stage::Commanded | Stage::Running => self.abandon(control, Some(aborted)),
            Stage::Draining(_) | Stage::Stopping => Fate::GoesOn,
        }
    }

    /// Ends it with this result once the command in service is answered.
    pub(super) fn when_answered(
        &mut self,
        control: &mut Control,
        verdict: Result<Reply, OperationError>,
    ) -> Fate {
        self.verdict.get_or_insert(verdict);
        control.drop_data();
        control.timers.clear(Timer::DataOpen);
        control.timers.clear(Timer::ReplyWait);
        control.set_timer(Timer::AbortGrace, control.config.timeouts.abort_grace);
        Fate::GoesOn
    }

    /// Something took too long.
    pub(super) fn timed_out(&mut self, control: &mut Control, timer: Timer) -> Fate {
        match timer {
            Timer::ReplyWait => self.unanswered(control),
            Timer::DataOpen => {
                let listening = matches!(self.stage, Stage::Listening);
                let during = if listening { DataPhase::Listen } else { DataPhase::Connect };
                let why = if self.stranger { Failure::WrongPeer } else { Failure::TimedOut };
                self.data_failed(control, during, why)
            }
            Timer::DataTls => self.data_failed(control, DataPhase::Secure, Failure::TimedOut),
            Timer::TransferStall => self.stalled(control),
            Timer::AbortGrace => self.grace_is_over(control),
            Timer::KeepAlive => {
                self.keep_alive(control);
                Fate::GoesOn
            }
            Timer::Greeting
            | Timer::Login
            | Timer::Idle
            | Timer::Decision
            | Timer::ControlTls
            | Timer::ControlWrite
            | Timer::Penalty
            | Timer::Linger => Fate::GoesOn,
        }
    }

    fn unanswered(&mut self, control: &Control) -> Fate {
        if self.is_own()
            && matches!(self.stage, Stage::Selecting | Stage::Announcing)
            && let Some(mut attempt) = self.attempt(control, DataPhase::Listen, Failure::TimedOut)
        {
            attempt.named = FailureId::ModeUnanswered;
            self.verdict = Some(Err(OperationError::Data(attempt)));
        }
        self.time_is_up(Timer::ReplyWait)
    }

    fn stalled(&mut self, control: &mut Control) -> Fate {
        let failure = TransferFailure::Connection(Failure::TimedOut);
        let verdict = Err(OperationError::Transfer(failure));
        if self.final_reply.is_some() {
            self.conclude(control, verdict)
        } else {
            self.abandon(control, Some(verdict))
        }
    }

    fn grace_is_over(&mut self, control: &mut Control) -> Fate {
        match &mut self.stage {
            Stage::Draining(drain) => {
                let step = drain.grace_is_over();
                self.drain_step(control, step)
            }
            Stage::Running => {
                let text = "an upload was confirmed before its end";
                self.conclude(control, Err(OperationError::Protocol(text)))
            }
            Stage::Preparing(_)
            | Stage::Listening
            | Stage::Announcing
            | Stage::Selecting
            | Stage::Connecting
            | Stage::Restarting
            | Stage::Commanded
            | Stage::Stopping => self.time_is_up(Timer::AbortGrace),
        }
    }

    /// The server does not answer: nobody could say what its next reply belongs to.
    const fn time_is_up(&self, timer: Timer) -> Fate {
        Fate::Lost(CloseReason::TimedOut(timer), OperationError::TimedOut(timer))
    }

    /// The control connection is gone.
    pub(super) fn lost(&mut self, control: &mut Control, error: OperationError) -> Fate {
        let whole = matches!(self.ended, Some((_, Ok(()))))
            && self.final_reply.is_none()
            && !matches!(error, OperationError::Refused { .. });
        let verdict = match self.verdict.take() {
            Some(Err(OperationError::Data(mut attempt))) => {
                attempt.control_usable = false;
                Err(OperationError::Data(attempt))
            }
            Some(verdict) => verdict,
            None if whole => self.judge_octets(control).and(Err(OperationError::Unconfirmed)),
            None => Err(error),
        };
        self.conclude(control, verdict)
    }

    fn judge(&mut self, control: &Control) -> Result<Reply, OperationError> {
        let reply = self.final_reply.take().ok_or(OperationError::Closed)?;
        let refused =
            matches!(reply.code.class(), ReplyClass::TransientNegative | ReplyClass::PermanentNegative);
        if reply.code.is_completion() || (self.cut && refused) {
            return self.judge_octets(control).map(|()| reply);
        }
        let nothing_moved = self.totals().is_none_or(|totals| totals.wire == 0);
        if reply.code == ReplyCode::CANNOT_OPEN_DATA_CONNECTION
            && nothing_moved
            && let Some(mut attempt) = self.attempt(control, DataPhase::Connect, Failure::Other)
        {
            attempt.named = FailureId::in_text(reply.text()).unwrap_or(FailureId::PeerGaveUp);
            attempt.reply = Some(reply);
            return Err(OperationError::Data(attempt));
        }
        Err(super::transfer::refusal(reply))
    }

    /// Whether the octets are those that were asked for.
    fn judge_octets(&self, control: &Control) -> Result<(), OperationError> {
        let Some((totals, result)) = self.ended else { return Ok(()) };
        result.map_err(OperationError::Transfer)?;
        if self.request.verb.is_upload() {
            return Ok(());
        }
        let due = self.octets_due();
        match due {
            Some(due) if totals.wire < due => Err(OperationError::Transfer(TransferFailure::Truncated)),
            Some(due) if totals.wire > due => Err(OperationError::Protocol(
                "more octets than were asked for: REST was ignored, or the file grew",
            )),
            Some(_) => Ok(()),
            None if totals.end == StreamEnd::Unclean && !control.config.accept_unclean_end => {
                Err(OperationError::Transfer(TransferFailure::Truncated))
            }
            None => Ok(()),
        }
    }

    /// How many octets a download must bring, if that is known.
    fn octets_due(&self) -> Option<u64> {
        let size = self.request.size.filter(|_| self.request.encoding == StreamEncoding::PLAIN)?;
        let span = self.request.span;
        Some(span.end.map_or(size, |end| end.min(size)).saturating_sub(span.start))
    }
}

/// Whether a reply to a transfer command says no because of the file: x5z (RFC 959 §4.2.1). A server that does so takes
/// its listener away, and our connection to it may be refused before the reply is here; no other data port mode would
/// help.
fn refuses_file(code: ReplyCode) -> bool {
    let negative = matches!(code.class(), ReplyClass::TransientNegative | ReplyClass::PermanentNegative);
    negative && code.get() / 10 % 10 == 5
}
