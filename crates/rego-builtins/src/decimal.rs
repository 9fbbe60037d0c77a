//! Exact decimal numbers, as long as their text: enough to scale, cut and print them.
//!
//! Must not know: Rego values, families.

use rego_vm::{BuiltinError, Context};

use crate::charge;

/// A decimal number: `digits * 10^exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    /// ASCII digits without leading zeros; empty for 0.
    pub(crate) digits: String,
    pub(crate) exponent: i64,
}

/// The largest exponent that is read. Anything beyond is no number anyone has memory for.
const EXPONENT_MAX: i64 = 100_000_000;

impl Decimal {
    /// Returns the number of a text such as `-1.5e3`, `.5` or `5.`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, parse_exponent(text.get(at + 1..)?)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_string();
        Some(Self { negative, digits, exponent: exponent - fraction.len() as i64 })
    }

    /// Multiplies it by a factor.
    pub(crate) fn multiply(&mut self, factor: u64) {
        let mut carry = 0_u128;
        let mut reversed = Vec::with_capacity(self.digits.len() + 20);
        for digit in self.digits.bytes().rev() {
            carry += u128::from(digit - b'0') * u128::from(factor);
            reversed.push(char::from(b'0' + (carry % 10) as u8));
            carry /= 10;
        }
        while carry > 0 {
            reversed.push(char::from(b'0' + (carry % 10) as u8));
            carry /= 10;
        }
        let digits: String = reversed.iter().rev().collect();
        self.digits = digits.trim_start_matches('0').to_string();
    }

    /// Whether it is a whole number.
    pub(crate) fn is_whole(&self) -> bool {
        let zeros = self.digits.len() - self.digits.trim_end_matches('0').len();
        self.digits.is_empty() || self.exponent + zeros as i64 >= 0
    }

    /// Returns the text of its whole part: what is behind the point is cut off.
    pub(crate) fn whole_text(&self, context: &mut Context<'_>) -> Result<String, BuiltinError> {
        let text = self.whole_digits(context)?;
        if text.is_empty() {
            return Ok("0".to_string());
        }
        Ok(if self.negative { format!("-{text}") } else { text })
    }

    fn whole_digits(&self, context: &mut Context<'_>) -> Result<String, BuiltinError> {
        if self.digits.is_empty() {
            return Ok(String::new());
        }
        let Ok(zeros) = usize::try_from(self.exponent) else {
            let cut = usize::try_from(-self.exponent).unwrap_or(usize::MAX);
            let kept = self.digits.len().saturating_sub(cut);
            return Ok(self.digits.get(..kept).unwrap_or_default().to_string());
        };
        charge::make(context, self.digits.len() + zeros)?;
        Ok(format!("{}{}", self.digits, "0".repeat(zeros)))
    }

    /// Returns its text with `places` digits behind the point, a half rounded away from zero.
    pub(crate) fn fixed_text(
        &self,
        context: &mut Context<'_>,
        places: usize,
    ) -> Result<String, BuiltinError> {
        let scale = i64::try_from(places).unwrap_or(0);
        let scaled = Self { exponent: self.exponent + scale, negative: false, ..self.clone() };
        let mut digits = scaled.whole_digits(context)?;
        if scaled.first_cut_digit().is_some_and(|digit| digit >= b'5') {
            digits = increment(&digits);
        }
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.negative { "-" } else { "" };
        Ok(format!("{sign}{whole}.{fraction}"))
    }

    /// Returns the first digit behind the point.
    fn first_cut_digit(&self) -> Option<u8> {
        let cut = usize::try_from(-self.exponent).ok()?;
        let at = self.digits.len().checked_sub(cut)?;
        self.digits.as_bytes().get(at).copied()
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|exponent: &i64| exponent.abs() <= EXPONENT_MAX)
}

fn increment(digits: &str) -> String {
    let nines = digits.len() - digits.trim_end_matches('9').len();
    let (head, _) = digits.split_at(digits.len() - nines);
    let zeros = "0".repeat(nines);
    match head.as_bytes().split_last() {
        Some((last, kept)) => {
            let kept = std::str::from_utf8(kept).unwrap_or_default();
            format!("{kept}{}{zeros}", char::from(last + 1))
        }
        None => format!("1{zeros}"),
    }
}

/// Returns the digits of a decimal number in base `2^bits` (1, 3 or 4), in lower case.
pub(crate) fn radix_text(
    context: &mut Context<'_>,
    decimal: &str,
    bits: u32,
) -> Result<String, BuiltinError> {
    let limbs = binary_limbs(context, decimal)?;
    charge::make(context, limbs.len() * 32)?;
    let all: Vec<u8> =
        limbs.iter().flat_map(|limb| (0..32).map(move |bit| (limb >> bit & 1) as u8)).collect();
    let digit = |chunk: &[u8]| chunk.iter().rev().fold(0, |sum, bit| sum * 2 + u32::from(*bit));
    let text: String = all
        .chunks(bits as usize)
        .rev()
        .map(digit)
        .skip_while(|digit| *digit == 0)
        .filter_map(|digit| char::from_digit(digit, 16))
        .collect();
    Ok(if text.is_empty() { "0".to_string() } else { text })
}

/// Returns a decimal number as 32-bit limbs, the least first. Takes steps as the square of its
/// length, and pays for them.
fn binary_limbs(context: &mut Context<'_>, decimal: &str) -> Result<Vec<u32>, BuiltinError> {
    let mut limbs: Vec<u32> = Vec::new();
    for chunk in decimal.as_bytes().chunks(9) {
        context.charge_steps(limbs.len() as u64 / 16 + 1)?;
        let mut carry = chunk.iter().fold(0, |sum, b| sum * 10 + u64::from(b.wrapping_sub(b'0')));
        let scale = 10_u64.pow(chunk.len() as u32);
        for limb in &mut limbs {
            carry += u64::from(*limb) * scale;
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    Ok(limbs)
}
