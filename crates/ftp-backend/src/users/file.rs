//! The users file.
//!
//! ```toml
//! [anonymous]
//! home = "pub"
//!
//! [[user]]
//! name = "alice"
//! password = "$argon2id$v=19$m=19456,t=2,p=1$…"   # made by `ftp-server passwd`
//! home = "alice"                                   # below the served directory, or absolute
//! rights = "list, read, create"                    # or "full" (the default), "read-only", "none"
//! tls = "require"                                  # or "offer"; else as the server has it for everybody
//!
//! [[user]]
//! name = "robot"
//! certificates = ["robot@example.com"]             # common names, mail addresses or SHA-256 fingerprints
//! ```

use super::certificate::Certificate;
use super::password::Stored;
use super::{Account, Accounts, Anonymous, PasswordError, TlsRule, hash_password};
use crate::rights::{Rights, UnknownRight};
use serde::Deserialize;

/// What a users file holds. Its keys may also stand in a larger configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsersFile {
    /// `[anonymous]`: there are anonymous users.
    pub anonymous: Option<AnonymousEntry>,
    /// `[[user]]`: users with a password.
    #[serde(default, rename = "user")]
    pub users: Vec<UserEntry>,
}

/// `[anonymous]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnonymousEntry {
    /// The root.
    pub home: Option<String>,
    /// What anonymous users may do; "read-only" when it is not said.
    pub rights: Option<String>,
}

/// `[[user]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// The name.
    pub name: String,
    /// The password's hash; without it the user needs a certificate.
    pub password: Option<String>,
    /// The client certificates by which the user logs in without a password: for each a common name, a mail address, or the
    /// SHA-256 fingerprint. The server takes them from the authorities that it is told of, and from nobody else.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// What the user's TLS must be, if not as the server has it for everybody.
    pub tls: Option<TlsRule>,
    /// The root.
    pub home: Option<String>,
    /// What the user may do; "full" when it is not said.
    pub rights: Option<String>,
}

/// What is wrong with a users file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsersFileError {
    /// It is not TOML, or has keys that mean nothing.
    #[error("{0}")]
    Syntax(String),
    /// A user without a name, or one with control characters in it.
    #[error("a user's name is empty or has control characters in it")]
    Name,
    /// Two users of one name.
    #[error("user {0:?} stands twice")]
    Twice(String),
    /// There is no way for this user to log in.
    #[error("user {0:?} has neither a password nor certificates")]
    NoWayIn(String),
    /// A hash that is none.
    #[error("user {name:?}: {error}")]
    Password {
        /// Whose.
        name: String,
        /// Why.
        error: PasswordError,
    },
    /// Rights that there are not.
    #[error("user {name:?}: {error}")]
    Rights {
        /// Whose.
        name: String,
        /// Why.
        error: UnknownRight,
    },
}

impl UsersFile {
    /// Reads a users file.
    ///
    /// # Errors
    /// When it is not TOML, or has keys that mean nothing.
    pub fn parse(text: &str) -> Result<Self, UsersFileError> {
        // The message has the line; the default form would print the line itself, with the hash in it.
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            UsersFileError::Syntax(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        })
    }

    /// Adds everybody in it to `accounts`.
    ///
    /// # Errors
    /// When an entry cannot be used; those before it are added then.
    pub fn add_to(&self, accounts: &mut Accounts) -> Result<(), UsersFileError> {
        if let Some(entry) = &self.anonymous {
            let rights = rights("anonymous", entry.rights.as_deref(), Rights::READ_ONLY)?;
            accounts.allow_anonymous(Anonymous { home: entry.home.clone(), rights });
        }
        for (nth, user) in self.users.iter().enumerate() {
            if user.name.is_empty() || user.name.chars().any(char::is_control) {
                return Err(UsersFileError::Name);
            }
            if self.users.iter().take(nth).any(|earlier| earlier.name == user.name) {
                return Err(UsersFileError::Twice(user.name.clone()));
            }
            accounts.add(&user.name, user.account()?);
        }
        Ok(())
    }
}

impl UserEntry {
    fn account(&self) -> Result<Account, UsersFileError> {
        if self.password.is_none() && self.certificates.is_empty() {
            return Err(UsersFileError::NoWayIn(self.name.clone()));
        }
        let password = self.password.as_deref().map(Stored::from_hash).transpose();
        Ok(Account {
            password: password
                .map_err(|error| UsersFileError::Password { name: self.name.clone(), error })?,
            certificates: self.certificates.iter().map(|text| Certificate::from(&**text)).collect(),
            tls: self.tls,
            home: self.home.clone(),
            rights: rights(&self.name, self.rights.as_deref(), Rights::FULL)?,
        })
    }
}

fn rights(name: &str, text: Option<&str>, default: Rights) -> Result<Rights, UsersFileError> {
    let Some(text) = text else { return Ok(default) };
    text.parse().map_err(|error| UsersFileError::Rights { name: name.to_owned(), error })
}

/// The lines of a users file for a new user, to be appended to it.
///
/// # Errors
/// As [`hash_password`].
pub fn user_lines(name: &str, password: &[u8]) -> Result<String, PasswordError> {
    let hash = hash_password(password)?;
    Ok(format!("[[user]]\nname = {}\npassword = {}\n", quoted(name), quoted(&hash)))
}

/// `text` as a basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
