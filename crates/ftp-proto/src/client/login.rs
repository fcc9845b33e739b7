//! The login: HOST, USER, PASS, ACCT, and what is asked and set after it.

use super::dialogue::Move;
use super::{ClientConfig, Credential, Features, OperationError};
use crate::command::{Command, OptsCommand, Secret, Text};
use crate::reply::{Reply, ReplyClass, ReplyCode};

/// What was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Host,
    User,
    Password,
    Account,
    Features,
    Utf8,
}

/// A login in progress.
#[derive(Debug)]
pub(super) struct Login {
    stage: Stage,
    user: Text,
    password: Option<Secret>,
    account: Option<Secret>,
    /// The reply that let the user in.
    welcome: Option<Reply>,
    features: Option<Features>,
}

impl Login {
    pub(super) const fn new(user: Text, password: Option<Secret>, account: Option<Secret>) -> Self {
        Self { stage: Stage::User, user, password, account, welcome: None, features: None }
    }

    /// The first command. HOST comes before USER (RFC 7151 §3).
    pub(super) fn first(&mut self, config: &ClientConfig) -> Command {
        match &config.host {
            Some(host) => {
                self.stage = Stage::Host;
                Command::Host(host.clone())
            }
            None => self.send_user(),
        }
    }

    /// What the server said to FEAT, once.
    pub(super) fn take_features(&mut self) -> Option<Features> {
        self.features.take()
    }

    /// A final reply to what was sent last.
    pub(super) fn reply(&mut self, reply: Reply, config: &ClientConfig) -> Move {
        match self.stage {
            Stage::Host => self.host_answered(reply),
            Stage::User | Stage::Password | Stage::Account => self.credential_answered(reply, config),
            Stage::Features => self.features_answered(&reply, config),
            Stage::Utf8 => self.welcomed(),
        }
    }

    fn send_user(&mut self) -> Command {
        self.stage = Stage::User;
        Command::User(self.user.clone())
    }

    fn host_answered(&mut self, reply: Reply) -> Move {
        let unknown_verb = matches!(reply.code, ReplyCode::SYNTAX_ERROR | ReplyCode::NOT_IMPLEMENTED);
        if reply.code.is_completion() || unknown_verb {
            Move::Send(self.send_user())
        } else {
            Move::Done(Err(OperationError::refused(reply)))
        }
    }

    fn credential_answered(&mut self, reply: Reply, config: &ClientConfig) -> Move {
        match reply.code.class() {
            ReplyClass::Completion => self.let_in(reply, config),
            ReplyClass::Intermediate => self.next_credential(reply.code),
            ReplyClass::TransientNegative | ReplyClass::PermanentNegative => {
                Move::Done(Err(OperationError::refused(reply)))
            }
            ReplyClass::Preliminary | ReplyClass::Protected => {
                Move::Done(Err(OperationError::Protocol("unexpected reply during the login")))
            }
        }
    }

    /// 3yz: 332 asks for the account, any other for the password. Neither is asked for twice.
    fn next_credential(&mut self, code: ReplyCode) -> Move {
        let asked = if code == ReplyCode::NEED_ACCOUNT { Credential::Account } else { Credential::Password };
        let given = match (asked, self.stage) {
            (Credential::Password, Stage::User) => {
                self.stage = Stage::Password;
                self.password.take().map(Command::Pass)
            }
            (Credential::Account, Stage::User | Stage::Password) => {
                self.stage = Stage::Account;
                self.account.take().map(Command::Acct)
            }
            _ => {
                let text = "the server asks for the same credential again";
                return Move::Done(Err(OperationError::Protocol(text)));
            }
        };
        match given {
            Some(command) => Move::Send(command),
            None => Move::Done(Err(OperationError::CredentialNeeded(asked))),
        }
    }

    fn let_in(&mut self, reply: Reply, config: &ClientConfig) -> Move {
        // Not needed any more; a secret should not live longer than it has to.
        (self.password, self.account) = (None, None);
        self.welcome = Some(reply);
        if config.ask_features {
            self.stage = Stage::Features;
            Move::Send(Command::Feat)
        } else {
            self.welcomed()
        }
    }

    fn features_answered(&mut self, reply: &Reply, config: &ClientConfig) -> Move {
        let features =
            if reply.code.is_completion() { Features::from_reply(reply) } else { Features::default() };
        let utf8 = config.opts_utf8 && features.has("UTF8");
        self.features = Some(features);
        if utf8 {
            self.stage = Stage::Utf8;
            Move::Send(Command::Opts(OptsCommand::Utf8 { on: true }))
        } else {
            self.welcomed()
        }
    }

    fn welcomed(&mut self) -> Move {
        Move::Done(self.welcome.take().ok_or(OperationError::Protocol("no welcome")))
    }
}
