//! Times from text by a layout.
//!
//! Source: Go `time/format.go`, `time.Parse`, with UTC as the local zone.

use super::layout::{Field, OffsetForm, Pad, cut};
use crate::civil::{Civil, DAY_NAMES, MONTH_NAMES, SECOND_NS, days_before_month, days_in, is_leap};
use crate::duration::quote;

/// Returns the instant of a text, or nothing where nanoseconds do not reach it. What the layout
/// does not show is the beginning of its kind; without a zone it is UTC, and a zone's name but `UTC`
/// counts for nothing, as in Go.
///
/// Errors: worded as Go's.
pub(super) fn parse(layout: &str, text: &str) -> Result<Option<i64>, String> {
    let mut found = Found::default();
    let (mut pattern, mut value) = (layout, text);
    loop {
        let next = cut(pattern);
        value = skip(value, next.prefix).map_err(|at| unlike(layout, text, at, next.prefix))?;
        let Some((shown, field)) = next.element else {
            break;
        };
        let before = value;
        match found.take(field, value, next.rest) {
            Ok(after) => value = after,
            Err(Wrong::Unlike) => return Err(unlike(layout, text, before, shown)),
            Err(Wrong::OutOfRange(what)) => return Err(out_of_range(text, what)),
        }
        pattern = next.rest;
    }
    if !value.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(value)));
    }
    let civil = found.civil().map_err(|what| format!("parsing time {}: {what}", quote(text)))?;
    let seconds = civil.seconds().map(|seconds| seconds - found.offset_s);
    let ns = seconds.map(|s| i128::from(s) * i128::from(SECOND_NS) + i128::from(found.nanosecond));
    Ok(ns.and_then(|ns| i64::try_from(ns).ok()))
}

fn unlike(layout: &str, text: &str, at: &str, shown: &str) -> String {
    let (text, layout) = (quote(text), quote(layout));
    format!("parsing time {text} as {layout}: cannot parse {} as {}", quote(at), quote(shown))
}

fn out_of_range(text: &str, what: &str) -> String {
    format!("parsing time {}: {what} out of range", quote(text))
}

/// Why a text does not fit a layout's element.
enum Wrong {
    /// It does not look like it.
    Unlike,
    /// The number is too large or too small: of what.
    OutOfRange(&'static str),
}

type Taken<'a> = Result<&'a str, Wrong>;

/// What has been read so far.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    offset_s: i64,
}

