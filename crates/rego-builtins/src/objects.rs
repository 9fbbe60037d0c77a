//! `object.*`: functions over objects.
//!
//! Source: OPA policy reference, "Objects".

use std::cmp::Ordering;

use rego_value::{Keys, ObjectRef, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const OBJECT: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));
const ARRAY: Type = Type::Array(&Type::Any);
const SET: Type = Type::Set(&Type::Any);
const KEYS: Type = Type::Union(&[ARRAY, OBJECT, SET]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("object.filter", &[OBJECT, KEYS], OBJECT), filter),
    Builtin::new(Decl::function("object.get", &[OBJECT, Type::Any, Type::Any], Type::Any), get),
    Builtin::new(Decl::function("object.keys", &[OBJECT], SET), keys),
    Builtin::new(Decl::function("object.remove", &[OBJECT, KEYS], OBJECT), remove),
    Builtin::new(Decl::function("object.subset", &[KEYS, KEYS], Type::Boolean), subset),
    Builtin::new(Decl::function("object.union", &[OBJECT, OBJECT], OBJECT), union),
    Builtin::new(Decl::function("object.union_n", &[Type::Array(&OBJECT)], OBJECT), union_n),
];

/// Returns the entries whose key is one of those in an array, a set or (as its keys) an object:
/// `object.filter({"a": 1, "b": 2}, ["a"])` is `{"a": 1}`.
///
/// Source: OPA policy reference, `object.filter`.
fn filter(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    select(context, operands, true)
}

/// Returns the entries whose key is none of those in an array, a set or (as its keys) an object:
/// `object.remove({"a": 1, "b": 2}, {"a"})` is `{"b": 2}`.
///
/// Source: OPA policy reference, `object.remove`.
fn remove(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    select(context, operands, false)
}

/// Returns the value at a key, or at a path of keys given as an array, else the default:
/// `object.get({"a": {"b": 1}}, ["a", "b"], 0)` is `1`. The empty path is the object itself.
///
/// Source: OPA policy reference, `object.get`.
fn get(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    operand::object(operands, 0)?;
    let (object, key) = (operand::any(operands, 0)?, operand::any(operands, 1)?);
    let path = key.as_array().unwrap_or(std::slice::from_ref(key));
    context.charge_steps(path.len() as u64)?;
    let found = path.iter().try_fold(object, |value, key| value.get(key));
    Ok(found.unwrap_or(operand::any(operands, 2)?).clone())
}

/// Returns the set of the keys: `object.keys({"a": 1})` is `{"a"}`.
///
/// Source: OPA policy reference, `object.keys`.
fn keys(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(operand::object(operands, 0)?.key_set())
}

/// Whether the second collection is a part of the first: of objects recursively, of sets by
/// element, of arrays as a run of neighbours, of an array and a set by element.
/// `object.subset({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}})` is true.
///
/// Source: OPA policy reference, `object.subset`.
fn subset(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (whole, part) = (operand::any(operands, 0)?, operand::any(operands, 1)?);
    let holds = match (whole.view(), part.view()) {
        (View::Array(whole), View::Set(part)) => {
            context.charge_steps((whole.len() + part.len()) as u64)?;
            let whole = Keys::from_unsorted(whole.to_vec());
            Some(part.iter().all(|item| whole.contains(item)))
        }
        _ => is_part(context, whole, part)?,
    };
    let text = "both arguments object.subset must be of the same type or array and set";
    holds.map(Value::from).ok_or_else(|| BuiltinError::Type(text.to_string()))
}

/// Returns the entries of both objects. Objects at the same key are united in turn, of anything
/// else the second wins: `object.union({"a": {"b": 1}}, {"a": {"c": 2}})` is
/// `{"a": {"b": 1, "c": 2}}`.
///
/// Source: OPA policy reference, `object.union`.
fn union(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::object(operands, 0)?, operand::object(operands, 1)?);
    merge(context, a, b)
}

/// Returns the union of an array's objects, from left to right:
/// `object.union_n([{"a": 1}, {"b": 2}])` is `{"a": 1, "b": 2}`.
///
/// Source: OPA policy reference, `object.union_n`.
fn union_n(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let array = operand::any(operands, 0)?;
    let objects = operand::array(operands, 0)?;
    if let Some(other) = objects.iter().find(|item| item.as_object().is_none()) {
        return Err(operand::element_error(0, array, other, "object"));
    }
    let objects: Vec<_> = objects.iter().filter_map(Value::as_object).collect();
    merge_all(context, &objects)
}

