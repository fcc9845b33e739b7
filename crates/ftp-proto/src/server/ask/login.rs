//! Who may in: virtual hosts and logins.

use super::{AskId, Decision, Verdict};
use crate::command::Secret;
use crate::data::{DataPolicy, TlsFacts};
use alloc::sync::Arc;
use bytes::Bytes;
use core::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum HostVerdict {
    Accepted,
    Unknown,
    Unavailable,
}

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum LoginVerdict {
    Accepted(Grant),
    NeedPassword,
    NeedAccount,
    Refused { why: LoginRefusal, after: Duration },
}

/// HOST (RFC 7151): which virtual host; the core has checked it against the TLS server name.
#[derive(Debug)]
pub struct HostAsk {
    pub(crate) ask: AskId,
    pub(crate) host: Bytes,
}

impl HostAsk {
    /// The name asked for, lower case, without brackets or port.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// It is there: 220.
    pub fn accept(self) -> Decision {
        self.answer(HostVerdict::Accepted)
    }

    /// It is not there: 504.
    pub fn unknown(self) -> Decision {
        self.answer(HostVerdict::Unknown)
    }

    /// It is there but out of service: 421, and the session ends.
    pub fn unavailable(self) -> Decision {
        self.answer(HostVerdict::Unavailable)
    }

    fn answer(self, verdict: HostVerdict) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Host(verdict) }
    }
}

/// What a login grants to the protocol; paths and permissions stay with the application.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Grant {
    /// The text of the 230, if it is to be another than the usual.
    #[cfg_attr(feature = "serde", serde(with = "crate::octets::optional"))]
    pub text: Option<Bytes>,
    /// The data policy of this user, if it is another than the server's.
    pub data: Option<Arc<DataPolicy>>,
    /// The idle timeout of this user, if it is another than the server's.
    pub idle: Option<Duration>,
    /// This user's data connections must be under TLS, whatever the server asks of others.
    pub protect_data: bool,
}

/// Why a login is refused. The peer is told the same whether the name or the password is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LoginRefusal {
    /// Wrong name, password or account.
    Credentials,
    /// This user must log in under TLS.
    TlsRequired,
    /// This user must show a certificate.
    CertificateRequired,
    /// Too many sessions: 421, and the session ends.
    TooManySessions,
    /// Banned for a while: 421, and the session ends.
    Banned,
}

/// USER, PASS or ACCT.
#[derive(Debug)]
pub struct LoginAsk {
    pub(crate) ask: AskId,
    pub(crate) user: Bytes,
    pub(crate) password: Option<Secret>,
    pub(crate) account: Option<Secret>,
    pub(crate) tls: Option<TlsFacts>,
}

/// How far a login has come: what was given so far.
#[derive(Debug, Clone, Copy)]
pub enum LoginStage<'a> {
    /// The name only.
    User,
    /// The name and a password.
    Password(&'a Secret),
    /// The name, perhaps a password, and an account.
    Account(&'a Secret),
}

impl LoginAsk {
    /// The name as given.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        &self.user
    }

    /// What was given so far.
    #[must_use]
    pub const fn stage(&self) -> LoginStage<'_> {
        match (&self.account, &self.password) {
            (Some(account), _) => LoginStage::Account(account),
            (None, Some(password)) => LoginStage::Password(password),
            (None, None) => LoginStage::User,
        }
    }

    /// The control connection's TLS, for certificate logins and per-user rules.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_ref()
    }

    /// In: 230 (232 straight after USER under TLS with a certificate).
    pub fn accept(self, grant: Grant) -> Decision {
        self.answer(LoginVerdict::Accepted(grant))
    }

    /// 331. Say so for unknown names too (RFC 2577 §6).
    pub fn need_password(self) -> Decision {
        self.answer(LoginVerdict::NeedPassword)
    }

    /// 332.
    pub fn need_account(self) -> Decision {
        self.answer(LoginVerdict::NeedAccount)
    }

    /// `TooManySessions` and `Banned` are 421 and close, the others 530. The reply waits for `after` and at least for
    /// the configured delay.
    pub fn refuse(self, why: LoginRefusal, after: Duration) -> Decision {
        self.answer(LoginVerdict::Refused { why, after })
    }

    fn answer(self, verdict: LoginVerdict) -> Decision {
        Decision { ask: self.ask, verdict: Verdict::Login(verdict) }
    }
}
