//! Numbers by value: whether two literals of JSON name the same number, exactly.
//!
//! Must not know: what a number counts.

use serde_json::Number;

/// Most digits that an exponent may have and still be reckoned with; literals beyond it are the same
/// only where they are written the same.
const EXPONENT_DIGITS_MAX: usize = 15;

/// Whether the two are the same number.
pub fn same_value(a: &Number, b: &Number) -> bool {
    let (a, b) = (a.to_string(), b.to_string());
    a == b || decimal(&a).is_some_and(|number| Some(number) == decimal(&b))
}

/// Whether the two are written the same way. The exponent's letter and its plus sign do not tell:
/// they are lost when JSON is read.
pub fn same_literal(a: &Number, b: &Number) -> bool {
    a.to_string() == b.to_string()
}

/// A number: sign, significant digits without zeroes at either end, power of ten of the last digit.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

fn decimal(literal: &str) -> Option<Decimal> {
    let (negative, rest) = match literal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, literal),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if exponent.len() <= EXPONENT_DIGITS_MAX => {
            (mantissa, exponent.parse::<i64>().ok()?)
        }
        Some(_) => return None,
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Some(Decimal { negative: false, digits: String::new(), exponent: 0 });
    }
    let shift = i64::try_from(significant.len() - digits.len()).ok()?
        - i64::try_from(fraction.len()).ok()?;
    Some(Decimal { negative, digits: digits.to_owned(), exponent: exponent.checked_add(shift)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn values() {
        for (a, b, same) in [
            ("1", "1.0", true),
            ("1e2", "100", true),
            ("1.50", "15e-1", true),
            ("-0", "0", true),
            ("1E400", "10e399", true),
            ("0.1", "0.10000000000000000001", false),
            ("12345678901234567890123", "12345678901234567890124", false),
            ("-1", "1", false),
            ("1e99999999999999999999", "1e99999999999999999999", true),
            ("1e99999999999999999999", "10e99999999999999999998", false),
        ] {
            assert_eq!(same_value(&number(a), &number(b)), same, "{a} {b}");
        }
    }

    #[test]
    fn literals() {
        assert!(same_literal(&number("1.50"), &number("1.50")));
        assert!(!same_literal(&number("1.5"), &number("1.50")));
        assert!(!same_literal(&number("1e2"), &number("100")));
    }
}
