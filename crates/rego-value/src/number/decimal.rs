//! The text of a number read as sign, digits and a power of ten: validation, exact order, hash.
//!
//! Nothing here expands an exponent, so `1e999999999` costs as much as `1e9`.

use std::cmp::Ordering;
use std::hash::Hasher;

use num_bigint::{BigInt, BigUint, Sign};

/// Exponents beyond this (either way) are not read; far above what arithmetic accepts.
const EXPONENT_DIGITS_MAX: usize = 10;

/// A decimal number, borrowed from its text: ±0.DIGITS × 10^point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    pub(super) negative: bool,
    // INVARIANT: digits are `head` followed by `tail`, ASCII digits only, the first and the last of
    // them not zero; both are empty for zero.
    head: &'a [u8],
    tail: &'a [u8],
    /// Where the decimal point stands: this many digits from the first one.
    pub(super) point: i64,
}

impl<'a> Decimal<'a> {
    pub(super) const ZERO: Self = Self { negative: false, head: &[], tail: &[], point: 0 };

    /// Reads the whole of `text` by JSON's grammar of numbers.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, bytes),
        };
        let (whole, rest) = split_digits(bytes);
        if whole.is_empty() || (whole.len() > 1 && whole.first() == Some(&b'0')) {
            return None;
        }
        let (fraction, rest) = match rest.strip_prefix(b".") {
            Some(rest) => split_digits(rest),
            None => (&b""[..], rest),
        };
        if fraction.is_empty() && bytes.get(whole.len()) == Some(&b'.') {
            return None;
        }
        let exponent = parse_exponent(rest)?;
        Some(Self::new(negative, whole, fraction, exponent))
    }

    /// Takes the digits of `whole` . `fraction` × 10^exponent without the zeros at either end.
    fn new(negative: bool, whole: &'a [u8], fraction: &'a [u8], exponent: i64) -> Self {
        let mut point = exponent + whole.len() as i64;
        let (mut head, mut tail) = (whole, fraction);
        let mut skipped = skip_zeros(&mut head);
        if head.is_empty() {
            skipped += skip_zeros(&mut tail);
        }
        point -= skipped as i64;
        trim_zeros(&mut tail);
        if tail.is_empty() {
            trim_zeros(&mut head);
        }
        if head.is_empty() && tail.is_empty() {
            point = 0;
        }
        Self { negative, head, tail, point }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits_len() == 0
    }

    /// Whether nothing stands behind the decimal point.
    pub(super) fn is_integer(&self) -> bool {
        self.digits_len() as i64 <= self.point || self.is_zero()
    }

    /// Returns the number of significant digits.
    pub(super) fn digits_len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// Returns the significant digits, as values 0 to 9.
    pub(super) fn digits(&self) -> impl Iterator<Item = u8> {
        self.head.iter().chain(self.tail).map(|digit| digit - b'0')
    }

    /// Returns the integer where it is one that fits.
    pub(super) fn to_i64(self) -> Option<i64> {
        if !self.is_integer() || self.point > 19 {
            return None;
        }
        let mut digits = self.digits();
        let mut total: i64 = 0;
        for _ in 0..self.point {
            let digit = i64::from(digits.next().unwrap_or(0));
            // Towards the negative, because i64::MIN has no positive counterpart.
            total = total.checked_mul(10)?.checked_sub(digit)?;
        }
        if self.negative { Some(total) } else { total.checked_neg() }
    }

    /// Returns the integer, without a fraction if there is one. The caller bounds `point`.
    pub(super) fn to_bigint(self) -> BigInt {
        let len = usize::try_from(self.point).unwrap_or(0);
        let mut digits: Vec<u8> = self.digits().take(len).collect();
        digits.resize(len, 0);
        let magnitude = BigUint::from_radix_be(&digits, 10).unwrap_or_default();
        BigInt::from_biguint(if self.negative { Sign::Minus } else { Sign::Plus }, magnitude)
    }

    /// Feeds the value, not the spelling, to `state`.
    pub(super) fn hash_value<H: Hasher>(&self, state: &mut H) {
        state.write_u8(u8::from(self.negative && !self.is_zero()));
        state.write_i64(self.point);
        for digit in self.digits() {
            state.write_u8(digit);
        }
    }

    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (-1, -1) => other.cmp_magnitude(self),
            (1, 1) => self.cmp_magnitude(other),
            (a, b) => a.cmp(&b),
        }
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        self.point.cmp(&other.point).then_with(|| self.digits().cmp(other.digits()))
    }

    fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

/// Reads `e+12`, or nothing at all.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let Some((b'e' | b'E', text)) = text.split_first() else {
        return text.is_empty().then_some(0);
    };
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (mut digits, rest) = split_digits(text);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    skip_zeros(&mut digits);
    if digits.len() > EXPONENT_DIGITS_MAX {
        return None;
    }
    let size = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if negative { -size } else { size })
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let len = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    bytes.split_at_checked(len).unwrap_or((bytes, &[]))
}

fn skip_zeros(digits: &mut &[u8]) -> usize {
    let before = digits.len();
    while let Some((b'0', rest)) = digits.split_first() {
        *digits = rest;
    }
    before - digits.len()
}

fn trim_zeros(digits: &mut &[u8]) {
    while let Some((b'0', rest)) = digits.split_last() {
        *digits = rest;
    }
}
