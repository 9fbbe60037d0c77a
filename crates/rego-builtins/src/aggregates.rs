//! Aggregates: `count`, `max`, `min`, `product`, `sort`, `sum`, and the deprecated `all` and `any`.
//!
//! Source: OPA policy reference, "Aggregates".

use rego_value::{Number, NumberError, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const ARRAY: Type = Type::Array(&Type::Any);
const SET: Type = Type::Set(&Type::Any);
const COUNTABLE: Type =
    Type::Union(&[Type::String, ARRAY, Type::Object(&[], Some(&(Type::Any, Type::Any))), SET]);
const COLLECTION: Type = Type::Union(&[ARRAY, SET]);
const NUMBERS: Type = Type::Union(&[Type::Array(&Type::Number), Type::Set(&Type::Number)]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("count", &[COUNTABLE], Type::Number), count),
    Builtin::new(Decl::function("max", &[COLLECTION], Type::Any), max),
    Builtin::new(Decl::function("min", &[COLLECTION], Type::Any), min),
    Builtin::new(Decl::function("product", &[NUMBERS], Type::Number), product),
    Builtin::new(Decl::function("sort", &[COLLECTION], ARRAY), sort),
    Builtin::new(Decl::function("sum", &[NUMBERS], Type::Number), sum),
    Builtin::new(Decl::function("all", &[COLLECTION], Type::Boolean).deprecated(), all),
    Builtin::new(Decl::function("any", &[COLLECTION], Type::Boolean).deprecated(), any),
];

/// Returns the number of elements, entries or, of a string, characters: `count("né")` is `2`.
///
/// Source: OPA policy reference, `count`.
fn count(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    let count = match value.view() {
        View::String(s) => {
            context.charge_steps(s.len() as u64 / 64)?;
            s.chars().count()
        }
        View::Array(a) => a.len(),
        View::Object(o) => o.len(),
        View::Set(s) => s.len(),
        _ => {
            let want = &["array", "object", "set", "string"];
            return Err(BuiltinError::operand(1, value, want));
        }
    };
    Ok(Value::from(count as i64))
}

/// Returns the largest element in Rego's order, undefined where there is none: `max([1, 3, 2])` is
/// `3`.
///
/// Source: OPA policy reference, `max`.
fn max(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = collection(context, operands)?;
    items.iter().max().cloned().ok_or(BuiltinError::Undefined)
}

/// Returns the smallest element in Rego's order, undefined where there is none.
///
/// Source: OPA policy reference, `min`.
fn min(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = collection(context, operands)?;
    items.iter().rev().min().cloned().ok_or(BuiltinError::Undefined)
}

/// Returns the elements in Rego's order: `sort({3, 1, 2})` is `[1, 2, 3]`.
///
/// Source: OPA policy reference, `sort`.
fn sort(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut items = collection(context, operands)?.to_vec();
    context.charge_steps(items.len() as u64 * u64::from(items.len().max(1).ilog2()))?;
    context.charge_bytes((items.len() * size_of::<Value>()) as u64)?;
    items.sort();
    Ok(Value::array(items))
}

/// Returns the sum of the numbers, `0` of none: `sum([1, 2.5])` is `3.5`.
///
/// Source: OPA policy reference, `sum`.
fn sum(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    fold(context, operands, 0, Number::add)
}

/// Returns the product of the numbers, `1` of none: `product([2, 3])` is `6`.
///
/// Source: OPA policy reference, `product`.
fn product(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    fold(context, operands, 1, Number::mul)
}

/// Whether every element is `true`.
///
/// Source: OPA's deprecated builtin `all`; `every` in its place.
fn all(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = operand::elements(operands, 0)?;
    context.charge_steps(items.len() as u64)?;
    Ok(Value::from(items.iter().all(Value::is_true)))
}

/// Whether some element is `true`.
///
/// Source: OPA's deprecated builtin `any`; `some` and `in` in its place.
fn any(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = operand::elements(operands, 0)?;
    context.charge_steps(items.len() as u64)?;
    Ok(Value::from(items.iter().any(Value::is_true)))
}

/// Returns the elements of the operand, paid for. OPA words its error with the set first.
fn collection<'a>(
    context: &mut Context<'_>,
    operands: &[&'a Value],
) -> Result<&'a [Value], BuiltinError> {
    let value = operand::any(operands, 0)?;
    let wrong = || BuiltinError::operand(1, value, &["set", "array"]);
    let items = value.as_elements().ok_or_else(wrong)?;
    context.charge_steps(items.len() as u64)?;
    Ok(items)
}

/// Returns what remains when `join` puts the numbers together, beginning with `start`.
fn fold(
    context: &mut Context<'_>,
    operands: &[&Value],
    start: i64,
    join: fn(&Number, &Number) -> Result<Number, NumberError>,
) -> Result<Value, BuiltinError> {
    let whole = operand::any(operands, 0)?;
    let mut total = Number::Int(start);
    for item in collection(context, operands)? {
        let Some(number) = item.as_number() else {
            return Err(operand::element_error(0, whole, item, "number"));
        };
        total = join(&total, &number).map_err(|error| BuiltinError::Failed(error.to_string()))?;
    }
    Ok(Value::from(total))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;
    use rego_vm::BuiltinError;

    use crate::testing::{call, check, check_type_error};

    #[test]
    fn aggregates_look_at_every_element() {
        for (name, operand, want) in [
            ("count", r#""né""#, "2"),
            ("count", r#"{"a": 1}"#, "1"),
            ("count", "[1, 1]", "2"),
            ("max", "[1, 3, 2]", "3"),
            ("max", r#"[9, "a"]"#, r#""a""#),
            ("min", "[1, null]", "null"),
            ("sort", "[3, 1, 2, 1]", "[1, 1, 2, 3]"),
            ("sum", "[]", "0"),
            ("sum", "[1, 2.5]", "3.5"),
            ("product", "[]", "1"),
            ("product", "[2, 3]", "6"),
            ("all", "[true, true]", "true"),
            ("all", "[true, 1]", "false"),
            ("any", "[1, true]", "true"),
            ("any", "[]", "false"),
        ] {
            check(name, &format!("[{operand}]"), want);
        }
        let none = Value::array(Vec::new());
        assert_eq!(call("max", &[&none]), Err(BuiltinError::Undefined));
        assert_eq!(call("min", &[&none]), Err(BuiltinError::Undefined));
    }

    #[test]
    fn wrong_operands_are_named() {
        for (name, operand, want) in [
            ("count", "1", "operand 1 must be one of {array, object, set, string} but got number"),
            (
                "sum",
                r#"["a"]"#,
                "operand 1 must be array of numbers but got array containing string",
            ),
            ("max", "{}", "operand 1 must be one of {set, array} but got object"),
            ("all", "{}", "operand 1 must be one of {array, set} but got object"),
        ] {
            check_type_error(name, &format!("[{operand}]"), want);
        }
    }
}
