//! Numbers as text.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the number, its fraction cut off, in base 2, 8, 10 or 16: `format_int(255, 16) == "ff"`.
/// Numbers beyond 64 bits are rounded as those that are calculated with.
pub(super) fn format_int(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let number = operand::number(operands, 0)?;
    operand::number(operands, 1)?;
    let base = operand::any(operands, 1)?;
    let base = [2_u8, 8, 10, 16].into_iter().find(|known| *base == Value::from(i64::from(*known)));
    let Some(base) = base.filter(|_| is_written_as_integer(operands)) else {
        let text = "operand 2 must be one of {2, 8, 10, 16}";
        return Err(BuiltinError::Type(text.to_string()));
    };
    let whole = number.truncated();
    let whole = whole.ok_or_else(|| BuiltinError::Failed("illegal value".to_string()))?;
    let words = whole.bits().div_ceil(64);
    // Other bases than powers of two divide the number by itself, so to speak.
    context.charge_steps(words * words / 8)?;
    charge::make(context, whole.bits() as usize)?;
    Ok(Value::from(whole.to_str_radix(u32::from(base))))
}

/// Whether the base is spelled as OPA spells those it knows: `10.0` is none of them.
fn is_written_as_integer(operands: &[&Value]) -> bool {
    operand::integer(operands, 1).is_ok()
}
