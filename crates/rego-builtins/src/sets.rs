//! Sets: `&`, `|`, `intersection`, `union`, `set_diff`. (The operator `-` is with the numbers.)
//!
//! Source: OPA policy reference, "Sets".

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{operand, sorted};

const SET: Type = Type::Set(&Type::Any);
const SET_OF_SETS: Type = Type::Set(&SET);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("and", &[SET, SET], SET).infix("&"), and),
    Builtin::new(Decl::function("or", &[SET, SET], SET).infix("|"), or),
    Builtin::new(Decl::function("intersection", &[SET_OF_SETS], SET), intersection),
    Builtin::new(Decl::function("union", &[SET_OF_SETS], SET), union),
    Builtin::new(Decl::function("set_diff", &[SET, SET], SET).deprecated(), set_diff),
];

/// Returns the elements that are in both sets: `{1, 2} & {2, 3}` is `{2}`.
///
/// Source: OPA policy reference, "Sets".
fn and(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::set(operands, 0)?, operand::set(operands, 1)?);
    Ok(Value::set(sorted::intersection(context, a.as_slice(), b.as_slice())?))
}

/// Returns the elements that are in any of two sets: `{1} | {2}` is `{1, 2}`.
///
/// Source: OPA policy reference, "Sets".
fn or(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::set(operands, 0)?, operand::set(operands, 1)?);
    Ok(Value::set(sorted::union(context, a.as_slice(), b.as_slice())?))
}

/// Returns the elements that are in every set of a set of sets; of no sets, the empty set:
/// `intersection({{1, 2}, {2}})` is `{2}`.
///
/// Source: OPA policy reference, `intersection`.
fn intersection(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut result: Option<Vec<Value>> = None;
    for item in operand::set(operands, 0)?.iter() {
        let set = item.as_set().ok_or_else(|| BuiltinError::operand(1, item, &["set"]))?;
        result = Some(match result {
            Some(so_far) => sorted::intersection(context, &so_far, set.as_slice())?,
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
        let set = item.as_set().ok_or_else(|| BuiltinError::operand(1, item, &["set"]))?;
        sorted::charge(context, set.len())?;
        all.extend_from_slice(set.as_slice());
    }
    Ok(Value::set(all))
}

/// Returns the elements of the first set that are not in the second.
///
/// Source: OPA's deprecated builtin `set_diff`; `-` in its place.
fn set_diff(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::set(operands, 0)?, operand::set(operands, 1)?);
    Ok(Value::set(sorted::difference(context, a.as_slice(), b.as_slice())?))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;
    use rego_vm::BuiltinError;

    use crate::testing::call;

    fn set(items: &[i64]) -> Value {
        Value::set(items.iter().copied().map(Value::from).collect())
    }

    #[test]
    fn two_sets_are_merged() {
        let (a, b) = (set(&[1, 2, 3, 5]), set(&[0, 2, 5, 7]));
        for (name, want) in [
            ("and", set(&[2, 5])),
            ("or", set(&[0, 1, 2, 3, 5, 7])),
            ("minus", set(&[1, 3])),
            ("set_diff", set(&[1, 3])),
        ] {
            assert_eq!(call(name, &[&a, &b]), Ok(want), "{name}");
        }
        let wrong = BuiltinError::Type("operand 2 must be set but got number".to_string());
        assert_eq!(call("and", &[&a, &Value::from(1)]), Err(wrong));
    }

    #[test]
    fn many_sets_are_merged() {
        let sets = Value::set(vec![set(&[1, 2]), set(&[2, 3])]);
        assert_eq!(call("union", &[&sets]), Ok(set(&[1, 2, 3])));
        assert_eq!(call("intersection", &[&sets]), Ok(set(&[2])));
        let none = set(&[]);
        assert_eq!(call("union", &[&none]), Ok(set(&[])));
        assert_eq!(call("intersection", &[&none]), Ok(set(&[])));
        let wrong = BuiltinError::Type("operand 1 must be set but got number".to_string());
        assert_eq!(call("union", &[&set(&[1])]), Err(wrong));
    }
}
