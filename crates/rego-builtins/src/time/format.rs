//! Times to text by a layout.
//!
//! Source: Go `time/format.go`, `Time.Format`.

use std::fmt::Write;

use super::layout::{Field, OffsetForm, Pad, cut};
use crate::civil::Civil;

/// Returns a time as its layout shows it; `offset_s` is how many seconds it is ahead of UTC, and
/// `zone_name` what its zone is called.
pub(super) fn format(layout: &str, civil: &Civil, offset_s: i64, zone_name: &str) -> String {
    let mut text = String::with_capacity(layout.len());
    let mut rest = layout;
    loop {
        let next = cut(rest);
        text.push_str(next.prefix);
        let Some((_, field)) = next.element else {
            return text;
        };
        match field {
            Field::ZoneName => text.push_str(zone_name),
            Field::Offset(form) => push_offset(&mut text, form, offset_s),
            _ => push_field(&mut text, field, civil),
        }
        rest = next.rest;
    }
}

fn push_field(text: &mut String, field: Field, civil: &Civil) {
    match field {
        Field::LongYear => push(text, civil.year, Pad::Zero, 4),
        Field::Year => push(text, civil.year.max(0) % 100, Pad::Zero, 2),
        Field::LongMonth => text.push_str(civil.month_name()),
        Field::MonthName => text.extend(civil.month_name().chars().take(3)),
        Field::Month(pad) => push(text, civil.month, pad, 2),
        Field::LongWeekday => text.push_str(civil.weekday_name()),
        Field::Weekday => text.extend(civil.weekday_name().chars().take(3)),
        Field::Day(pad) => push(text, civil.day, pad, 2),
        Field::YearDay(pad) => push(text, civil.day_of_year(), pad, 3),
        Field::Hour => push(text, civil.hour, Pad::Zero, 2),
        Field::Hour12(pad) => push(text, (civil.hour + 11) % 12 + 1, pad, 2),
        Field::Minute(pad) => push(text, civil.minute, pad, 2),
        Field::Second(pad) => push(text, civil.second, pad, 2),
        Field::HalfDay { lower } => text.push_str(match (civil.hour >= 12, lower) {
            (true, false) => "PM",
            (false, false) => "AM",
            (true, true) => "pm",
            (false, true) => "am",
        }),
        Field::Fraction { mark, digits, trimmed } => {
            let digits =
                format!("{:09}", civil.nanosecond).chars().take(digits).collect::<String>();
            let digits = if trimmed { digits.trim_end_matches('0') } else { &digits };
            if !trimmed || !digits.is_empty() {
                text.push(mark);
                text.push_str(digits);
            }
        }
        Field::ZoneName | Field::Offset(_) => {}
    }
}

/// Adds a number, filled up to a width.
fn push(text: &mut String, number: i64, pad: Pad, width: usize) {
    let done = match pad {
        Pad::None => write!(text, "{number}"),
        Pad::Space => write!(text, "{number:width$}"),
        Pad::Zero => write!(text, "{number:0width$}"),
    };
    debug_assert!(done.is_ok(), "writing to a string does not fail");
}

/// Adds the distance from UTC.
fn push_offset(text: &mut String, form: OffsetForm, offset_s: i64) {
    if form.z && offset_s == 0 {
        text.push('Z');
        return;
    }
    // Go tells the sign from the whole minutes.
    text.push(if offset_s / 60 < 0 { '-' } else { '+' });
    let ahead_s = offset_s.abs();
    let numbers = [ahead_s / 3600, ahead_s / 60 % 60, ahead_s % 60];
    for (index, number) in numbers.into_iter().take(form.numbers).enumerate() {
        if form.colon && index > 0 {
            text.push(':');
        }
        push(text, number, Pad::Zero, 2);
    }
}
