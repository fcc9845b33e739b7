//! The gate: one command is in service at a time, and its final reply is queued before the next line is decoded.
//!
//! While a transfer is in service the lines behind it are split, but not served. An ABOR among them cuts the transfer
//! at once, and is answered in its place. STAT and QUIT act at once if they are the next. Everything else waits, NOOP
//! too: replies come in the order of the commands (RFC 959 §5.4). What does not fit stays in TCP.

use super::connection::{Life, ServerConnection};
use super::transfer::Transfer;
use super::{AskId, CloseReason, Notice, TlsPolicy};
use crate::command::{ArgumentKind, Command, CommandSpec, DuringTransfer, Gate as When, SiteCommand, Verb};
use crate::io::Timer;
use crate::reply::{Reply, ReplyCode};
use crate::wire::{CommandView, Line, LineError};
use alloc::collections::VecDeque;
use alloc::format;
use bytes::Bytes;

/// What is in service, and what waits.
#[derive(Debug, Default)]
pub(super) struct Gate {
    pub(super) service: Service,
    /// What is in service, for the notice.
    current: Option<Current>,
    /// Lines that were split in search of ABOR.
    ahead: VecDeque<Result<Line, LineError>>,
    /// The peer has sent its end of stream: what came before it is served, then the session ends.
    pub(super) peer_closed: bool,
    bad_commands: u32,
}

/// The command in service, by what it waits for.
#[derive(Debug, Default)]
pub(super) enum Service {
    /// None.
    #[default]
    Idle,
    /// For the application.
    Asked { ask: AskId, verb: Verb },
    /// For the listener of PASV or EPSV.
    Listening,
    /// For a transfer.
    Transfer(Transfer),
    /// For the delay of a refused login.
    Penalty(Reply),
    /// For TLS to begin or end on the control connection.
    Securing,
}

#[derive(Debug)]
struct Current {
    verb: &'static str,
    argument: Option<Bytes>,
}

/// First words of protocols that a web page or a mail server can be made to send here (ALPACA, security: S16).
const FOREIGN_VERBS: &[&str] = &[
    "GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "CONNECT", "TRACE", "PATCH", "PRI", "EHLO", "HELO",
    "MAIL", "RCPT", "DATA",
];

impl Gate {
    pub(super) fn forget_lines(&mut self) {
        self.ahead = VecDeque::new();
    }
}

impl ServerConnection {
    /// Whether another reply may be queued. A peer that does not read its replies is not served until it does.
    pub(super) fn has_room_for_replies(&self) -> bool {
        self.output.len() < self.config.limits.output
    }

