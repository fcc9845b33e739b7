//! Time values: YYYYMMDDHHMMSS[.sss] in UTC (RFC 3659 §2.3).

use super::digits;
use bytes::{BufMut, BytesMut};
use core::fmt;

const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
const NANO_DIGITS: usize = 9;

/// A moment in UTC, with the precision that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TimeVal {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds_since_epoch: i64,
    /// The fraction, if it is known, in nanoseconds: 0 to 999,999,999.
    pub nanos: Option<u32>,
}

/// A moment in UTC in the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilTime {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl TimeVal {
    /// The first moment that can be written: 0000-01-01T00:00:00Z.
    pub const MIN: Self = Self::from_seconds(-62_167_219_200);
    /// The last whole second that can be written: 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self::from_seconds(253_402_300_799);

    /// A moment known to the second.
    #[must_use]
    pub const fn from_seconds(seconds_since_epoch: i64) -> Self {
        Self { seconds_since_epoch, nanos: None }
    }

    /// Reads `YYYYMMDDHHMMSS[.f…]`; digits after the ninth of the fraction are dropped.
    ///
    /// `None` for anything else, including days that do not exist (29 February of a common year) and a bare full
    /// stop. The second 60 is allowed, as RFC 3659 §2.3 has it, and is the first second of the next minute.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let (whole, fraction) = match octets.iter().position(|&octet| octet == b'.') {
            Some(dot) => (octets.get(..dot)?, Some(octets.get(dot + 1..)?)),
            None => (octets, None),
        };
        if whole.len() != 14 {
            return None;
        }
        let year = u16::try_from(digits::decimal(whole.get(..4)?)?).ok()?;
        let pair = |at: usize| u8::try_from(digits::decimal(whole.get(at..at + 2)?)?).ok();
        let moment = Self::from_civil(year, pair(4)?, pair(6)?, pair(8)?, pair(10)?, pair(12)?)?;
        let nanos = match fraction {
            Some(digits) => Some(parse_nanos(digits)?),
            None => None,
        };
        Some(Self { nanos, ..moment })
    }

    /// The moment at this date and time, known to the second. `None` if there is no such date or time.
    ///
    /// The second 60 is allowed in every minute, since leap seconds cannot be foretold.
    #[must_use]
    pub fn from_civil(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let fits = year <= 9999
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        let time = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        fits.then(|| Self::from_seconds(days_since_epoch(year, month, day) * SECONDS_PER_DAY + time))
    }

    /// Date and time of day. Moments before [`MIN`](Self::MIN) are taken as it, those after [`MAX`](Self::MAX) as
    /// that, since a year has four digits.
    #[must_use]
    pub fn to_civil(self) -> CivilTime {
        let seconds =
            self.seconds_since_epoch.clamp(Self::MIN.seconds_since_epoch, Self::MAX.seconds_since_epoch);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let time = seconds.rem_euclid(SECONDS_PER_DAY);
        CivilTime {
            year,
            month,
            day,
            hour: (time / 3600) as u8,
            minute: (time / 60 % 60) as u8,
            second: (time % 60) as u8,
        }
    }

    /// Appends `YYYYMMDDHHMMSS`, and `.f…` if the fraction is known: as many digits as it needs, at least one.
    pub fn write(&self, out: &mut BytesMut) {
        let (text, length) = self.to_text();
        out.put_slice(text.get(..length).unwrap_or(&text));
    }

    /// The octets that [`write`](Self::write) appends, and how many of them there are.
    fn to_text(self) -> ([u8; 24], usize) {
        let civil = self.to_civil();
        let mut text = [b'.'; 24];
        put_decimal(&mut text[0..4], civil.year.into());
        put_decimal(&mut text[4..6], civil.month.into());
        put_decimal(&mut text[6..8], civil.day.into());
        put_decimal(&mut text[8..10], civil.hour.into());
        put_decimal(&mut text[10..12], civil.minute.into());
        put_decimal(&mut text[12..14], civil.second.into());
        let Some(nanos) = self.nanos else { return (text, 14) };
        put_decimal(&mut text[15..], nanos.min(999_999_999));
        let zeros = text[16..].iter().rev().take_while(|&&digit| digit == b'0').count();
        (text, text.len() - zeros)
    }
}

