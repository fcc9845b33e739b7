//! Access: USER, PASS, ACCT, REIN, HOST (RFC 959 §5.4, RFC 7151).
//!
//! What happens in each stage stands in [`manual::access`](crate::manual::access).
//!
//! A question is answered by 230 (`In`), 331 (`NeedPassword`), 332 (`NeedAccount`) or a refusal. A refusal waits by
//! timer, never by sleeping, and is the same for an unknown name and a wrong password (RFC 2577 §5 and §6).

use super::ask::{Ask, HostAsk, HostVerdict, LoginAsk, LoginVerdict};
use super::connection::ServerConnection;
use super::gate::Service;
use super::{AskId, CloseReason, Grant, LoginRefusal, Notice, Outcome};
use crate::command::{Secret, Verb};
use crate::io::Timer;
use crate::reply::{Reply, ReplyCode};
use bytes::Bytes;
use core::net::IpAddr;
use core::time::Duration;

/// Who is logged in, or how far the login has come.
#[derive(Debug, Default)]
pub(super) struct Access {
    stage: Stage,
    user: Bytes,
    password: Option<Secret>,
    idle: Option<Duration>,
    /// This user's data connections must be under TLS.
    pub(super) protects_data: bool,
    host: Option<Bytes>,
    refused: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    NeedUser,
    NeedPassword,
    NeedAccount,
    In,
}

impl Access {
    pub(super) fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// The user, once logged in.
    pub(super) fn user(&self) -> Option<&[u8]> {
        self.is_in().then_some(&self.user[..])
    }

    /// Another idle timeout, for this session only.
    pub(super) const fn set_idle(&mut self, idle: Duration) {
        self.idle = Some(idle);
    }
}

impl ServerConnection {
    pub(super) fn idle_timeout(&self) -> Duration {
        self.access.idle.unwrap_or(self.config.timeouts.idle)
    }

    pub(super) fn user(&mut self, name: Bytes) {
        self.log_out();
        self.access.user = name;
        self.ask_login(Verb::User, None);
    }

    pub(super) fn pass(&mut self, password: Secret) {
        match self.access.stage {
            Stage::NeedPassword => {
                self.access.password = Some(password);
                self.ask_login(Verb::Pass, None);
            }
            Stage::In => self.finish_with(ReplyCode::SUPERFLUOUS, "Already logged in."),
            Stage::NeedUser | Stage::NeedAccount => {
                self.finish_with(ReplyCode::BAD_SEQUENCE, "Send USER first.");
            }
        }
    }

    pub(super) fn acct(&mut self, account: Secret) {
        match self.access.stage {
            Stage::NeedAccount => self.ask_login(Verb::Acct, Some(account)),
            Stage::In => self.finish_with(ReplyCode::SUPERFLUOUS, "No account is needed."),
            Stage::NeedUser | Stage::NeedPassword => {
                self.finish_with(ReplyCode::BAD_SEQUENCE, "Send USER and PASS first.");
            }
        }
    }

    fn ask_login(&mut self, verb: Verb, account: Option<Secret>) {
        let ask = self.ids.ask();
        self.wait_for(ask, verb);
        self.ask(Ask::Login(LoginAsk {
            ask,
            user: self.access.user.clone(),
            password: self.access.password.clone(),
            account,
            tls: self.security.facts().cloned(),
        }));
    }

    pub(super) fn login_decided(&mut self, ask: AskId, verdict: LoginVerdict) -> Outcome {
        let Some(verb) = self.answered(ask) else { return Outcome::Stale(None) };
        match verdict {
            LoginVerdict::Accepted(grant) => self.let_in(verb, grant),
            LoginVerdict::NeedPassword => {
                self.access.stage = Stage::NeedPassword;
                self.finish_with(ReplyCode::NEED_PASSWORD, "Password required.");
            }
            LoginVerdict::NeedAccount => {
                self.access.stage = Stage::NeedAccount;
                self.finish_with(ReplyCode::NEED_ACCOUNT, "Account required.");
            }
            LoginVerdict::Refused { why, after } => self.refuse_login(why, after),
        }
        Outcome::Used
    }

    fn let_in(&mut self, verb: Verb, grant: Grant) {
        let Grant { text, data, idle, protect_data } = grant;
        self.access.stage = Stage::In;
        self.access.password = None;
        self.access.idle = idle;
        self.access.protects_data = protect_data;
        self.data.grant(data);
        self.timers.clear(Timer::Login);
        self.lines.set_max_line(self.config.limits.line);
        self.notice(Notice::LoggedIn { user: self.access.user.clone() });
        let by_certificate = verb == Verb::User && self.security.has_peer_certificate();
        let code =
            if by_certificate { ReplyCode::USER_LOGGED_IN_SECURELY } else { ReplyCode::USER_LOGGED_IN };
        self.finish_with(code, text.unwrap_or(Bytes::from_static(b"Logged in.")));
    }

