//! Numbers in digits, as facts and listings have them: no sign, no blanks, nothing else.

/// The number that decimal `digits` write; `None` when there are none, when one is not a digit, or when it is larger
/// than a `u64`.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    in_base(digits, 10)
}

/// Likewise for octal digits.
pub(super) fn octal(digits: &[u8]) -> Option<u64> {
    in_base(digits, 8)
}

fn in_base(digits: &[u8], base: u8) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.checked_sub(b'0').filter(|&value| value < base)?;
        number.checked_mul(base.into())?.checked_add(value.into())
    })
}

#[cfg(test)]
mod tests {
    use super::{decimal, octal};

    #[test]
    fn s25_numbers_are_digits_and_do_not_wrap() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(octal(b"0755"), Some(0o755));
        for digits in ["", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999999"] {
            assert_eq!(decimal(digits.as_bytes()), None, "{digits}");
        }
        assert_eq!(octal(b"8"), None);
    }
}
