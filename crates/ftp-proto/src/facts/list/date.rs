//! Dates in lines of `ls -l`, in the orders and languages that occur.

use super::clock::ListedDate;
use super::months;
use crate::facts::digits::decimal;

/// A date, and how many fields it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) date: ListedDate,
    pub(super) fields: usize,
}

/// Which words are taken for months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Names of months that are known.
    Known,
    /// Any word: that it is a month shows in the day and time around it.
    Any,
}

/// The date with which `fields` begin.
pub(super) fn parse(fields: &[&[u8]], words: Words) -> Option<Found> {
    match words {
        Words::Known => iso(fields).or_else(|| east_asian(fields)).or_else(|| with_month(fields, words)),
        Words::Any => with_month(fields, words),
    }
}

/// `Mar 4 16:03`, `Mar 4 2019`, `4. März 16:03`, `Mar 4 16:03:11 2019`, `Mon Mar 4 16:03:11 2019`.
fn with_month(fields: &[&[u8]], words: Words) -> Option<Found> {
    let (&first, &second, &third) = (fields.first()?, fields.get(1)?, fields.get(2)?);
    let (month, day) = match (month(first, words), day(second)) {
        (Some(month), Some(day)) => (month, day),
        _ => match (day(first), month(second, words)) {
            (Some(day), Some(month)) => (month, day),
            _ => return with_weekday(fields),
        },
    };
    let date = ListedDate { month, day, ..ListedDate::default() };
    if let Some(year) = year(third) {
        return Some(Found { date: ListedDate { year: Some(year), ..date }, fields: 3 });
    }
    let time = time(third)?;
    // Only with seconds does the year follow; otherwise a number here is the name.
    let full_year = fields.get(3).and_then(|field| year(field)).filter(|_| third.len() >= 8);
    let date = ListedDate { year: full_year, time: Some(time), ..date };
    Some(Found { date, fields: if full_year.is_some() { 4 } else { 3 } })
}

/// `Mon Mar 4 16:03:11 2019`.
fn with_weekday(fields: &[&[u8]]) -> Option<Found> {
    let (weekday, rest) = fields.split_first()?;
    let (&month_name, &day_of_month, &time_of_day, &of_year) =
        (rest.first()?, rest.get(1)?, rest.get(2)?, rest.get(3)?);
    if !is_word(weekday) {
        return None;
    }
    let date = ListedDate {
        year: Some(year(of_year)?),
        month: Some(months::from_name(month_name)?),
        day: day(day_of_month)?,
        time: Some(time(time_of_day)?),
        utc_offset: None,
    };
    Some(Found { date, fields: 5 })
}

/// `2019-03-04 16:03`, `2019-03-04 16:03:11.123 +0100`, `2019-03-04`, `03-04 16:03`.
fn iso(fields: &[&[u8]]) -> Option<Found> {
    let (&date, &next) = (fields.first()?, fields.get(1)?);
    let mut numbers = date.split(|&octet| octet == b'-');
    let (first, second, third) = (numbers.next()?, numbers.next()?, numbers.next());
    if numbers.next().is_some() {
        return None;
    }
    let time = time(next);
    let (of_year, of_month, of_day) = match third {
        Some(third) => (Some(year(first)?), second, third),
        None => (None, first, second),
    };
    if of_year.is_none() && time.is_none() {
        return None;
    }
    let month = small(of_month, 12)?;
    // Only with seconds does an offset follow; otherwise it is the name.
    let utc_offset =
        fields.get(2).and_then(|field| utc_offset(field)).filter(|_| time.is_some() && next.len() >= 8);
    let date = ListedDate { year: of_year, month: Some(month), day: small(of_day, 31)?, time, utc_offset };
    Some(Found { date, fields: 1 + usize::from(time.is_some()) + usize::from(utc_offset.is_some()) })
}

/// `3月 4 16:03`, `3月 4日 2019年`, `2019年 3月 4日`, and the same in Korean.
fn east_asian(fields: &[&[u8]]) -> Option<Found> {
    let (&first, &second, &third) = (fields.first()?, fields.get(1)?, fields.get(2)?);
    let of_month = |field| small(strip_unit(field, "月", "월")?, 12);
    let of_day = |field: &[u8]| small(strip_unit(field, "日", "일").unwrap_or(field), 31);
    let of_year = |field: &[u8]| year(strip_unit(field, "年", "년").unwrap_or(field));
    let date = match of_month(first) {
        Some(month) => ListedDate {
            year: of_year(third),
            month: Some(month),
            day: of_day(second)?,
            time: time(third),
            utc_offset: None,
        },
        None => ListedDate {
            year: of_year(first),
            month: Some(of_month(second)?),
            day: of_day(third)?,
            ..ListedDate::default()
        },
    };
    (date.year.is_some() || date.time.is_some()).then_some(Found { date, fields: 3 })
}

fn strip_unit<'a>(field: &'a [u8], chinese: &str, korean: &str) -> Option<&'a [u8]> {
    field.strip_suffix(chinese.as_bytes()).or_else(|| field.strip_suffix(korean.as_bytes()))
}

/// Letters and whatever is beyond ASCII, with a full stop at the end perhaps.
fn is_word(field: &[u8]) -> bool {
    let word = field.strip_suffix(b".").unwrap_or(field);
    !word.is_empty() && word.iter().all(|octet| octet.is_ascii_alphabetic() || !octet.is_ascii())
}

/// The outer `None`: no month.
fn month(field: &[u8], words: Words) -> Option<Option<u8>> {
    let known = months::from_name(field);
    let is_month = known.is_some() || words == Words::Any && is_word(field);
    is_month.then_some(known)
}

fn day(field: &[u8]) -> Option<u8> {
    let digits = field.strip_suffix(b".").or_else(|| field.strip_suffix(b",")).unwrap_or(field);
    small(digits, 31)
}

/// One or two digits, 1 to `most`.
pub(super) fn small(digits: &[u8], most: u64) -> Option<u8> {
    let number = decimal(digits).filter(|number| (1..=most).contains(number) && digits.len() <= 2)?;
    u8::try_from(number).ok()
}

/// Four digits, so that a size or a day is not taken for a year.
pub(super) fn year(field: &[u8]) -> Option<u16> {
    let number = decimal(field).filter(|number| field.len() == 4 && *number >= 1900)?;
    u16::try_from(number).ok()
}

/// `16:03`, `16:03:11`, `16:03:11.123456789`.
pub(super) fn time(field: &[u8]) -> Option<(u8, u8, u8)> {
    let whole = field.split(|&octet| octet == b'.').next()?;
    let mut parts = whole.split(|&octet| octet == b':').map(|part| {
        let number = decimal(part).filter(|&number| part.len() <= 2 && number <= 60)?;
        u8::try_from(number).ok()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None if whole.len() < field.len() => return None,
        None => 0,
    };
    (parts.next().is_none() && hour <= 24 && minute <= 59).then_some((hour, minute, second))
}

/// `+0100`, `-0330`: seconds.
fn utc_offset(field: &[u8]) -> Option<i32> {
    let (sign, digits) = match field.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let number = decimal(digits).filter(|&number| digits.len() == 4 && number <= 1800)?;
    let (hours, minutes) = (i32::try_from(number / 100).ok()?, i32::try_from(number % 100).ok()?);
    Some(sign * (hours * 3600 + minutes * 60))
}
