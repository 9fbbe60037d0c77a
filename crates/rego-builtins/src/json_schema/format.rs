//! The formats that strings may have to follow. An unknown one demands nothing.
//!
//! Each is as loose or as strict as the check in OPA, which is Go's standard library's.

use std::net::IpAddr;

use rego_vm::{BuiltinError, Context};

use super::mail;
use crate::civil;
use crate::pattern::Pattern;
use crate::url::Url;

/// The longest host name, in bytes.
const HOSTNAME_BYTES_MAX: usize = 255;

/// The longest part of a host name between dots, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// Lengths of a UUID's parts, in digits.
const UUID_PARTS: &[usize] = &[8, 4, 4, 4, 12];

/// Whether a text follows a format. The caller has paid for looking at it.
pub(super) fn follows(
    context: &mut Context<'_>,
    format: &str,
    text: &str,
) -> Result<bool, BuiltinError> {
    Ok(match format {
        "date" => date(text) == Some(""),
        "time" => is_time(text),
        "date-time" => is_date_time(text),
        "hostname" => is_hostname(text),
        "email" | "idn-email" => mail::is_address(text),
        "ipv4" => text.contains('.') && text.parse::<IpAddr>().is_ok(),
        "ipv6" => text.contains(':') && text.parse::<IpAddr>().is_ok(),
        "uri" | "iri" => reference(text).is_some_and(|url| !url.scheme.is_empty()),
        "uri-reference" | "iri-reference" => reference(text).is_some(),
        "uri-template" => reference(text).is_some_and(|url| is_template(&url.path)),
        "uuid" => is_uuid(text),
        "regex" => return is_regex(context, text),
        "json-pointer" => is_pointer(text),
        "relative-json-pointer" => is_relative_pointer(text),
        _ => true,
    })
}

fn reference(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|_| !text.contains('\\'))
}

fn is_regex(context: &mut Context<'_>, text: &str) -> Result<bool, BuiltinError> {
    match Pattern::of(context, text) {
        Err(BuiltinError::Halt(halt)) => Err(BuiltinError::Halt(halt)),
        result => Ok(result.is_ok()),
    }
}

/// Takes two digits, or one of them where that is allowed.
fn number(text: &str, one_will_do: bool) -> Option<(i64, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let enough = digits == 2 || (digits == 1 && one_will_do);
    let (number, rest) = text.split_at_checked(digits).filter(|_| enough)?;
    Some((number.parse().ok()?, rest))
}

/// Takes `2006-01-02`, a day that there is; returns what is left.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    let year: i64 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    let (month, rest) = number(rest.strip_prefix('-')?, false)?;
    let (day, rest) = number(rest.strip_prefix('-')?, false)?;
    let there = (1..=12).contains(&month) && (1..=civil::days_in(year, month)).contains(&day);
    there.then_some(rest)
}

/// Takes `15:04:05`, with a fraction or without; returns what is left.
fn clock(text: &str) -> Option<&str> {
    let (hour, rest) = number(text, true)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, false)?;
    let (second, rest) = number(rest.strip_prefix(':')?, false)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
    let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(if after.len() < fraction.len() { after } else { rest })
}

/// Takes `Z` or `+07:00`; returns what is left.
fn zone(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let (hours, rest) = number(text.strip_prefix(['+', '-'])?, false)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, false)?;
    // Go lets 24 hours and 60 minutes pass.
    (hours <= 24 && minutes <= 60).then_some(rest)
}

fn is_time(text: &str) -> bool {
    clock(text).is_some_and(|rest| rest.is_empty() || zone(rest) == Some(""))
}

fn is_date_time(text: &str) -> bool {
    is_time(text)
        || date(text).is_some_and(|rest| {
            let instant = || zone(clock(rest.strip_prefix('T')?)?);
            rest.is_empty() || instant() == Some("")
        })
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let fits = (1..=LABEL_BYTES_MAX).contains(&label.len());
        fits && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= HOSTNAME_BYTES_MAX && text.split('.').all(is_label)
}

fn is_uuid(text: &str) -> bool {
    let mut lengths = UUID_PARTS.iter();
    let is_part = |part: &str| {
        let hex = part.bytes().all(|b| b.is_ascii_hexdigit());
        hex && lengths.next() == Some(&part.len())
    };
    text.split('-').all(is_part) && text.len() == 36
}

/// Whether each opening brace is closed.
fn is_template(path: &str) -> bool {
    let mut rest = path;
    while let Some((_, inside)) = rest.split_once('{') {
        let Some((_, after)) = inside.split_once('}') else { return false };
        rest = after;
    }
    true
}

fn is_pointer(text: &str) -> bool {
    let is_token = |token: &str| {
        token.split('~').skip(1).all(|after| after.starts_with('0') || after.starts_with('1'))
    };
    text.is_empty() || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_token))
}

fn is_relative_pointer(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let levels = text.strip_suffix(rest).unwrap_or_default();
    let is_number = levels == "0" || (!levels.is_empty() && !levels.starts_with('0'));
    is_number && (rest == "#" || is_pointer(rest))
}
