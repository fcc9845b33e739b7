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

#[cfg(test)]
mod tests {
    use super::Security::{Clear, ClearedByCcc, Clearing, Handshaking, Offered, Protected};
    use super::*;

    const STATES: [Security; 6] = [Clear, Offered, Handshaking, Protected, Clearing, ClearedByCcc];
    const INPUTS: [SecurityInput; 6] = [
        SecurityInput::Auth,
        SecurityInput::Begin,
        SecurityInput::Refused,
        SecurityInput::Secured,
        SecurityInput::Clear,
        SecurityInput::Cleared,
    ];

    #[test]
    fn every_cell_of_the_table_is_a_transition_or_a_refusal() {
        let transitions: [(Security, usize, Security); 7] = [
            (Clear, 0, Offered),
            (Clear, 1, Handshaking),
            (Offered, 1, Handshaking),
            (Offered, 2, Clear),
            (Handshaking, 3, Protected),
            (Protected, 4, Clearing),
            (Clearing, 5, ClearedByCcc),
        ];
        for state in STATES {
            for (index, input) in INPUTS.into_iter().enumerate() {
                let expected =
                    transitions.iter().find(|row| (row.0, row.1) == (state, index)).map(|row| row.2);
                assert_eq!(state.next(input), expected, "{state:?} {input:?}");
            }
        }
    }

    #[test]
    fn c9_nothing_is_decoded_between_the_clear_and_tls() {
        let silent: [Security; 2] = [Handshaking, Clearing];
        for state in STATES {
            assert_eq!(state.decodes(), !silent.contains(&state), "{state:?}");
        }
    }
}
