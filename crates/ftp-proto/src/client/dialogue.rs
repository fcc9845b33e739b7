//! Operations that are commands and replies and nothing else.

use super::control::{Control, Fate};
use super::login::Login;
use super::security::{Security, SecurityInput};
use super::{ClientEvent, CloseReason, Misuse, OperationError};
use crate::command::{Command, CommandSpec, ProtectionLevel, Text, Verb, Word};
use crate::data::{Side, TlsFacts};
use crate::io::{IoAction, Timer};
use crate::reply::{Reply, ReplyClass, ReplyCode};
use crate::wire::CommandView;

/// What a dialogue does next.
#[derive(Debug)]
pub(super) enum Move {
    /// The next command.
    Send(Command),
    /// It has ended.
    Done(Result<Reply, OperationError>),
}

/// A dialogue in progress.
#[derive(Debug)]
pub(super) enum Dialogue {
    /// USER and what belongs to it.
    Login(Login),
    /// AUTH TLS; with the reply, once it was accepted.
    Secure(Option<Reply>),
    /// PBSZ, then PROT.
    Protect { private: bool, buffer_size: bool },
    /// CCC; with the reply, once it was accepted.
    ClearControl(Option<Reply>),
    /// One command.
    Command(Command),
    /// A command on the way that makes the second one mean what it should.
    Preparing {
        /// The one on the way.
        first: Command,
        /// The one that is wanted.
        then: Command,
    },
    /// One line.
    Raw(Text),
    /// QUIT.
    Quit,
}

/// Verbs that have an operation of their own, or that would change the session behind the machine's back.
const fn is_the_machines(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Auth
            | Verb::Ccc
            | Verb::Pbsz
            | Verb::Prot
            | Verb::Rein
            | Verb::Quit
            | Verb::Abor
            | Verb::Port
            | Verb::Pasv
            | Verb::Eprt
            | Verb::Epsv
            | Verb::Retr
            | Verb::Stor
            | Verb::Stou
            | Verb::Appe
            | Verb::List
            | Verb::Nlst
            | Verb::Mlsd
    )
}

/// Verbs that our own table does not have and that do likewise (RFC 1639, RFC 2228, RFC 775).
const FOREIGN: [&[u8]; 8] = [b"LPRT", b"LPSV", b"SPSV", b"ADAT", b"MIC", b"CONF", b"ENC", b"RANG"];

/// Whether the command may be sent as it is.
pub(super) fn check_command(command: &Command) -> Result<(), Misuse> {
    if is_the_machines(command.verb()) { Err(Misuse::WrongState) } else { Ok(()) }
}

/// Whether the line may be sent as it is. A line that our parser understands becomes a command.
pub(super) fn check_raw(line: Text) -> Result<Dialogue, Misuse> {
    let view = CommandView::parse(line.as_bytes()).map_err(|_| Misuse::WrongState)?;
    // Octets before the verb would be a Telnet command.
    let verb = view.verb();
    let foreign = FOREIGN.iter().any(|name| verb.eq_ignore_ascii_case(name));
    let ours = CommandSpec::find(verb).is_some_and(|spec| is_the_machines(spec.verb));
    if foreign || ours || view.verb_span().start > 0 {
        Err(Misuse::WrongState)
    } else {
        Ok(Dialogue::Raw(line))
    }
}

impl Dialogue {
    /// Sends the first command.
    pub(super) fn begin(&mut self, control: &mut Control) -> Fate {
        let command = match self {
            Self::Login(login) => login.first(&control.config),
            Self::Secure(_) => return secure(control),
            Self::Protect { private, buffer_size } => match control.security {
                Security::Protected => {
                    *buffer_size = !control.buffer_size_set;
                    if *buffer_size { Command::Pbsz(0) } else { protection(*private) }
                }
                // No change of PROT after CCC (RFC 4217 §5), and none without TLS (§9).
                Security::Clear
                | Security::Offered
                | Security::Handshaking
                | Security::Clearing
                | Security::ClearedByCcc => return Fate::Ended(Err(OperationError::Tls)),
            },
            Self::ClearControl(_) if control.security != Security::Protected => {
                return Fate::Ended(Err(OperationError::Tls));
            }
            Self::ClearControl(_) => Command::Ccc,
            Self::Command(command) => match control.in_force.before(command) {
                Some(first) => {
                    *self = Self::Preparing { first: first.clone(), then: command.clone() };
                    first
                }
                None => command.clone(),
            },
            Self::Preparing { first, .. } => first.clone(),
            Self::Raw(line) => return say(control, line),
            Self::Quit => {
                // Everything is done: a reply that does not come must not keep anybody.
                control.send_within(&Command::Quit, control.config.timeouts.quit);
                return Fate::GoesOn;
            }
        };
        control.send(&command);
        Fate::GoesOn
    }

