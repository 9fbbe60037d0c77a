//! Looking for one text in another.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the two strings that most functions here take, and pays for looking at the first.
fn two<'v>(
    context: &mut Context<'_>,
    operands: &[&'v Value],
) -> Result<(&'v str, &'v str), BuiltinError> {
    let text = operand::string(operands, 0)?;
    let wanted = operand::string(operands, 1)?;
    charge::scan(context, text.len())?;
    Ok((text, wanted))
}

/// Returns whether the text has the other in it: `contains("abc", "b")`.
pub(super) fn contains(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let (text, wanted) = two(context, operands)?;
    Ok(Value::from(text.contains(wanted)))
}

/// Returns whether the text begins so: `startswith("abc", "a")`.
pub(super) fn starts_with(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    Ok(Value::from(text.starts_with(operand::string(operands, 1)?)))
}

/// Returns whether the text ends so: `endswith("abc", "c")`.
pub(super) fn ends_with(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    Ok(Value::from(text.ends_with(operand::string(operands, 1)?)))
}

/// Returns how often the text has the other in it, without overlaps: `strings.count("aaa", "a")`.
pub(super) fn count(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (text, wanted) = two(context, operands)?;
    let count = match wanted {
        "" => text.chars().count() + 1,
        _ => text.matches(wanted).count(),
    };
    Ok(Value::from(count as i64))
}

fn not_empty(wanted: &str) -> Result<(), BuiltinError> {
    match wanted {
        "" => Err(BuiltinError::Failed("empty search character".to_string())),
        _ => Ok(()),
    }
}

/// Returns where the other text begins first, or -1: `indexof("abc", "c") == 2`.
pub(super) fn index_of(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let (text, wanted) = two(context, operands)?;
    not_empty(wanted)?;
    let before = text.find(wanted).and_then(|at| text.get(..at));
    Ok(Value::from(before.map_or(-1, |before| before.chars().count() as i64)))
}

/// Returns all places where the other text begins, overlaps included: `indexof_n("aa", "a")`.
pub(super) fn index_of_n(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let (text, wanted) = two(context, operands)?;
    not_empty(wanted)?;
    let mut places = Vec::new();
    let (mut rest, mut index) = (text, 0);
    while let Some(at) = rest.find(wanted) {
        charge::make(context, wanted.len() + size_of::<Value>())?;
        let (before, found) = rest.split_at(at);
        index += before.chars().count() as i64;
        places.push(Value::from(index));
        index += 1;
        let mut chars = found.chars();
        chars.next();
        rest = chars.as_str();
    }
    Ok(Value::array(places))
}

/// Returns whether one of the texts begins with one of the others:
/// `strings.any_prefix_match({"a/b"}, ["a/"])`.
pub(super) fn any_prefix_match(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let texts = string_or_strings(context, operands, 0)?;
    let prefixes = string_or_strings(context, operands, 1)?;
    Ok(Value::from(any_starts_with_any(texts, &prefixes)))
}

/// Returns whether one of the texts ends with one of the others:
/// `strings.any_suffix_match("a.b", [".b"])`.
pub(super) fn any_suffix_match(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let reversed = |text: &str| text.bytes().rev().collect::<Vec<u8>>();
    let texts = string_or_strings(context, operands, 0)?;
    let suffixes = string_or_strings(context, operands, 1)?;
    let texts: Vec<_> = texts.into_iter().map(reversed).collect();
    let suffixes: Vec<_> = suffixes.into_iter().map(reversed).collect();
    Ok(Value::from(any_starts_with_any(texts, &suffixes)))
}

/// Among sorted texts the least that is not below a prefix is the one that may begin with it.
fn any_starts_with_any<T: AsRef<[u8]> + Ord>(mut texts: Vec<T>, prefixes: &[T]) -> bool {
    texts.sort_unstable();
    prefixes.iter().any(|prefix| {
        let at = texts.partition_point(|text| text < prefix);
        texts.get(at).is_some_and(|text| text.as_ref().starts_with(prefix.as_ref()))
    })
}

fn string_or_strings<'v>(
    context: &mut Context<'_>,
    operands: &[&'v Value],
    index: usize,
) -> Result<Vec<&'v str>, BuiltinError> {
    let value = operand::any(operands, index)?;
    if let Some(text) = value.as_str() {
        charge::scan(context, text.len())?;
        return Ok(vec![text]);
    }
    let wrong = || BuiltinError::operand(index + 1, value, &["string", "set", "array"]);
    let texts = super::texts(value, value.as_elements().ok_or_else(wrong)?, index)?;
    for text in &texts {
        charge::scan(context, text.len())?;
    }
    Ok(texts)
}
