//! `yaml.marshal`, `yaml.unmarshal` and `yaml.is_valid`: YAML as text.
//!
//! Source: OPA policy reference, "Encoding".

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use super::json::{pay_for_reading, pay_for_writing};
use crate::operand;

/// What a line of YAML costs a level, in bytes.
const INDENT_BYTES: usize = 2;

/// Whether a text is YAML.
///
/// Source: OPA policy reference, `yaml.is_valid`.
pub(super) fn is_valid(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let Some(text) = operand::any(operands, 0)?.as_str() else {
        return Ok(Value::FALSE);
    };
    pay_for_reading(context, text)?;
    Ok(Value::from(Value::from_yaml(text.as_bytes()).is_ok()))
}

/// Returns the YAML of a value, in block style: `yaml.marshal({"a": [1]})` is `"a:\n- 1\n"`.
///
/// Source: OPA policy reference, `yaml.marshal`.
pub(super) fn marshal(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    pay_for_writing(context, value, INDENT_BYTES)?;
    Ok(Value::from(value.to_yaml()))
}

/// Returns the value of a YAML text: `yaml.unmarshal("a: [1]")` is `{"a": [1]}`.
///
/// Source: OPA policy reference, `yaml.unmarshal`.
pub(super) fn unmarshal(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    pay_for_reading(context, text)?;
    Value::from_yaml(text.as_bytes()).map_err(|error| BuiltinError::Failed(error.to_string()))
}
