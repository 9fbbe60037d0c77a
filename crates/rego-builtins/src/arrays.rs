//! `array.*`: functions over arrays.
//!
//! Source: OPA policy reference, "Arrays".

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{operand, sorted};

const ARRAY: Type = Type::Array(&Type::Any);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("array.concat", &[ARRAY, ARRAY], ARRAY), concat),
    Builtin::new(Decl::function("array.flatten", &[ARRAY], ARRAY), flatten),
    Builtin::new(Decl::function("array.reverse", &[ARRAY], ARRAY), reverse),
    Builtin::new(Decl::function("array.slice", &[ARRAY, Type::Number, Type::Number], ARRAY), slice),
];

/// Returns the elements of the first array followed by those of the second.
///
/// Source: OPA policy reference, `array.concat`. `array.concat([1], [2])` is `[1, 2]`.
fn concat(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (first, second) = (operand::array(operands, 0)?, operand::array(operands, 1)?);
    sorted::charge(context, first.len() + second.len())?;
    Ok(Value::array([first, second].concat()))
}

/// Returns the array with the elements of its arrays in their place, one level deep.
///
/// Source: OPA policy reference, `array.flatten` (1.13). `array.flatten([1, [2, [3]]])` is
/// `[1, 2, [3]]`.
fn flatten(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut flat = Vec::new();
    for item in operand::array(operands, 0)? {
        let part = item.as_array().unwrap_or(std::slice::from_ref(item));
        sorted::charge(context, part.len())?;
        flat.extend_from_slice(part);
    }
    Ok(Value::array(flat))
}

/// Returns the elements in the opposite order.
///
/// Source: OPA policy reference, `array.reverse`. `array.reverse([1, 2])` is `[2, 1]`.
fn reverse(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let array = operand::array(operands, 0)?;
    sorted::charge(context, array.len())?;
    Ok(Value::array(array.iter().rev().cloned().collect()))
}

/// Returns the elements from `start` (inclusive) to `stop` (exclusive), both indexes from 0 that
/// are clamped to the array.
///
/// Source: OPA policy reference, `array.slice`. `array.slice([1, 2, 3], 1, 9)` is `[2, 3]`.
fn slice(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let array = operand::array(operands, 0)?;
    let (start, stop) = (operand::integer(operands, 1)?, operand::integer(operands, 2)?);
    let stop = usize::try_from(stop.max(0)).unwrap_or(usize::MAX).min(array.len());
    let start = usize::try_from(start.max(0)).unwrap_or(usize::MAX).min(stop);
    sorted::charge(context, stop - start)?;
    Ok(Value::array(array.get(start..stop).unwrap_or_default().to_vec()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_type_error};

    #[test]
    fn arrays_are_put_together_and_cut() {
        for (name, operands, want) in [
            ("array.concat", "[[1], [2]]", "[1, 2]"),
            ("array.flatten", "[[1, [2, [3]], []]]", "[1, 2, [3]]"),
            ("array.reverse", "[[1, 2]]", "[2, 1]"),
            ("array.slice", "[[1, 2, 3], 1, 9]", "[2, 3]"),
            ("array.slice", "[[1, 2, 3], -1, 1]", "[1]"),
            ("array.slice", "[[1, 2, 3], 2, 1]", "[]"),
        ] {
            check(name, operands, want);
        }
        check_type_error("array.flatten", "[42]", "operand 1 must be array but got number");
        // OPA takes an index by its spelling.
        let fraction = "operand 2 must be integer number but got floating-point number";
        check_type_error("array.slice", "[[1], 0.0, 1]", fraction);
    }
}
