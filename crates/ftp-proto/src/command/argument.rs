//! Arguments with rules of their own: what can be constructed can be sent.

use bytes::Bytes;
use core::fmt;

/// A pathname as octets, usually UTF-8 (RFC 2640). CR, LF and NUL cannot be in it, so it can never become a second
/// command line or cut one short.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathName(Bytes);

/// Why octets are not a [`PathName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathNameError {
    /// A pathname has at least one octet.
    #[error("pathname is empty")]
    Empty,
    /// CR, LF or NUL.
    #[error("octet {octet:#04x} is not allowed in a pathname")]
    Forbidden {
        /// The octet.
        octet: u8,
    },
}

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
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, PathNameError> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(PathNameError::Empty);
        }
        match octets.iter().find(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            Some(&octet) => Err(PathNameError::Forbidden { octet }),
            None => Ok(Self(octets)),
        }
    }

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

impl AsRef<[u8]> for PathName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathName({:?})", self.0)
    }
}

/// Octets that are never printed: a password or an account.
#[derive(Clone)]
pub struct Secret(Bytes);

impl Secret {
    /// Wraps `octets`.
    #[must_use]
    pub const fn new(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets themselves; do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
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
            assert_eq!(PathName::new(octets), Err(PathNameError::Forbidden { octet }));
        }
        assert_eq!(PathName::new(Bytes::new()), Err(PathNameError::Empty));
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        assert_eq!(format!("{:?}", Secret::new(Bytes::from_static(b"hunter2"))), "Secret(..)");
    }
}
