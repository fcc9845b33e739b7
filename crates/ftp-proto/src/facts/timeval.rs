//! Time values: YYYYMMDDHHMMSS[.sss] in UTC (RFC 3659 §2.3).

/// A moment in UTC, with the precision that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeVal {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds_since_epoch: i64,
    /// The fraction, if it is known, in nanoseconds: 0 to 999,999,999.
    pub nanos: Option<u32>,
}
