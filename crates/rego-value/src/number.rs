//! Numbers: 64-bit integers where they fit, the text as written everywhere else.
//!
//! OPA keeps the text of a number (`1.0` and `1e2` print as written), compares by exact value and
//! computes in a binary float with a 64-bit mantissa. So do we, with integers that fit on a quick
//! path. No operation here takes time or memory by the size of an exponent.
//!
//! Source: OPA `v1/topdown/arithmetic.go`, `v1/topdown/builtins/builtins.go` (up to 1.17; later
//! ones compute exactly on large integers), `v1/ast/compare.go`.

mod arithmetic;
mod decimal;
mod float;
mod shortest;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;
use std::sync::{Arc, OnceLock};

use num_bigint::BigInt;

pub use arithmetic::NumberError;
use decimal::Decimal;
use float::Float;
pub(crate) use shortest::general_text;

/// Most decimal digits of an integer that [`Number::to_bigint`] spells out.
const INTEGER_DIGITS_MAX: i64 = 100_000;

/// Largest power of two (either way) of a literal in a policy; OPA calls others too big.
const LITERAL_BITS_MAX: i32 = 100_000;

/// A Rego number.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits and whose text is canonical.
    Int(i64),
    /// Any other number.
    Big(Arc<BigNumber>),
}

/// A number that is not a canonical 64-bit integer.
///
/// Either form makes the other when it is first asked for: a number read has its text, a number
/// computed its float.
pub struct BigNumber {
    // INVARIANT: at least one of the two is set; `text` follows JSON's grammar of numbers.
    text: OnceLock<Box<str>>,
    /// Holds `None` where the exponent is out of bounds for arithmetic.
    float: OnceLock<Option<Float>>,
}

impl BigNumber {
    fn from_text(text: &str) -> Self {
        Self { text: OnceLock::from(Box::from(text)), float: OnceLock::new() }
    }

    fn from_float(float: Float) -> Self {
        Self { text: OnceLock::new(), float: OnceLock::from(Some(float)) }
    }

    /// Returns the text: as written, or the shortest that tells a computed number from its
    /// neighbours.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| match self.float.get() {
            Some(Some(float)) => shortest::text(float).into_boxed_str(),
            _ => Box::from("0"),
        })
    }

    fn decimal(&self) -> Decimal<'_> {
        Decimal::parse(self.text()).unwrap_or(Decimal::ZERO)
    }

    fn float(&self) -> Option<Float> {
        *self.float.get_or_init(|| Float::from_decimal(&self.decimal()))
    }

    /// Returns the number where it is an integer that fits (`1.0` and `1e2` too).
    pub fn to_i64(&self) -> Option<i64> {
        self.decimal().to_i64()
    }

    /// Whether the value is whole, however it is written.
    pub fn is_integer(&self) -> bool {
        self.decimal().is_integer()
    }

    /// Returns the nearest double; infinite where it is too large.
    pub fn to_f64(&self) -> f64 {
        self.text().parse().unwrap_or(0.0)
    }

    pub(crate) fn cmp(&self, other: &Self) -> Ordering {
        self.decimal().cmp(&other.decimal())
    }

    pub(crate) fn cmp_i64(&self, other: i64) -> Ordering {
        let mut buffer = itoa::Buffer::new();
        let other = Decimal::parse(buffer.format(other)).unwrap_or(Decimal::ZERO);
        self.decimal().cmp(&other)
    }

    pub(crate) fn hash_value<H: Hasher>(&self, state: &mut H) {
        self.decimal().hash_value(state);
    }
}

