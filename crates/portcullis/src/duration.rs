//! Durations as Go writes them: `1.5s`, `2m30s`, `100ms`.
//!
//! Source: Go's `time.ParseDuration`.

use std::time::Duration;

/// Returns the duration that a text says.
///
/// Errors: a text that is none, is negative, or is longer than 292 years, which is Go's bound too.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    nanoseconds(text)
        .map(|ns| Duration::from_nanos(ns as u64))
        .ok_or_else(|| format!("time: invalid duration `{text}`, expected one such as `1.5s`"))
}

/// Returns a duration as Go writes it: `1.5s`, `2m30s`, `523.4µs`.
///
/// Source: Go's `time.Duration.String`.
pub(crate) fn text(duration: Duration) -> String {
    let ns = duration.as_nanos();
    let parts = |unit: u128, name: &str| {
        let fraction = format!("{:0width$}", ns % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() || unit == 1 { "" } else { "." };
        let fraction = if unit == 1 { "" } else { fraction };
        format!("{}{point}{fraction}{name}", ns / unit)
    };
    match ns {
        0 => "0s".to_string(),
        1..1_000 => parts(1, "ns"),
        1_000..1_000_000 => parts(1_000, "µs"),
        1_000_000..1_000_000_000 => parts(1_000_000, "ms"),
        _ => {
            let (minutes, below) = (duration.as_secs() / 60, duration.as_secs() % 60);
            let nanos = Duration::new(below, duration.subsec_nanos());
            let fraction = format!("{:09}", nanos.subsec_nanos());
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            let seconds = format!("{below}{point}{fraction}s");
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    }
}

fn nanoseconds(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_len);
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        total += number.parse::<f64>().ok()? * unit_ns(unit)?;
        rest = after;
    }
    (total < i64::MAX as f64).then_some(total)
}

fn unit_ns(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (ns, want) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (523_410, "523.41µs"),
            (2_000_000, "2ms"),
            (1_234_567, "1.234567ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_661_000_000_001, "1h1m1.000000001s"),
        ] {
            assert_eq!(text(Duration::from_nanos(ns)), want);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("1h2m3s"), Ok(Duration::from_secs(3723)));
        assert_eq!(parse("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(parse("7µs"), Ok(Duration::from_micros(7)));
        for wrong in ["", "1", "s", "-1s", "1x", ".s", "1.2.3s", "300000h1s9999999h"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
