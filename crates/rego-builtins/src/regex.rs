//! Regular expressions: `regex.match`, `regex.replace`, …
//!
//! The syntax is RE2 as Go has it: `syntax.rs` reads it, and writes it anew for the engine, so that
//! what is refused, and in which words, is what Go refuses. Matching takes time in proportion to
//! the text. Source: OPA policy reference, "Regex"; `v1/topdown/regex.go`; Go's package `regexp`.

mod class;
mod escape;
mod expand;
mod globs;
mod syntax;
mod template;

use std::sync::Arc;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::cache::Cache;
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

/// The largest compiled program, in bytes; what is larger is refused.
const PROGRAM_BYTES_MAX: usize = 4 << 20;

/// The most memory that matching may use for its table of states, in bytes.
const STATES_BYTES_MAX: usize = 1 << 20;

/// The deepest nesting. (Go's limit is 1000; the engine takes stack for each level.)
const NESTING_MAX: u32 = 250;

/// What compiling a pattern costs in steps, besides its length.
const COMPILE_STEPS: u64 = 2000;

/// A compiled pattern.
pub(super) struct Pattern {
    regex: regex::Regex,
    /// The names of the groups, the whole match first.
    names: Vec<Option<String>>,
    /// How large it is: what a pass over a text costs is in proportion.
    weight: u64,
}

static COMPILED: Cache<Pattern> = Cache::new();

impl Pattern {
    fn compile(context: &mut Context<'_>, text: &str) -> Result<Self, BuiltinError> {
        context.charge_steps(COMPILE_STEPS + text.len() as u64 * 8)?;
        charge::make(context, text.len())?;
        let failed = |why: String| BuiltinError::Failed(format!("error parsing regexp: {why}"));
        let read = syntax::translate(text).map_err(failed)?;
        let built = regex::RegexBuilder::new(&read.text)
            .size_limit(PROGRAM_BYTES_MAX)
            .dfa_size_limit(STATES_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .build();
        let regex = built.map_err(|error| {
            failed(match error {
                regex::Error::CompiledTooBig(_) => format!("expression too large: `{text}`"),
                _ => format!("invalid character class range: `{text}`"),
            })
        })?;
        let weight = (read.text.len() as u64).saturating_mul(read.repeats.max(1)) / 256 + 1;
        Ok(Self { regex, names: read.names, weight })
    }

    /// Pays for one pass over `text`.
    fn pay(&self, context: &mut Context<'_>, text: &str) -> Result<(), BuiltinError> {
        context.charge_steps((text.len() as u64 / 32 + 1).saturating_mul(self.weight))
    }

    /// Returns the first `limit` matches. Pays for each, since looking for one may go to the end of
    /// the text and come back.
    fn find<'t>(
        &self,
        context: &mut Context<'_>,
        text: &'t str,
        limit: usize,
    ) -> Result<Vec<regex::Match<'t>>, BuiltinError> {
        self.pay(context, text)?;
        let mut matches = Vec::new();
        for found in self.regex.find_iter(text).take(limit) {
            pay_for_match(context, text, found)?;
            matches.push(found);
        }
        Ok(matches)
    }
}

/// Pays for a match found.
fn pay_for_match(
    context: &mut Context<'_>,
    text: &str,
    found: regex::Match<'_>,
) -> Result<(), BuiltinError> {
    let left = text.len().saturating_sub(found.end());
    context.charge_steps(left as u64 / 1024 + 1)
}

/// Returns the compiled pattern.
///
/// Errors: [`BuiltinError::Failed`] in Go's words where the pattern is wrong.
fn pattern(context: &mut Context<'_>, text: &str) -> Result<Arc<Pattern>, BuiltinError> {
    COMPILED.get(text, || Pattern::compile(context, text))
}

/// Returns whether a part of the text matches: `regex.match("^a+$", "aa")`.
fn matches(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let pattern = pattern(context, source)?;
    pattern.pay(context, text)?;
    Ok(Value::from(pattern.regex.is_match(text)))
}

/// Returns whether it is a string and a pattern: `regex.is_valid("a+")`.
fn is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let Some(source) = operand::any(operands, 0)?.as_str() else { return Ok(Value::FALSE) };
    match pattern(context, source) {
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
    let pattern = pattern(context, source)?;
    let found = pattern.find(context, text, limit)?;
    charge::array(context, found.into_iter().map(|found| found.as_str()))
}

/// Returns the first `n` matches, each with its groups:
/// `regex.find_all_string_submatch_n("a(.)", "abac", 1) == [["ab", "b"]]`.
fn find_groups(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (source, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let limit = limit(operands)?;
    let pattern = pattern(context, source)?;
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
    let pattern = pattern(context, source)?;
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
    let pattern = pattern(context, source)?;
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