impl fmt::Debug for BigNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Number {
    /// Reads `text` by JSON's grammar of numbers and keeps it as it is written.
    ///
    /// Returns nothing for other text, and for exponents of more than ten digits.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(i) = parse_small(text.as_bytes()) {
            return Some(Self::Int(i));
        }
        let decimal = Decimal::parse(text)?;
        Some(match decimal.to_i64() {
            Some(i) if itoa::Buffer::new().format(i) == text => Self::Int(i),
            _ => Self::Big(Arc::new(BigNumber::from_text(text))),
        })
    }

    /// Returns the number nearest to `float` in the fewest digits, or nothing for NaN and infinity.
    pub fn from_f64(float: f64) -> Option<Self> {
        float.is_finite().then(|| Self::parse(&general_text(&format!("{float:e}"))))?
    }

    /// Returns the integer, exact.
    pub fn from_bigint(integer: &BigInt) -> Self {
        match i64::try_from(integer) {
            Ok(i) => Self::Int(i),
            Err(_) => Self::Big(Arc::new(BigNumber::from_text(&integer.to_string()))),
        }
    }

    /// A computed float: an integer where it is one that fits.
    fn from_float(float: Float) -> Self {
        match float.to_i64() {
            // Minus nought keeps its sign, as in Go.
            Some(i) if i != 0 || !float.negative => Self::Int(i),
            _ => Self::Big(Arc::new(BigNumber::from_float(float))),
        }
    }

    /// Returns the float to compute with, or nothing where the exponent is out of bounds.
    fn float(&self) -> Option<Float> {
        match self {
            Self::Int(i) => Some(Float::from_i64(*i)),
            Self::Big(big) => big.float(),
        }
    }

    /// Returns the text exactly as OPA prints it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Int(i) => Cow::Owned(itoa::Buffer::new().format(*i).to_owned()),
            Self::Big(big) => Cow::Borrowed(big.text()),
        }
    }

    /// Returns the nearest double; infinite where it is too large.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(i) => *i as f64,
            Self::Big(big) => big.to_f64(),
        }
    }

    /// Returns the number where it is an integer that fits (`1.0` and `1e2` too).
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Big(big) => big.to_i64(),
        }
    }

    /// Whether the value is whole, however it is written.
    pub fn is_integer(&self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Big(big) => big.is_integer(),
        }
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Int(i) => *i < 0,
            Self::Big(big) => big.cmp_i64(0) == Ordering::Less,
        }
    }

    /// Returns the exact integer, or nothing where it is none or has more than 100,000 digits.
    pub fn to_bigint(&self) -> Option<BigInt> {
        match self {
            Self::Int(i) => Some(BigInt::from(*i)),
            Self::Big(big) => {
                let decimal = big.decimal();
                (decimal.is_integer() && decimal.point <= INTEGER_DIGITS_MAX)
                    .then(|| decimal.to_bigint())
            }
        }
    }

    /// Returns the integer as OPA up to 1.17 takes operands that must be one: rounded to 64
    /// significant bits. Nothing where it is no integer after that, or out of bounds.
    pub fn to_bigint_rounded(&self) -> Option<BigInt> {
        match self {
            Self::Int(i) => Some(BigInt::from(*i)),
            Self::Big(big) => big.float().filter(Float::is_integer).map(Float::to_bigint),
        }
    }

    /// Returns the number without its fraction, rounded to 64 significant bits first; nothing where
    /// it is out of bounds. (`format_int` takes any number this way.)
    pub fn truncated(&self) -> Option<BigInt> {
        Some(self.float()?.to_bigint())
    }

    /// Whether OPA refuses this number in the text of a policy as "number too big": beyond 2^100000
    /// or below 2^-100000.
    pub fn is_too_big_for_literal(&self) -> bool {
        match self.float() {
            Some(float) => !float.is_zero() && float.magnitude_bits().abs() > LITERAL_BITS_MAX,
            None => true,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<i64> for Number {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<u64> for Number {
    fn from(u: u64) -> Self {
        Self::from(i128::from(u))
    }
}

impl From<i128> for Number {
    fn from(i: i128) -> Self {
        match i64::try_from(i) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::Big(Arc::new(BigNumber::from_text(&i.to_string()))),
        }
    }
}

impl From<usize> for Number {
    fn from(u: usize) -> Self {
        Self::from(u as u64)
    }
}

/// The quick way for what most numbers are: a canonical integer of up to 18 digits.
#[inline]
fn parse_small(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    match digits {
        [] => return None,
        [b'0'] => return if negative { None } else { Some(0) },
        [b'0', ..] => return None,
        _ if digits.len() > 18 => return None,
        _ => {}
    }
    let mut value = 0i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some(if negative { -value } else { value })
}
