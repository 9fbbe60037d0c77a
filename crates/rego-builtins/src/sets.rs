//! Sets: `&`, `|`, `intersection`, `union`, `set_diff`. (The operator `-` is with the numbers.)
//!
//! Source: OPA policy reference, "Sets".

use std::cmp::Ordering;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const SET: Type = Type::Set(&Type::Any);
const SET_OF_SETS: Type = Type::Set(&SET);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("and", &[SET, SET], SET).infix("&"), and),
    Builtin::new(Decl::function("or", &[SET, SET], SET).infix("|"), or),
    Builtin::new(
        Decl::function("intersection", &[SET_OF_SETS], SET),
        intersection,
    ),
    Builtin::new(Decl::function("union", &[SET_OF_SETS], SET), union),
    Builtin::new(
        Decl::function("set_diff", &[SET, SET], SET).deprecated(),
        set_diff,
    ),
];

/// Returns the elements that are in both sets: `{1, 2} & {2, 3}` is `{2}`.
///
/// Source: OPA policy reference, "Sets".
fn and(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::set(operands, 0)?, operand::set(operands, 1)?);
    Ok(Value::set(common(context, a.as_slice(), b.as_slice())?))
}

/// Returns the elements that are in any of two sets: `{1} | {2}` is `{1, 2}`.
///
/// Source: OPA policy reference, "Sets".
fn or(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::set(operands, 0)?, operand::set(operands, 1)?);
    charge(context, a.len() + b.len())?;
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let mut merged = Vec::with_capacity(a.len() + b.len());
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        let order = x.cmp(y);
        merged.extend(
            if order == Ordering::Greater {
                right.next()
            } else {
                left.next()
            }
            .cloned(),
        );
        if order == Ordering::Equal {
            right.next();
        }
    }
    merged.extend(left.chain(right).cloned());
    Ok(Value::set(merged))
}

/// Returns the elements that are in every set of a set of sets; of no sets, the empty set:
/// `intersection({{1, 2}, {2}})` is `{2}`.
///
/// Source: OPA policy reference, `intersection`.
fn intersection(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut result: Option<Vec<Value>> = None;
    for item in operand::set(operands, 0)?.iter() {
        let set = item
            .as_set()
            .ok_or_else(|| BuiltinError::operand(1, item, &["set"]))?;
        result = Some(match result {
            Some(so_far) => common(context, &so_far, set.as_slice())?,
            None => set.as_slice().to_vec(),
        });
    }
    Ok(Value::set(result.unwrap_or_default()))
}

/// Returns the elements that are in any set of a set of sets: `union({{1}, {2}})` is `{1, 2}`.
///
/// Source: OPA policy reference, `union`.
fn union(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut all = Vec::new();
    for item in operand::set(operands, 0)?.iter() {
        let set = item
            .as_set()
            .ok_or_else(|| BuiltinError::operand(1, item, &["set"]))?;
        charge(context, set.len())?;
        all.extend_from_slice(set.as_slice());
    }
    Ok(Value::set(all))
}

/// Returns the elements of the first set that are not in the second.
///
/// Source: OPA's deprecated builtin `set_diff`; `-` in its place.
fn set_diff(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    operand::set(operands, 0)?;
    operand::set(operands, 1)?;
    crate::numbers::minus(context, operands)
}

/// Returns the values that are in both of two sorted lists.
fn common(context: &mut Context<'_>, a: &[Value], b: &[Value]) -> Result<Vec<Value>, BuiltinError> {
    charge(context, a.len().min(b.len()))?;
    context.charge_steps(a.len().max(b.len()) as u64)?;
    let mut right = b.iter().peekable();
    let mut both = Vec::new();
    for item in a {
        while right.next_if(|other| *other < item).is_some() {}
        if right.next_if(|other| *other == item).is_some() {
            both.push(item.clone());
        }
    }
    Ok(both)
}

/// Pays for a set of up to `len` elements.
fn charge(context: &mut Context<'_>, len: usize) -> Result<(), BuiltinError> {
    context.charge_steps(len as u64)?;
    context.charge_bytes((len * size_of::<Value>()) as u64)
}