    /// The final reply to what was sent last.
    pub(super) fn reply(&mut self, control: &mut Control, reply: Reply) -> Fate {
        match self {
            Self::Login(login) => {
                let next = login.reply(reply, &control.config);
                if let Some(features) = login.take_features() {
                    control.features = Some(features);
                }
                go(control, next)
            }
            Self::Secure(accepted) => auth_answered(control, accepted, reply),
            Self::Protect { private, buffer_size } => protect_answered(control, *private, buffer_size, reply),
            Self::ClearControl(accepted) => ccc_answered(control, accepted, reply),
            Self::Command(command) => command_answered(control, command, reply),
            Self::Preparing { first, then } => match accept(reply) {
                Ok(_) => {
                    control.in_force.accepted(first);
                    control.send(then);
                    *self = Self::Command(then.clone());
                    Fate::GoesOn
                }
                Err(error) => Fate::Ended(Err(error)),
            },
            Self::Raw(_) => Fate::Ended(accept(reply)),
            Self::Quit if reply.code.is_completion() => Fate::Ended(Ok(reply)),
            Self::Quit => Fate::Ended(Err(OperationError::refused(reply))),
        }
    }

    /// The control connection is under TLS.
    pub(super) fn secured(&mut self) -> Fate {
        match self {
            Self::Secure(accepted) => match accepted.take() {
                Some(reply) => Fate::Ended(Ok(reply)),
                None => Fate::GoesOn,
            },
            Self::Login(_)
            | Self::Protect { .. }
            | Self::ClearControl(_)
            | Self::Command(_)
            | Self::Preparing { .. }
            | Self::Raw(_)
            | Self::Quit => Fate::GoesOn,
        }
    }

    /// The control connection is in the clear again.
    pub(super) fn cleared(&mut self) -> Fate {
        match self {
            Self::ClearControl(accepted) => match accepted.take() {
                Some(reply) => Fate::Ended(Ok(reply)),
                None => Fate::GoesOn,
            },
            Self::Login(_)
            | Self::Protect { .. }
            | Self::Secure(_)
            | Self::Command(_)
            | Self::Preparing { .. }
            | Self::Raw(_)
            | Self::Quit => Fate::GoesOn,
        }
    }

    /// The control connection is gone. A server may answer QUIT by closing.
    pub(super) fn lost(self, reason: CloseReason, error: OperationError) -> Result<Reply, OperationError> {
        let closed = matches!(reason, CloseReason::PeerClosed | CloseReason::PeerReset);
        match self {
            Self::Quit if closed => Ok(Reply::new(ReplyCode::SERVICE_CLOSING, "")),
            Self::Quit
            | Self::Login(_)
            | Self::Secure(_)
            | Self::Protect { .. }
            | Self::ClearControl(_)
            | Self::Command(_)
            | Self::Preparing { .. }
            | Self::Raw(_) => Err(error),
        }
    }

    /// Whether the reply to hand need not be acted upon. TLS that was agreed on must begin, and end.
    pub(super) const fn may_stop(&self) -> bool {
        match self {
            Self::Login(_)
            | Self::Protect { .. }
            | Self::Command(_)
            | Self::Preparing { .. }
            | Self::Raw(_) => true,
            Self::Secure(_) | Self::ClearControl(_) | Self::Quit => false,
        }
    }

    /// Whether what is queued behind it counts on its success: nothing may be said in the clear because TLS failed.
    pub(super) const fn is_protective(&self) -> bool {
        matches!(self, Self::Secure(_) | Self::Protect { private: true, .. })
    }
}

fn go(control: &mut Control, next: Move) -> Fate {
    match next {
        Move::Send(command) => {
            control.send(&command);
            Fate::GoesOn
        }
        Move::Done(result) => Fate::Ended(result),
    }
}

