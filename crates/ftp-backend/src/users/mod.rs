//! Who may log in: anonymous users, names from the command line, a users file.
//!
//! ```
//! use ftp_backend::users::Accounts;
//!
//! let mut accounts = Accounts::new();
//! accounts.allow_anonymous(Default::default());
//! accounts.add_plain("alice:secret".parse()?);
//! assert!(accounts.verify(b"alice", b"secret").is_some());
//! assert!(accounts.verify(b"alice", b"guess").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificate;
mod file;
mod password;

pub use file::{AnonymousEntry, UserEntry, UsersFile, UsersFileError, user_lines};
pub use password::{PasswordError, hash_password};

use crate::rights::Rights;
use certificate::Certificate;
use core::fmt;
use core::str::FromStr;
use password::{Stored, Verifier};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everybody who may log in.
#[derive(Debug)]
pub struct Accounts {
    named: BTreeMap<Vec<u8>, Account>,
    anonymous: Option<Anonymous>,
    verifier: Verifier,
}

/// A user with a name, and a password or a certificate.
#[derive(Clone)]
pub struct Account {
    password: Option<Stored>,
    certificates: Vec<Certificate>,
    /// When this user must have TLS; `None` is as the server has it for everybody.
    pub tls: Option<TlsRule>,
    /// The user's root, as [`Homes`](crate::standard::Homes) understands it; `None` is the served directory.
    pub home: Option<String>,
    /// What the user may do.
    pub rights: Rights,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("home", &self.home)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

/// What one user's TLS must be, whatever the server asks of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsRule {
    /// The user may log in without.
    Offer,
    /// The user's password is not taken in the clear, from nowhere, and data connections must be under TLS.
    Require,
}

/// The user without a password, called `anonymous` or `ftp` (RFC 1635).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anonymous {
    /// The root; `None` is the served directory.
    pub home: Option<String>,
    /// What anonymous users may do; by default list and read.
    pub rights: Rights,
}

impl Default for Anonymous {
    fn default() -> Self {
        Self { home: None, rights: Rights::READ_ONLY }
    }
}

/// `NAME:PASSWORD`, as the command line has it.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainAccount {
    /// The name.
    pub name: String,
    /// The password, in the clear.
    pub password: String,
    /// The root; `None` is the served directory.
    pub home: Option<String>,
    /// What the user may do; by default everything.
    pub rights: Rights,
}

impl fmt::Debug for PlainAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainAccount").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Text that is not `NAME:PASSWORD`. The text is not in the message: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME:PASSWORD, both without control characters, the name not empty")]
pub struct PlainAccountError;

impl FromStr for PlainAccount {
    type Err = PlainAccountError;

    /// The name ends at the first colon. An empty password is one.
    fn from_str(text: &str) -> Result<Self, PlainAccountError> {
        let (name, password) = text.split_once(':').ok_or(PlainAccountError)?;
        if name.is_empty() || text.chars().any(char::is_control) {
            return Err(PlainAccountError);
        }
        Ok(Self { name: name.to_owned(), password: password.to_owned(), home: None, rights: Rights::FULL })
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self::new()
    }
}

impl Accounts {
    /// Nobody may log in.
    #[must_use]
    pub fn new() -> Self {
        Self { named: BTreeMap::new(), anonymous: None, verifier: Verifier::new() }
    }

    /// Anonymous users may log in.
    pub fn allow_anonymous(&mut self, anonymous: Anonymous) {
        self.anonymous = Some(anonymous);
    }

    /// Adds a user, or replaces the one of that name. The password is not kept in the clear.
    pub fn add_plain(&mut self, account: PlainAccount) {
        let password = Some(Stored::Digest(self.verifier.digest(account.password.as_bytes())));
        let PlainAccount { name, home, rights, .. } = account;
        let account = Account { password, certificates: Vec::new(), tls: None, home, rights };
        self.named.insert(name.into_bytes(), account);
    }

    /// Adds a user, or replaces the one of that name.
    fn add(&mut self, name: &str, account: Account) {
        if let Some(password) = &account.password {
            self.verifier.raise_cost(password);
        }
        self.named.insert(name.as_bytes().to_vec(), account);
    }

    /// Whether nobody can log in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.anonymous.is_none()
    }

    /// The anonymous user, if `name` is one of its names, it may log in, and no user with a password is called so.
    #[must_use]
    pub fn anonymous(&self, name: &[u8]) -> Option<&Anonymous> {
        let is_anonymous = [&b"anonymous"[..], b"ftp"].iter().any(|known| name.eq_ignore_ascii_case(known));
        self.anonymous.as_ref().filter(|_| is_anonymous && !self.named.contains_key(name))
    }

    /// The user of this name, if the password is right: every octet of it counts, NUL too. Unknown names take as long as
    /// wrong passwords. Blocks for as long as the hash takes.
    #[must_use]
    pub fn verify(&self, name: &[u8], password: &[u8]) -> Option<&Account> {
        let account = self.named.get(name);
        let stored = account.and_then(|account| account.password.as_ref());
        let matches = self.verifier.matches(password, stored);
        account.filter(|_| matches)
    }

    /// The user of this name, if the certificate, in DER form, is one of theirs.
    #[must_use]
    pub fn certified(&self, name: &[u8], certificate: &[u8]) -> Option<&Account> {
        let account = self.named.get(name)?;
        account.certificates.iter().any(|own| own.is(certificate)).then_some(account)
    }

    /// What is said of this user's TLS; `None` for those of whom nothing is said, and for those who do not exist.
    #[must_use]
    pub fn tls_rule(&self, name: &[u8]) -> Option<TlsRule> {
        self.named.get(name)?.tls
    }
}

#[cfg(test)]
mod tests;
