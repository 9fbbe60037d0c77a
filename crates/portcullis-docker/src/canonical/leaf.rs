//! Values without fields: what the daemon takes for a text, a number, a list of words.
//!
//! Must not know: structs.
//!
//! Source: Go `encoding/json`, `literalStore`; moby `api/types/strslice`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, PAD};
use rego::{Number, Value, View};

use super::{Changed, Misfit};
use crate::api::Kind;

/// Base64 as Go reads it: bits of the last character that say nothing may be set.
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const LENIENT: GeneralPurposeConfig = PAD.with_decode_allow_trailing_bits(true);

/// Converts a value that is not null and whose kind has no parts.
pub(super) fn convert(kind: &Kind, value: &Value) -> Result<Changed, Misfit> {
    match kind {
        Kind::Bool => fits(value.as_bool().is_some(), "a boolean", value),
        Kind::Text => fits(value.as_str().is_some(), "a string", value),
        Kind::Empty => fits(value.as_object().is_some(), "an object", value),
        Kind::Int(bits) => integer(value, Range::signed(*bits)),
        Kind::Uint(bits) => integer(value, Range::unsigned(*bits)),
        Kind::Float(bits) => fits(is_float(value, *bits), "a number within bounds", value),
        Kind::Bytes => bytes(value),
        Kind::Words => words(value),
        Kind::Any | Kind::List(_) | Kind::Fixed(..) | Kind::Map(_) | Kind::Type(_) => Ok(None),
    }
}

/// Whether a value is one that a field has where nothing was asked for.
pub(super) fn is_zero(value: &Value) -> bool {
    match value.view() {
        View::Null => true,
        View::Bool(set) => !set,
        View::Int(number) => number == 0,
        View::Number(number) => number.to_i64() == Some(0),
        View::String(text) => text.is_empty(),
        View::Array(items) => items.is_empty(),
        View::Object(object) => object.is_empty(),
        View::Set(_) => false,
    }
}

fn fits(fits: bool, expected: &'static str, value: &Value) -> Result<Changed, Misfit> {
    if fits { Ok(None) } else { Err(Misfit::kind(expected, value)) }
}

/// What an integer may be.
struct Range {
    min: i128,
    max: i128,
    expected: &'static str,
}

impl Range {
    fn signed(bits: u32) -> Self {
        let half = 1i128 << bits.saturating_sub(1).min(63);
        Self { min: -half, max: half - 1, expected: "an integer of 64 bits" }
    }

    fn unsigned(bits: u32) -> Self {
        let expected = match bits {
            8 => "an integer from 0 to 255",
            16 => "an integer from 0 to 65535",
            32 => "an integer from 0 to 4294967295",
            _ => "an integer from 0 to 18446744073709551615",
        };
        Self { min: 0, max: (1i128 << bits.min(64)) - 1, expected }
    }

    fn holds(&self, integer: i128) -> bool {
        (self.min..=self.max).contains(&integer)
    }
}

/// Go reads digits with a sign at most, and no sign at all where there is none to be.
fn integer(value: &Value, range: Range) -> Result<Changed, Misfit> {
    let misfit = || Misfit::kind(range.expected, value);
    match value.as_number().ok_or_else(misfit)? {
        Number::Int(plain) if range.holds(plain.into()) => Ok(None),
        Number::Int(_) => Err(misfit()),
        Number::Big(big) => match (big.text(), big.text().parse::<i128>()) {
            ("-0", _) if range.min < 0 => Ok(Some(Value::from(0))),
            ("-0", _) | (_, Err(_)) => Err(misfit()),
            (_, Ok(integer)) => fits(range.holds(integer), range.expected, value),
        },
    }
}

fn is_float(value: &Value, bits: u32) -> bool {
    let max = if bits == 32 { f64::from(f32::MAX) } else { f64::MAX };
    value.as_number().is_some_and(|number| number.to_f64().abs() <= max)
}

/// A text in base64 stays as it is; an array of numbers becomes one.
fn bytes(value: &Value) -> Result<Changed, Misfit> {
    let expected = "a string in base64";
    if let Some(text) = value.as_str() {
        let plain: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        return fits(BASE64.decode(plain).is_ok(), expected, value);
    }
    let items = value.as_array().ok_or_else(|| Misfit::kind(expected, value))?;
    let mut plain = Vec::with_capacity(items.len());
    for item in items {
        let byte = match item.view() {
            View::Null => Some(0),
            _ if integer(item, Range::unsigned(8)).is_ok() => item.as_i64(),
            _ => None,
        };
        let byte = byte.and_then(|byte| u8::try_from(byte).ok());
        plain.push(byte.ok_or_else(|| Misfit::kind("an integer from 0 to 255", item))?);
    }
    Ok(Some(Value::from(BASE64.encode(plain))))
}

/// One word is as good as an array of one.
fn words(value: &Value) -> Result<Changed, Misfit> {
    if value.as_str().is_some() {
        return Ok(Some(Value::array(vec![value.clone()])));
    }
    let expected = "a string or an array of strings";
    let items = value.as_array().ok_or_else(|| Misfit::kind(expected, value))?;
    if items.iter().all(|item| item.as_str().is_some()) {
        return Ok(None);
    }
    let word = |item: &Value| match item.view() {
        View::Null => Ok(Value::from("")),
        View::String(_) => Ok(item.clone()),
        _ => Err(Misfit::kind(expected, value)),
    };
    Ok(Some(Value::array(items.iter().map(word).collect::<Result<_, _>>()?)))
}
