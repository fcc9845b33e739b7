//! The course of a session: greeting, one operation after the other, the end.

use super::connection::{ClientConnection, Current, Life, MAX_STEPS, Queued, Task};
use super::control::Fate;
use super::expect::Owner;
use super::security::SecurityInput;
use super::{ClientEvent, CloseReason, OpId, OperationError, dialogue};
use crate::data::{TlsFacts, TransferTotals};
use crate::io::{IoAction, Timer};
use crate::reply::{Reply, ReplyClass, ReplyCode};

impl ClientConnection {
    /// What every call ends with: decode what can be decoded, begin what can be begun, see what follows from it.
    pub(super) fn settle(&mut self) {
        while self.advance() || self.decode() {}
        if let Some(reason) = self.peer_gone
            && self.control.steps.len() < MAX_STEPS
        {
            self.lose(reason, OperationError::Closed);
        }
        self.watch_writing();
        self.finish();
    }

    /// The next reply, if somebody takes what it leads to. One at a time: what follows from it comes before the next,
    /// so that the cuts of TCP make no difference (RFC 1123 §4.1.2.10). False when there is none.
    fn decode(&mut self) -> bool {
        let open = matches!(self.life, Life::Greeting | Life::Open);
        if !open || !self.control.security.decodes() || self.control.steps.len() >= MAX_STEPS {
            return false;
        }
        match self.control.decoder.next_reply() {
            Some(Ok(reply)) => self.reply(reply),
            Some(Err(_)) => self.broken("what it sent is not a reply, or too large for one"),
            None => return false,
        }
        true
    }

    /// Begins the next operation, one at a time (RFC 959 §5.4). False when there is nothing to begin.
    fn advance(&mut self) -> bool {
        let free = self.life == Life::Open
            && self.current.is_none()
            && self.peer_gone.is_none()
            && self.control.expected.keep_alives() == 0;
        let Some(Queued { op, task }) = (if free { self.queue.pop_front() } else { None }) else {
            return false;
        };
        let current = self.current.insert(Current { op, task, preliminaries: 0, aborted: false });
        let fate = match &mut current.task {
            Task::Dialogue(dialogue) => dialogue.begin(&mut self.control),
            Task::Transfer(transfer) => transfer.begin(&mut self.control),
        };
        self.fated(fate);
        true
    }

    fn reply(&mut self, reply: Reply) {
        self.control.alive();
        self.control.answered();
        self.control.tell(ClientEvent::Received(reply.clone()));
        if self.life == Life::Greeting {
            return self.greeted(reply);
        }
        if reply.code == ReplyCode::SERVICE_NOT_AVAILABLE {
            // As a reply, or because the server goes down: either way the connection ends.
            return self.lose(CloseReason::Shutdown, OperationError::refused(reply));
        }
        if let Some(transfer) = Current::transfer(&mut self.current)
            && transfer.is_draining()
        {
            let fate = transfer.drained(&mut self.control, reply);
            return self.fated(fate);
        }
        match self.control.expected.take(reply.code) {
            Owner::Command if reply.code.is_preliminary() => self.preliminary(reply),
            Owner::Command => self.final_reply(reply),
            Owner::KeepAlive => self.watch_keep_alives(),
            Owner::Nobody => self.unsolicited(reply),
        }
    }

    /// The server's first words (RFC 959 §5.4): 220, or 120 and later 220.
    fn greeted(&mut self, reply: Reply) {
        match reply.code.class() {
            ReplyClass::Preliminary => {}
            ReplyClass::Completion => {
                self.control.timers.clear(Timer::Greeting);
                self.control.tell(ClientEvent::Greeting(reply));
                self.life = Life::Open;
            }
            ReplyClass::TransientNegative | ReplyClass::PermanentNegative => {
                self.control.tell(ClientEvent::Greeting(reply.clone()));
                // Whoever comes first is told what the server said.
                if let Some(Queued { op, .. }) = self.queue.pop_front() {
                    self.done(op, None, Err(OperationError::refused(reply)));
                }
                self.lose(CloseReason::Refused, OperationError::Closed);
            }
            ReplyClass::Intermediate | ReplyClass::Protected => self.broken("the greeting is none"),
        }
    }

    /// 1yz. The reply to a command as a whole has a deadline, so that a flood of them is of no use; but it has a bound, too.
    fn preliminary(&mut self, reply: Reply) {
        let Some(current) = &mut self.current else { return };
        current.preliminaries += 1;
        if current.preliminaries > self.control.config.limits.preliminaries {
            return self.broken("too many preliminary replies");
        }
        self.control.tell(ClientEvent::Preliminary { op: current.op, reply });
        if let Task::Transfer(transfer) = &mut current.task {
            let fate = transfer.preliminary(&mut self.control);
            self.fated(fate);
        }
    }

    fn final_reply(&mut self, reply: Reply) {
        self.control.timers.clear(Timer::ReplyWait);
        let Some(current) = &mut self.current else { return };
        current.preliminaries = 0;
        let fate = match &mut current.task {
            Task::Transfer(transfer) => transfer.reply(&mut self.control, reply),
            // A dialogue that is not wanted any more ends between two commands.
            Task::Dialogue(dialogue) if current.aborted && dialogue.may_stop() => {
                Fate::Ended(Err(OperationError::Aborted))
            }
            Task::Dialogue(dialogue) => dialogue.reply(&mut self.control, reply),
        };
        self.fated(fate);
    }

    fn unsolicited(&mut self, reply: Reply) {
        self.unsolicited += 1;
        if self.unsolicited > self.control.config.limits.unsolicited {
            return self.broken("too many replies that nobody asked for");
        }
        self.control.tell(ClientEvent::Unsolicited(reply));
    }

