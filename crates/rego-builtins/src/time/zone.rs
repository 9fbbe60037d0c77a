//! Time zones, by their names in the IANA database.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::civil::{Civil, SECOND_NS};

/// The database that is built in; it keeps what it has read.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone.
pub(super) enum Zone {
    /// UTC.
    Utc,
    /// One of the database.
    Named(TimeZone),
}

impl Zone {
    /// Returns the zone of a name; no name, `UTC` and `Local` are UTC.
    ///
    /// Errors: worded as Go's `time.LoadLocation`.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::Utc);
        }
        if name.contains("..") || name.starts_with(['/', '\\']) {
            return Err("time: invalid location name".to_string());
        }
        DATABASE.get(name).map(Self::Named).map_err(|_| format!("unknown time zone {name}"))
    }

    /// Returns how many seconds the zone is ahead of UTC at an instant, and what it is called then.
    pub(super) fn offset(&self, ns: i64) -> (i64, String) {
        match self {
            Self::Utc => (0, "UTC".to_string()),
            Self::Named(zone) => {
                let info = zone.to_offset_info(timestamp(ns));
                (i64::from(info.offset().seconds()), info.abbreviation().to_string())
            }
        }
    }

    /// Returns the date and time of an instant in the zone.
    pub(super) fn civil(&self, ns: i64) -> Civil {
        Civil::of(ns, self.offset_s(ns))
    }

    /// Returns the instant of a date and time in the zone, or nothing where nanoseconds do not reach
    /// it. Of a time that a shift of the clock skips or repeats, Go's choice.
    pub(super) fn instant(&self, civil: &Civil) -> Option<i64> {
        let local_s = civil.seconds()?;
        let nearby = |seconds: i64| self.offset_s(seconds.saturating_mul(SECOND_NS));
        let guess = nearby(local_s);
        let offset = if guess == 0 { 0 } else { nearby(local_s.checked_sub(guess)?) };
        let seconds = i128::from(local_s) - i128::from(offset);
        let ns = seconds * i128::from(SECOND_NS) + i128::from(civil.nanosecond);
        i64::try_from(ns).ok()
    }

    fn offset_s(&self, ns: i64) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Named(zone) => i64::from(zone.to_offset_info(timestamp(ns)).offset().seconds()),
        }
    }
}

/// Returns the instant as the database has it, whose range is wider.
fn timestamp(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default()
}
