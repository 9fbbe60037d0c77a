//! Types and references as OPA's JSON has them, for programs that read errors.
//!
//! Must not know: why an error is reported.
//!
//! Source: OPA `v1/types/types.go` (`MarshalJSON`), `v1/ast/check.go` (the details of errors).

use rego_value::Value;

use super::declared::Signature;
use super::ty::Ty;
use crate::scope::LocalName;
use crate::tree::{RefHead, Term, TermKind};

/// Returns a type; `null` where it is not known.
pub(super) fn of_type(ty: Option<&Ty>) -> Value {
    let Some(ty) = ty else { return Value::NULL };
    let list = |types: &[Ty]| Value::array(types.iter().map(|ty| of_type(Some(ty))).collect());
    let pair = |key: Value, value: &Ty| {
        Value::object_from_strs([("key", key), ("value", of_type(Some(value)))])
    };
    let mut fields: Vec<(&str, Value)> = Vec::new();
    let name = match ty {
        Ty::Null => "null",
        Ty::Boolean => "boolean",
        Ty::Number => "number",
        Ty::String => "string",
        Ty::Any => "any",
        Ty::Union(union) => {
            fields.push(("of", list(&union.of)));
            "any"
        }
        Ty::Set(set) => {
            fields.push(("of", of_type(Some(&set.of))));
            "set"
        }
        Ty::Array(array) => {
            if !array.fixed.is_empty() {
                fields.push(("static", list(&array.fixed)));
            }
            fields.extend(array.rest.as_ref().map(|rest| ("dynamic", of_type(Some(rest)))));
            "array"
        }
        Ty::Object(object) => {
            if !object.fixed.is_empty() {
                let known = object.fixed.iter().map(|(key, value)| pair(key.clone(), value));
                fields.push(("static", Value::array(known.collect())));
            }
            let rest = object.rest.as_ref();
            fields.extend(rest.map(|(key, value)| ("dynamic", pair(of_type(Some(key)), value))));
            "object"
        }
    };
    fields.push(("type", Value::from(name)));
    object(fields)
}

/// Returns the type of a function.
pub(super) fn of_function(signature: &Signature) -> Value {
    let mut fields = vec![("type", Value::from("function"))];
    if !signature.args.is_empty() {
        fields.push(("args", of_types(signature.args.iter().map(Some))));
    }
    fields.push(("result", of_type(Some(&signature.result))));
    object(fields)
}

/// Returns a list of types.
pub(super) fn of_types<'t>(types: impl Iterator<Item = Option<&'t Ty>>) -> Value {
    Value::array(types.map(of_type).collect())
}

/// Returns a reference, as OPA's tree has it; `extra` steps that are not known follow.
pub(super) fn of_reference(
    head: &RefHead,
    path: &[Term],
    names: &[LocalName],
    extra: usize,
) -> Value {
    let term = |kind: &str, value: Value| {
        Value::object_from_strs([("type", Value::from(kind)), ("value", value)])
    };
    let var = |name: &str| term("var", Value::from(name));
    let local = |at: usize| match names.get(at) {
        Some(LocalName::Named(name)) => var(name),
        _ => var("_"),
    };
    let first = match head {
        RefHead::Input => var("input"),
        RefHead::Data => var("data"),
        RefHead::Local(at) => local(at.0 as usize),
        RefHead::Term(_) => var("_"),
    };
    let steps = path.iter().map(|step| match &step.kind {
        TermKind::Constant(value) => term(value.type_name(), value.clone()),
        TermKind::Local(at) => local(at.0 as usize),
        _ => var("_"),
    });
    let extra = std::iter::repeat_n(var("_"), extra);
    Value::array(std::iter::once(first).chain(steps).chain(extra).collect())
}

fn object(fields: Vec<(&str, Value)>) -> Value {
    Value::object(fields.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}