/// 2yz and 3yz are what was asked for, 4yz and 5yz are refusals (RFC 959 §4.2); 6yz has no meaning here.
fn accept(reply: Reply) -> Result<Reply, OperationError> {
    match reply.code.class() {
        ReplyClass::Completion | ReplyClass::Intermediate => Ok(reply),
        ReplyClass::TransientNegative | ReplyClass::PermanentNegative => Err(OperationError::refused(reply)),
        ReplyClass::Preliminary | ReplyClass::Protected => {
            Err(OperationError::Protocol("a reply of a class that this command does not have"))
        }
    }
}

fn say(control: &mut Control, line: &Text) -> Fate {
    let view = CommandView::parse(line.as_bytes());
    let understood = view.ok().and_then(|view| Command::parse(&view).ok());
    match &understood {
        Some(command) => control.in_force.sent(command),
        None => control.in_force.forget_parameters(),
    }
    control.send_raw(line);
    Fate::GoesOn
}

fn command_answered(control: &mut Control, command: &Command, reply: Reply) -> Fate {
    let result = accept(reply);
    if let Ok(reply) = &result {
        control.in_force.accepted(command);
        if matches!(command, Command::Feat) {
            control.features = Some(super::Features::from_reply(reply));
        }
    }
    Fate::Ended(result)
}

fn secure(control: &mut Control) -> Fate {
    let Ok(mechanism) = Word::new("TLS") else { return Fate::Ended(Err(OperationError::Tls)) };
    if control.secure(SecurityInput::Auth) {
        control.send(&Command::Auth(mechanism));
        Fate::GoesOn
    } else {
        Fate::Ended(Err(OperationError::Tls))
    }
}

/// 234: the next octet in either direction is TLS. Whatever the server, or somebody on the way, has sent after it in
/// the clear would otherwise be taken for its word under TLS (CVE-2021-22947).
fn auth_answered(control: &mut Control, accepted: &mut Option<Reply>, reply: Reply) -> Fate {
    if !reply.code.is_completion() {
        control.secure(SecurityInput::Refused);
        return Fate::Ended(accept(reply).and(Err(OperationError::Tls)));
    }
    if control.holds_octets() || !control.output.is_empty() {
        let text = "octets in the clear after AUTH was accepted";
        return Fate::Lost(CloseReason::Protocol(text), OperationError::Protocol(text));
    }
    control.secure(SecurityInput::Begin);
    *accepted = Some(reply);
    start_tls(control);
    Fate::GoesOn
}

/// The driver is to begin TLS.
pub(super) fn start_tls(control: &mut Control) {
    control.act(IoAction::StartControlTls(Side::User.tls_role()));
    control.set_timer(Timer::ControlTls, control.config.timeouts.control_tls);
}

/// TLS is up: everything that the server said in the clear is forgotten (RFC 4217 §4.1, §16).
pub(super) fn tls_is_up(control: &mut Control, facts: TlsFacts) -> bool {
    if !control.secure(SecurityInput::Secured) {
        return false;
    }
    control.timers.clear(Timer::ControlTls);
    control.decoder.discard();
    control.in_force = super::in_force::InForce::default();
    control.features = None;
    control.buffer_size_set = false;
    control.private = false;
    control.tell(ClientEvent::ControlSecured(facts));
    true
}

const fn protection(private: bool) -> Command {
    Command::Prot(if private { ProtectionLevel::Private } else { ProtectionLevel::Clear })
}

fn protect_answered(control: &mut Control, private: bool, buffer_size: &mut bool, reply: Reply) -> Fate {
    match (accept(reply), *buffer_size) {
        (Ok(_), true) => {
            *buffer_size = false;
            control.buffer_size_set = true;
            control.send(&protection(private));
            Fate::GoesOn
        }
        (Ok(reply), false) => {
            control.private = private;
            Fate::Ended(Ok(reply))
        }
        (Err(error), _) => Fate::Ended(Err(error)),
    }
}

fn ccc_answered(control: &mut Control, accepted: &mut Option<Reply>, reply: Reply) -> Fate {
    match accept(reply) {
        Ok(reply) => {
            control.secure(SecurityInput::Clear);
            // What was decrypted and not decoded belongs to nothing.
            control.decoder.discard();
            control.set_timer(Timer::ControlTls, control.config.timeouts.control_tls);
            control.act(IoAction::StopControlTls);
            *accepted = Some(reply);
            Fate::GoesOn
        }
        Err(error) => Fate::Ended(Err(error)),
    }
}
