//! Moments as RFC 3339 in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the moment with as many digits of the second as it needs, as Go's `RFC3339Nano`.
pub fn rfc3339_nanos(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut text = to_seconds(since.as_secs());
    if since.subsec_nanos() > 0 {
        text.push('.');
        push_digits(&mut text, since.subsec_nanos().into(), 9);
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('Z');
    text
}

/// Returns the moment in whole seconds.
pub fn rfc3339_seconds(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut text = to_seconds(since.as_secs());
    text.push('Z');
    text
}

fn to_seconds(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let mut text = String::with_capacity("1970-01-01T00:00:00.000000000Z".len());
    if year < 10_000 {
        push_digits(&mut text, year, 4);
    } else {
        text.push_str(&year.to_string());
    }
    let rest = [('-', month), ('-', day), ('T', second / 3600), (':', second / 60 % 60)];
    for (before, number) in rest.into_iter().chain([(':', second % 60)]) {
        text.push(before);
        push_digits(&mut text, number, 2);
    }
    text
}

/// Appends that many last digits of a number, nine at most.
fn push_digits(text: &mut String, mut number: u64, count: usize) {
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev().take(count) {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    text.extend(digits.iter().skip(digits.len() - count).map(|digit| char::from(*digit)));
}

/// Returns year, month and day of a number of days since 1970-01-01.
///
/// Counts in eras of 400 years that begin on the first of March, so that a leap day ends a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_times_as_rfc_3339() {
        let at = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        assert_eq!(rfc3339_nanos(at(0, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339_nanos(at(951_782_400, 0)), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339_nanos(at(1_592_326_494, 328_705_300)), "2020-06-16T16:54:54.3287053Z");
        assert_eq!(rfc3339_nanos(at(4_107_542_399, 5)), "2100-02-28T23:59:59.000000005Z");
        assert_eq!(
            rfc3339_nanos(at(253_402_300_799, 999_999_999)),
            "9999-12-31T23:59:59.999999999Z"
        );
        assert_eq!(rfc3339_nanos(at(253_402_300_800, 0)), "10000-01-01T00:00:00Z");
        assert_eq!(rfc3339_seconds(at(951_782_400, 9)), "2000-02-29T00:00:00Z");
    }
}
