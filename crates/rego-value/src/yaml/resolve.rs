//! What the text of a plain scalar stands for.

use num_bigint::BigInt;

use crate::number::Number;
use crate::value::Value;

/// What a scalar stands for.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    /// An integer, as JSON will have it.
    Int(Number),
    /// Any other number, possibly not finite.
    Float(f64),
    Text,
}

impl Scalar {
    /// Reads a plain scalar, or one with a tag of the core schema.
    pub(super) fn resolve(text: &str) -> Self {
        match text.as_bytes().first() {
            None => Self::Null,
            Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
                resolve_word(text)
            }
            Some(b'.') => {
                resolve_infinite(text).or_else(|| parse_float(text)).map_or(Self::Text, Self::Float)
            }
            Some(b'0'..=b'9' | b'+' | b'-') => resolve_number(text),
            _ => Self::Text,
        }
    }

    /// Returns the name of the tag in messages.
    pub(super) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text => "str",
        }
    }

    /// Returns the value, or what is wrong with it.
    pub(super) fn into_value(self, text: &str) -> Result<Value, String> {
        Ok(match self {
            Self::Null => Value::NULL,
            Self::Bool(b) => Value::from(b),
            Self::Int(number) => Value::from(number),
            Self::Float(float) => match json_number(float) {
                Some(number) => Value::from(number),
                None => return Err(format!("unsupported value: `{text}`")),
            },
            Self::Text => Value::from(text),
        })
    }

    /// Returns the text as a key of an object, or what is wrong with it.
    pub(super) fn into_key(self, text: &str) -> Result<Value, String> {
        Ok(match self {
            Self::Null => return Err("unsupported map key of type null".to_owned()),
            Self::Bool(true) => Value::from("true"),
            Self::Bool(false) => Value::from("false"),
            Self::Int(number) => Value::from(number.text().as_ref()),
            Self::Float(float) => Value::from(key_of_float(float)),
            Self::Text => Value::from(text),
        })
    }
}

fn resolve_word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn resolve_infinite(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn resolve_number(text: &str) -> Scalar {
    if let Some(float) = resolve_infinite(text) {
        return Scalar::Float(float);
    }
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let (base, digits) = base_of(unsigned);
    let integer = integer(&plain, base, digits);
    // More than 64 bits count as an integer only in a base other than ten, and only without a sign.
    let small = integer.as_ref().filter(|integer| {
        i64::try_from(*integer).is_ok() || (unsigned.len() == plain.len() && integer.bits() <= 64)
    });
    if let Some(small) = small {
        return Scalar::Int(Number::from_bigint(small));
    }
    if let Some(float) = parse_float(&plain) {
        return Scalar::Float(float);
    }
    match integer {
        Some(large) if unsigned.len() == plain.len() => Scalar::Int(Number::from_bigint(&large)),
        _ => Scalar::Text,
    }
}

/// Splits off the prefix of a base; nought before more digits means eight.
fn base_of(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..).unwrap_or_default()),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..).unwrap_or_default()),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..).unwrap_or_default()),
        [b'0', _, ..] => (8, digits.get(1..).unwrap_or_default()),
        _ => (10, digits),
    }
}

/// Longest integer that is read digit by digit; longer ones are of no use to a policy.
const INTEGER_DIGITS_MAX: usize = 4096;

/// The largest integer that is read: it has not more than `INTEGER_DIGITS_MAX` digits in base ten,
/// in which it is written, whatever the base it is read in.
const INTEGER_BITS_MAX: u64 = 13_606;

fn integer(text: &str, base: u32, digits: &str) -> Option<BigInt> {
    let fits = !digits.is_empty() && digits.len() <= INTEGER_DIGITS_MAX;
    if !fits || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), base)?;
    if magnitude.bits() > INTEGER_BITS_MAX {
        return None;
    }
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// Reads `1`, `1.`, `.5`, `1e5` and so on, not words; nothing where it is too large.
fn parse_float(text: &str) -> Option<f64> {
    let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.bytes().all(is_part) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// Returns the number as Go's JSON encoder writes a float: `1e+21`, `1e-7`, else without an
/// exponent. Nothing for what is not finite.
fn json_number(float: f64) -> Option<Number> {
    let size = float.abs();
    if !float.is_finite() {
        return None;
    }
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        let positive = !text.contains("e-");
        return Number::parse(&if positive { text.replace('e', "e+") } else { text });
    }
    Number::parse(&format!("{float}"))
}

/// Returns the text of a float as a key: in single precision, as the library does.
fn key_of_float(float: f64) -> String {
    if float.is_nan() {
        return ".nan".to_owned();
    }
    let single = float as f32;
    if single.is_infinite() {
        return if single > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    crate::number::general_text(&format!("{single:e}"))
}
