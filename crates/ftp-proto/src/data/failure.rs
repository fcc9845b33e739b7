//! The failure catalogue: a stable id and one line for every way in which a data connection can fail.
//!
//! Ids and one-line texts are here because replies carry them; cause and cure in full are `ftp-doctor`'s.

use super::{DataMode, DataPhase, Failure, Opening, Side};
use core::fmt;

macro_rules! catalogue {
    ($($variant:ident $id:literal $text:literal;)*) => {
        /// Stable id of a data-connection failure. Shown in replies, logs and messages; never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FailureId {
            $(#[doc = concat!("`", $id, "`: ", $text, ".")] $variant,)*
        }

        impl FailureId {
            /// Every id, in the catalogue's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id as it is written, `FTP-DATA-…`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What happened, in one line, without a full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

catalogue! {
    PortsExhausted "FTP-DATA-PORTS-EXHAUSTED" "every port of the passive range is in use";
    ListenFailed "FTP-DATA-LISTEN-FAILED" "no port could be opened to listen on";
    NoDescriptors "FTP-DATA-NO-DESCRIPTORS" "the process has no file descriptor left";
    NobodyConnected "FTP-DATA-NOBODY-CONNECTED" "nobody connected to the announced port in time";
    WrongPeer "FTP-DATA-WRONG-PEER" "only other hosts than the control connection's peer connected";
    ConnectRefused "FTP-DATA-CONNECT-REFUSED" "the announced port refused the connection";
    ConnectTimedOut "FTP-DATA-CONNECT-TIMED-OUT" "the announced port did not answer in time";
    ConnectUnreachable "FTP-DATA-CONNECT-UNREACHABLE" "the announced address cannot be reached";
    ConnectReset "FTP-DATA-CONNECT-RESET" "the data connection was reset";
    ConnectForbidden "FTP-DATA-CONNECT-FORBIDDEN" "this machine's own rules forbid the connection";
    SourcePort "FTP-DATA-SOURCE-PORT" "the required source port cannot be used";
    PortForeign "FTP-DATA-PORT-FOREIGN" "the announced address is not the control connection's peer";
    PortPrivate "FTP-DATA-PORT-PRIVATE" "a private address was announced from a public one";
    PortLow "FTP-DATA-PORT-LOW" "a port below 1024 was announced";
    AnnouncedUnusable "FTP-DATA-ANNOUNCED-UNUSABLE" "the announced address or port cannot be used";
    ModeRefused "FTP-DATA-MODE-REFUSED" "the peer refused this data port mode";
    ModeUnanswered "FTP-DATA-MODE-UNANSWERED" "the peer did not answer the request for a data port";
    PeerGaveUp "FTP-DATA-PEER-GAVE-UP" "the peer reported that it could not open the data connection";
    TlsFailed "FTP-DATA-TLS-FAILED" "TLS on the data connection failed";
    TlsTimedOut "FTP-DATA-TLS-TIMED-OUT" "TLS on the data connection was not completed in time";
    TlsNotResumed "FTP-DATA-TLS-NOT-RESUMED" "the data connection did not resume the control connection's TLS session";
    TlsOtherCertificate "FTP-DATA-TLS-OTHER-CERTIFICATE" "the data connection showed another certificate than the control connection";
    Other "FTP-DATA-OTHER" "the data connection failed";
}

impl FailureId {
    /// The id that a text names, as our server's replies do: `[FTP-DATA-…]`.
    #[must_use]
    pub fn in_text(text: &[u8]) -> Option<Self> {
        let named = |id: &&Self| {
            let id = id.as_str().as_bytes();
            text.windows(id.len() + 2).any(|place| {
                place.first() == Some(&b'[') && place.last() == Some(&b']') && place[1..=id.len()] == *id
            })
        };
        Self::ALL.iter().find(named).copied()
    }

    /// Names the failure that `side` met in `mode` while `during`.
    #[must_use]
    pub const fn of(side: Side, mode: DataMode, during: DataPhase, why: Failure) -> Self {
        match (during, why) {
            (_, Failure::TooManyDescriptors) => Self::NoDescriptors,
            (DataPhase::Listen, Failure::PortsExhausted) => Self::PortsExhausted,
            (DataPhase::Listen, _) => Self::ListenFailed,
            (DataPhase::Secure, Failure::TimedOut) => Self::TlsTimedOut,
            (DataPhase::Secure, Failure::Reset) => Self::ConnectReset,
            (_, Failure::NotResumed) => Self::TlsNotResumed,
            (DataPhase::Secure, Failure::WrongPeer) => Self::TlsOtherCertificate,
            (DataPhase::Secure, _) => Self::TlsFailed,
            (DataPhase::Connect, Failure::WrongPeer) => Self::WrongPeer,
            (DataPhase::Connect, Failure::Refused) => Self::ConnectRefused,
            (DataPhase::Connect, Failure::TimedOut) => match mode.opening(side) {
                Opening::Listen => Self::NobodyConnected,
                Opening::Connect => Self::ConnectTimedOut,
            },
            (DataPhase::Connect, Failure::HostUnreachable | Failure::Unreachable) => Self::ConnectUnreachable,
            (DataPhase::Connect, Failure::Reset) => Self::ConnectReset,
            (DataPhase::Connect, Failure::PermissionDenied) => Self::ConnectForbidden,
            (DataPhase::Connect, Failure::AddressInUse | Failure::AddressUnavailable) => Self::SourcePort,
            (DataPhase::Connect, Failure::PortsExhausted) => Self::PortsExhausted,
            (DataPhase::Connect, Failure::Tls) => Self::TlsFailed,
            (DataPhase::Connect, Failure::Other) => Self::Other,
        }
    }
}

impl fmt::Display for FailureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_have_the_catalogue_prefix() {
        for (index, id) in FailureId::ALL.iter().enumerate() {
            assert!(id.as_str().starts_with("FTP-DATA-"), "{id}");
            assert!(!id.text().ends_with('.'), "{id}");
            assert!(
                FailureId::ALL[..index].iter().all(|other| other.as_str() != id.as_str()),
                "{id} stands twice"
            );
        }
    }

    #[test]
    fn an_id_is_found_in_a_text_as_a_whole() {
        let found = |text: &str| FailureId::in_text(text.as_bytes());
        assert_eq!(found("No [FTP-DATA-TLS-FAILED]."), Some(FailureId::TlsFailed));
        assert_eq!(found("[FTP-DATA-PORT-LOW]"), Some(FailureId::PortLow));
        for other in ["", "FTP-DATA-TLS-FAILED", "[FTP-DATA-TLS-FAILED", "[FTP-DATA-TLS]", "[FTP-DATA-NEW]"] {
            assert_eq!(found(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_time_out_is_named_after_who_was_to_connect() {
        let of = |side, mode| FailureId::of(side, mode, DataPhase::Connect, Failure::TimedOut);
        assert_eq!(of(Side::Server, DataMode::PASV), FailureId::NobodyConnected);
        assert_eq!(of(Side::Server, DataMode::PORT), FailureId::ConnectTimedOut);
        assert_eq!(of(Side::User, DataMode::PASV), FailureId::ConnectTimedOut);
        assert_eq!(of(Side::User, DataMode::PORT), FailureId::NobodyConnected);
    }
}