/// Returns the entries whose key is (or, where `keep` is false, is not) in the second operand.
fn select(
    context: &mut Context<'_>,
    operands: &[&Value],
    keep: bool,
) -> Result<Value, BuiltinError> {
    let object = operand::object(operands, 0)?;
    let selector = operand::any(operands, 1)?;
    let listed;
    let keys = match selector.view() {
        View::Array(items) => {
            context.charge_steps(items.len() as u64)?;
            listed = Keys::from_unsorted(items.to_vec());
            &listed
        }
        View::Set(keys) => keys,
        View::Object(other) => other.keys(),
        _ => {
            return Err(BuiltinError::operand(2, selector, &["object", "set", "array"]));
        }
    };
    charge(context, object.len())?;
    let chosen = object.iter().filter(|(key, _)| keys.contains(key) == keep);
    Ok(Value::object(chosen.map(|(k, v)| (k.clone(), v.clone())).collect()))
}

/// Whether `part` is a part of `whole`; nothing where they are not collections of one kind.
fn is_part(
    context: &mut Context<'_>,
    whole: &Value,
    part: &Value,
) -> Result<Option<bool>, BuiltinError> {
    Ok(Some(match (whole.view(), part.view()) {
        (View::Object(whole), View::Object(part)) => is_part_of_object(context, whole, part)?,
        (View::Set(whole), View::Set(part)) => {
            context.charge_steps(part.len() as u64)?;
            part.iter().all(|item| whole.contains(item))
        }
        (View::Array(whole), View::Array(part)) => is_run_of(context, whole, part)?,
        _ => return Ok(None),
    }))
}

