//! Replacing. Source: Go, `strings.NewReplacer`.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the text with each `old` replaced by `new`: `replace("a.b", ".", "/")`.
pub(super) fn replace(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let old = operand::string(operands, 1)?;
    let new = operand::string(operands, 2)?;
    if old.is_empty() {
        return replaced(context, text, &[(old, new)]);
    }
    charge::scan(context, text.len())?;
    let count = text.matches(old).count();
    if count == 0 {
        return Ok(operand::any(operands, 0)?.clone());
    }
    charge::make(context, text.len() - count * old.len())?;
    context.charge_bytes((count as u64).saturating_mul(new.len() as u64))?;
    Ok(Value::from(text.replace(old, new)))
}

/// Returns the text with each key replaced by its value; where several keys fit, the least one
/// counts: `strings.replace_n({"<": "&lt;"}, "<b>")`.
pub(super) fn replace_n(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let patterns = operand::object(operands, 0)?;
    let text = operand::string(operands, 1)?;
    let mut pairs = Vec::with_capacity(patterns.len());
    let wrong =
        |what| BuiltinError::Type(format!("operand 1 non-string {what} found in pattern object"));
    for (key, value) in patterns.iter() {
        let old = key.as_str().ok_or_else(|| wrong("key"))?;
        pairs.push((old, value.as_str().ok_or_else(|| wrong("value"))?));
    }
    replaced(context, text, &pairs)
}

/// Returns `text` with, at each place, the first pair that fits taken. An empty `old` fits at
/// each place, but not again where it has just fitted.
fn replaced(
    context: &mut Context<'_>,
    text: &str,
    pairs: &[(&str, &str)],
) -> Result<Value, BuiltinError> {
    let mut by_first_byte: Vec<Vec<usize>> = vec![Vec::new(); 256];
    for (i, (old, _)) in pairs.iter().enumerate() {
        if let Some(slot) = old.bytes().next().and_then(|b| by_first_byte.get_mut(usize::from(b))) {
            slot.push(i);
        }
    }
    let empty = pairs.iter().find(|(old, _)| old.is_empty());
    let mut out = String::new();
    let mut was_empty = false;
    let mut rest = text;
    loop {
        if let Some((_, new)) = empty.filter(|_| !was_empty) {
            charge::make(context, new.len())?;
            out.push_str(new);
            was_empty = true;
            continue;
        }
        was_empty = false;
        let Some(first) = rest.chars().next() else {
            return Ok(Value::from(out));
        };
        let tried = rest.bytes().next().and_then(|b| by_first_byte.get(usize::from(b)));
        let tried = tried.map(Vec::as_slice).unwrap_or_default();
        context.charge_steps(tried.len() as u64 / 4 + 1)?;
        let fits = |i: &&usize| pairs.get(**i).is_some_and(|(old, _)| rest.starts_with(old));
        let pair = tried.iter().find(fits).and_then(|i| pairs.get(*i));
        let (taken, new) = match pair {
            Some((old, new)) => (old.len(), *new),
            None => (first.len_utf8(), rest.get(..first.len_utf8()).unwrap_or_default()),
        };
        context.charge_bytes(new.len() as u64)?;
        out.push_str(new);
        rest = rest.get(taken..).unwrap_or_default();
    }
}
