//! Operands, checked: each function returns the operand at an index (from 0) as one type, or the
//! error that OPA words for it.

use num_bigint::BigInt;
use rego_value::{Keys, Number, ObjectRef, Value, View};
use rego_vm::BuiltinError;

/// What a function of this module returns.
pub(crate) type Checked<T> = Result<T, BuiltinError>;

/// Returns the operand.
pub(crate) fn any<'a>(operands: &[&'a Value], index: usize) -> Checked<&'a Value> {
    let missing = || BuiltinError::Type(format!("operand {} is missing", index + 1));
    operands.get(index).copied().ok_or_else(missing)
}

/// Returns the operand's string.
pub(crate) fn string<'a>(operands: &[&'a Value], index: usize) -> Checked<&'a str> {
    let value = any(operands, index)?;
    value.as_str().ok_or_else(|| BuiltinError::operand(index + 1, value, &["string"]))
}

/// Returns the operand's number.
pub(crate) fn number(operands: &[&Value], index: usize) -> Checked<Number> {
    let value = any(operands, index)?;
    value.as_number().ok_or_else(|| BuiltinError::operand(index + 1, value, &["number"]))
}

/// Returns the operand's integer. OPA takes it by its spelling: `1.0` is none, and is worded like a
/// fraction as `must be integer number but got floating-point number`.
pub(crate) fn integer(operands: &[&Value], index: usize) -> Checked<i64> {
    let value = any(operands, index)?;
    let integer = match value.view() {
        View::Int(integer) => Some(integer),
        View::Number(number) => number.text().parse().ok(),
        _ => return Err(BuiltinError::operand(index + 1, value, &["number"])),
    };
    integer.ok_or_else(|| fraction(index))
}

/// Returns the operand's integer of any size, by its value: `1.0` is one.
pub(crate) fn big_integer(operands: &[&Value], index: usize) -> Checked<BigInt> {
    let value = any(operands, index)?;
    let number = value.as_number();
    let number = number.ok_or_else(|| BuiltinError::operand(index + 1, value, &["integer"]))?;
    number.to_bigint_rounded().ok_or_else(|| fraction(index))
}

fn fraction(index: usize) -> BuiltinError {
    let text = "must be integer number but got floating-point number";
    BuiltinError::Type(format!("operand {} {text}", index + 1))
}

/// Returns the operand's array.
pub(crate) fn array<'a>(operands: &[&'a Value], index: usize) -> Checked<&'a [Value]> {
    let value = any(operands, index)?;
    value.as_array().ok_or_else(|| BuiltinError::operand(index + 1, value, &["array"]))
}

/// Returns the operand's object.
pub(crate) fn object<'a>(operands: &[&'a Value], index: usize) -> Checked<ObjectRef<'a>> {
    let value = any(operands, index)?;
    value.as_object().ok_or_else(|| BuiltinError::operand(index + 1, value, &["object"]))
}

/// Returns the operand's set.
pub(crate) fn set<'a>(operands: &[&'a Value], index: usize) -> Checked<&'a Keys> {
    let value = any(operands, index)?;
    value.as_set().ok_or_else(|| BuiltinError::operand(index + 1, value, &["set"]))
}

/// Returns the elements of the operand, an array or a set.
pub(crate) fn elements<'a>(operands: &[&'a Value], index: usize) -> Checked<&'a [Value]> {
    let value = any(operands, index)?;
    value.as_elements().ok_or_else(|| BuiltinError::operand(index + 1, value, &["array", "set"]))
}

/// Returns the error of an element of the wrong type in the operand at an index, an array or a set:
/// `operand 1 must be array of numbers but got array containing string`.
pub(crate) fn element_error(
    index: usize,
    composite: &Value,
    got: &Value,
    want: &str,
) -> BuiltinError {
    let (whole, part) = (composite.type_name(), got.type_name());
    let text = format!("must be {whole} of {want}s but got {whole} containing {part}");
    BuiltinError::Type(format!("operand {} {text}", index + 1))
}
