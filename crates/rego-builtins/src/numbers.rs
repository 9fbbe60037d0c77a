//! Numbers: the operators `+ - * / %`, rounding, ranges, chance. (`-` of sets is here too.)
//!
//! Source: OPA policy reference, "Numbers".

use num_bigint::{BigInt, Sign};
use rego_value::{Number, NumberError, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{operand, sorted};

const NUMBER: Type = Type::Number;
const NUMBERS: Type = Type::Array(&NUMBER);
const SET: Type = Type::Set(&Type::Any);
const NUMBER_OR_SET: Type = Type::Union(&[NUMBER, SET]);
const SUBTRACTABLE: &[Type] = &[NUMBER_OR_SET, NUMBER_OR_SET];

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("abs", &[NUMBER], NUMBER), abs),
    Builtin::new(Decl::function("ceil", &[NUMBER], NUMBER), ceil),
    Builtin::new(Decl::function("div", &[NUMBER, NUMBER], NUMBER).infix("/"), div),
    Builtin::new(Decl::function("floor", &[NUMBER], NUMBER), floor),
    Builtin::new(Decl::function("minus", SUBTRACTABLE, NUMBER_OR_SET).infix("-"), minus),
    Builtin::new(Decl::function("mul", &[NUMBER, NUMBER], NUMBER).infix("*"), mul),
    Builtin::new(Decl::function("numbers.range", &[NUMBER, NUMBER], NUMBERS), range),
    Builtin::new(
        Decl::function("numbers.range_step", &[NUMBER, NUMBER, NUMBER], NUMBERS),
        range_step,
    ),
    Builtin::new(Decl::function("plus", &[NUMBER, NUMBER], NUMBER).infix("+"), plus),
    Builtin::new(
        Decl::function("rand.intn", &[Type::String, NUMBER], NUMBER).nondeterministic(),
        rand_intn,
    ),
    Builtin::new(Decl::function("rem", &[NUMBER, NUMBER], NUMBER).infix("%"), rem),
    Builtin::new(Decl::function("round", &[NUMBER], NUMBER), round),
];

/// Returns the number without its sign: `abs(-2)` is `2`.
///
/// Source: OPA policy reference, `abs`.
fn abs(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.abs())
}

/// Returns the number rounded up: `ceil(1.2)` is `2`.
///
/// Source: OPA policy reference, `ceil`.
fn ceil(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.ceil())
}

/// Returns the quotient: `3 / 2` is `1.5`.
///
/// Errors: division by zero. Source: OPA policy reference, `div`.
fn div(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.div(&operand::number(operands, 1)?))
}

/// Returns the number rounded down: `floor(1.8)` is `1`.
///
/// Source: OPA policy reference, `floor`.
fn floor(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.floor())
}

/// Returns the difference of two numbers, or the elements of a set that are not in another:
/// `3 - 1` is `2`, `{1, 2} - {2}` is `{1}`.
///
/// Source: OPA policy reference, `minus`.
fn minus(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::any(operands, 0)?, operand::any(operands, 1)?);
    if let (Some(a), Some(b)) = (a.as_number(), b.as_number()) {
        return answer(a.sub(&b));
    }
    match (a.view(), b.view()) {
        (View::Set(a), View::Set(b)) => {
            let left = sorted::difference(context, a.as_slice(), b.as_slice())?;
            Ok(Value::set(left))
        }
        (View::Set(_), View::Int(_) | View::Number(_)) => {
            Err(BuiltinError::operand(2, b, &["set"]))
        }
        (View::Set(_) | View::Int(_) | View::Number(_), _) => {
            Err(BuiltinError::operand(2, b, &["number"]))
        }
        _ => Err(BuiltinError::operand(1, a, &["number", "set"])),
    }
}

/// Returns the product: `2 * 3` is `6`.
///
/// Source: OPA policy reference, `mul`.
fn mul(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.mul(&operand::number(operands, 1)?))
}

