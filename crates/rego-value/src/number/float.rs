//! A binary float with a 64-bit mantissa, rounded half to even: what OPA computes in where an
//! integer of 64 bits does not do.
//!
//! Source: Go `math/big.Float` at its default precision.

use num_bigint::{BigInt, BigUint, Sign};

use super::decimal::Decimal;

/// Results with more bits than this before or behind the binary point are refused: their text would
/// have some 79,000 digits.
pub(super) const EXPONENT_BITS_MAX: i32 = 1 << 18;

/// 10^EXPONENT_TENS_MAX is just above what [`EXPONENT_BITS_MAX`] allows.
const EXPONENT_TENS_MAX: i64 = 78_920;

/// Digits of a text that take part in rounding one by one; whatever follows counts as "a little
/// more".
const ROUNDED_DIGITS_MAX: usize = 800;

/// ± mantissa × 2^exponent
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Float {
    pub(super) negative: bool,
    // INVARIANT: the highest bit is set, except for zero, which is 0 × 2^0.
    pub(super) mantissa: u64,
    pub(super) exponent: i32,
}

impl Float {
    pub(super) const ZERO: Self = Self { negative: false, mantissa: 0, exponent: 0 };

    pub(super) fn from_i64(i: i64) -> Self {
        Self::rounded(i < 0, u128::from(i.unsigned_abs()), 0).unwrap_or(Self::ZERO)
    }

    /// Returns the nearest float, or nothing where the exponent is out of bounds.
    pub(super) fn from_decimal(decimal: &Decimal<'_>) -> Option<Self> {
        if decimal.is_zero() {
            return Some(Self { negative: decimal.negative, ..Self::ZERO });
        }
        if decimal.point.abs() > EXPONENT_TENS_MAX {
            return None;
        }
        Self::from_few_digits(decimal).or_else(|| Self::from_digits(decimal))
    }

    /// The quick way: up to 19 digits and a small power of ten.
    fn from_few_digits(decimal: &Decimal<'_>) -> Option<Self> {
        if decimal.digits_len() > 19 {
            return None;
        }
        let digits = decimal.digits().fold(0u64, |sum, digit| sum * 10 + u64::from(digit));
        match decimal.point - decimal.digits_len() as i64 {
            power @ 0..=19 => {
                let scaled = u128::from(digits) * 10u128.pow(power as u32);
                Self::rounded(decimal.negative, scaled, 0)
            }
            power @ -18..0 => {
                // The dividend has 128 bits, so the quotient has at least 67: enough to round.
                let divisor = 10u128.pow(-power as u32);
                let shift = u128::from(digits).leading_zeros();
                let dividend = u128::from(digits) << shift;
                let sticky = u128::from(dividend % divisor != 0);
                Self::rounded(decimal.negative, (dividend / divisor) | sticky, -(shift as i32))
            }
            _ => None,
        }
    }

    fn from_digits(decimal: &Decimal<'_>) -> Option<Self> {
        let mut text: Vec<u8> = decimal.digits().take(ROUNDED_DIGITS_MAX).collect();
        let mut power = decimal.point - text.len() as i64;
        if decimal.digits_len() > text.len() {
            text.push(1);
            power -= 1;
        }
        let digits = BigUint::from_radix_be(&text, 10)?;
        let ten = BigUint::from(10u8).pow(u32::try_from(power.abs()).ok()?);
        if power >= 0 {
            return Self::from_biguint(decimal.negative, &(digits * ten), false, 0);
        }
        let shift = (ten.bits() + 66).saturating_sub(digits.bits());
        let dividend = digits << shift;
        let quotient = &dividend / &ten;
        let sticky = &quotient * &ten != dividend;
        Self::from_biguint(decimal.negative, &quotient, sticky, -i32::try_from(shift).ok()?)
    }

    /// Returns `magnitude` × 2^exponent rounded; `sticky` says that there is a little more.
    fn from_biguint(neg: bool, magnitude: &BigUint, sticky: bool, exponent: i32) -> Option<Self> {
        let cut = magnitude.bits().saturating_sub(127);
        let lost = sticky || magnitude.trailing_zeros().is_some_and(|zeros| zeros < cut);
        let top = u128::try_from(magnitude >> cut).ok()?;
        // Of fewer than 127 bits nothing was cut; a sticky quotient has at least 66.
        let (top, down) = if cut == 0 { (top << 1, 1) } else { (top, 0) };
        let exponent = exponent.checked_add(i32::try_from(cut).ok()?)? - down;
        Self::rounded(neg, top | u128::from(lost), exponent)
    }

