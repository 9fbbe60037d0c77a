//! How long an answer is good, by what it says of itself.
//!
//! Source: RFC 9111, "Calculating Freshness Lifetime", as far as OPA goes: `no-store`, `max-age` from
//! the time in `Date` on, else `Expires`.
//!
//! Must not know: where answers are kept.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use super::answer::Answer;

/// Statuses of answers that may be kept. Source: RFC 9110, "Overview of Status Codes".
const STATUSES: &[u16] = &[200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501];

/// Longest life that an answer may claim, in seconds. Source: RFC 9111, "Delta Seconds".
const AGE_MAX: i64 = i32::MAX as i64;

const SECOND_NS: i64 = 1_000_000_000;

/// Whether an answer of this status may be kept.
pub(super) fn is_cacheable(status: u16) -> bool {
    STATUSES.contains(&status)
}

/// Whether an answer does not forbid to be kept.
pub(super) fn may_be_stored(answer: &Answer) -> bool {
    !directives(answer).contains_key("no-store")
}

/// Returns until when an answer is good, as nanoseconds since 1970; none: it has to be asked for
/// again each time.
///
/// Errors: it claims a time that cannot be made out.
pub(super) fn expires_ns(answer: &Answer) -> Result<Option<i64>, String> {
    let directives = directives(answer);
    let Some(age) = directives.get("max-age") else {
        // `Expires: 0` is no date, and means the past.
        return Ok(time_ns(answer.header("expires")));
    };
    let is_number = !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(format!("strconv.ParseUint: parsing {age:?}: invalid syntax"));
    }
    let age = age.parse::<i64>().unwrap_or(AGE_MAX).min(AGE_MAX);
    let date = answer.header("date");
    if date.is_empty() {
        return Err("no date header".to_string());
    }
    let date = time_ns(date).ok_or_else(|| format!("parsing time {date:?}: not a date of HTTP"))?;
    Ok(Some(date.saturating_add(age.saturating_mul(SECOND_NS))))
}

/// Returns the time that is `seconds` after `now_ns`.
pub(super) fn forced_ns(now_ns: i64, seconds: i32) -> i64 {
    now_ns.saturating_add(i64::from(seconds).saturating_mul(SECOND_NS))
}

fn time_ns(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text).ok()?;
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

/// Returns the directives of `Cache-Control`.
fn directives(answer: &Answer) -> BTreeMap<&str, &str> {
    let parts = answer.header("cache-control").split(',').map(str::trim);
    let directive = |part| match str::split_once(part, '=') {
        Some((_, value)) if value.contains('=') => None,
        Some((name, value)) => Some((name.trim(), value)),
        None => Some((part, "")),
    };
    parts.filter(|part| !part.is_empty()).filter_map(directive).collect()
}
