//! Trimming.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the part that `cut` keeps of a text, given the text and the second operand.
fn trimmed(
    context: &mut Context<'_>,
    operands: &[&Value],
    cut: for<'t> fn(&'t str, &str) -> &'t str,
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let other = operand::string(operands, 1)?;
    charge::make(context, text.len())?;
    // For prefixes and suffixes this is too much, but those are short.
    context.charge_steps((text.len() as u64).saturating_mul(other.len() as u64 / 64))?;
    let kept = cut(text, other);
    if kept.len() == text.len() {
        return Ok(operand::any(operands, 0)?.clone());
    }
    Ok(Value::from(kept))
}

/// Returns the text without the characters of the set at both ends: `trim("..a.", ".")`.
pub(super) fn trim(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    trimmed(context, operands, |text, set| text.trim_matches(|c| set.contains(c)))
}

/// Returns the text without the characters of the set at its start: `trim_left("..a.", ".")`.
pub(super) fn trim_left(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    trimmed(context, operands, |text, set| text.trim_start_matches(|c| set.contains(c)))
}

/// Returns the text without the characters of the set at its end: `trim_right("..a.", ".")`.
pub(super) fn trim_right(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    trimmed(context, operands, |text, set| text.trim_end_matches(|c| set.contains(c)))
}

/// Returns the text without the prefix: `trim_prefix("v1", "v")`.
pub(super) fn trim_prefix(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    trimmed(context, operands, |text, prefix| text.strip_prefix(prefix).unwrap_or(text))
}

/// Returns the text without the suffix: `trim_suffix("a.rego", ".rego")`.
pub(super) fn trim_suffix(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    trimmed(context, operands, |text, suffix| text.strip_suffix(suffix).unwrap_or(text))
}

/// Returns the text without white space at both ends: `trim_space(" a\n")`.
pub(super) fn trim_space(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    Ok(Value::from(text.trim()))
}
