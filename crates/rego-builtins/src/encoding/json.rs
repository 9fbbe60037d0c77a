//! `json.marshal`, `json.unmarshal` and the like: JSON as text.
//!
//! Source: OPA policy reference, "Encoding".

use rego_value::{JsonStyle, ObjectRef, Value, View};
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// What a value that is not text takes in JSON, roughly, in bytes.
const NODE_BYTES: usize = 8;

/// Whether a text is JSON.
///
/// Source: OPA policy reference, `json.is_valid`.
pub(super) fn is_valid(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let Some(text) = operand::any(operands, 0)?.as_str() else {
        return Ok(Value::FALSE);
    };
    pay_for_reading(context, text)?;
    Ok(Value::from(Value::from_json(text.as_bytes()).is_ok()))
}

/// Returns the JSON of a value, on one line: `json.marshal({"a": {1}})` is `"{\"a\":[1]}"`.
///
/// Source: OPA policy reference, `json.marshal`.
pub(super) fn marshal(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    pay_for_writing(context, value, 0)?;
    Ok(Value::from(value.to_json()))
}

/// Returns the JSON of a value, over several lines where `pretty` is true or `indent` (of a level,
/// else a tab) or `prefix` (of a line) is given.
///
/// Errors: an unknown option. Source: OPA policy reference, `json.marshal_with_options`.
pub(super) fn marshal_with_options(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    let (pretty, indent, prefix) = options(operand::object(operands, 1)?)?;
    if !pretty {
        return marshal(context, operands);
    }
    pay_for_writing(context, value, indent.len() + prefix.len() + 1)?;
    let style = JsonStyle { indent: Some(indent), prefix, ..JsonStyle::default() };
    Ok(Value::from(format!("{prefix}{}", value.to_json_with(style))))
}

/// Returns the value of a JSON text: `json.unmarshal("[1]")` is `[1]`.
///
/// Source: OPA policy reference, `json.unmarshal`.
pub(super) fn unmarshal(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    pay_for_reading(context, text)?;
    let failed = |error: rego_value::JsonError| BuiltinError::Failed(error.message().to_string());
    Value::from_json(text.as_bytes()).map_err(failed)
}

/// Returns whether to write several lines, what indents a level, and what begins a line.
fn options(options: ObjectRef<'_>) -> Result<(bool, &str, &str), BuiltinError> {
    let (mut pretty, mut indent, mut prefix) = (None, None, None);
    let wrong = |text: String| BuiltinError::Type(format!("operand 2 {text}"));
    for (key, value) in options.iter() {
        let text = || {
            let wanted = format!("must be string but got {}", value.type_name());
            let key = key.to_json_key();
            value
                .as_str()
                .ok_or_else(|| wrong(format!("key {key} failed cast to string: {wanted}")))
        };
        match key.as_str() {
            Some("indent") => indent = Some(text()?),
            Some("prefix") => prefix = Some(text()?),
            Some("pretty") => {
                let cast = || wrong("key pretty failed cast to bool".to_string());
                pretty = Some(value.as_bool().ok_or_else(cast)?);
            }
            Some(other) => return Err(wrong(format!("object contained unknown key {other}"))),
            None => return Err(wrong(format!("failed to stringify key {}", key.to_rego()))),
        }
    }
    let pretty = pretty.unwrap_or(indent.is_some() || prefix.is_some());
    Ok((pretty, indent.unwrap_or("\t"), prefix.unwrap_or("")))
}

/// Pays for reading a text: each value takes two bytes of it at least.
pub(super) fn pay_for_reading(context: &mut Context<'_>, text: &str) -> Result<(), BuiltinError> {
    context.charge_steps(text.len() as u64 / 16)?;
    charge::make(context, 4 * text.len())
}

/// Pays for writing a value. It is looked through first, because it may hold one part many times
/// over and so be far longer as text. `line_bytes` is what a line costs a level.
pub(super) fn pay_for_writing(
    context: &mut Context<'_>,
    value: &Value,
    line_bytes: usize,
) -> Result<(), BuiltinError> {
    visit(context, value, line_bytes, 0)
}

fn visit(
    context: &mut Context<'_>,
    value: &Value,
    line_bytes: usize,
    depth: usize,
) -> Result<(), BuiltinError> {
    let own = match value.view() {
        View::String(text) => text.len(),
        View::Number(number) => number.text().len(),
        _ => NODE_BYTES,
    };
    charge::make(context, own + line_bytes * depth)?;
    let mut inner = |value: &Value| visit(context, value, line_bytes, depth + 1);
    match value.view() {
        View::Array(items) => items.iter().try_for_each(inner),
        View::Set(items) => items.iter().try_for_each(inner),
        View::Object(object) => object.iter().try_for_each(|(key, value)| {
            inner(key)?;
            inner(value)
        }),
        _ => Ok(()),
    }
}
