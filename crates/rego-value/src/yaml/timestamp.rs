//! Times among the scalars, as `yaml.v3` knows them: `2024-05-01`, `2024-05-01 10:00:00`, RFC 3339.
//!
//! Must not know: other scalars.

/// Returns a time as RFC 3339 has it, in the way Go writes one; nothing where it is none.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    if !text.as_bytes().get(..5).is_some_and(|start| {
        matches!(start, [a, b, c, d, b'-'] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()))
    }) {
        return None;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => {
            (text.get(..at)?, Some((text.as_bytes().get(at).copied()?, text.get(at + 1..)?)))
        }
        None => (text, None),
    };
    let date = date_of(date)?;
    match time {
        None => Some(format!("{date}T00:00:00Z")),
        Some((b' ', time)) => Some(format!("{date}T{}Z", clock_of(time)?)),
        Some((_, time)) => {
            let at = time.find(['Z', '+', '-'])?;
            let zone = zone_of(time.get(at..)?)?;
            Some(format!("{date}T{}{zone}", clock_of(time.get(..at)?)?))
        }
    }
}

/// Reads a number of one or two digits.
fn short(text: &str, max: u32) -> Option<u32> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= max)
}

fn date_of(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let year = parts.next()?;
    let (month, day) = (short(parts.next()?, 12)?, short(parts.next()?, 31)?);
    let number: u32 = year.parse().ok()?;
    let leap =
        number.is_multiple_of(4) && (!number.is_multiple_of(100) || number.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let fits = parts.next().is_none() && month > 0 && day > 0 && day <= days;
    fits.then(|| format!("{year}-{month:02}-{day:02}"))
}

fn clock_of(text: &str) -> Option<String> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (short(parts.next()?, 23)?, short(parts.next()?, 59)?);
    let second = short(parts.next()?, 59)?;
    if parts.next().is_some() {
        return None;
    }
    let fraction = match fraction {
        Some(digits) if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) => {
            return None;
        }
        Some(digits) => digits.get(..9).unwrap_or(digits).trim_end_matches('0'),
        None => "",
    };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hour:02}:{minute:02}:{second:02}{dot}{fraction}"))
}

fn zone_of(text: &str) -> Option<&str> {
    if text == "Z" {
        return Some(text);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let fits = hours.len() == 2 && minutes.len() == 2;
    (fits && short(hours, 24).is_some() && short(minutes, 59).is_some()).then_some(text)
}
