//! Strings: `concat`, `contains`, `split`, `substring`, …
//!
//! Texts are sequences of code points here, as in OPA: an index counts those, not bytes.
//! Source: OPA policy reference, "Strings"; `v1/topdown/strings.go`; Go's package `strings`.

mod case;
mod number;
mod replace;
mod search;
mod slice;
mod trim;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand};

const TEXTS: Type = Type::Union(&[Type::Array(&Type::String), Type::Set(&Type::String)]);
const TEXT_OR_TEXTS: Type =
    Type::Union(&[Type::String, Type::Array(&Type::String), Type::Set(&Type::String)]);
const REPLACEMENTS: Type = Type::Object(&[], Some(&(Type::String, Type::String)));

const ONE: &[Type] = &[Type::String];
const TWO: &[Type] = &[Type::String, Type::String];
const THREE: &[Type] = &[Type::String, Type::String, Type::String];
const TEXT_NUMBERS: &[Type] = &[Type::String, Type::Number, Type::Number];
const TEXTS_NUMBER: &[Type] = &[Type::String, Type::String, Type::Number];
const MANY: &[Type] = &[TEXT_OR_TEXTS, TEXT_OR_TEXTS];

const fn decl(name: &'static str, args: &'static [Type], result: Type) -> Decl {
    Decl::function(name, args, result)
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(decl("concat", &[Type::String, TEXTS], Type::String), concat),
    Builtin::new(decl("contains", TWO, Type::Boolean), search::contains),
    Builtin::new(decl("endswith", TWO, Type::Boolean), search::ends_with),
    Builtin::new(
        decl("format_int", &[Type::Number, Type::Number], Type::String),
        number::format_int,
    ),
    Builtin::new(decl("indexof", TWO, Type::Number), search::index_of),
    Builtin::new(decl("indexof_n", TWO, Type::Array(&Type::Number)), search::index_of_n),
    Builtin::new(decl("lower", ONE, Type::String), case::lower),
    Builtin::new(decl("replace", THREE, Type::String), replace::replace),
    Builtin::new(decl("split", TWO, Type::Array(&Type::String)), slice::split),
    Builtin::new(decl("startswith", TWO, Type::Boolean), search::starts_with),
    Builtin::new(decl("strings.any_prefix_match", MANY, Type::Boolean), search::any_prefix_match),
    Builtin::new(decl("strings.any_suffix_match", MANY, Type::Boolean), search::any_suffix_match),
    Builtin::new(decl("strings.count", TWO, Type::Number), search::count),
    Builtin::new(
        decl("strings.replace_n", &[REPLACEMENTS, Type::String], Type::String),
        replace::replace_n,
    ),
    Builtin::new(decl("strings.reverse", ONE, Type::String), slice::reverse),
    Builtin::new(decl("strings.split_n", TEXTS_NUMBER, Type::Array(&Type::String)), slice::split_n),
    Builtin::new(decl("substring", TEXT_NUMBERS, Type::String), slice::substring),
    Builtin::new(decl("trim", TWO, Type::String), trim::trim),
    Builtin::new(decl("trim_left", TWO, Type::String), trim::trim_left),
    Builtin::new(decl("trim_prefix", TWO, Type::String), trim::trim_prefix),
    Builtin::new(decl("trim_right", TWO, Type::String), trim::trim_right),
    Builtin::new(decl("trim_space", ONE, Type::String), trim::trim_space),
    Builtin::new(decl("trim_suffix", TWO, Type::String), trim::trim_suffix),
    Builtin::new(decl("upper", ONE, Type::String), case::upper),
];

/// Returns the texts joined: `concat("/", ["a", "b"]) == "a/b"`.
fn concat(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let separator = operand::string(operands, 0)?;
    let whole = operand::any(operands, 1)?;
    let wrong = || BuiltinError::operand(2, whole, &["set", "array"]);
    let items = whole.as_elements().ok_or_else(wrong)?;
    context.charge_steps(items.len() as u64)?;
    let texts = texts(whole, items, 1)?;
    let size = texts.iter().map(|text| text.len() + separator.len()).sum();
    charge::make(context, size)?;
    Ok(Value::from(texts.join(separator)))
}

/// Returns the strings that `items`, the elements of the operand at an index, must all be.
fn texts<'v>(
    whole: &Value,
    items: &'v [Value],
    index: usize,
) -> Result<Vec<&'v str>, BuiltinError> {
    let text = |item: &'v Value| {
        item.as_str().ok_or_else(|| operand::element_error(index, whole, item, "string"))
    };
    items.iter().map(text).collect()
}

#[cfg(test)]
mod tests;
