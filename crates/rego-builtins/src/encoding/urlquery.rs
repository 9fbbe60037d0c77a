//! `urlquery.*`: the escapes of URL queries.
//!
//! Source: OPA policy reference, "Encoding"; Go `net/url` (`QueryEscape`, `ParseQuery`).

use std::collections::BTreeMap;

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use crate::{bytes, charge, operand};

/// How many bytes an escaped byte takes.
const ESCAPED_BYTES: usize = 3;

/// Returns the text of an escaped one: `urlquery.decode("a%3Db+c")` is `"a=b c"`.
///
/// Errors: `%` without two hexadecimal digits. Source: OPA policy reference, `urlquery.decode`.
pub(super) fn decode(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    Ok(Value::from(unescape(text)?))
}

/// Returns the parameters of a query, each with the array of its values:
/// `urlquery.decode_object("a=1&a=2")` is `{"a": ["1", "2"]}`.
///
/// Source: OPA policy reference, `urlquery.decode_object`.
pub(super) fn decode_object(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, 4 * text.len())?;
    let mut parameters: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        context.charge_bytes(4 * size_of::<Value>() as u64)?;
        if part.contains(';') {
            let reason = "invalid semicolon separator in query";
            return Err(BuiltinError::Failed(reason.to_string()));
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let values = parameters.entry(unescape(name)?).or_default();
        values.push(Value::from(unescape(value)?));
    }
    let entries = parameters.into_iter().map(|(k, v)| (Value::from(k), Value::array(v)));
    Ok(Value::object(entries.collect()))
}

/// Returns the text escaped: `urlquery.encode("a=b c")` is `"a%3Db+c"`.
///
/// Source: OPA policy reference, `urlquery.encode`.
pub(super) fn encode(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, ESCAPED_BYTES * text.len())?;
    let mut query = String::with_capacity(text.len());
    escape(text, &mut query);
    Ok(Value::from(query))
}

/// Returns the query of an object of parameters, sorted by name; a parameter with several values
/// is an array or a set: `urlquery.encode_object({"a": ["1", "2"]})` is `"a=1&a=2"`.
///
/// Source: OPA policy reference, `urlquery.encode_object`.
pub(super) fn encode_object(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let object = operand::object(operands, 0)?;
    let mut parameters = BTreeMap::new();
    for (name, value) in object.iter() {
        parameters.insert(name.to_json_key(), values(value)?);
    }
    let mut query = String::new();
    for (name, value) in parameters.iter().flat_map(|(k, vs)| vs.iter().map(move |v| (k, v))) {
        let text = value.as_str().ok_or_else(wrong_value)?;
        charge::make(context, ESCAPED_BYTES * (name.len() + text.len()))?;
        query.push_str(if query.is_empty() { "" } else { "&" });
        escape(name, &mut query);
        query.push('=');
        escape(text, &mut query);
    }
    Ok(Value::from(query))
}

/// Returns the values of a parameter.
fn values(value: &Value) -> Result<&[Value], BuiltinError> {
    match value.view() {
        View::String(_) => Ok(std::slice::from_ref(value)),
        _ => value.as_elements().ok_or_else(wrong_value),
    }
}

fn wrong_value() -> BuiltinError {
    let text = "operand 1 values must be string, array[string], or set[string]";
    BuiltinError::Type(text.to_string())
}

/// Adds `text` with everything escaped but letters, digits and `-_.~`; a space becomes `+`.
fn escape(text: &str, query: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                query.push(char::from(byte));
            }
            b' ' => query.push('+'),
            _ => {
                query.push('%');
                query.push_str(&bytes::to_hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
}

/// Returns `text` with its escapes undone.
fn unescape(text: &str) -> Result<String, BuiltinError> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        plain.push(match byte {
            b'+' => b' ',
            b'%' => {
                let escaped = after.split_at_checked(2);
                let digits = escaped.and_then(|(digits, _)| str::from_utf8(digits).ok());
                let decoded = digits.and_then(|digits| bytes::from_hex(digits).ok());
                let (Some(decoded), Some((_, after))) = (decoded, escaped) else {
                    let end = after.get(..2).unwrap_or(after);
                    let end = bytes::text(end.to_vec());
                    return Err(BuiltinError::Failed(format!("invalid URL escape \"%{end}\"")));
                };
                rest = after;
                decoded.first().copied().unwrap_or_default()
            }
            byte => *byte,
        });
    }
    Ok(bytes::text(plain))
}
