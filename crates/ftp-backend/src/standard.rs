//! The backend that most servers want: accounts, each with a home in some storage.

use crate::backend::{Backend, LoginAttempt, LoginVerdict};
use crate::limits::{GuessLimits, Guesses};
use crate::memory::MemoryStorage;
use crate::rights::Rights;
use crate::session::UserSession;
use crate::storage::Storage;
use crate::users::{Account, Accounts, TlsRule};
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
    /// ones, so that who exists is not told. A user's own rule does tell: guarding the password is worth more.
    fn is_too_open(&self, attempt: &LoginAttempt<'_>) -> bool {
        let refused = match self.accounts.tls_rule(attempt.user) {
            Some(TlsRule::Require) => true,
            Some(TlsRule::Offer) => false,
            None => {
                self.refuses_clear_logins
                    && !attempt.peer.is_loopback()
                    && self.accounts.anonymous(attempt.user).is_none()
            }
        };
        refused && attempt.tls.is_none()
    }

    /// USER: who shows a certificate of that user's is in; everybody else is asked for a password, whether there is such a
    /// user or not (RFC 2577 §6).
    fn greet(&self, attempt: &LoginAttempt<'_>) -> LoginVerdict {
        let certificate = attempt.tls.and_then(|tls| tls.peer_certificate.as_ref());
        match certificate.and_then(|shown| self.accounts.certified(attempt.user, shown)) {
            Some(account) => self.enter_as(attempt, account),
            None => LoginVerdict::NeedPassword,
        }
    }

    fn check(&self, attempt: &LoginAttempt<'_>, password: &Secret) -> LoginVerdict {
        if let Some(anonymous) = self.accounts.anonymous(attempt.user) {
            // They share a name, so nothing is kept for one of them that another could find.
            return self.enter(anonymous.home.as_deref(), anonymous.rights, None, Grant::default());
        }
        if !self.guesses.take(attempt.peer, Instant::now()) {
            return refuse(LoginRefusal::Banned);
        }
        let Some(account) = self.accounts.verify(attempt.user, password.expose()) else {
            return refuse(LoginRefusal::Credentials);
        };
        self.guesses.give_back(attempt.peer);
        self.enter_as(attempt, account)
    }

    fn enter_as(&self, attempt: &LoginAttempt<'_>, account: &Account) -> LoginVerdict {
        let owner = Bytes::copy_from_slice(attempt.user);
        let grant = Grant { protect_data: account.tls == Some(TlsRule::Require), ..Grant::default() };
        self.enter(account.home.as_deref(), account.rights, Some(owner), grant)
    }

    fn enter(&self, home: Option<&str>, rights: Rights, owner: Option<Bytes>, grant: Grant) -> LoginVerdict {
        match self.homes.open(home) {
            Ok(storage) => {
                LoginVerdict::Accept { grant, session: Arc::new(UserSession::new(storage, rights, owner)) }
            }
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
            LoginStage::User => self.greet(attempt),
            LoginStage::Password(password) => self.check(attempt, password),
            LoginStage::Account(_) => refuse(LoginRefusal::Credentials),
        }
    }

    /// Where no password has to be hashed and no home to be opened.
    fn login_at_once(&self, attempt: &LoginAttempt<'_>) -> Option<LoginVerdict> {
        let certified = attempt.tls.is_some_and(|tls| tls.peer_certificate.is_some());
        let at_once = self.is_too_open(attempt)
            || match attempt.stage {
                LoginStage::User => !certified,
                LoginStage::Password(_) => {
                    self.accounts.anonymous(attempt.user).is_some_and(|anonymous| anonymous.home.is_none())
                }
                LoginStage::Account(_) => true,
            };
        at_once.then(|| self.login(attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::{Anonymous, UsersFile};
    use ftp_proto::data::{Resumption, TlsFacts};

    fn backend(users: &str) -> StandardBackend {
        let mut accounts = Accounts::new();
        accounts.allow_anonymous(Anonymous::default());
        accounts.add_plain("alice:secret".parse().unwrap());
        UsersFile::parse(users).unwrap().add_to(&mut accounts).unwrap();
        StandardBackend::new(accounts, MemoryStorage::new())
    }

    fn tls(certificate: Option<Vec<u8>>) -> TlsFacts {
        TlsFacts {
            resumption: Resumption::None,
            tls13: true,
            server_name: None,
            alpn: None,
            peer_certificate: certificate.map(Bytes::from),
        }
    }

    fn says(backend: &StandardBackend, user: &str, peer: &str, tls: Option<&TlsFacts>) -> LoginVerdict {
        let (user, peer, local) = (user.as_bytes(), peer.parse().unwrap(), "192.0.2.1:21".parse().unwrap());
        backend.login(&LoginAttempt { user, stage: LoginStage::User, host: None, peer, local, tls })
    }

    fn needs_tls(verdict: &LoginVerdict) -> bool {
        matches!(verdict, LoginVerdict::Refuse { why: LoginRefusal::TlsRequired, .. })
    }

    const FAR: &str = "192.0.2.7";
    const HERE: &str = "127.0.0.1";

    #[test]
    fn a_password_does_not_cross_the_network_in_the_clear_and_who_exists_is_not_told() {
        let backend = backend("").refusing_clear_logins();
        let protected = tls(None);
        let refused = |user, peer, tls| needs_tls(&says(&backend, user, peer, tls));
        assert!(refused("alice", FAR, None) && refused("nobody", FAR, None));
        assert!(!refused("alice", FAR, Some(&protected)));
        assert!(!refused("alice", HERE, None) && !refused("anonymous", FAR, None));
    }

    #[test]
    fn a_rule_of_the_user_s_own_goes_before_the_server_s() {
        let user = |name: &str, rule: &str| {
            format!("[[user]]\nname = \"{name}\"\ncertificates = [\"x\"]\ntls = \"{rule}\"\n")
        };
        let users = user("strict", "require") + &user("old", "offer");
        let refused = |backend: &StandardBackend, name, peer| needs_tls(&says(backend, name, peer, None));
        let lenient = backend(&users);
        assert!(refused(&lenient, "strict", FAR) && refused(&lenient, "strict", HERE));
        assert!(!refused(&lenient, "alice", FAR));
        assert!(!refused(&backend(&users).refusing_clear_logins(), "old", FAR));
    }

    #[test]
    fn a_certificate_lets_its_user_in_and_nobody_else() {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "robot@example.com");
        let key = rcgen::KeyPair::generate().unwrap();
        let shown = tls(Some(params.self_signed(&key).unwrap().der().to_vec()));
        let backend = backend(
            "[[user]]\nname = \"robot\"\ncertificates = [\"robot@example.com\"]\ntls = \"require\"\n",
        );
        let LoginVerdict::Accept { grant, .. } = says(&backend, "robot", FAR, Some(&shown)) else {
            panic!("not let in");
        };
        assert!(grant.protect_data);
        for (user, tls) in [("alice", &shown), ("nobody", &shown), ("robot", &tls(None))] {
            assert!(matches!(says(&backend, user, FAR, Some(tls)), LoginVerdict::NeedPassword), "{user}");
        }
    }
}
