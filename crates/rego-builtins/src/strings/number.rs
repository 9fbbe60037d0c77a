//! Numbers as text.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use crate::decimal::{self, Decimal};
use crate::{charge, operand};

/// Returns the number, its fraction cut off, in base 2, 8, 10 or 16: `format_int(255, 16) == "ff"`.
pub(super) fn format_int(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    operand::number(operands, 0)?;
    operand::number(operands, 1)?;
    let bits = match operand::any(operands, 1)?.view() {
        View::Int(2) => 1,
        View::Int(8) => 3,
        View::Int(10) => 0,
        View::Int(16) => 4,
        _ => {
            let text = "operand 2 must be one of {2, 8, 10, 16}";
            return Err(BuiltinError::Type(text.to_string()));
        }
    };
    let text = match value.view() {
        View::Int(i) => i.to_string(),
        View::Number(number) => whole_text(context, number.text())?,
        _ => return Err(BuiltinError::operand(1, value, &["number"])),
    };
    if bits == 0 {
        return Ok(Value::from(text));
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    Ok(Value::from(format!("{sign}{}", decimal::radix_text(context, digits, bits)?)))
}

fn whole_text(context: &mut Context<'_>, text: &str) -> Result<String, BuiltinError> {
    charge::make(context, text.len())?;
    let number = Decimal::parse(text);
    number.ok_or_else(|| BuiltinError::Failed("illegal value".to_string()))?.whole_text(context)
}
