//! TLS on the control connection (RFC 4217): the boundary that nothing received in the clear may cross.

/// Where the control connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Security {
    /// In the clear.
    #[default]
    Clear,
    /// AUTH was sent.
    Offered,
    /// 234 came; the TLS handshake runs. Nothing is decoded.
    Handshaking,
    /// Under TLS.
    Protected,
    /// CCC was accepted; TLS is being taken down. Nothing is decoded.
    Clearing,
    /// In the clear after CCC: no AUTH, no change of PROT.
    ClearedByCcc,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SecurityInput {
    /// AUTH is sent.
    Auth,
    /// AUTH is accepted, or TLS comes first (implicit TLS).
    Begin,
    /// AUTH is refused.
    Refused,
    /// The handshake is done.
    Secured,
    /// CCC is accepted.
    Clear,
    /// TLS is down.
    Cleared,
}

impl Security {
    /// The transition table; `None` when the input does not fit.
    pub(super) const fn next(self, input: SecurityInput) -> Option<Self> {
        use SecurityInput as In;
        match (self, input) {
            (Self::Clear, In::Auth) => Some(Self::Offered),
            (Self::Clear | Self::Offered, In::Begin) => Some(Self::Handshaking),
            (Self::Offered, In::Refused) => Some(Self::Clear),
            (Self::Handshaking, In::Secured) => Some(Self::Protected),
            (Self::Protected, In::Clear) => Some(Self::Clearing),
            (Self::Clearing, In::Cleared) => Some(Self::ClearedByCcc),
            (Self::Clear, In::Refused | In::Secured | In::Clear | In::Cleared)
            | (Self::Offered, In::Auth | In::Secured | In::Clear | In::Cleared)
            | (Self::Handshaking, In::Auth | In::Begin | In::Refused | In::Clear | In::Cleared)
            | (Self::Protected, In::Auth | In::Begin | In::Refused | In::Secured | In::Cleared)
            | (Self::Clearing, In::Auth | In::Begin | In::Refused | In::Secured | In::Clear)
            | (
                Self::ClearedByCcc,
                In::Auth | In::Begin | In::Refused | In::Secured | In::Clear | In::Cleared,
            ) => None,
        }
    }

    /// Whether replies are decoded now.
    pub(super) const fn decodes(self) -> bool {
        match self {
            Self::Clear | Self::Offered | Self::Protected | Self::ClearedByCcc => true,
            Self::Handshaking | Self::Clearing => false,
        }
    }
}
