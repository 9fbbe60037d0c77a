//! Times of certificates: `YYMMDDhhmm[ss]` and `YYYYMMDDhhmmss`, each with a zone.

use super::Time;
use crate::civil::{Civil, SECOND_NS, days_in};

/// From this year on of a century two digits mean the twentieth century.
const TWO_DIGIT_YEARS_FROM: i64 = 50;

impl Time {
    /// Reads a time; of two forms for the same one only the usual one is read.
    pub(super) fn read(text: &str, two_digit_year: bool) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (numbers, zone) = text.split_at_checked(digits)?;
        let mut fields = [0i64; 6];
        let mut rest = numbers;
        for (place, field) in fields.iter_mut().enumerate() {
            if place == 5 && rest.is_empty() && two_digit_year {
                break; // Seconds may be left out.
            }
            let width = if place == 0 && !two_digit_year { 4 } else { 2 };
            let (number, behind) = rest.split_at_checked(width)?;
            *field = number.parse().ok()?;
            rest = behind;
        }
        let [year, month, day, hour, minute, second] = fields;
        let year = match two_digit_year {
            true if year >= TWO_DIGIT_YEARS_FROM => year + 1900,
            true => year + 2000,
            false => year,
        };
        let there = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let offset_s = zone_offset(zone)?;
        let civil = Civil { year, month, day, hour, minute, second, nanosecond: 0 };
        let seconds = civil.seconds().filter(|_| there && rest.is_empty())?;
        Some(Self { seconds: seconds - offset_s, offset_s })
    }

    /// Returns the time by RFC 3339, in its zone.
    pub(in super::super) fn text(&self) -> String {
        let days = self.seconds + self.offset_s;
        let Civil { year, month, day, hour, minute, second, .. } = Civil::at(days);
        let offset = self.offset_s.abs() / 60;
        let zone = match self.offset_s {
            0 => "Z".to_string(),
            _ => {
                let sign = if self.offset_s < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", offset / 60, offset % 60)
            }
        };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }

    /// Returns the time in nanoseconds since 1970; wider than any that certificates hold.
    pub(in super::super) fn ns(&self) -> i128 {
        i128::from(self.seconds) * i128::from(SECOND_NS)
    }
}

/// Reads `Z`, or `+hhmm` of something else than nought.
fn zone_offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, digits) = zone.split_at_checked(1)?;
    let digits = Some(digits).filter(|text| text.len() == 4)?;
    let hours: i64 = digits.get(..2).filter(|text| is_number(text))?.parse().ok()?;
    let minutes: i64 = digits.get(2..).filter(|text| is_number(text))?.parse().ok()?;
    let offset = (hours * 60 + minutes) * 60;
    let usual = hours < 24 && minutes < 60 && offset != 0;
    match sign {
        "+" if usual => Some(offset),
        "-" if usual => Some(-offset),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
