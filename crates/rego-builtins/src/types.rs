//! Types: `is_array`, …, `type_name`.
//!
//! Source: OPA policy reference, "Types"; `v1/topdown/type.go`.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const fn decl(name: &'static str) -> Decl {
    Decl::function(name, &[Type::Any], Type::Boolean)
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(decl("is_array"), |_, o| is(o, "array")),
    Builtin::new(decl("is_boolean"), |_, o| is(o, "boolean")),
    Builtin::new(decl("is_null"), |_, o| is(o, "null")),
    Builtin::new(decl("is_number"), |_, o| is(o, "number")),
    Builtin::new(decl("is_object"), |_, o| is(o, "object")),
    Builtin::new(decl("is_set"), |_, o| is(o, "set")),
    Builtin::new(decl("is_string"), |_, o| is(o, "string")),
    Builtin::new(Decl::function("type_name", &[Type::Any], Type::String), type_name),
];

/// Returns whether the value is of a type: `is_array([])`.
fn is(operands: &[&Value], name: &str) -> Result<Value, BuiltinError> {
    Ok(Value::from(operand::any(operands, 0)?.type_name() == name))
}

/// Returns the name of the value's type: `type_name({1}) == "set"`.
fn type_name(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(Value::from(operand::any(operands, 0)?.type_name()))
}
