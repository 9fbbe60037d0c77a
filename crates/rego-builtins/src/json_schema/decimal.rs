//! Exact arithmetic on the texts of numbers, as far as schemas need it. Takes no time by the size
//! of an exponent.

use num_bigint::BigUint;
use rego_value::Number;

/// A number as `digits` times ten to the `exponent`; without zeros at the end of the digits.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(number: &Number) -> Self {
        let text = number.text();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let exponent: i64 = exponent.parse().unwrap_or_default();
        let negative = mantissa.starts_with('-');
        let mantissa = mantissa.trim_start_matches('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let exponent = exponent.saturating_sub(fraction.len() as i64);
        let short = digits.trim_end_matches('0');
        let exponent = exponent.saturating_add((digits.len() - short.len()) as i64);
        let short = short.trim_start_matches('0');
        if short.is_empty() {
            return Self { negative, digits: "0".to_string(), exponent: 0 };
        }
        Self { negative, digits: short.to_string(), exponent }
    }
}

/// Whether a number is a multiple of another, which is positive.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    let (number, of) = (Decimal::of(number), Decimal::of(of));
    if number.digits == "0" {
        return true;
    }
    let integer = |decimal: &Decimal| decimal.digits.parse::<BigUint>().unwrap_or_default();
    let (value, divisor) = (integer(&number), integer(&of));
    if divisor == BigUint::ZERO {
        return false;
    }
    let shift = number.exponent.saturating_sub(of.exponent);
    match u64::try_from(shift) {
        Ok(shift) => {
            let power = BigUint::from(10u8).modpow(&BigUint::from(shift), &divisor);
            (value * power) % divisor == BigUint::ZERO
        }
        // The divisor is larger than the value.
        Err(_) if shift.unsigned_abs() > value.bits() => false,
        Err(_) => {
            let power = u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX);
            value % (divisor * BigUint::from(10u8).pow(power)) == BigUint::ZERO
        }
    }
}

/// The smallest and, less one, the largest exponent of a number that is written without one.
const PLAIN_EXPONENTS: std::ops::Range<i64> = -4..6;

/// Returns the text of a number in complaints: as Go shows a large float, in as few digits as tell it,
/// with an exponent from a million on.
pub(super) fn shown(number: &Number) -> String {
    let Decimal { negative, digits, exponent } = Decimal::of(number);
    let sign = if negative { "-" } else { "" };
    if digits == "0" {
        return "0".to_string();
    }
    let scientific = exponent.saturating_add(digits.len() as i64 - 1);
    if !PLAIN_EXPONENTS.contains(&scientific) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let (mark, size) = (if scientific < 0 { '-' } else { '+' }, scientific.unsigned_abs());
        return format!("{sign}{first}{point}{rest}e{mark}{size:02}");
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    if exponent >= 0 {
        return format!("{sign}{digits}{}", zeros(exponent));
    }
    if scientific < 0 {
        return format!("{sign}0.{}{digits}", zeros(-scientific - 1));
    }
    let (whole, fraction) = digits.split_at((scientific + 1) as usize);
    format!("{sign}{whole}.{fraction}")
}

/// Returns the integer of a number as it is spelled, where it fits: `1.0` and `1e2` are none.
pub(super) fn spelled_integer(number: &Number) -> Option<i64> {
    number.text().parse().ok()
}

#[cfg(test)]
mod tests {
    use rego_value::Number;

    #[test]
    fn multiples_are_exact() {
        let cases = [
            ("0.3", "0.1", true),
            ("0.35", "0.1", false),
            ("1e300000", "7", false),
            ("7e300000", "7", true),
            ("1e-300000", "7", false),
            ("25", "0.5e2", false),
            ("4", "0.8e1", false),
            ("4", "0.5", true),
            ("16", "1.6e1", true),
            ("25", "1e400000", false),
            ("32", "10", false),
            ("0", "3", true),
            ("-9", "3", true),
            ("9007199254740993", "2", false),
        ];
        for (number, of, want) in cases {
            let parse = |text| Number::parse(text).unwrap();
            assert_eq!(super::is_multiple(&parse(number), &parse(of)), want, "{number} {of}");
        }
    }

    #[test]
    fn numbers_are_shown_as_large_floats_of_go() {
        let cases = [
            ("1", "1"),
            ("100000", "100000"),
            ("1000000", "1e+06"),
            ("1234567.5", "1.2345675e+06"),
            ("0.01", "0.01"),
            ("0.00001", "1e-05"),
            ("-12.50", "-12.5"),
            ("1.5e3", "1500"),
            ("0", "0"),
            ("0.0001", "0.0001"),
        ];
        for (text, want) in cases {
            assert_eq!(super::shown(&Number::parse(text).unwrap()), want);
        }
    }
}