    /// Returns ± magnitude × 2^exponent, rounded half to even, or nothing where the exponent is out
    /// of bounds.
    fn rounded(negative: bool, magnitude: u128, exponent: i32) -> Option<Self> {
        if magnitude == 0 {
            return Some(Self { negative, ..Self::ZERO });
        }
        let shift = magnitude.leading_zeros();
        let magnitude = magnitude << shift;
        let mut exponent = exponent.checked_sub(shift as i32)?.checked_add(64)?;
        let mut mantissa = (magnitude >> 64) as u64;
        let rest = magnitude as u64;
        const HALF: u64 = 1 << 63;
        if rest > HALF || (rest == HALF && mantissa & 1 == 1) {
            match mantissa.checked_add(1) {
                Some(next) => mantissa = next,
                None => {
                    mantissa = HALF;
                    exponent += 1;
                }
            }
        }
        let float = Self { negative, mantissa, exponent };
        (float.magnitude_bits().abs() <= EXPONENT_BITS_MAX).then_some(float)
    }

    /// Returns how many bits stand before the binary point; negative for small fractions.
    pub(super) fn magnitude_bits(&self) -> i32 {
        self.exponent + 64
    }

    pub(super) fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    pub(super) fn is_integer(&self) -> bool {
        self.exponent >= 0 || self.mantissa.trailing_zeros() as i32 >= -self.exponent
    }

    pub(super) fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    pub(super) fn abs(self) -> Self {
        Self { negative: false, ..self }
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        if self.is_zero() || other.is_zero() {
            return Some(match (self.is_zero(), other.is_zero()) {
                (true, true) => Self { negative: self.negative && other.negative, ..Self::ZERO },
                (true, false) => other,
                _ => self,
            });
        }
        let (large, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        // One bit is left for the carry, 63 below guard the rounding.
        let left = u128::from(large.mantissa) << 63;
        let right =
            shifted_right(u128::from(small.mantissa) << 63, large.exponent - small.exponent);
        let exponent = large.exponent - 63;
        if large.negative == small.negative {
            return Self::rounded(large.negative, left + right, exponent);
        }
        // Of equal exponents the right one may be the larger.
        let negative = if right > left { small.negative } else { large.negative };
        Self::rounded(negative && left != right, left.abs_diff(right), exponent)
    }

    pub(super) fn mul(self, other: Self) -> Option<Self> {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::rounded(self.negative != other.negative, product, self.exponent + other.exponent)
    }

    /// Divides by what is not zero.
    pub(super) fn div(self, other: Self) -> Option<Self> {
        let dividend = u128::from(self.mantissa) << 64;
        let divisor = u128::from(other.mantissa);
        let quotient = dividend.checked_div(divisor)?;
        // 64 or 65 bits of quotient: make room for one more bit and the sticky one.
        let rest = (dividend - quotient * divisor) << 2;
        let digits = (quotient << 2) | (rest / divisor);
        let sticky = u128::from(!rest.is_multiple_of(divisor));
        let exponent = self.exponent - other.exponent - 67;
        Self::rounded(self.negative != other.negative, digits << 1 | sticky, exponent)
    }

    /// Returns the number without what stands behind the point.
    pub(super) fn to_bigint(self) -> BigInt {
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        let magnitude = match u32::try_from(self.exponent) {
            Ok(up) => BigUint::from(self.mantissa) << up,
            Err(_) => {
                let down = self.exponent.unsigned_abs();
                BigUint::from(self.mantissa.checked_shr(down).unwrap_or(0))
            }
        };
        BigInt::from_biguint(sign, magnitude)
    }

    /// Returns the integer where it is one that fits.
    pub(super) fn to_i64(self) -> Option<i64> {
        if !self.is_integer() || self.exponent > 0 {
            return None;
        }
        let magnitude = self.mantissa.checked_shr(self.exponent.unsigned_abs())?;
        if self.negative {
            0i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        }
    }
}

/// Shifts right; the lowest bit says whether anything was lost.
fn shifted_right(value: u128, by: i32) -> u128 {
    let by = by.unsigned_abs();
    match value.checked_shr(by) {
        Some(0) | None => u128::from(value != 0),
        Some(kept) => kept | u128::from(value.trailing_zeros() < by),
    }
}
