//! The keywords of one schema, each read as the type it must have, or refused in OPA's words.

use rego_value::{Number, ObjectRef, Value, View};
use rego_vm::BuiltinError;

use super::decimal;
use super::node::{Bounds, Draft, Numbers};

/// What reading a keyword gives.
pub(super) type Read<T> = Result<T, BuiltinError>;

/// Returns the error of a schema.
pub(super) fn wrong<T>(why: String) -> Read<T> {
    Err(BuiltinError::Failed(why))
}

/// Returns the error of a keyword of the wrong type.
pub(super) fn wrong_type<T>(expected: &str, given: &str) -> Read<T> {
    wrong(format!("Invalid type. Expected: {expected}, given: {given}"))
}

/// Returns the text of a keyword.
pub(super) fn text<'v>(schema: ObjectRef<'v>, key: &str) -> Read<Option<&'v str>> {
    match schema.get_str(key).map(Value::view) {
        None => Ok(None),
        Some(View::String(text)) => Ok(Some(text)),
        Some(_) => wrong_type("string", key),
    }
}

/// Returns the elements of a keyword; none where it is not there.
pub(super) fn list<'v>(schema: ObjectRef<'v>, key: &str) -> Read<&'v [Value]> {
    match schema.get_str(key).map(Value::view) {
        None => Ok(&[]),
        Some(View::Array(items)) => Ok(items),
        Some(_) => wrong(format!("{key} must be of an array")),
    }
}

/// Whether a value can be a schema.
pub(super) fn is_schema(value: &Value) -> bool {
    matches!(value.view(), View::Bool(_) | View::Object(_))
}

/// Returns the number of a keyword that is an integer from zero on.
fn count(schema: ObjectRef<'_>, key: &str) -> Read<Option<i64>> {
    let Some(value) = schema.get_str(key) else { return Ok(None) };
    let integer = value.as_number().and_then(|number| decimal::spelled_integer(&number));
    match integer {
        None => wrong(format!("{key} must be of an integer")),
        Some(negative) if negative < 0 => {
            wrong(format!("{key} must be greater than or equal to 0"))
        }
        Some(count) => Ok(Some(count)),
    }
}

/// Returns the bounds of two keywords.
pub(super) fn bounds(schema: ObjectRef<'_>, min_key: &str, max_key: &str) -> Read<Bounds> {
    let (min, max) = (count(schema, min_key)?, count(schema, max_key)?);
    // OPA does not look at elements of arrays here: such a schema is refused by no array.
    let ordered = min_key == "minItems" || min.zip(max).is_none_or(|(min, max)| min <= max);
    if !ordered {
        return wrong(format!("{min_key} cannot be greater than {max_key}"));
    }
    Ok(Bounds { min, max })
}

/// Returns the bounds of numbers.
pub(super) fn numbers(schema: ObjectRef<'_>, draft: Draft) -> Read<Numbers> {
    let mut numbers = Numbers { multiple_of: multiple_of(schema)?, ..Numbers::default() };
    numbers.minimum = number(schema, "minimum")?;
    exclusive(
        schema,
        draft,
        ("exclusiveMinimum", "minimum"),
        (&mut numbers.exclusive_minimum, &mut numbers.minimum),
    )?;
    numbers.maximum = number(schema, "maximum")?;
    exclusive(
        schema,
        draft,
        ("exclusiveMaximum", "maximum"),
        (&mut numbers.exclusive_maximum, &mut numbers.maximum),
    )?;
    Ok(numbers)
}

fn multiple_of(schema: ObjectRef<'_>) -> Read<Option<Value>> {
    let Some(value) = schema.get_str("multipleOf") else { return Ok(None) };
    match value.as_number() {
        None => wrong_type("number", "multipleOf"),
        Some(_) if *value <= Value::from(0) => {
            wrong("multipleOf must be strictly greater than 0".to_string())
        }
        Some(_) => Ok(Some(value.clone())),
    }
}

fn number(schema: ObjectRef<'_>, key: &str) -> Read<Option<Value>> {
    match schema.get_str(key) {
        Some(value) if value.as_number().is_none() => wrong(format!("{key} must be of a number")),
        value => Ok(value.cloned()),
    }
}

/// Reads an exclusive bound: a number of its own, or in draft 4 a boolean that says that the other
/// bound is exclusive.
fn exclusive(
    schema: ObjectRef<'_>,
    draft: Draft,
    (key, other_key): (&str, &str),
    (bound, other): (&mut Option<Value>, &mut Option<Value>),
) -> Read<()> {
    let Some(value) = schema.get_str(key) else { return Ok(()) };
    let number: Option<Number> = value.as_number().filter(|_| draft != Draft::Four);
    let switch = value.as_bool().filter(|_| matches!(draft, Draft::Four | Draft::Hybrid));
    match (number, switch) {
        (Some(_), _) => *bound = Some(value.clone()),
        (None, Some(_)) if other.is_none() => {
            return wrong(format!("{key} cannot be used without {other_key}"));
        }
        (None, Some(true)) => *bound = other.take(),
        (None, Some(false)) => {}
        (None, None) => {
            let expected = match draft {
                Draft::Four => "boolean",
                Draft::Hybrid => "boolean/number",
                _ => "number",
            };
            return wrong_type(expected, key);
        }
    }
    Ok(())
}

/// Returns the texts of a list whose elements must be different texts.
pub(super) fn distinct_texts(schema: ObjectRef<'_>, key: &str) -> Read<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for value in list(schema, key)? {
        let Some(text) = value.as_str() else { return wrong_type("string", key) };
        if !seen.insert(text) {
            return wrong(format!("{key} items must be unique"));
        }
        texts.push(text.to_string());
    }
    Ok(texts)
}

/// The types that a schema may name, in the order in which OPA lists them.
const TYPES: &[&str] = &["array", "boolean", "integer", "number", "null", "object", "string"];

/// Returns the types that the schema allows; none stands for all.
pub(super) fn types(schema: ObjectRef<'_>) -> Read<Vec<String>> {
    let names: &[Value] = match schema.get_str("type") {
        None => return Ok(Vec::new()),
        Some(value) => match value.view() {
            View::String(_) => std::slice::from_ref(value),
            View::Array(names) => names,
            _ => return wrong_type("type", "string/array of strings"),
        },
    };
    let mut types: Vec<String> = Vec::new();
    for name in names {
        let Some(name) = name.as_str() else {
            return wrong_type("type", "string/array of strings");
        };
        if !TYPES.contains(&name) {
            return wrong(format!(
                "has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values \
                 are:[{}]",
                TYPES.join(" ")
            ));
        }
        if types.iter().any(|known| known == name) {
            return wrong(format!("{name} type is duplicated"));
        }
        types.push(name.to_string());
    }
    Ok(types)
}