    fn refuse_login(&mut self, why: LoginRefusal, after: Duration) {
        let user = self.access.user.clone();
        self.notice(Notice::LoginRefused { user });
        self.forget_user();
        self.access.refused = self.access.refused.saturating_add(1);
        let (code, text) = match why {
            LoginRefusal::Credentials => (ReplyCode::NOT_LOGGED_IN, "Login incorrect."),
            LoginRefusal::TlsRequired => {
                (ReplyCode::NOT_LOGGED_IN, "This login needs TLS: use AUTH TLS first.")
            }
            LoginRefusal::CertificateRequired => {
                (ReplyCode::NOT_LOGGED_IN, "This login needs a certificate.")
            }
            LoginRefusal::TooManySessions => {
                (ReplyCode::SERVICE_NOT_AVAILABLE, "Too many sessions of this user; try again later.")
            }
            LoginRefusal::Banned => {
                (ReplyCode::SERVICE_NOT_AVAILABLE, "Too many failed logins; try again later.")
            }
        };
        let delay = after.max(self.config.timeouts.penalty);
        self.gate.service = Service::Penalty(Reply::new(code, text));
        self.timers.clear(Timer::Decision);
        self.set_timer(Timer::Penalty, delay);
    }

    /// The refusal has waited long enough.
    pub(super) fn penalty_is_over(&mut self) {
        let Service::Penalty(reply) = core::mem::take(&mut self.gate.service) else { return };
        self.finish(&reply);
        if reply.code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.close(CloseReason::Refused);
        } else if self.access.refused >= self.config.limits.login_attempts {
            self.close_with(CloseReason::TooManyLogins, "Too many failed logins.");
        }
    }

    /// REIN: everything is as after the greeting (RFC 959 §4.1.1), HOST too (RFC 7151 §3.2.1).
    pub(super) fn rein(&mut self) {
        self.reset_session();
        self.access.host = None;
        self.finish_with(ReplyCode::SERVICE_READY, "Ready for a new user.");
        self.timers.clear(Timer::Idle);
        self.end_tls_after_rein();
    }

    /// Forgets the user and all that was set for the session.
    pub(super) fn reset_session(&mut self) {
        self.log_out();
        self.drop_link();
        self.parameters = super::parameters::Parameters::new(&self.config);
        self.data.reset();
    }

    fn log_out(&mut self) {
        if self.access.is_in() {
            self.drop_link();
            self.notice(Notice::LoggedOut);
            self.set_timer(Timer::Login, self.config.timeouts.login);
        }
        self.forget_user();
    }

    fn forget_user(&mut self) {
        self.access.stage = Stage::NeedUser;
        self.access.user = Bytes::new();
        self.access.password = None;
        self.access.idle = None;
        self.access.protects_data = false;
        self.data.grant(None);
        self.lines.set_max_line(self.config.limits.line_before_login);
    }

    /// HOST: the last one before USER wins (RFC 7151 §3).
    pub(super) fn host(&mut self, host: Bytes) {
        if self.access.stage != Stage::NeedUser {
            return self.finish_with(ReplyCode::BAD_SEQUENCE, "HOST comes before USER.");
        }
        if !self.is_our_address(&host) || !self.security.agrees_with_server_name(&host) {
            return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "No such host here.");
        }
        let ask = self.ids.ask();
        self.access.host = Some(host.clone());
        self.wait_for(ask, Verb::Host);
        self.ask(Ask::Host(HostAsk { ask, host }));
    }

    /// A literal address must be the one that was dialled (RFC 7151 §3.1); a name is the application's to judge.
    fn is_our_address(&self, host: &[u8]) -> bool {
        let literal = core::str::from_utf8(host).ok().and_then(|text| text.parse::<IpAddr>().ok());
        literal.is_none_or(|ip| crate::address::normalise(ip) == self.endpoints.dialled().ip())
    }

    pub(super) fn host_decided(&mut self, ask: AskId, verdict: HostVerdict) -> Outcome {
        if self.answered(ask).is_none() {
            return Outcome::Stale(None);
        }
        match verdict {
            HostVerdict::Accepted => self.finish_with(ReplyCode::SERVICE_READY, "Host selected."),
            HostVerdict::Unknown => {
                self.access.host = None;
                self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "No such host here.");
            }
            HostVerdict::Unavailable => {
                self.finish_with(ReplyCode::SERVICE_NOT_AVAILABLE, "This host is out of service.");
                self.close(CloseReason::Refused);
            }
        }
        Outcome::Used
    }
}
