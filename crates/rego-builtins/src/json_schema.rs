//! `json.verify_schema`, `json.match_schema`: JSON Schema, drafts 4, 6 and 7.
//!
//! What a schema means, the order in which it is tried and the words of each complaint are those of
//! the validator in OPA (a fork of `gojsonschema`). A schema is compiled into a list of nodes, and
//! kept for the query; nothing is fetched: a `$ref` to another place than the schema itself and the
//! drafts' own schemas is refused.
//!
//! Source: OPA policy reference, "JSON Schema"; JSON Schema, drafts 4, 6 and 7.

mod canonical;
mod compile;
mod decimal;
mod format;
mod keyword;
mod mail;
mod node;
mod pool;
mod problem;
#[cfg(test)]
mod tests;
mod validate;

use std::sync::Arc;

use rego_value::{JSON_DEPTH_MAX, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand};

use node::Schema;

const TEXT_OR_OBJECT: Type =
    Type::Union(&[Type::String, Type::Object(&[], Some(&(Type::Any, Type::Any)))]);
const VERIFIED: Type = Type::Tuple(&[Type::Boolean, Type::Union(&[Type::Null, Type::String])]);
const PROBLEM: Type = Type::Object(
    &[
        ("desc", Type::String),
        ("error", Type::String),
        ("field", Type::String),
        ("type", Type::String),
    ],
    None,
);
const MATCHED: Type = Type::Tuple(&[Type::Boolean, Type::Array(&PROBLEM)]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("json.match_schema", &[TEXT_OR_OBJECT, TEXT_OR_OBJECT], MATCHED),
        match_schema,
    ),
    Builtin::new(Decl::function("json.verify_schema", &[TEXT_OR_OBJECT], VERIFIED), verify_schema),
];

/// How many compiled schemas a query keeps.
const KEPT_MAX: usize = 16;

/// The compiled schemas of a query, by what they were compiled from; the last used are at the end.
#[derive(Default)]
struct Kept(Vec<(Value, Arc<Schema>)>);

/// Returns whether an object or a JSON text is a schema, and what is wrong with it or null:
/// `json.verify_schema({"type": "integer"})` is `[true, null]`.
///
/// Source: OPA policy reference, `json.verify_schema`.
fn verify_schema(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let schema = operand::any(operands, 0)?;
    match compiled(context, schema) {
        Ok(_) => Ok(Value::array(vec![Value::TRUE, Value::NULL])),
        Err(BuiltinError::Failed(why)) => {
            let why = Value::from(format!("jsonschema: {why}"));
            Ok(Value::array(vec![Value::FALSE, why]))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether a document (an object, an array, or a JSON text of any value) follows a schema,
/// and what is wrong with it: `json.match_schema({"id": 5}, {"required": ["id"]})` is `[true, []]`.
///
/// Errors: a text that is no JSON, a schema that is none.
/// Source: OPA policy reference, `json.match_schema`.
fn match_schema(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let document = document(context, operand::any(operands, 0)?)?;
    let schema = compiled(context, operand::any(operands, 1)?)?;
    let problems = validate::validate(context, &schema, &document)?;
    let valid = Value::from(problems.is_empty());
    let problems = problems.into_iter().map(problem::Problem::into_value).collect();
    Ok(Value::array(vec![valid, Value::array(problems)]))
}

/// Returns the schema of an operand, compiled.
fn compiled(context: &mut Context<'_>, source: &Value) -> Result<Arc<Schema>, BuiltinError> {
    charge::text_of(context, source)?; // comparing with what is kept
    if let Some(Kept(kept)) = context.scratch("json_schema")
        && let Some(at) = kept.iter().position(|(known, _)| known == source)
    {
        let found = kept.remove(at);
        let schema = Arc::clone(&found.1);
        kept.push(found);
        return Ok(schema);
    }
    let document = document(context, source)?;
    let schema = Arc::new(compile::compile(context, &document)?);
    if let Some(Kept(kept)) = context.scratch("json_schema") {
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push((source.clone(), Arc::clone(&schema)));
    }
    Ok(schema)
}

/// Returns the JSON document of an operand: that of a text, or an object or array as it is in JSON.
fn document(context: &mut Context<'_>, value: &Value) -> Result<Value, BuiltinError> {
    let failed = |why: &str| BuiltinError::Failed(why.to_string());
    match value.view() {
        View::String(text) => {
            context.charge_steps(text.len() as u64 / 16)?;
            charge::make(context, 4 * text.len())?;
            Value::from_json(text.as_bytes()).map_err(|_| failed("invalid JSON string"))
        }
        View::Object(_) | View::Array(_) => {
            charge::text_of(context, value)?;
            if is_json(value).ok_or_else(|| failed("document is nested too deeply"))? {
                return Ok(value.clone());
            }
            charge::text_of(context, value)?;
            let text = value.to_json();
            Value::from_json(text.as_bytes()).map_err(|error| failed(error.message()))
        }
        _ => Err(failed("wrong type, expected string or object")),
    }
}

/// Whether a value is the same in JSON: without sets, and with strings for keys. Nothing where it is
/// nested more deeply than JSON may be.
fn is_json(value: &Value) -> Option<bool> {
    let mut same = true;
    let mut todo = vec![(value, 0)];
    while let Some((value, depth)) = todo.pop() {
        if depth > JSON_DEPTH_MAX {
            return None;
        }
        match value.view() {
            View::Array(items) => todo.extend(items.iter().map(|item| (item, depth + 1))),
            View::Object(object) => {
                same &= object.keys().iter().all(|key| key.as_str().is_some());
                todo.extend(object.keys().iter().map(|key| (key, depth + 1)));
                todo.extend(object.values().iter().map(|item| (item, depth + 1)));
            }
            View::Set(items) => {
                same = false;
                todo.extend(items.iter().map(|item| (item, depth + 1)));
            }
            _ => {}
        }
    }
    Some(same)
}