    /// The next operation is not begun before every NOOP of the last transfer is answered, or swallowed.
    fn watch_keep_alives(&mut self) {
        if self.current.is_some() {
            return;
        }
        if self.control.expected.keep_alives() == 0 {
            self.control.timers.clear(Timer::AbortGrace);
        } else if !self.control.timers.is_set(Timer::AbortGrace) {
            self.control.set_timer(Timer::AbortGrace, self.control.config.timeouts.abort_grace);
        }
    }

    pub(super) fn secured(&mut self, facts: TlsFacts) {
        if !dialogue::tls_is_up(&mut self.control, facts) {
            return;
        }
        if let Some(Current { task: Task::Dialogue(dialogue), .. }) = &mut self.current {
            let fate = dialogue.secured();
            self.fated(fate);
        }
    }

    pub(super) fn cleared(&mut self) {
        if !self.control.secure(SecurityInput::Cleared) {
            return;
        }
        self.control.timers.clear(Timer::ControlTls);
        self.control.tell(ClientEvent::ControlCleared);
        if let Some(Current { task: Task::Dialogue(dialogue), .. }) = &mut self.current {
            let fate = dialogue.cleared();
            self.fated(fate);
        }
    }

    /// What became of the operation in service.
    pub(super) fn fated(&mut self, fate: Fate) {
        match fate {
            Fate::GoesOn => {}
            Fate::Lost(reason, error) => self.lose(reason, error),
            Fate::Ended(result) => {
                let Some(current) = self.current.take() else { return };
                let mut quit = false;
                let mut protective = false;
                let mut totals = None;
                match &current.task {
                    Task::Transfer(transfer) => totals = transfer.totals(),
                    Task::Dialogue(dialogue) => {
                        quit = matches!(dialogue, dialogue::Dialogue::Quit) && result.is_ok();
                        protective = dialogue.is_protective() && result.is_err();
                    }
                }
                self.control.timers.clear(Timer::ReplyWait);
                self.control.timers.clear(Timer::AbortGrace);
                // After a drain nothing is due; else only keep-alives can be.
                self.done(current.op, totals, result);
                if quit {
                    return self.lose(CloseReason::Quit, OperationError::Closed);
                }
                if protective {
                    self.flush(&OperationError::Tls);
                }
                self.watch_keep_alives();
            }
        }
    }

    pub(super) fn done(
        &mut self,
        op: OpId,
        totals: Option<TransferTotals>,
        result: Result<Reply, OperationError>,
    ) {
        self.control.tell(ClientEvent::Done { op, totals, result });
    }

    /// Ends what is queued, without beginning it.
    fn flush(&mut self, error: &OperationError) {
        while let Some(Queued { op, .. }) = self.queue.pop_front() {
            self.done(op, None, Err(error.clone()));
        }
    }

    /// The server does not speak FTP, or breaks its rules: nothing it says can be relied on.
    pub(super) fn broken(&mut self, how: &'static str) {
        self.lose(CloseReason::Protocol(how), OperationError::Protocol(how));
    }

    /// The control connection is gone, or cannot be used any longer. Every operation ends.
    pub(super) fn lose(&mut self, reason: CloseReason, error: OperationError) {
        match self.life {
            Life::Greeting | Life::Open => {}
            Life::Gone(_) | Life::Over => return,
        }
        self.life = Life::Gone(reason);
        self.control.output.clear();
        self.control.decoder.discard();
        self.control.timers.clear_all();
        self.control.act(IoAction::CloseControl);
        match self.current.take() {
            Some(Current { op, task: Task::Dialogue(dialogue), aborted, .. }) => {
                let error = if aborted { OperationError::Aborted } else { error };
                self.done(op, None, dialogue.lost(reason, error));
            }
            Some(mut current) => {
                if let Task::Transfer(transfer) = &mut current.task {
                    let fate = transfer.lost(&mut self.control, error);
                    self.current = Some(current);
                    self.fated(fate);
                }
            }
            None => {}
        }
        self.control.expected.reset();
        self.flush(&OperationError::Closed);
    }

    /// Says the last word, once our own data transfer process has stopped.
    fn finish(&mut self) {
        if let Life::Gone(reason) = self.life
            && self.current.is_none()
        {
            self.control.timers.clear_all();
            self.control.tell(ClientEvent::Lost(reason));
            self.life = Life::Over;
        }
    }

    /// The server must read some of our commands now and then.
    fn watch_writing(&mut self) {
        if self.control.output.is_empty() {
            self.control.timers.clear(Timer::ControlWrite);
        } else if !self.control.timers.is_set(Timer::ControlWrite) {
            self.control.set_timer(Timer::ControlWrite, self.control.config.timeouts.control_write);
        }
    }

    pub(super) fn timed_out(&mut self, timer: Timer) {
        let (reason, error) = (CloseReason::TimedOut(timer), OperationError::TimedOut(timer));
        match timer {
            Timer::Greeting | Timer::ControlTls | Timer::ControlWrite => self.lose(reason, error),
            Timer::ReplyWait
            | Timer::DataOpen
            | Timer::DataTls
            | Timer::TransferStall
            | Timer::AbortGrace
            | Timer::KeepAlive => match &mut self.current {
                Some(Current { task: Task::Transfer(transfer), .. }) => {
                    let fate = transfer.timed_out(&mut self.control, timer);
                    self.fated(fate);
                }
                Some(Current { task: Task::Dialogue(_), .. }) => self.lose(reason, error),
                None => self.control.expected.forget_keep_alives(),
            },
            // The server's.
            Timer::Login | Timer::Idle | Timer::Decision | Timer::Penalty | Timer::Linger => {}
        }
    }
}
