//! Arguments with rules of their own: what can be constructed can be sent.
//!
//! CR, LF and NUL cannot be in any of them, so that none can become a second command line or cut one short.

use bytes::Bytes;
use core::fmt;

/// A pathname as octets, usually UTF-8 (RFC 2640).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathName(Bytes);

/// Free text of at least one octet: a user's name, a client's name, what follows SITE.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Bytes);

/// One word: a [`Text`] without SP, `;` and `=`, which separate words in the commands that have several.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word(Bytes);

/// Octets that are never printed: a password or an account. May be empty.
#[derive(Clone)]
pub struct Secret(Bytes);

/// Why octets are not a [`PathName`], [`Text`], [`Word`] or [`Secret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// At least one octet is needed.
    #[error("it is empty")]
    Empty,
    /// CR, LF or NUL; in a word also SP, `;` and `=`.
    #[error("octet {octet:#04x} is not allowed in it")]
    Forbidden {
        /// The octet.
        octet: u8,
    },
}

/// `octets`, when none of them is in `forbidden`.
fn without(octets: Bytes, forbidden: &[u8]) -> Result<Bytes, ArgumentError> {
    match octets.iter().find(|octet| forbidden.contains(octet)) {
        Some(&octet) => Err(ArgumentError::Forbidden { octet }),
        None => Ok(octets),
    }
}

fn not_empty(octets: Bytes) -> Result<Bytes, ArgumentError> {
    if octets.is_empty() { Err(ArgumentError::Empty) } else { Ok(octets) }
}

/// What ends a line, or where software written in C ends a string.
const LINE_BREAKERS: &[u8] = b"\r\n\0";
const WORD_BREAKERS: &[u8] = b"\r\n\0 ;=";

macro_rules! octets {
    ($type:ident) => {
        impl $type {
            /// The octets, as on the wire but without Telnet's doubling of 0xFF.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The octets.
            #[must_use]
            pub fn into_bytes(self) -> Bytes {
                self.0
            }
        }

        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<$type> for Bytes {
            fn from(argument: $type) -> Self {
                argument.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($type), self.0)
            }
        }
    };
}

octets!(PathName);
octets!(Text);
octets!(Word);

impl PathName {
    /// The root directory, `/`.
    #[must_use]
    pub const fn root() -> Self {
        Self(Bytes::from_static(b"/"))
    }

    /// Checks `octets`.
    ///
    /// # Errors
    /// When they are empty, or contain CR, LF or NUL.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, ArgumentError> {
        without(not_empty(octets.into())?, LINE_BREAKERS).map(Self)
    }
}

impl Text {
    /// Checks `octets`.
    ///
    /// # Errors
    /// When they are empty, or contain CR, LF or NUL.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, ArgumentError> {
        without(not_empty(octets.into())?, LINE_BREAKERS).map(Self)
    }
}

impl Word {
    /// Checks `octets`.
    ///
    /// # Errors
    /// When they are empty, or contain CR, LF, NUL, SP, `;` or `=`.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, ArgumentError> {
        without(not_empty(octets.into())?, WORD_BREAKERS).map(Self)
    }
}

impl Secret {
    /// Checks `octets`.
    ///
    /// # Errors
    /// When they contain CR, LF or NUL.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, ArgumentError> {
        without(octets.into(), LINE_BREAKERS).map(Self)
    }

    /// The octets themselves; do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PathName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::octets::serialize(&self.0, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PathName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(crate::octets::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn c3_cr_lf_and_nul_cannot_be_constructed() {
        for octet in *b"\r\n\0" {
            let octets = Bytes::copy_from_slice(&[b'a', octet, b'b']);
            let error = ArgumentError::Forbidden { octet };
            assert_eq!(PathName::new(octets.clone()), Err(error));
            assert_eq!(Text::new(octets.clone()), Err(error));
            assert_eq!(Word::new(octets.clone()), Err(error));
            assert_eq!(Secret::new(octets).map(|_| ()), Err(error));
        }
    }

    #[test]
    fn only_a_secret_may_be_empty() {
        assert_eq!(PathName::new(""), Err(ArgumentError::Empty));
        assert_eq!(Text::new(""), Err(ArgumentError::Empty));
        assert_eq!(Word::new(""), Err(ArgumentError::Empty));
        assert!(Secret::new("").is_ok());
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2").unwrap()), "Secret(..)");
    }
}
