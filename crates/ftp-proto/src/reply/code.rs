//! Reply codes and what their first digit means (RFC 959 §4.2.1).

use core::fmt;

/// Three digits, 100 to 699 (6yz is RFC 2228's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u16", into = "u16"))]
pub struct ReplyCode(u16);

/// What a client decides on: the first digit (RFC 1123 §4.1.2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyClass {
    /// 1yz: begun, another reply follows.
    Preliminary,
    /// 2yz: done.
    Completion,
    /// 3yz: the next command of the sequence is awaited.
    Intermediate,
    /// 4yz: not done; the same may work later.
    TransientNegative,
    /// 5yz: not done; the same will not work later.
    PermanentNegative,
    /// 6yz: a protected reply (RFC 2228).
    Protected,
}

macro_rules! codes {
    ($($name:ident = $code:literal;)*) => {
        impl ReplyCode {
            $(#[doc = stringify!($code)] pub const $name: Self = Self($code);)*
            /// Every code that this crate's server sends.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    RESTART_MARKER = 110;
    SERVICE_READY_SOON = 120;
    DATA_CONNECTION_ALREADY_OPEN = 125;
    FILE_STATUS_OKAY = 150;
    COMMAND_OKAY = 200;
    SUPERFLUOUS = 202;
    SYSTEM_STATUS = 211;
    DIRECTORY_STATUS = 212;
    FILE_STATUS = 213;
    HELP_MESSAGE = 214;
    SYSTEM_TYPE = 215;
    SERVICE_READY = 220;
    SERVICE_CLOSING = 221;
    DATA_CONNECTION_OPEN = 225;
    CLOSING_DATA_CONNECTION = 226;
    ENTERING_PASSIVE_MODE = 227;
    ENTERING_LONG_PASSIVE_MODE = 228;
    ENTERING_EXTENDED_PASSIVE_MODE = 229;
    USER_LOGGED_IN = 230;
    USER_LOGGED_IN_SECURELY = 232;
    SECURITY_EXCHANGE_COMPLETE = 234;
    FILE_ACTION_COMPLETED = 250;
    PATHNAME_CREATED = 257;
    NEED_PASSWORD = 331;
    NEED_ACCOUNT = 332;
    FILE_ACTION_PENDING = 350;
    SERVICE_NOT_AVAILABLE = 421;
    CANNOT_OPEN_DATA_CONNECTION = 425;
    TRANSFER_ABORTED = 426;
    SECURITY_RESOURCE_UNAVAILABLE = 431;
    FILE_ACTION_NOT_TAKEN = 450;
    LOCAL_ERROR = 451;
    INSUFFICIENT_STORAGE = 452;
    SYNTAX_ERROR = 500;
    ARGUMENT_SYNTAX_ERROR = 501;
    NOT_IMPLEMENTED = 502;
    BAD_SEQUENCE = 503;
    PARAMETER_NOT_IMPLEMENTED = 504;
    PROTECTION_LEVEL_FORBIDS = 521;
    NETWORK_PROTOCOL_NOT_SUPPORTED = 522;
    NOT_LOGGED_IN = 530;
    NEED_ACCOUNT_FOR_STORING = 532;
    PROTECTION_DENIED = 533;
    SECURITY_POLICY_REFUSES = 534;
    PROTECTION_LEVEL_NOT_SUPPORTED = 536;
    FILE_UNAVAILABLE = 550;
    PAGE_TYPE_UNKNOWN = 551;
    EXCEEDED_STORAGE = 552;
    FILE_NAME_NOT_ALLOWED = 553;
    INVALID_RESTART = 554;
}

impl ReplyCode {
    /// A code from its number; `None` outside 100 to 699.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 100 && code <= 699 { Some(Self(code)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The meaning of the first digit.
    #[must_use]
    pub const fn class(self) -> ReplyClass {
        match self.0 / 100 {
            1 => ReplyClass::Preliminary,
            2 => ReplyClass::Completion,
            3 => ReplyClass::Intermediate,
            4 => ReplyClass::TransientNegative,
            5 => ReplyClass::PermanentNegative,
            _ => ReplyClass::Protected,
        }
    }

    /// 1yz: another reply to the same command follows.
    #[must_use]
    pub const fn is_preliminary(self) -> bool {
        matches!(self.class(), ReplyClass::Preliminary)
    }

    /// 2yz: done.
    #[must_use]
    pub const fn is_completion(self) -> bool {
        matches!(self.class(), ReplyClass::Completion)
    }
}

impl From<ReplyCode> for u16 {
    fn from(code: ReplyCode) -> Self {
        code.0
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = NoReplyCode;

    fn try_from(code: u16) -> Result<Self, NoReplyCode> {
        Self::new(code).ok_or(NoReplyCode)
    }
}

/// A number outside 100 to 699.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reply code is 100 to 699")]
pub struct NoReplyCode;

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc1123_13_every_code_follows_the_digits_of_rfc_959() {
        // RFC 959 §4.2: the first digit is 1 to 5, the second 0 to 5.
        for (index, code) in ReplyCode::KNOWN.iter().enumerate() {
            let (first, second) = (code.get() / 100, code.get() / 10 % 10);
            assert!((1..=5).contains(&first) && second <= 5, "{code}");
            assert!(!ReplyCode::KNOWN[..index].contains(code), "{code} stands twice");
        }
        assert_eq!(ReplyCode::new(99), None);
        assert_eq!(ReplyCode::new(700), None);
    }
}
