//! The backend that most servers want: accounts, each with a home in some storage.

use crate::backend::{Backend, LoginAttempt, LoginVerdict};
use crate::limits::{GuessLimits, Guesses};
use crate::memory::MemoryStorage;
use crate::rights::Rights;
use crate::session::UserSession;
use crate::storage::Storage;
use crate::users::Accounts;
use bytes::Bytes;
use core::fmt;
use core::time::Duration;
use ftp_proto::command::Secret;
use ftp_proto::data::StorageFailure;
use ftp_proto::server::{Grant, LoginRefusal, LoginStage};
use std::sync::Arc;
use std::time::Instant;

/// Where users' files are.
pub trait Homes: Send + Sync + fmt::Debug {
    /// The storage whose root is this home; `None` is what the server serves to everybody.
    ///
    /// # Errors
    /// When it is not there, or cannot be opened: the user cannot log in then.
    fn open(&self, home: Option<&str>) -> Result<Arc<dyn Storage>, StorageFailure>;
}

/// Everybody is at home at the root.
impl Homes for MemoryStorage {
    fn open(&self, _home: Option<&str>) -> Result<Arc<dyn Storage>, StorageFailure> {
        Ok(Arc::new(self.clone()))
    }
}

/// Accounts, homes, and a limit on guessing.
#[derive(Debug)]
pub struct StandardBackend {
    accounts: Accounts,
    homes: Box<dyn Homes>,
    guesses: Guesses,
    refuses_clear_logins: bool,
}

impl StandardBackend {
    /// Users of `accounts`, at home in `homes`.
    #[must_use]
    pub fn new(accounts: Accounts, homes: impl Homes + 'static) -> Self {
        Self {
            accounts,
            homes: Box::new(homes),
            guesses: Guesses::new(GuessLimits::default()),
            refuses_clear_logins: false,
        }
    }

    /// With another limit on guessing passwords.
    #[must_use]
    pub fn with_guess_limits(self, limits: GuessLimits) -> Self {
        Self { guesses: Guesses::new(limits), ..self }
    }

    /// Names with a password get in only under TLS, or from this machine. For servers that have TLS.
    #[must_use]
    pub fn refusing_clear_logins(self) -> Self {
        Self { refuses_clear_logins: true, ..self }
    }

    /// Whether a password would cross, or has crossed, the network in the clear. It is asked for every name but anonymous
    /// ones, so that who exists is not told.
    fn is_too_open(&self, attempt: &LoginAttempt<'_>) -> bool {
        self.refuses_clear_logins
            && attempt.tls.is_none()
            && !attempt.peer.is_loopback()
            && self.accounts.anonymous(attempt.user).is_none()
    }

    fn check(&self, attempt: &LoginAttempt<'_>, password: &Secret) -> LoginVerdict {
        if let Some(anonymous) = self.accounts.anonymous(attempt.user) {
            // They share a name, so nothing is kept for one of them that another could find.
            return self.enter(anonymous.home.as_deref(), anonymous.rights, None);
        }
        if !self.guesses.take(attempt.peer, Instant::now()) {
            return refuse(LoginRefusal::Banned);
        }
        let Some(account) = self.accounts.verify(attempt.user, password.expose()) else {
            return refuse(LoginRefusal::Credentials);
        };
        self.guesses.give_back(attempt.peer);
        let owner = Bytes::copy_from_slice(attempt.user);
        self.enter(account.home.as_deref(), account.rights, Some(owner))
    }

    fn enter(&self, home: Option<&str>, rights: Rights, owner: Option<Bytes>) -> LoginVerdict {
        match self.homes.open(home) {
            Ok(storage) => LoginVerdict::Accept {
                grant: Grant::default(),
                session: Arc::new(UserSession::new(storage, rights, owner)),
            },
            Err(why) => {
                tracing::error!(?home, ?why, "a user's home cannot be opened");
                refuse(LoginRefusal::Credentials)
            }
        }
    }
}

/// The wait is the protocol's, the same for every refusal.
const fn refuse(why: LoginRefusal) -> LoginVerdict {
    LoginVerdict::Refuse { why, after: Duration::ZERO }
}

impl Backend for StandardBackend {
    fn login(&self, attempt: &LoginAttempt<'_>) -> LoginVerdict {
        if self.is_too_open(attempt) {
            return refuse(LoginRefusal::TlsRequired);
        }
        match attempt.stage {
            // The same for every name: who exists is not told (RFC 2577 §6).
            LoginStage::User => LoginVerdict::NeedPassword,
            LoginStage::Password(password) => self.check(attempt, password),
            LoginStage::Account(_) => refuse(LoginRefusal::Credentials),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::Anonymous;
    use core::net::IpAddr;

    #[test]
    fn a_password_does_not_cross_the_network_in_the_clear_and_who_exists_is_not_told() {
        let mut accounts = Accounts::new();
        accounts.allow_anonymous(Anonymous::default());
        accounts.add_plain("alice:secret".parse().unwrap());
        let backend = StandardBackend::new(accounts, MemoryStorage::new()).refusing_clear_logins();
        let facts = ftp_proto::data::TlsFacts {
            resumption: ftp_proto::data::Resumption::None,
            tls13: true,
            server_name: None,
            alpn: None,
            peer_certificate: None,
        };
        let refused = |user: &str, peer: &str, tls| {
            let peer: IpAddr = peer.parse().unwrap();
            let local = "192.0.2.1:21".parse().unwrap();
            let stage = LoginStage::User;
            let attempt = LoginAttempt { user: user.as_bytes(), stage, host: None, peer, local, tls };
            matches!(backend.login(&attempt), LoginVerdict::Refuse { why: LoginRefusal::TlsRequired, .. })
        };
        assert!(refused("alice", "192.0.2.7", None) && refused("nobody", "192.0.2.7", None));
        assert!(!refused("alice", "192.0.2.7", Some(&facts)));
        assert!(!refused("alice", "127.0.0.1", None) && !refused("anonymous", "192.0.2.7", None));
    }
}
