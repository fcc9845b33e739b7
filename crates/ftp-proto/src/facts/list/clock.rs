//! The moment that a date of a listing means, given when and where the listing was made.

use crate::facts::TimeVal;

/// Half a year of the Gregorian calendar, in seconds: `ls` writes the time of day of what is younger, and the year of
/// what is older.
pub(super) const HALF_YEAR: i64 = 31_556_952 / 2;
const DAY: i64 = 86_400;

/// When and where a listing was made, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingClock {
    /// The moment of the listing: decides the year of dates that have none.
    pub now: TimeVal,
    /// How far the times of the listing are ahead of UTC, in seconds. Nothing in a listing tells; MDTM of one entry
    /// does.
    pub utc_offset: i32,
}

impl ListingClock {
    /// A listing of which nothing is known but when it was made: its times are taken for UTC.
    #[must_use]
    pub const fn utc(now: TimeVal) -> Self {
        Self { now, utc_offset: 0 }
    }
}

/// A date as a line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ListedDate {
    /// Not written if the entry is young.
    pub(super) year: Option<u16>,
    /// Not known if its name is not.
    pub(super) month: Option<u8>,
    pub(super) day: u8,
    /// Hour, minute, second.
    pub(super) time: Option<(u8, u8, u8)>,
    /// Seconds ahead of UTC, if the line itself says so.
    pub(super) utc_offset: Option<i32>,
}

impl ListedDate {
    /// The moment; `None` if there is no such day.
    pub(super) fn resolve(self, clock: &ListingClock) -> Option<TimeVal> {
        let offset = i64::from(self.utc_offset.unwrap_or(clock.utc_offset));
        let listed = match self.year {
            Some(year) => self.in_year(year)?,
            None => {
                self.latest_before(clock.now.seconds_since_epoch.saturating_add(offset).saturating_add(DAY))?
            }
        };
        Some(TimeVal::from_seconds(listed.saturating_sub(offset)))
    }

    fn in_year(self, year: u16) -> Option<i64> {
        let (hour, minute, second) = self.time.unwrap_or_default();
        TimeVal::from_civil(year, self.month?, self.day, hour, minute, second)
            .map(|time| time.seconds_since_epoch)
    }

    /// The latest such day and time up to `end`, which is a day ahead of now: clocks and time zones differ. The year
    /// before is tried when this one would be in the future, and more years before for 29 February.
    fn latest_before(self, end: i64) -> Option<i64> {
        let this_year = TimeVal::from_seconds(end).to_civil().year;
        (0..=8).filter_map(|ago| self.in_year(this_year.checked_sub(ago)?)).find(|&listed| listed <= end)
    }
}
