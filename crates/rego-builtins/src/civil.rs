//! The proleptic Gregorian calendar: instants to dates and back. Must not know zones or text.

/// Nanoseconds in a second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;

/// Seconds in a day.
const DAY_S: i64 = 86_400;

/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// The names of the days, from Sunday.
pub(crate) const DAY_NAMES: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The names of the months.
pub(crate) const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A date and a time of day. Months and days count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    /// The year; 0 is 1 BC.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    /// 0 to 23.
    pub(crate) hour: i64,
    /// 0 to 59.
    pub(crate) minute: i64,
    /// 0 to 59.
    pub(crate) second: i64,
    /// 0 to 999,999,999.
    pub(crate) nanosecond: i64,
}

impl Civil {
    /// Returns the date and time that is so many seconds after 1970-01-01.
    pub(crate) fn at(seconds: i64) -> Self {
        let (days, in_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
        let (year, month, day) = date_of(days);
        Self {
            year,
            month,
            day,
            hour: in_day / 3600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
            nanosecond: 0,
        }
    }

    /// Returns the date and time of an instant, in a zone that is `offset_s` seconds ahead of UTC.
    pub(crate) fn of(ns: i64, offset_s: i64) -> Self {
        let seconds = ns.div_euclid(SECOND_NS) + offset_s;
        Self { nanosecond: ns.rem_euclid(SECOND_NS), ..Self::at(seconds) }
    }

    /// Returns the seconds since 1970 as if this were a time in UTC, without the nanoseconds, or
    /// nothing where a year or day is absurd. A day outside its month counts on from it.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let days = days_before(self.year, self.month, 1)?.checked_add(self.day)?.checked_sub(1)?;
        let in_day = (self.hour * 60 + self.minute) * 60 + self.second;
        days.checked_mul(DAY_S)?.checked_add(in_day)
    }

    /// Returns the English name of the day of the week.
    pub(crate) fn weekday_name(&self) -> &'static str {
        let days = days_before(self.year, self.month, self.day).unwrap_or_default();
        let index = (days + 4).rem_euclid(7) as usize; // 1970-01-01 was a Thursday
        DAY_NAMES.get(index).copied().unwrap_or_default()
    }

    /// Returns the English name of the month.
    pub(crate) fn month_name(&self) -> &'static str {
        let index = usize::try_from(self.month - 1).unwrap_or_default();
        MONTH_NAMES.get(index).copied().unwrap_or_default()
    }

    /// Returns the day of the year, from 1.
    pub(crate) fn day_of_year(&self) -> i64 {
        days_before_month(self.year, self.month) + self.day
    }
}

/// Whether a year has a February 29th.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns how many days a month has.
pub(crate) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns how many days of a year are before a month.
pub(crate) fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).map(|earlier| days_in(year, earlier)).sum()
}

/// Returns a date so many years, months and days later, by field: its day may be outside its month.
pub(crate) fn add_date(civil: Civil, years: i64, months: i64, days: i64) -> Option<Civil> {
    let months = (civil.month - 1).checked_add(months)?;
    Some(Civil {
        year: civil.year.checked_add(years)?.checked_add(months.div_euclid(12))?,
        month: months.rem_euclid(12) + 1,
        day: civil.day.checked_add(days)?,
        ..civil
    })
}

/// Returns the years, months, days, hours, minutes and seconds from one time to a later one. What
/// is short in one field is borrowed from the next larger; a month is as long as the first one's.
pub(crate) fn difference(from: &Civil, to: &Civil) -> [i64; 6] {
    let mut second = to.second - from.second;
    let mut minute = to.minute - from.minute;
    let mut hour = to.hour - from.hour;
    let mut day = to.day - from.day;
    let mut month = to.month - from.month;
    let mut year = to.year - from.year;
    let borrow = |field: &mut i64, larger: &mut i64, size: i64| {
        if *field < 0 {
            *field += size;
            *larger -= 1;
        }
    };
    borrow(&mut second, &mut minute, 60);
    borrow(&mut minute, &mut hour, 60);
    borrow(&mut hour, &mut day, 24);
    borrow(&mut day, &mut month, days_in(from.year, from.month));
    borrow(&mut month, &mut year, 12);
    [year, month, day, hour, minute, second]
}

/// Returns the days from 1970-01-01 to a date; nothing where the year is absurd.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    // Years are counted from March, so that a leap day is a year's last.
    let year = year.checked_sub(i64::from(month <= 2))?;
    let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = in_era * 365 + in_era / 4 - in_era / 100 + in_year;
    era.checked_mul(ERA_DAYS)?.checked_add(days - 719_468)
}

/// Returns the year, month and day that are so many days after 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, in_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    let month = (from_march + 2) % 12 + 1;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    (year + era * 400 + i64::from(month <= 2), month, day)
}