fn is_part_of_object(
    context: &mut Context<'_>,
    whole: ObjectRef<'_>,
    part: ObjectRef<'_>,
) -> Result<bool, BuiltinError> {
    for (key, inner) in part.iter() {
        context.charge_steps(1)?;
        let Some(outer) = whole.get(key) else {
            return Ok(false);
        };
        if outer != inner && is_part(context, outer, inner)? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `part` stands somewhere in `whole`, its elements next to each other.
fn is_run_of(
    context: &mut Context<'_>,
    whole: &[Value],
    part: &[Value],
) -> Result<bool, BuiltinError> {
    if part.is_empty() {
        return Ok(true);
    }
    for window in whole.windows(part.len()) {
        let same = window.iter().zip(part).take_while(|(a, b)| a == b).count();
        context.charge_steps(same as u64 + 1)?;
        if same == part.len() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the union of two values: of objects by key, else the second.
fn merge_values(context: &mut Context<'_>, a: &Value, b: &Value) -> Result<Value, BuiltinError> {
    match (a.as_object(), b.as_object()) {
        (Some(a), Some(b)) => merge(context, a, b),
        _ => Ok(b.clone()),
    }
}

/// Returns the union of two objects: one pass over both lists of sorted keys.
fn merge(
    context: &mut Context<'_>,
    a: ObjectRef<'_>,
    b: ObjectRef<'_>,
) -> Result<Value, BuiltinError> {
    charge(context, a.len() + b.len())?;
    let owned = |(k, v): (&Value, &Value)| (k.clone(), v.clone());
    let mut entries = Vec::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    while let (Some((key, x)), Some((other, y))) = (left.peek(), right.peek()) {
        match key.cmp(other) {
            Ordering::Less => entries.extend(left.next().map(owned)),
            Ordering::Greater => entries.extend(right.next().map(owned)),
            Ordering::Equal => {
                entries.push(((*key).clone(), merge_values(context, x, y)?));
                left.next();
                right.next();
            }
        }
    }
    entries.extend(left.chain(right).map(owned));
    Ok(Value::object(entries))
}

/// Returns the union of many objects, from left to right. All entries are sorted by key at once,
/// because a chain of pairwise unions would copy the first of them again and again.
fn merge_all(context: &mut Context<'_>, objects: &[ObjectRef<'_>]) -> Result<Value, BuiltinError> {
    let len = objects.iter().map(|object| object.len()).sum();
    charge(context, len)?;
    let mut all: Vec<_> = objects.iter().flat_map(|object| object.iter()).collect();
    all.sort_by(|a, b| a.0.cmp(b.0)); // stable: values of one key stay in their order
    let mut entries = Vec::new();
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let Some((key, last)) = group.last() else {
            continue;
        };
        // A value that is no object hides all before it.
        let mut inner: Vec<_> =
            group.iter().rev().map_while(|(_, value)| value.as_object()).collect();
        inner.reverse();
        let value = match inner.len() {
            0 | 1 => (*last).clone(),
            _ => merge_all(context, &inner)?,
        };
        entries.push(((*key).clone(), value));
    }
    Ok(Value::object(entries))
}

/// Pays for an object of up to `len` entries.
fn charge(context: &mut Context<'_>, len: usize) -> Result<(), BuiltinError> {
    context.charge_steps(len as u64)?;
    context.charge_bytes((2 * len * size_of::<Value>()) as u64)
}

#[cfg(test)]
mod tests {
    use rego_value::Value;

    use crate::testing::{call, check, check_type_error};

    #[test]
    fn entries_are_chosen_by_key() {
        for (name, operands, want) in [
            ("object.filter", r#"[{"a": 1, "b": 2}, ["a", "x"]]"#, r#"{"a": 1}"#),
            ("object.filter", r#"[{"a": 1, "b": 2}, {"a": 0}]"#, r#"{"a": 1}"#),
            ("object.remove", r#"[{"a": 1, "b": 2}, ["a", "x"]]"#, r#"{"b": 2}"#),
            ("object.get", r#"[{"a": {"b": [7]}}, ["a", "b", 0], 1]"#, "7"),
            ("object.get", r#"[{"a": 1}, "b", "none"]"#, r#""none""#),
            ("object.get", r#"[{"a": 1}, [], "none"]"#, r#"{"a": 1}"#),
            ("object.get", r#"[{"a": 1}, ["a", "b"], "none"]"#, r#""none""#),
        ] {
            check(name, operands, want);
        }
        let wrong = "operand 2 must be one of {object, set, array} but got number";
        check_type_error("object.filter", "[{}, 1]", wrong);
        let keys = call("object.keys", &[&Value::object_from_strs([("a", Value::NULL)])]);
        assert_eq!(keys, Ok(Value::set(vec![Value::from("a")])));
    }

    #[test]
    fn objects_are_united_by_key() {
        for (objects, want) in [
            (r#"{"a": {"b": 1}}, {"a": {"c": 2}}"#, r#"{"a": {"b": 1, "c": 2}}"#),
            (r#"{"a": {"b": 1}}, {"a": 2}"#, r#"{"a": 2}"#),
            (r#"{"a": 1, "c": 3}, {"b": 2}"#, r#"{"a": 1, "b": 2, "c": 3}"#),
        ] {
            check("object.union", &format!("[{objects}]"), want);
            check("object.union_n", &format!("[[{objects}]]"), want);
        }
        for (objects, want) in [
            ("[]", "{}"),
            (r#"[{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}]"#, r#"{"a": {"c": 3}}"#),
            (
                r#"[{"a": 4}, {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}]"#,
                r#"{"a": {"b": 2, "c": 3}}"#,
            ),
        ] {
            check("object.union_n", &format!("[{objects}]"), want);
        }
        let wrong = "operand 1 must be array of objects but got array containing number";
        check_type_error("object.union_n", "[[{}, 1]]", wrong);
    }

    #[test]
    fn parts_are_recognised() {
        for (operands, want) in [
            (r#"{"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}"#, "true"),
            (r#"{"a": {"b": 1}}, {"a": {"b": 2}}"#, "false"),
            (r#"{"a": [1, 2, 3]}, {"a": [2, 3]}"#, "true"),
            ("[1, 2, 1, 2, 3], [1, 2, 3]", "true"),
            ("[1, 2, 3], [1, 3]", "false"),
            ("[1], []", "true"),
        ] {
            check("object.subset", &format!("[{operands}]"), want);
        }
        let array = Value::array(vec![Value::from(1), Value::from(2)]);
        let set = Value::set(vec![Value::from(2)]);
        assert_eq!(call("object.subset", &[&array, &set]), Ok(Value::TRUE));
        assert_eq!(call("object.subset", &[&set, &set]), Ok(Value::TRUE));
        let wrong = "both arguments object.subset must be of the same type or array and set";
        check_type_error("object.subset", "[[], {}]", wrong);
    }
}
