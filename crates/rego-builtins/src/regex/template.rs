//! `regex.template_match`: a literal text with patterns between delimiters.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::pattern::Pattern;
use crate::{charge, gofmt, operand};

/// Returns whether the text fits the template:
/// `regex.template_match("urn:<.*>", "urn:a", "<", ">")`.
pub(super) fn template_match(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let template = operand::string(operands, 0)?;
    let text = operand::string(operands, 1)?;
    let (open, close) = (operand::string(operands, 2)?, operand::string(operands, 3)?);
    for (which, delimiter) in [("start", open), ("end", close)] {
        if delimiter.len() != 1 {
            // Both messages tell the length of the first, as in OPA.
            let why = format!("exactly one character long but is {} long", open.len());
            return Err(BuiltinError::Failed(format!("{which} delimiter has to be {why}")));
        }
    }
    charge::make(context, template.len() * 2)?;
    let source = source(context, template, [open, close])?;
    let pattern = Pattern::of(context, &source)?;
    pattern.pay(context, text)?;
    Ok(Value::from(pattern.regex.is_match(text)))
}

/// Returns the pattern of a template.
fn source(
    context: &mut Context<'_>,
    template: &str,
    delimiters: [&str; 2],
) -> Result<String, BuiltinError> {
    let unbalanced =
        || BuiltinError::Failed(format!("unbalanced braces in {}", gofmt::quote(template)));
    let [open, close] = delimiters.map(|delimiter| delimiter.chars().next().unwrap_or_default());
    let mut source = String::from("^");
    let (mut depth, mut begin) = (0_usize, 0);
    for (at, c) in template.char_indices() {
        if c == open {
            depth += 1;
            if depth == 1 {
                source.push_str(&quote_meta(template.get(begin..at).unwrap_or_default()));
                begin = at + 1;
            }
        } else if c == close {
            depth = depth.checked_sub(1).ok_or_else(unbalanced)?;
            if depth == 0 {
                let inner = template.get(begin..at).unwrap_or_default();
                Pattern::of(context, &format!("^{inner}$"))?;
                source.push_str(&format!("({inner})"));
                begin = at + 1;
            }
        }
    }
    if depth > 0 {
        return Err(unbalanced());
    }
    source.push_str(&quote_meta(template.get(begin..).unwrap_or_default()));
    source.push('$');
    Ok(source)
}

/// Returns the pattern that matches only `text`.
fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
