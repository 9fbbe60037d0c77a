//! `bits.*`: operations on the bits of integers of any size, in two's complement.
//!
//! Source: OPA policy reference, "Bits".

use num_bigint::{BigInt, Sign};
use rego_value::{Number, Value};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const NUMBER: Type = Type::Number;
const TWO: &[Type] = &[NUMBER, NUMBER];

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("bits.and", TWO, NUMBER), and),
    Builtin::new(Decl::function("bits.lsh", TWO, NUMBER), shift_left),
    Builtin::new(Decl::function("bits.negate", &[NUMBER], NUMBER), negate),
    Builtin::new(Decl::function("bits.or", TWO, NUMBER), or),
    Builtin::new(Decl::function("bits.rsh", TWO, NUMBER), shift_right),
    Builtin::new(Decl::function("bits.xor", TWO, NUMBER), xor),
];

/// Returns the bits that are set in both: `bits.and(7, 9)` is `1`.
///
/// Source: OPA policy reference, `bits.and`.
fn and(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    combine(context, operands, |a, b| a & b)
}

/// Returns the bits that are set in any of both: `bits.or(7, 9)` is `15`.
///
/// Source: OPA policy reference, `bits.or`.
fn or(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    combine(context, operands, |a, b| a | b)
}

/// Returns the bits that are set in one only: `bits.xor(42, 3)` is `41`.
///
/// Source: OPA policy reference, `bits.xor`.
fn xor(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    combine(context, operands, |a, b| a ^ b)
}

/// Returns the integer with every bit turned: `bits.negate(42)` is `-43`.
///
/// Source: OPA policy reference, `bits.negate`.
fn negate(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(context, !operand::big_integer(operands, 0)?)
}

/// Returns the integer with its bits moved up: `bits.lsh(1, 3)` is `8`.
///
/// Errors: a shift below 0. Source: OPA policy reference, `bits.lsh`.
fn shift_left(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (integer, by) = (operand::big_integer(operands, 0)?, shift(operands)?);
    if integer.sign() == Sign::NoSign {
        return Ok(Value::from(0));
    }
    charge(context, integer.bits().saturating_add(by))?;
    answer(context, integer << by)
}

/// Returns the integer with its bits moved down, the sign kept: `bits.rsh(8, 3)` is `1`.
///
/// Errors: a shift below 0. Source: OPA policy reference, `bits.rsh`.
fn shift_right(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (integer, by) = (operand::big_integer(operands, 0)?, shift(operands)?);
    answer(context, integer >> by)
}

/// Returns what `operation` makes of both operands.
fn combine(
    context: &mut Context<'_>,
    operands: &[&Value],
    operation: fn(BigInt, BigInt) -> BigInt,
) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::big_integer(operands, 0)?, operand::big_integer(operands, 1)?);
    answer(context, operation(a, b))
}

/// Returns how many bits to shift by.
fn shift(operands: &[&Value]) -> Result<u64, BuiltinError> {
    let by = operand::big_integer(operands, 1)?;
    if by.sign() == Sign::Minus {
        let text = "operand 2 must be an unsigned integer number but got a negative integer";
        return Err(BuiltinError::Type(text.to_string()));
    }
    Ok(u64::try_from(by).unwrap_or(u64::MAX))
}

fn answer(context: &mut Context<'_>, integer: BigInt) -> Result<Value, BuiltinError> {
    charge(context, integer.bits())?;
    Ok(Value::from(Number::from_bigint(&integer)))
}

/// Pays for an integer of so many bits. Its decimal text takes time by the square of its length.
fn charge(context: &mut Context<'_>, bits: u64) -> Result<(), BuiltinError> {
    let words = bits / 64 + 1;
    context.charge_steps(words.saturating_mul(words) / 64 + 1)?;
    context.charge_bytes(words.saturating_mul(8))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;
    use rego_vm::BuiltinError;
    use rego_vm::builtin::Halt;

    use crate::testing::{call, check, check_type_error};

    #[test]
    fn bits_are_those_of_twos_complement() {
        for (name, operands, want) in [
            ("bits.and", "[7, 9]", "1"),
            ("bits.or", "[7, 9]", "15"),
            ("bits.xor", "[42, 3]", "41"),
            ("bits.and", "[-1, 18446744073709551616]", "18446744073709551616"),
            ("bits.negate", "[42]", "-43"),
            ("bits.lsh", "[1, 3]", "8"),
            ("bits.lsh", "[9223372036854775807, 1]", "18446744073709551614"),
            ("bits.lsh", "[0, 99999999999999999999]", "0"),
            ("bits.rsh", "[-7, 1]", "-4"),
            ("bits.rsh", "[7, 99999999999999999999]", "0"),
        ] {
            check(name, operands, want);
        }
        let fraction = "operand 1 must be integer number but got floating-point number";
        check_type_error("bits.and", "[7.2, 42]", fraction);
        let negative = "operand 2 must be an unsigned integer number but got a negative integer";
        check_type_error("bits.lsh", "[7, -1]", negative);
    }

    #[test]
    fn a_shift_is_paid_for_before_it_is_made() {
        for by in [1 << 40, i64::MAX] {
            let outcome = call("bits.lsh", &[&Value::from(1), &Value::from(by)]);
            assert_eq!(outcome, Err(BuiltinError::Halt(Halt::Steps)));
        }
    }
}