impl fmt::Display for TimeVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, length) = self.to_text();
        text.iter().take(length).try_for_each(|&digit| fmt::Write::write_char(f, digit.into()))
    }
}

/// The fraction as nanoseconds; `None` without digits or with anything else.
fn parse_nanos(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(core::iter::repeat(b'0'));
    Some(padded.take(NANO_DIGITS).fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0')))
}

/// Fills `field` with the last digits of `number`.
fn put_decimal(field: &mut [u8], mut number: u32) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

const fn is_leap_year(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. The year is counted from March, so that the leap day is the last of it.
fn days_since_epoch(year: u16, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - DAYS_TO_EPOCH
}

/// The reverse of [`days_since_epoch`], for the years 0 to 9999.
fn civil_from_days(days: i64) -> (u16, u8, u8) {
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as u16, month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn parse(text: &str) -> Option<TimeVal> {
        TimeVal::parse(text.as_bytes())
    }

    #[test]
    fn rfc3659_02_known_moments_are_read() {
        let table = [
            ("19700101000000", 0, None),
            ("19980615100045.014", 897_904_845, Some(14_000_000)),
            ("20240229235959", 1_709_251_199, None),
            ("20000229000000", 951_782_400, None),
            ("19691231235959", -1, None),
            ("00000101000000", TimeVal::MIN.seconds_since_epoch, None),
            ("99991231235959", TimeVal::MAX.seconds_since_epoch, None),
            ("20201231000000.1234567899", 1_609_372_800, Some(123_456_789)),
            ("20201231000000.0", 1_609_372_800, Some(0)),
        ];
        for (text, seconds_since_epoch, nanos) in table {
            assert_eq!(parse(text), Some(TimeVal { seconds_since_epoch, nanos }), "{text}");
        }
    }

    #[test]
    fn rfc3659_02_the_leap_second_is_the_next_minute() {
        assert_eq!(parse("19981231235960"), parse("19990101000000"));
    }

    #[test]
    fn mfxx_1_impossible_dates_are_refused() {
        for text in [
            "20230229000000",
            "19000229000000",
            "20240230000000",
            "20240431000000",
            "20240001000000",
            "20241301000000",
            "20240100000000",
            "20240101240000",
            "20240101006000",
            "20240101000061",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn rfc3659_02_other_forms_are_refused() {
        for text in [
            "",
            "2024010100000",
            "202401010000000",
            "20240101000000.",
            ".5",
            "20240101000000.5.5",
            "20240101000000.5x",
            "20240101 00000",
            "+2024010100000",
            "2024010100000٣",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn rfc3659_02_no_precision_is_invented_and_none_is_lost() {
        for text in ["19990929003355.237", "19990929003355", "19990929003355.0", "19990929003355.000000001"] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn moments_that_cannot_be_written_become_the_nearest_that_can() {
        assert_eq!(TimeVal::from_seconds(i64::MAX).to_string(), "99991231235959");
        assert_eq!(TimeVal::from_seconds(i64::MIN).to_string(), "00000101000000");
        let overfull = TimeVal { seconds_since_epoch: 0, nanos: Some(u32::MAX) };
        assert_eq!(overfull.to_string(), "19700101000000.999999999");
    }

    #[test]
    fn write_and_display_agree() {
        let time = TimeVal { seconds_since_epoch: 897_904_845, nanos: Some(14_000_000) };
        let mut out = BytesMut::new();
        time.write(&mut out);
        assert_eq!(out, time.to_string().as_bytes());
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_day_before() {
        let first = TimeVal::MIN.seconds_since_epoch / SECONDS_PER_DAY;
        let last = TimeVal::MAX.seconds_since_epoch / SECONDS_PER_DAY;
        let mut before = (0_u16, 1_u8, 0_u8);
        for days in first..=last {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_since_epoch(year, month, day), days);
            let next_day = (before.0, before.1, before.2 + 1);
            let next_month = (before.0, before.1 + 1, 1);
            assert!([next_day, next_month, (before.0 + 1, 1, 1)].contains(&(year, month, day)));
            assert!((1..=days_in_month(year, month)).contains(&day));
            before = (year, month, day);
        }
        assert_eq!(before, (9999, 12, 31));
    }
}
