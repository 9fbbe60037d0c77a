//! `json.filter`, `json.remove` and `json.patch`: parts of documents by path.
//!
//! Source: OPA policy reference, "Objects"; RFC 6901 and RFC 6902.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use self::path::{Path, paths};
use crate::operand;

mod patch;
mod path;
mod select;
#[cfg(test)]
mod tests;

const STRING: Type = Type::String;
const OBJECT: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));
const PATH: Type = Type::Union(&[STRING, Type::Array(&Type::Any)]);
const PATHS: Type = Type::Union(&[Type::Array(&PATH), Type::Set(&PATH)]);
const OPERATION: Type =
    Type::Object(&[("op", STRING), ("path", Type::Any)], Some(&(Type::Any, Type::Any)));
const PATCH: &[Type] = &[Type::Any, Type::Array(&OPERATION)];

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("json.filter", &[OBJECT, PATHS], OBJECT), filter),
    Builtin::new(Decl::function("json.patch", PATCH, Type::Any), patch::patch),
    Builtin::new(Decl::function("json.remove", &[OBJECT, PATHS], OBJECT), remove),
];

/// Returns the parts of an object at some paths, each text with slashes or an array of keys:
/// `json.filter({"a": {"b": 1, "c": 2}}, ["a/b"])` is `{"a": {"b": 1}}`.
///
/// Source: OPA policy reference, `json.filter`.
fn filter(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (object, paths) = target(context, operands)?;
    select::keep(context, object, &paths, 0)
}

/// Returns an object without its parts at some paths:
/// `json.remove({"a": {"b": 1, "c": 2}}, ["a/b"])` is `{"a": {"c": 2}}`.
///
/// Source: OPA policy reference, `json.remove`.
fn remove(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (object, paths) = target(context, operands)?;
    select::drop(context, object, &paths, 0)
}

/// Returns the object, and the paths, sorted.
fn target<'a>(
    context: &mut Context<'_>,
    operands: &[&'a Value],
) -> Result<(&'a Value, Vec<Path>), BuiltinError> {
    operand::object(operands, 0)?;
    let paths = paths(context, operand::any(operands, 1)?)?;
    Ok((operand::any(operands, 0)?, paths))
}