/// Returns the sum: `1 + 2` is `3`.
///
/// Source: OPA policy reference, `plus`.
fn plus(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.add(&operand::number(operands, 1)?))
}

/// Returns the remainder of two integers, with the sign of the first: `-7 % 4` is `-3`.
///
/// Errors: modulo by zero, modulo on a fraction. Source: OPA policy reference, `rem`.
fn rem(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.rem(&operand::number(operands, 1)?))
}

/// Returns the nearest integer, halves away from zero: `round(2.5)` is `3`.
///
/// Source: OPA policy reference, `round`.
fn round(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    answer(operand::number(operands, 0)?.round())
}

/// Returns the integers from one to another, both included, up or down: `numbers.range(3, 1)` is
/// `[3, 2, 1]`.
///
/// Source: OPA policy reference, `numbers.range`.
fn range(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (first, last) = (operand::big_integer(operands, 0)?, operand::big_integer(operands, 1)?);
    count_up(context, &first, &last, &BigInt::from(1))
}

/// Returns every `step`th integer from one to another, up or down: `numbers.range_step(0, 5, 2)`
/// is `[0, 2, 4]`.
///
/// Errors: a step below 1. Source: OPA policy reference, `numbers.range_step`.
fn range_step(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (first, last) = (operand::big_integer(operands, 0)?, operand::big_integer(operands, 1)?);
    let step = operand::big_integer(operands, 2)?;
    if step.sign() != Sign::Plus {
        return Err(BuiltinError::Failed("step must be a positive integer".to_string()));
    }
    count_up(context, &first, &last, &step)
}

/// Returns a random integer from 0 up to but without `n` (or `-n`), the same for the same operands
/// within one query.
///
/// Source: OPA policy reference, `rand.intn`.
fn rand_intn(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    operand::string(operands, 0)?;
    let below = operand::integer(operands, 1)?.unsigned_abs();
    if below == 0 {
        return Ok(Value::from(0));
    }
    let key = Value::array(vec![operand::any(operands, 0)?.clone(), Value::from(below as i64)]);
    context.cached("rand.intn", key, |context| {
        // Draws in the last, incomplete round of `below` would favour small results.
        let last_fair = u64::MAX - (u64::MAX % below + 1) % below;
        let mut bytes = [0; 8];
        loop {
            context.charge_steps(1)?;
            context.host().random(&mut bytes);
            let drawn = u64::from_le_bytes(bytes);
            if drawn <= last_fair {
                return Ok(Value::from((drawn % below) as i64));
            }
        }
    })
}

/// Returns the outcome of a computation as a builtin's.
fn answer(outcome: Result<Number, NumberError>) -> Result<Value, BuiltinError> {
    outcome.map(Value::from).map_err(|error| BuiltinError::Failed(error.to_string()))
}

/// Returns the integers from `first` to `last` by a step above 0, in the direction that leads there.
fn count_up(
    context: &mut Context<'_>,
    first: &BigInt,
    last: &BigInt,
    step: &BigInt,
) -> Result<Value, BuiltinError> {
    let span = last - first;
    let steps = u64::try_from(span.magnitude() / step.magnitude()).unwrap_or(u64::MAX);
    let len = steps.saturating_add(1);
    context.charge_steps(len)?;
    context.charge_bytes(len.saturating_mul(size_of::<Value>() as u64))?;
    let by = if span.sign() == Sign::Minus { -step } else { step.clone() };
    if let (Ok(at), Ok(_), Ok(by)) = (i64::try_from(first), i64::try_from(last), i64::try_from(&by))
    {
        let items = (0..len as i64).map(|i| Value::from(at.wrapping_add(i.wrapping_mul(by))));
        return Ok(Value::array(items.collect()));
    }
    context.charge_bytes(len.saturating_mul(first.bits().max(last.bits())))?;
    let mut next = first.clone();
    let mut items = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    for _ in 0..len {
        items.push(Value::from(Number::from_bigint(&next)));
        next += &by;
    }
    Ok(Value::array(items))
}

