//! Regular expressions: `regex.match`, `regex.replace`, …
//!
//! The syntax is RE2 as Go has it: `pattern.rs` compiles it. Source: OPA policy reference, "Regex"; `v1/topdown/regex.go`; Go's package `regexp`.

mod expand;
mod globs;
mod template;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::pattern::{Pattern, pay_for_match};
use crate::{charge, operand};

const TWO: &[Type] = &[Type::String, Type::String];
const THREE: &[Type] = &[Type::String, Type::String, Type::String];
const FOUR: &[Type] = &[Type::String, Type::String, Type::String, Type::String];
const TEXTS_NUMBER: &[Type] = &[Type::String, Type::String, Type::Number];
const TEXTS: Type = Type::Array(&Type::String);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("re_match", TWO, Type::Boolean).deprecated(), matches),
    Builtin::new(
        Decl::function("regex.find_all_string_submatch_n", TEXTS_NUMBER, Type::Array(&TEXTS)),
        find_groups,
    ),
    Builtin::new(Decl::function("regex.find_n", TEXTS_NUMBER, TEXTS), find),
    Builtin::new(Decl::function("regex.globs_match", TWO, Type::Boolean), globs::globs_match),
    Builtin::new(Decl::function("regex.is_valid", &[Type::String], Type::Boolean), is_valid),
    Builtin::new(Decl::function("regex.match", TWO, Type::Boolean), matches),
    Builtin::new(Decl::function("regex.replace", THREE, Type::String), replace),
    Builtin::new(Decl::function("regex.split", TWO, TEXTS), split),
    Builtin::new(
        Decl::function("regex.template_match", FOUR, Type::Boolean),
        template::template_match,
    ),
];

/// Returns whether a part of the text matches: `regex.match("^a+$", "aa")`.
fn matches(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let pattern = Pattern::of(context, source)?;
    pattern.pay(context, text)?;
    Ok(Value::from(pattern.regex.is_match(text)))
}

/// Returns whether it is a string and a pattern: `regex.is_valid("a+")`.
fn is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let Some(source) = operand::any(operands, 0)?.as_str() else { return Ok(Value::FALSE) };
    match Pattern::of(context, source) {
        Err(BuiltinError::Halt(halt)) => Err(BuiltinError::Halt(halt)),
        result => Ok(Value::from(result.is_ok())),
    }
}

/// Returns the number of matches wanted: all where it is negative.
fn limit(operands: &[&Value]) -> Result<usize, BuiltinError> {
    Ok(usize::try_from(operand::integer(operands, 2)?).unwrap_or(usize::MAX))
}

/// Returns the first `n` matches: `regex.find_n("a.", "abac", -1) == ["ab", "ac"]`.
fn find(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let limit = limit(operands)?;
    let pattern = Pattern::of(context, source)?;
    let found = pattern.find(context, text, limit)?;
    charge::array(context, found.into_iter().map(|found| found.as_str()))
}

/// Returns the first `n` matches, each with its groups:
/// `regex.find_all_string_submatch_n("a(.)", "abac", 1) == [["ab", "b"]]`.
fn find_groups(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let limit = limit(operands)?;
    let pattern = Pattern::of(context, source)?;
    pattern.pay(context, text)?;
    let mut found = Vec::new();
    for groups in pattern.regex.captures_iter(text).take(limit) {
        if let Some(whole) = groups.get(0) {
            pay_for_match(context, text, whole)?;
        }
        let texts = groups.iter().map(|group| group.map_or("", |group| group.as_str()));
        found.push(charge::array(context, texts)?);
    }
    Ok(Value::array(found))
}

/// Returns the parts between matches: `regex.split(",+", "a,,b") == ["a", "b"]`.
fn split(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let pattern = Pattern::of(context, source)?;
    if text.is_empty() && !source.is_empty() {
        return Ok(Value::array(vec![Value::from("")]));
    }
    let (mut parts, mut begin, mut end) = (Vec::new(), 0, 0);
    for found in pattern.find(context, text, usize::MAX)? {
        end = found.start();
        if found.end() != 0 {
            parts.push(text.get(begin..end).unwrap_or_default());
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(text.get(begin..).unwrap_or_default());
    }
    charge::array(context, parts.into_iter())
}

/// Returns the text with each match replaced; `$1` and `${name}` stand for groups:
/// `regex.replace("abc", "b(.)", "<$1>") == "a<c>"`.
fn replace(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let source = operand::string(operands, 1)?;
    let template = operand::string(operands, 2)?;
    let pattern = Pattern::of(context, source)?;
    pattern.pay(context, text)?;
    let pieces = expand::pieces(template, &pattern.names);
    let (mut out, mut end) = (String::new(), 0);
    for groups in pattern.regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        pay_for_match(context, text, whole)?;
        let kept = text.get(end..whole.start()).unwrap_or_default();
        charge::make(context, kept.len())?;
        out.push_str(kept);
        for piece in &pieces {
            let piece = piece.text(&groups);
            charge::make(context, piece.len())?;
            out.push_str(piece);
        }
        end = whole.end();
    }
    if end == 0 && out.is_empty() {
        return Ok(operand::any(operands, 0)?.clone());
    }
    out.push_str(text.get(end..).unwrap_or_default());
    Ok(Value::from(out))
}

#[cfg(test)]
mod tests;
