//! One text for each value, so that equal values have equal texts.
//!
//! Integers are compared exactly whatever way they are written, fractions as 64-bit floats (which is
//! what the suites' own numbers went through), the keys of objects are
//! sorted, and a set is written as the array of its elements in the order the engine gives.
//!
//! Must not know: the engine's own JSON.

use std::fmt::Write;

use rego::{Value, View};
use serde_json::Value as Json;

/// Returns the text of a JSON value.
pub fn of_json(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => number(&n.to_string()),
        Json::String(s) => quoted(s),
        Json::Array(items) => array(items.iter().map(of_json)),
        Json::Object(map) => object(map.iter().map(|(k, v)| (k.clone(), of_json(v))).collect()),
    }
}

/// Returns the text of one of the engine's values.
pub fn of_value(value: &Value) -> String {
    match value.view() {
        View::Null => "null".to_owned(),
        View::Bool(b) => b.to_string(),
        View::Int(i) => number(&i.to_string()),
        View::Number(n) => number(n.text()),
        View::String(s) => quoted(s),
        View::Array(items) => array(items.iter().map(of_value)),
        View::Set(keys) => array(keys.as_slice().iter().map(of_value)),
        View::Object(o) => object(o.iter().map(|(k, v)| (key(k), of_value(v))).collect()),
    }
}

/// Returns the text of a value with the elements of an array sorted, where it is one.
pub fn of_value_sorted(value: &Value) -> String {
    match value.as_elements() {
        Some(items) => sorted(items.iter().map(of_value).collect()),
        None => of_value(value),
    }
}

/// The same for JSON.
pub fn of_json_sorted(json: &Json) -> String {
    match json.as_array() {
        Some(items) => sorted(items.iter().map(of_json).collect()),
        None => of_json(json),
    }
}

fn sorted(mut items: Vec<String>) -> String {
    items.sort();
    array(items.into_iter())
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn object(mut entries: Vec<(String, String)>) -> String {
    // Of keys with the same text the last one stays, as in a map that is filled in their order.
    entries.reverse();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.dedup_by(|later, first| later.0 == first.0);
    let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}:{v}", quoted(k))).collect();
    format!("{{{}}}", entries.join(","))
}

/// Returns a key as JSON has it: a string as it is, anything else as its JSON text.
fn key(value: &Value) -> String {
    match value.view() {
        View::String(s) => s.to_owned(),
        View::Number(n) => n.text().to_owned(),
        _ => of_value(value),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns a decimal as its digits without zeros at either end, and a power of ten: `1`, `1.0` and
/// `10e-1` have the same text. An integer that is short is written out, for messages that read well.
fn number(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i64>() else {
        return text.to_owned();
    };
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let power = exponent.saturating_add(offset(zeros) - offset(fraction.len()));
    if power < 0
        && let Ok(float) = text.parse::<f64>()
    {
        // The suites' own numbers are doubles, written as integers where they are.
        return if float.fract() == 0.0 {
            number(&float.to_string())
        } else {
            format!("{float:e}")
        };
    }
    match usize::try_from(power) {
        Ok(power) if digits.len() + power <= 25 => format!("{sign}{digits}{}", "0".repeat(power)),
        _ => format!("{sign}{digits}e{power}"),
    }
}

fn offset(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        for text in ["1", "1.0", "10e-1", "1e0", "0.1e1", "1E+0"] {
            assert_eq!(number(text), "1", "{text}");
        }
        assert_eq!(number("-0.0"), "0");
        assert_eq!(number("1e20"), "100000000000000000000");
        assert_eq!(number("0.5"), "5e-1");
        assert_ne!(number("9007199254740993"), number("9007199254740992"));
    }

    #[test]
    fn engine_values_and_json_have_the_same_text() {
        let value = Value::object_from_strs([
            ("b", Value::array(vec![Value::from(1), Value::NULL])),
            ("a", Value::set(vec![Value::from("y"), Value::from("x")])),
        ]);
        let json = serde_json::json!({"a": ["x", "y"], "b": [1.0, null]});
        assert_eq!(of_value(&value), of_json(&json));
    }
}
