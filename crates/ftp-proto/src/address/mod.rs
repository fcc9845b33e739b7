//! Addresses on the control connection: PORT and 227, EPRT and 229, and the rules for trusting them.

mod announced;
pub mod extended;
pub mod host_port;
mod policy;

pub use announced::{Announced, parse_228};
pub use policy::{PassiveAddress, TargetRefusal, check_target, is_private, passive_target};

use core::net::{IpAddr, SocketAddr};

/// An IPv4-mapped IPv6 address as the IPv4 address that it is. Every comparison needs it: a dual-stack listener sees
/// `::ffff:192.0.2.1` where its peer says 192.0.2.1.
#[must_use]
pub fn normalise(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// [`normalise`] for a socket address.
#[must_use]
pub fn normalise_socket(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(normalise(address.ip()), address.port())
}

/// Whether two addresses share their first `prefix` bits; never across families.
#[must_use]
pub fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    fn differ(a: u128, b: u128, width: u32, prefix: u8) -> bool {
        let host = width.saturating_sub(u32::from(prefix));
        (a ^ b).checked_shr(host).is_some_and(|rest| rest != 0)
    }
    match (normalise(a), normalise(b)) {
        (IpAddr::V4(a), IpAddr::V4(b)) => !differ(u32::from(a).into(), u32::from(b).into(), 32, prefix),
        (IpAddr::V6(a), IpAddr::V6(b)) => !differ(u128::from(a), u128::from(b), 128, prefix),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// A decimal number: digits only, at least one, and it has to fit.
pub(crate) fn decimal<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    T::try_from(number).ok()
}

/// What of `text` may be an address that begins at `at`. Bounded, so that a search at every place stays quick however
/// long the text is.
fn window(text: &[u8], at: usize) -> &[u8] {
    /// More than the longest, a 228's with an IPv6 address and a space after each comma.
    const LONGEST: usize = 128;
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..LONGEST).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_are_compared_bit_by_bit_and_never_across_families() {
        assert!(same_network(ip("192.0.2.1"), ip("192.0.2.254"), 24));
        assert!(!same_network(ip("192.0.2.1"), ip("192.0.3.1"), 24));
        assert!(same_network(ip("192.0.2.1"), ip("203.0.113.9"), 0));
        assert!(!same_network(ip("192.0.2.1"), ip("192.0.2.2"), 32));
        assert!(same_network(ip("::ffff:192.0.2.1"), ip("192.0.2.1"), 32));
        assert!(!same_network(ip("::1"), ip("127.0.0.1"), 0));
        assert!(same_network(ip("2001:db8::1"), ip("2001:db8::2"), 64));
        assert!(same_network(ip("2001:db8::1"), ip("2a00::2"), 0));
    }
}
