//! Passwords: made unreadable, and compared without telling by time.

use argon2::Argon2;
use argon2::password_hash::rand_core::{OsRng, RngCore};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sha2::{Digest, Sha256};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// Why a password or its hash cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The text is not a hash that [`hash_password`] makes.
    #[error("not a password hash (argon2, PHC format): {0}")]
    Hash(String),
}

/// Hashes `password` with argon2id and a random salt; the text is what goes into a users file. It takes about 20 ms and 19 MiB on
/// purpose.
///
/// # Errors
/// When the password is longer than argon2 takes (4 GiB).
pub fn hash_password(password: &[u8]) -> Result<String, PasswordError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password, &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// A password that cannot be read any more.
#[derive(Clone)]
pub(super) enum Stored {
    /// Given in the clear when the server was started: a digest with a key of this process.
    Digest([u8; 32]),
    /// From a users file.
    Argon2(String),
}

impl Stored {
    pub(super) fn from_hash(text: &str) -> Result<Self, PasswordError> {
        let parsed = PasswordHash::new(text).map_err(|error| PasswordError::Hash(error.to_string()))?;
        if parsed.algorithm.as_str().starts_with("argon2") && parsed.hash.is_some() {
            Ok(Self::Argon2(text.to_owned()))
        } else {
            Err(PasswordError::Hash("another algorithm, or cut short".to_owned()))
        }
    }
}

/// Compares passwords with stored ones.
#[derive(Debug)]
pub(super) struct Verifier {
    key: [u8; 32],
    /// Stands in for the hash of a user who does not exist, or has none: as costly as the others.
    dummy: Option<String>,
    permits: Permits,
}

impl Verifier {
    pub(super) fn new() -> Self {
        let mut key = [0; 32];
        OsRng.fill_bytes(&mut key);
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        Self { key, dummy: None, permits: Permits::new(at_once) }
    }

    pub(super) fn digest(&self, password: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.key).chain_update(password).finalize().into()
    }

    /// From now on every comparison costs as much as one with `hash`.
    pub(super) fn raise_cost(&mut self, stored: &Stored) {
        if let (None, Stored::Argon2(hash)) = (&self.dummy, stored) {
            self.dummy = Some(hash.clone());
        }
    }

    /// Whether `password` is the stored one; never, when nothing is stored. The time does not depend on which it is
    /// (RFC 2577 §6): there is always one digest, and one argon2 if any user has one.
    pub(super) fn matches(&self, password: &[u8], stored: Option<&Stored>) -> bool {
        let digest = self.digest(password);
        let by_digest = match stored {
            Some(Stored::Digest(expected)) => same(&digest, expected),
            _ => false,
        };
        let (hash, counts) = match stored {
            Some(Stored::Argon2(hash)) => (Some(hash), true),
            _ => (self.dummy.as_ref(), false),
        };
        let by_hash = hash.is_some_and(|hash| self.permits.hold(|| argon2_matches(password, hash)));
        by_digest || (counts && by_hash)
    }
}

fn argon2_matches(password: &[u8], hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

/// Compares without stopping at the first difference.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

/// At most so many argon2 computations at once: each takes 19 MiB, and guessers could ask for any number.
#[derive(Debug)]
struct Permits {
    free: Mutex<usize>,
    given_back: Condvar,
}

impl Permits {
    const fn new(free: usize) -> Self {
        Self { free: Mutex::new(free), given_back: Condvar::new() }
    }

    fn hold<T>(&self, work: impl FnOnce() -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.given_back.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        drop(free);
        let done = work();
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.given_back.notify_one();
        done
    }
}
