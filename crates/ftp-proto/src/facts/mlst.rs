//! Machine-readable entries: MLST and MLSD (RFC 3659 §7).
