//! Comparison and unification: `equal`, `neq`, `lt`, `lte`, `gt`, `gte`, `eq`, `assign`.
//!
//! The compiler turns `eq` and `assign` into unification; what stands here is what they mean for
//! two known values. Source: OPA policy reference, "Comparison"; `v1/topdown/comparison.go`.

use std::cmp::Ordering;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const TWO: &[Type] = &[Type::Any, Type::Any];

const fn decl(name: &'static str, operator: &'static str) -> Decl {
    Decl::function(name, TWO, Type::Boolean).infix(operator)
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(decl("assign", ":="), equal),
    Builtin::new(decl("eq", "="), equal),
    Builtin::new(decl("equal", "=="), equal),
    Builtin::new(decl("gt", ">"), |_, o| ordered(o, Ordering::is_gt)),
    Builtin::new(decl("gte", ">="), |_, o| ordered(o, Ordering::is_ge)),
    Builtin::new(decl("lt", "<"), |_, o| ordered(o, Ordering::is_lt)),
    Builtin::new(decl("lte", "<="), |_, o| ordered(o, Ordering::is_le)),
    Builtin::new(decl("neq", "!="), not_equal),
];

/// Returns whether both are the same value: `1 == 1.0`.
fn equal(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(Value::from(operand::any(operands, 0)? == operand::any(operands, 1)?))
}

/// Returns whether they are different values: `1 != "1"`.
fn not_equal(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(Value::from(operand::any(operands, 0)? != operand::any(operands, 1)?))
}

/// Returns whether the order of the two values (of any types) is as asked: `null < false`.
fn ordered(operands: &[&Value], holds: fn(Ordering) -> bool) -> Result<Value, BuiltinError> {
    let order = operand::any(operands, 0)?.cmp(operand::any(operands, 1)?);
    Ok(Value::from(holds(order)))
}