impl Found {
    /// Reads one element from the front of a text; returns what follows. `rest` is the layout after
    /// the element.
    fn take<'a>(&mut self, field: Field, text: &'a str, rest: &str) -> Taken<'a> {
        match field {
            Field::LongYear | Field::Year | Field::YearDay(_) => self.take_year(field, text),
            Field::LongMonth | Field::MonthName | Field::Month(_) => self.take_month(field, text),
            Field::LongWeekday => name(&DAY_NAMES, usize::MAX, text).map(|(_, after)| after),
            Field::Weekday => name(&DAY_NAMES, 3, text).map(|(_, after)| after),
            Field::Day(pad) => {
                let text = if pad == Pad::Space { strip_space(text) } else { text };
                let (day, after) = two_digits(text, pad)?;
                self.day = Some(day);
                Ok(after)
            }
            Field::Hour => below(24, "hour", two_digits(text, Pad::None), &mut self.hour),
            Field::Hour12(pad) => below(13, "hour", two_digits(text, pad), &mut self.hour),
            Field::Minute(pad) => below(60, "minute", two_digits(text, pad), &mut self.minute),
            Field::Second(pad) => {
                let after = below(60, "second", two_digits(text, pad), &mut self.second)?;
                match cut(rest).element {
                    Some((_, Field::Fraction { .. })) => Ok(after),
                    // A fraction may follow the seconds though the layout shows none.
                    _ => self.take_fraction(after, None),
                }
            }
            Field::HalfDay { lower } => {
                let (half, after) = text.split_at_checked(2).ok_or(Wrong::Unlike)?;
                self.afternoon = Some(match (half, lower) {
                    ("PM", false) | ("pm", true) => true,
                    ("AM", false) | ("am", true) => false,
                    _ => return Err(Wrong::Unlike),
                });
                Ok(after)
            }
            Field::ZoneName => zone_name(text),
            Field::Offset(form) => self.take_offset(form, text),
            Field::Fraction { trimmed: true, .. } => self.take_fraction(text, None),
            Field::Fraction { digits, .. } => self.take_fraction(text, Some(digits)),
        }
    }

    fn take_year<'a>(&mut self, field: Field, text: &'a str) -> Taken<'a> {
        match field {
            Field::YearDay(pad) => {
                let strip = |text| {
                    if pad == Pad::Space { strip_space(text) } else { text }
                };
                let text = strip(strip(text));
                let len = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
                if len == 0 || (pad == Pad::Zero && len < 3) {
                    return Err(Wrong::Unlike);
                }
                let (digits, after) = split(text, len)?;
                self.year_day = digits.parse().ok();
                Ok(after)
            }
            Field::Year => {
                let (digits, after) = split(text, 2)?;
                let year = digits.parse::<i64>().map_err(|_| Wrong::Unlike)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                Ok(after)
            }
            _ => {
                let (digits, after) = split(text, 4)?;
                if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Wrong::Unlike);
                }
                self.year = digits.parse().map_err(|_| Wrong::Unlike)?;
                Ok(after)
            }
        }
    }

    fn take_month<'a>(&mut self, field: Field, text: &'a str) -> Taken<'a> {
        let (month, after) = match field {
            Field::LongMonth => name(&MONTH_NAMES, usize::MAX, text)?,
            Field::MonthName => name(&MONTH_NAMES, 3, text)?,
            Field::Month(pad) => two_digits(text, pad)?,
            _ => return Err(Wrong::Unlike),
        };
        if !(1..=12).contains(&month) {
            return Err(Wrong::OutOfRange("month"));
        }
        self.month = Some(month);
        Ok(after)
    }

    /// Reads a mark and `digits` digits, or as many as there are, or none.
    fn take_fraction<'a>(&mut self, text: &'a str, digits: Option<usize>) -> Taken<'a> {
        let after = text.strip_prefix(['.', ',']);
        let there = after.unwrap_or("").bytes().take_while(u8::is_ascii_digit).count();
        let len = match digits {
            Some(digits) if digits <= there => digits,
            Some(_) => return Err(Wrong::Unlike),
            None if there == 0 => return Ok(text),
            None => there,
        };
        let (digits, after) = split(after.unwrap_or(""), len)?;
        let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
        self.nanosecond = nine.parse().map_err(|_| Wrong::Unlike)?;
        Ok(after)
    }

    fn take_offset<'a>(&mut self, form: OffsetForm, text: &'a str) -> Taken<'a> {
        if let Some(after) = text.strip_prefix('Z').filter(|_| form.z) {
            self.offset_s = 0;
            return Ok(after);
        }
        let ahead = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(Wrong::Unlike),
        };
        let (_, mut rest) = split(text, 1)?;
        let mut numbers = [0; 3];
        for (index, number) in numbers.iter_mut().take(form.numbers).enumerate() {
            if form.colon && index > 0 {
                rest = rest.strip_prefix(':').ok_or(Wrong::Unlike)?;
            }
            (*number, rest) = two_digits(rest, Pad::Zero)?;
        }
        let [hours, minutes, seconds] = numbers;
        // Go lets 24 hours, 60 minutes and 60 seconds pass, because people write them.
        if hours > 24 {
            return Err(Wrong::OutOfRange("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(Wrong::OutOfRange("time zone offset minute"));
        }
        if seconds > 60 {
            return Err(Wrong::OutOfRange("time zone offset second"));
        }
        self.offset_s = ahead * ((hours * 60 + minutes) * 60 + seconds);
        Ok(rest)
    }

    /// Returns the date and time, or what is wrong with them together.
    fn civil(&self) -> Result<Civil, &'static str> {
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(year_day) = self.year_day {
            if year_day < 1 || year_day > 365 + i64::from(is_leap(self.year)) {
                return Err("day-of-year out of range");
            }
            let starts = |month: &i64| days_before_month(self.year, *month) < year_day;
            let by_day = (1..=12).rev().find(starts).unwrap_or(1);
            if self.month.is_some_and(|month| month != by_day) {
                return Err("day-of-year does not match month");
            }
            month = by_day;
            let by_day = year_day - days_before_month(self.year, month);
            if self.day.is_some_and(|day| day != by_day) {
                return Err("day-of-year does not match day");
            }
            day = by_day;
        }
        if day < 1 || day > days_in(self.year, month) {
            return Err("day out of range");
        }
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let (minute, second, nanosecond) = (self.minute, self.second, self.nanosecond);
        Ok(Civil { year: self.year, month, day, hour, minute, second, nanosecond })
    }
}

