//! METADATA blocks as OPA's annotation objects. Source: OPA's policy reference, "Metadata".
//!
//! Must not know: what the fields are used for.

use rego_syntax::ast::{self, AnnotationTarget};
use rego_value::Value;

use super::node::{Module, Term};
use super::write::terms;

/// Adds the annotations of a module, and those of rules to the rules. A block that is no YAML
/// object is only a comment here.
pub(super) fn attach(from: &ast::Module, module: &mut Module) {
    for block in &from.annotations {
        let Ok(yaml) = Value::from_yaml(block.yaml.as_bytes()) else { continue };
        if yaml.as_object().is_none() {
            continue;
        }
        let (default_scope, rule) = match block.target {
            AnnotationTarget::Package => ("package", None),
            AnnotationTarget::Rule(_) if is_true(&yaml, "entrypoint") => ("document", Some(block)),
            AnnotationTarget::Rule(_) => ("rule", Some(block)),
            AnnotationTarget::Import(_) | AnnotationTarget::Nothing => continue,
        };
        let scope = field(&yaml, "scope").and_then(Value::as_str).unwrap_or(default_scope);
        let annotation = object(&yaml, scope);
        if let Some(AnnotationTarget::Rule(index)) = rule.map(|block| block.target)
            && matches!(scope, "rule" | "document")
            && let Some(rule) = module.rules.get_mut(index)
        {
            rule.annotations.push(annotation.clone());
        }
        module.annotations.push(annotation);
    }
}

fn field<'y>(yaml: &'y Value, name: &str) -> Option<&'y Value> {
    yaml.get_path(&[name])
}

fn is_true(yaml: &Value, name: &str) -> bool {
    field(yaml, name).is_some_and(Value::is_true)
}

fn object(yaml: &Value, scope: &str) -> Value {
    let mut out = vec![(Value::from("scope"), Value::from(scope))];
    let mut put = |name: &str, value: Option<Value>| {
        out.extend(value.map(|value| (Value::from(name), value)));
    };
    for name in ["title", "description"] {
        put(name, text(yaml, name));
    }
    put("entrypoint", is_true(yaml, "entrypoint").then_some(Value::TRUE));
    put("organizations", list(yaml, "organizations", Value::clone));
    put("related_resources", list(yaml, "related_resources", resource));
    put("authors", list(yaml, "authors", author));
    put("schemas", list(yaml, "schemas", schema));
    let custom = field(yaml, "custom").filter(|custom| custom.as_object().is_some());
    put("custom", custom.cloned());
    Value::object(out)
}

fn text(yaml: &Value, name: &str) -> Option<Value> {
    field(yaml, name).filter(|text| text.as_str().is_some_and(|text| !text.is_empty())).cloned()
}

fn list(yaml: &Value, name: &str, item: fn(&Value) -> Value) -> Option<Value> {
    let items = field(yaml, name).and_then(Value::as_array).filter(|items| !items.is_empty())?;
    Some(Value::array(items.iter().map(item).collect()))
}

/// A resource is its address, or an object with `ref` and `description`.
fn resource(value: &Value) -> Value {
    match value.as_str() {
        Some(_) => Value::object_from_strs([("ref", value.clone())]),
        None => value.clone(),
    }
}

/// An author is `Name <address>`, or an object with `name` and `email`.
fn author(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let (name, email) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, email)) => (name.trim(), Some(email)),
        None => (text.trim(), None),
    };
    let mut out = vec![(Value::from("name"), Value::from(name))];
    out.extend(email.map(|email| (Value::from("email"), Value::from(email))));
    Value::object(out)
}

/// `path: schema.name` names a schema, `path: {…}` holds one.
fn schema(value: &Value) -> Value {
    let Some((path, schema)) = value.as_object().and_then(|object| object.iter().next()) else {
        return value.clone();
    };
    let path = reference(path.as_str().unwrap_or_default());
    match schema.as_str() {
        Some(name) => Value::object_from_strs([("path", path), ("schema", reference(name))]),
        None => Value::object_from_strs([("path", path), ("definition", schema.clone())]),
    }
}

fn reference(dotted: &str) -> Value {
    match Term::operator(dotted) {
        Term::Ref(path) => terms(&path),
        _ => Value::NULL,
    }
}