    /// Serves lines as long as that can be done without waiting.
    pub(super) fn serve_lines(&mut self) {
        loop {
            if !matches!(self.life, Life::Open | Life::Draining) || self.security.drops_input() {
                return;
            }
            match self.gate.service {
                Service::Idle if self.life == Life::Draining => {
                    self.close_with(CloseReason::Shutdown, "The server is going down.");
                }
                Service::Idle if self.has_room_for_replies() => match self.next_line() {
                    Some(line) => self.serve_line(line),
                    None if self.gate.peer_closed => self.close(CloseReason::PeerClosed),
                    None => return,
                },
                Service::Transfer(_) => {
                    self.look_ahead();
                    if matches!(self.gate.service, Service::Transfer(_)) {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    fn next_line(&mut self) -> Option<Result<Line, LineError>> {
        let line = self.gate.ahead.pop_front().or_else(|| self.lines.next_line());
        if let Some(refusals) = self.lines.take_telnet_replies() {
            self.output.push_octets(&refusals);
        }
        line
    }

    /// Splits lines in search of ABOR, and serves STAT and QUIT if they are the next.
    fn look_ahead(&mut self) {
        while self.gate.ahead.len() < self.config.limits.lines_ahead {
            let Some(line) = self.lines.next_line() else { break };
            self.gate.ahead.push_back(line);
        }
        let role = |line: &Result<Line, LineError>| {
            let line = line.as_ref().ok()?;
            let view = CommandView::parse(line.as_bytes()).ok()?;
            let spec = CommandSpec::find(view.verb())?;
            Some((spec.verb, spec.during_transfer, view.argument().is_none()))
        };
        let interrupted =
            self.gate.ahead.iter().any(|line| matches!(role(line), Some((_, DuringTransfer::Interrupts, _))));
        if interrupted {
            self.cut_transfer();
            return;
        }
        match self.gate.ahead.front().and_then(role) {
            Some((Verb::Stat, DuringTransfer::ActsAtHead, true)) if self.has_room_for_replies() => {
                self.gate.ahead.pop_front();
                let reply = self.status();
                self.say(&reply);
                self.notice(Notice::Served { verb: "STAT", argument: None, code: reply.code });
                self.look_ahead();
            }
            Some((Verb::Quit, DuringTransfer::ActsAtHead, _)) => self.stop_waiting_for_data(),
            _ => {}
        }
    }

    fn serve_line(&mut self, line: Result<Line, LineError>) {
        self.gate.current = None;
        self.timers.clear(Timer::Idle);
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                return self
                    .misunderstood(Reply::new(ReplyCode::SYNTAX_ERROR, format!("Bad line: {error}.")));
            }
        };
        let Ok(view) = CommandView::parse(line.as_bytes()) else {
            return self.misunderstood(Reply::new(ReplyCode::SYNTAX_ERROR, "Not a command."));
        };
        match CommandSpec::find(view.verb()) {
            Some(spec) => self.serve_known(spec, &view),
            None if is_foreign(view.verb()) && !self.access.is_in() => {
                self.close_with(
                    CloseReason::Protocol("the peer speaks another protocol"),
                    "This is an FTP server.",
                );
            }
            None => {
                self.misunderstood(Reply::new(ReplyCode::SYNTAX_ERROR, "Command not understood; see HELP."))
            }
        }
    }

    fn serve_known(&mut self, spec: &'static CommandSpec, view: &CommandView<'_>) {
        let parsed = Command::parse_argument(spec, view.argument());
        // What SITE does not know may be somebody's way of changing a password.
        let unknown = matches!(parsed, Ok(Command::Site(SiteCommand::Other(_))));
        let visible = spec.argument != ArgumentKind::Secret && !unknown;
        let argument = view.argument().filter(|_| visible).map(Bytes::copy_from_slice);
        self.gate.current = Some(Current { verb: spec.name, argument });
        if spec.verb != Verb::Rnto {
            self.parameters.rename_from = None;
        }
        if let Some(refusal) = self.gate_refusal(spec) {
            return self.finish(&refusal);
        }
        match parsed {
            Ok(command) => self.serve(spec.verb, command),
            Err(error) => self.finish(&error.into()),
        }
    }

    /// What is not served yet, by the table's gate (security: S20) and the TLS policy.
    fn gate_refusal(&self, spec: &CommandSpec) -> Option<Reply> {
        let in_the_clear = !self.security.is_protected();
        match spec.gate {
            When::NeedsLogin if !self.access.is_in() => {
                Some(Reply::new(ReplyCode::NOT_LOGGED_IN, "Log in with USER and PASS first."))
            }
            When::NeedsTls if in_the_clear => {
                Some(Reply::new(ReplyCode::BAD_SEQUENCE, "Use AUTH TLS first."))
            }
            When::Always
                if spec.verb == Verb::User && in_the_clear && self.config.tls == TlsPolicy::Require =>
            {
                Some(Reply::new(ReplyCode::NOT_LOGGED_IN, "TLS is required: use AUTH TLS first."))
            }
            When::Always | When::NeedsLogin | When::NeedsTls => None,
        }
    }

    /// Queues the final reply of the command in service.
    pub(super) fn finish(&mut self, reply: &Reply) {
        self.say(reply);
        self.gate.service = Service::Idle;
        self.timers.clear(Timer::Decision);
        if self.access.is_in() {
            self.set_timer(Timer::Idle, self.idle_timeout());
        }
        if let Some(Current { verb, argument }) = self.gate.current.take() {
            self.notice(Notice::Served { verb, argument, code: reply.code });
        }
    }

    /// [`finish`](Self::finish) with one line.
    pub(super) fn finish_with(&mut self, code: ReplyCode, text: impl Into<Bytes>) {
        self.finish(&Reply::new(code, text));
    }

    /// A line that is no command; a few are forgiven (security: S16).
    fn misunderstood(&mut self, reply: Reply) {
        self.gate.bad_commands = self.gate.bad_commands.saturating_add(1);
        if self.gate.bad_commands >= self.config.limits.bad_commands {
            self.close_with(CloseReason::Protocol("too many bad commands"), "Too many bad commands.");
        } else {
            self.finish(&reply);
        }
    }

    /// Puts a question; the command waits for its answer.
    pub(super) fn wait_for(&mut self, ask: AskId, verb: Verb) {
        self.gate.service = Service::Asked { ask, verb };
        self.set_timer(Timer::Decision, self.config.timeouts.decision);
    }

    /// Whether `ask` is the question in service; then its command.
    pub(super) fn answered(&self, ask: AskId) -> Option<Verb> {
        match self.gate.service {
            Service::Asked { ask: asked, verb } if asked == ask => Some(verb),
            _ => None,
        }
    }

    pub(super) fn question_timed_out(&mut self) {
        match &self.gate.service {
            Service::Asked { ask, .. } => {
                let ask = *ask;
                self.withdraw(ask);
                self.finish_with(
                    ReplyCode::LOCAL_ERROR,
                    "The server's storage does not answer; try again later.",
                );
            }
            Service::Transfer(_) => self.transfer_not_opened_in_time(),
            Service::Idle | Service::Listening | Service::Penalty(_) | Service::Securing => {}
        }
    }

    /// The session ends: whatever is in service is given up, except for what has to settle.
    pub(super) fn end_service(&mut self) {
        match &self.gate.service {
            Service::Asked { ask, .. } => {
                let ask = *ask;
                self.withdraw(ask);
            }
            Service::Idle | Service::Listening | Service::Penalty(_) | Service::Securing => {}
            // It takes its data connection with it, and is in service until it has settled.
            Service::Transfer(_) => return self.cut_transfer(),
        }
        self.gate.service = Service::Idle;
        self.drop_link();
    }

    /// The peer sends nothing more. What it sent is served; a transfer ends with its control connection (RFC 959 §3.2).
    pub(super) fn peer_closed(&mut self) {
        self.gate.peer_closed = true;
        if matches!(self.gate.service, Service::Transfer(_)) {
            self.cut_transfer();
        }
    }
}

/// Whether `verb` is of a protocol that has nothing to do here.
pub(super) fn is_foreign(verb: &[u8]) -> bool {
    FOREIGN_VERBS.iter().any(|foreign| verb.eq_ignore_ascii_case(foreign.as_bytes()))
}