/// Takes the text that stands between elements from the front of `value`; a space in the layout
/// stands for any number of them, or none at the end. Where it does not fit, returns the place.
fn skip<'a>(mut value: &'a str, mut prefix: &str) -> Result<&'a str, &'a str> {
    while let Some(shown) = prefix.chars().next() {
        if shown == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
        } else {
            value = value.strip_prefix(shown).ok_or(value)?;
            prefix = prefix.strip_prefix(shown).unwrap_or("");
        }
    }
    Ok(value)
}

/// Stores a number that must be below a bound.
fn below<'a>(
    bound: i64,
    what: &'static str,
    read: Result<(i64, &'a str), Wrong>,
    field: &mut i64,
) -> Taken<'a> {
    let (number, after) = read?;
    *field = number;
    if number < bound { Ok(after) } else { Err(Wrong::OutOfRange(what)) }
}

/// Reads a number of one or two digits; of two where it is filled up with zeros.
fn two_digits(text: &str, pad: Pad) -> Result<(i64, &str), Wrong> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if len == 0 || (len == 1 && pad == Pad::Zero) {
        return Err(Wrong::Unlike);
    }
    let (digits, after) = split(text, len)?;
    Ok((digits.parse().map_err(|_| Wrong::Unlike)?, after))
}

/// Reads the first `len` letters of a name, in any case; returns its number, from 1.
fn name<'a>(names: &[&str], len: usize, text: &'a str) -> Result<(i64, &'a str), Wrong> {
    for (number, name) in (1..).zip(names) {
        let name = name.get(..len).unwrap_or(name);
        if let Some((found, after)) = text.split_at_checked(name.len())
            && found.eq_ignore_ascii_case(name)
        {
            return Ok((number, after));
        }
    }
    Err(Wrong::Unlike)
}

/// Takes what looks like a zone's name: three to five capitals, `GMT+3`, `+03`.
fn zone_name(text: &str) -> Taken<'_> {
    let capitals = text.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    let bytes = text.as_bytes();
    let len = match bytes {
        [_] | [_, _] | [] => return Err(Wrong::Unlike),
        [b'U', b'T', b'C', ..] => 3,
        [b'C', b'h', b'S', b'T', ..] | [b'M', b'e', b'S', b'T', ..] => 4,
        [b'G', b'M', b'T', rest @ ..] => 3 + signed_offset_len(rest),
        [b'+' | b'-', ..] => signed_offset_len(bytes),
        [_, _, _, _, b'T', ..] if capitals == 5 => 5,
        [_, _, _, b'T', ..] | [b'W', b'I', b'T', b'A', ..] if capitals == 4 => 4,
        _ if capitals == 3 => 3,
        _ => 0,
    };
    if len == 0 { Err(Wrong::Unlike) } else { Ok(split(text, len)?.1) }
}

/// Returns how long a sign and a number up to 23 are at the front of a text; 0 without them.
fn signed_offset_len(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else {
        return 0;
    };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = digits.get(..len).and_then(|digits| str::from_utf8(digits).ok());
    let hours = number.and_then(|number| number.parse::<u64>().ok());
    if hours.is_some_and(|hours| hours <= 23) { 1 + len } else { 0 }
}

fn strip_space(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}

/// Cuts a text after `len` bytes.
fn split(text: &str, len: usize) -> Result<(&str, &str), Wrong> {
    text.split_at_checked(len).ok_or(Wrong::Unlike)
}