#[cfg(test)]
mod tests {
    use rego_value::{Number, Value};
    use rego_vm::BuiltinError;
    use rego_vm::builtin::Halt;

    use crate::testing::{call, check, check_error, check_type_error};

    #[test]
    fn operators_compute() {
        for (name, operands, want) in [
            ("plus", "[1, 2]", "3"),
            ("plus", "[0.1, 0.2]", "0.3"),
            ("minus", "[1, 2.5]", "-1.5"),
            ("mul", "[3, -2]", "-6"),
            ("div", "[3, 2]", "1.5"),
            ("rem", "[-7, 4]", "-3"),
            ("abs", "[-2]", "2"),
            ("ceil", "[1.2]", "2"),
            ("floor", "[-1.2]", "-2"),
            ("round", "[2.5]", "3"),
        ] {
            check(name, operands, want);
        }
        check_error("div", "[1, 0]", "divide by zero");
        check_error("rem", "[1, 0]", "modulo by zero");
        check_error("rem", "[1.5, 1]", "modulo on floating-point number");
        check_type_error("plus", r#"["a", 1]"#, "operand 1 must be number but got string");
        check_type_error("minus", r#"[1, "a"]"#, "operand 2 must be number but got string");
        let wrong = "operand 1 must be one of {number, set} but got array";
        check_type_error("minus", "[[], 1]", wrong);
    }

    #[test]
    fn a_set_is_not_a_number() {
        let (set, one) = (Value::set(vec![Value::from(1)]), Value::from(1));
        let wrong = |text: &str| Err(BuiltinError::Type(text.to_string()));
        assert_eq!(call("minus", &[&set, &one]), wrong("operand 2 must be set but got number"));
        assert_eq!(call("minus", &[&one, &set]), wrong("operand 2 must be number but got set"));
        assert_eq!(call("minus", &[&set, &set]), Ok(Value::set(Vec::new())));
    }

    #[test]
    fn ranges_count_up_and_down() {
        let near_max = "[9223372036854775806, 9223372036854775808]";
        let over_max = "[9223372036854775806, 9223372036854775807, 9223372036854775808]";
        for (name, operands, want) in [
            ("numbers.range", "[0, 0]", "[0]"),
            ("numbers.range", "[2, -1]", "[2, 1, 0, -1]"),
            ("numbers.range", "[1.0, 2e0]", "[1, 2]"),
            ("numbers.range", near_max, over_max),
            ("numbers.range_step", "[0, 5, 2]", "[0, 2, 4]"),
            ("numbers.range_step", "[0, -5, 2]", "[0, -2, -4]"),
            ("numbers.range_step", "[5, 6, 36893488147419103232]", "[5]"),
        ] {
            check(name, operands, want);
        }
        let step = "step must be a positive integer";
        check_error("numbers.range_step", "[0, 1, 0]", step);
        let fraction = "operand 2 must be integer number but got floating-point number";
        check_type_error("numbers.range", "[0, 1.5]", fraction);
        check_type_error("numbers.range", "[null, 1]", "operand 1 must be integer but got null");
    }

    #[test]
    fn a_range_is_paid_for_before_it_is_made() {
        let far = Number::parse("1e300").map(Value::from).unwrap();
        for last in [Value::from(i64::MAX), far] {
            let outcome = call("numbers.range", &[&Value::from(i64::MIN), &last]);
            assert_eq!(outcome, Err(BuiltinError::Halt(Halt::Steps)));
        }
    }

    #[test]
    fn chance_stays_below_its_bound() {
        check("rand.intn", r#"["key", 1]"#, "0");
        check("rand.intn", r#"["key", 0]"#, "0");
        check("rand.intn", r#"["key", -1]"#, "0");
    }
}
