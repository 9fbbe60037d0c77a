//! Parts of a text.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the part from an offset, of a length (to the end where negative):
/// `substring("abcd", 1, 2) == "bc"`.
pub(super) fn substring(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let offset = operand::integer(operands, 1)?;
    let length = operand::integer(operands, 2)?;
    let Ok(offset) = usize::try_from(offset) else {
        return Err(BuiltinError::Failed("negative offset".to_string()));
    };
    charge::make(context, text.len())?;
    let from = skip(text, offset);
    let behind = usize::try_from(length).map_or("", |length| skip(from, length));
    Ok(Value::from(from.get(..from.len() - behind.len()).unwrap_or_default()))
}

/// Returns what is left behind `count` code points.
fn skip(text: &str, count: usize) -> &str {
    let start = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

/// Returns the parts between separators; without a separator, the code points:
/// `split("a.b", ".") == ["a", "b"]`.
pub(super) fn split(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let separator = operand::string(operands, 1)?;
    charge::scan(context, text.len())?;
    charge::array(context, parts(text, separator))
}

/// Returns the first `n` parts between separators, or the last ones where `n` is negative:
/// `strings.split_n("a.b.c", ".", -1) == ["c"]`.
pub(super) fn split_n(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let separator = operand::string(operands, 1)?;
    let count = operand::integer(operands, 2)?;
    charge::scan(context, text.len())?;
    if let Ok(first) = usize::try_from(count) {
        return charge::array(context, parts(text, separator).take(first));
    }
    let last = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let before = parts(text, separator).count().saturating_sub(last);
    charge::array(context, parts(text, separator).skip(before))
}

/// Returns the parts of a text as Go's `strings.Split` does.
fn parts<'t>(text: &'t str, separator: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
    if separator.is_empty() {
        // An empty separator in Rust also splits off the empty ends.
        return Box::new(text.split("").filter(|part| !part.is_empty()));
    }
    Box::new(text.split(separator))
}

/// Returns the code points in reverse: `strings.reverse("abc")`.
pub(super) fn reverse(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    Ok(Value::from(text.chars().rev().collect::<String>()))
}
