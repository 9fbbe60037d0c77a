//! Membership, the operator `in`: `internal.member_2`, `internal.member_3`.
//!
//! Source: OPA policy language, "Membership and iteration: `in`".

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const MEMBER_2: Decl =
    Decl::function("internal.member_2", &[Type::Any, Type::Any], Type::Boolean).infix("in");
const MEMBER_3: Decl =
    Decl::function("internal.member_3", &[Type::Any, Type::Any, Type::Any], Type::Boolean)
        .infix("in");

/// The family.
pub(crate) const FAMILY: &[Builtin] =
    &[Builtin::new(MEMBER_2, has_value), Builtin::new(MEMBER_3, has_entry)];

/// Returns whether the collection has the value: `2 in [1, 2]`, `"v" in {"k": "v"}`. False for
/// what is no collection.
fn has_value(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    let listed = match operand::any(operands, 1)?.view() {
        View::Array(items) => items,
        View::Object(object) => object.values(),
        View::Set(keys) => return Ok(Value::from(keys.find(value).is_some())),
        _ => return Ok(Value::FALSE),
    };
    context.charge_steps(listed.len() as u64)?;
    Ok(Value::from(listed.contains(value)))
}

/// Returns whether the collection has the value at the key: `0, "a" in ["a"]`. The key of a set's
/// element is the element.
fn has_entry(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (key, value) = (operand::any(operands, 0)?, operand::any(operands, 1)?);
    let found = operand::any(operands, 2)?.get(key);
    Ok(Value::from(found == Some(value)))
}
