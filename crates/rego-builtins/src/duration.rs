//! Durations as text: `1h30m`, `-1.5s`.
//!
//! Must not know: families.

/// Returns the nanoseconds of a duration.
///
/// Errors: worded as Go's. Source: Go `time.ParseDuration`.
pub(crate) fn parse_ns(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end).unwrap_or((after, ""));
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let unknown = || format!("time: unknown unit {} in duration {}", quote(unit), quote(text));
        let unit = unit_ns(unit).ok_or_else(unknown)?;
        let part = part_ns(whole, fraction, unit).ok_or_else(invalid)?;
        total = total.checked_add(part).filter(|ns| *ns <= 1 << 63).ok_or_else(invalid)?;
        rest = after;
    }
    if negative { 0i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() }
        .ok_or_else(invalid)
}

/// Returns the nanoseconds of a unit.
fn unit_ns(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Returns the nanoseconds of `whole.fraction` units, or nothing where there are too many.
fn part_ns(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    let whole = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let ns = unit.checked_mul(whole).filter(|ns| *ns <= 1 << 63)?;
    let (value, scale) = fraction_of(fraction);
    ns.checked_add((value as f64 * (unit as f64 / scale)) as u64)
}

/// Returns the digits of a fraction as a number, and what it is to be divided by. Digits beyond
/// what fits count for nothing.
fn fraction_of(digits: &str) -> (u64, f64) {
    let (mut value, mut scale) = (0u64, 1.0);
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        let next = value.checked_mul(10).and_then(|value| value.checked_add(digit));
        match next.filter(|next| *next <= 1 << 63) {
            Some(next) => (value, scale) = (next, scale * 10.0),
            None => break,
        }
    }
    (value, scale)
}

/// Returns the leading digits of a text, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Returns the text in double quotes, with anything but printable ASCII as `\x..`.
///
/// Source: Go `time.quote`.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='\u{7f}' => quoted.push(c),
            _ => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    quoted.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    quoted.push('"');
    quoted
}
