//! The shortest text that reads back as the same float, laid out as Go does.
//!
//! Source: Go `math/big.Float.Text` with precision -1, format `f` for integers and `g` otherwise.

use num_bigint::BigUint;

use super::float::Float;

/// Digits worked out of a float: more than the 22 that can matter.
const DIGITS: i64 = 48;

/// Returns the text of `float`.
pub(super) fn text(float: &Float) -> String {
    if float.is_zero() {
        return if float.negative { "-0".to_owned() } else { "0".to_owned() };
    }
    let (digits, point) = shortest_digits(float);
    let mut out = String::new();
    if float.negative {
        out.push('-');
    }
    if float.is_integer() {
        push_plain(&mut out, &digits, point);
    } else {
        push_general(&mut out, &digits, point);
    }
    out
}

/// Lays out what Rust writes with `{:e}` as Go's `strconv` does with format `g`.
pub(crate) fn general_text(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits: Vec<u8> =
        mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let mut out = String::new();
    if mantissa.starts_with('-') {
        out.push('-');
    }
    push_general(&mut out, &digits, exponent.parse::<i64>().unwrap_or(0) + 1);
    out
}

/// Lays 0.DIGITS × 10^point out without an exponent where that is short enough, else with one.
fn push_general(out: &mut String, digits: &[u8], point: i64) {
    const EXPONENT_FROM: i64 = 6;
    let exponent = point - 1;
    if (-4..EXPONENT_FROM).contains(&exponent) {
        return push_plain(out, digits, point);
    }
    push_digits(out, digits.iter().take(1));
    if digits.len() > 1 {
        out.push('.');
        push_digits(out, digits.iter().skip(1));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push('e');
    out.push(sign);
    out.push_str(&format!("{:02}", exponent.abs()));
}

fn push_plain(out: &mut String, digits: &[u8], point: i64) {
    let whole = usize::try_from(point).unwrap_or(0);
    if whole == 0 {
        out.push('0');
    }
    push_digits(out, digits.iter().take(whole));
    push_zeros(out, whole.saturating_sub(digits.len()));
    if digits.len() > whole {
        out.push('.');
        push_zeros(out, usize::try_from(-point).unwrap_or(0));
        push_digits(out, digits.iter().skip(whole));
    }
}

fn push_digits<'a>(out: &mut String, digits: impl Iterator<Item = &'a u8>) {
    out.extend(digits.map(|digit| char::from(b'0' + digit)));
}

fn push_zeros(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n('0', count));
}

/// Returns digits d and point p so that 0.d × 10^p lies within half a unit of the last bit.
fn shortest_digits(float: &Float) -> (Vec<u8>, i64) {
    // In units of half the last bit, so that both neighbouring bounds are whole.
    let scale = Scale::of(float);
    let middle = u128::from(float.mantissa) << 1;
    let exact = scale.expand(middle);
    let lower = scale.expand(middle - 1);
    let upper = scale.expand(middle + 1);
    // The bounds themselves round to an even mantissa.
    let inclusive = float.mantissa & 1 == 0;
    let mut digits = exact.digits.clone();
    for (at, digit) in exact.digits.iter().copied().enumerate() {
        let (low, high) = (lower.at(at), upper.at(at));
        let down = low != digit || (inclusive && lower.ends_with(at));
        let up = digit != high && (inclusive || digit + 1 < high || upper.goes_on_after(at));
        if !down && !up {
            continue;
        }
        let round_up = up && (!down || exact.rounds_up(at));
        digits.truncate(at + 1);
        return if round_up {
            incremented(digits, exact.point)
        } else {
            trimmed(digits, exact.point)
        };
    }
    trimmed(digits, exact.point)
}

fn trimmed(mut digits: Vec<u8>, point: i64) -> (Vec<u8>, i64) {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    (digits, point)
}

fn incremented(mut digits: Vec<u8>, point: i64) -> (Vec<u8>, i64) {
    while digits.last() == Some(&9) {
        digits.pop();
    }
    match digits.last_mut() {
        Some(last) => {
            *last += 1;
            (digits, point)
        }
        None => (vec![1], point + 1),
    }
}

/// The first digits of a number: 0.DIGITS × 10^point, and whether more follow.
struct Expansion {
    digits: Vec<u8>,
    point: i64,
    more: bool,
}

impl Expansion {
    fn at(&self, index: usize) -> u8 {
        self.digits.get(index).copied().unwrap_or(0)
    }

    /// Whether the digit at `index` is the last one.
    fn ends_with(&self, index: usize) -> bool {
        index + 1 == self.digits.len() && !self.more
    }

    /// Whether there are digits behind the one at `index`.
    fn goes_on_after(&self, index: usize) -> bool {
        index + 1 < self.digits.len() || self.more
    }

    /// Whether what follows the digit at `index` is more than half of it (or half, of an odd one).
    fn rounds_up(&self, index: usize) -> bool {
        let next = self.at(index + 1);
        let exactly_half = next == 5 && index + 2 == self.digits.len() && !self.more;
        if exactly_half { self.at(index) % 2 == 1 } else { next >= 5 }
    }
}

/// What turns units of half a last bit into about [`DIGITS`] decimal digits.
struct Scale {
    /// × 2^up
    up: u32,
    /// ÷ 2^down
    down: u32,
    /// × 10^tens, or ÷ 10^-tens
    tens: i64,
    power: BigUint,
}

impl Scale {
    fn of(float: &Float) -> Self {
        let exponent = float.exponent - 1;
        let point = (i64::from(float.magnitude_bits()) * 30_103).div_euclid(100_000);
        let tens = DIGITS - point;
        Self {
            up: u32::try_from(exponent).unwrap_or(0),
            down: u32::try_from(-exponent).unwrap_or(0),
            tens,
            power: BigUint::from(10u8).pow(u32::try_from(tens.abs()).unwrap_or(0)),
        }
    }

    fn expand(&self, units: u128) -> Expansion {
        let number = BigUint::from(units) << self.up;
        let (whole, more) = if self.tens >= 0 {
            let number = number * &self.power;
            let more = number.trailing_zeros().is_some_and(|zeros| zeros < u64::from(self.down));
            (number >> self.down, more)
        } else {
            // A number this large has no bits behind the point to speak of: `down` is below 64.
            let divisor = &self.power << self.down;
            let whole = &number / &divisor;
            let more = &whole * &divisor != number;
            (whole, more)
        };
        let digits = whole.to_radix_be(10);
        let point = digits.len() as i64 - self.tens;
        if more {
            return Expansion { digits, point, more };
        }
        let (digits, point) = trimmed(digits, point);
        Expansion { digits, point, more }
    }
}
