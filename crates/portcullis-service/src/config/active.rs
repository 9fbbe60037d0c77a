//! The configuration as `GET /v1/config` shows it: without secrets.
//!
//! Must not know: HTTP.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{AUTHORIZATION_DECISION_DEFAULT, DEFAULT_DECISION};

/// Returns a document as it may be shown: without the credentials of services and without keys,
/// with `labels` (those of the document are replaced) and default decisions; keys in order.
///
/// Source: OPA's REST API reference, config API.
pub fn active_document(document: &Value, labels: &BTreeMap<String, String>) -> Value {
    let mut shown = Map::new();
    for (key, value) in document.as_object().into_iter().flatten().filter(|it| !it.1.is_null()) {
        let value = match key.as_str() {
            "services" => without(value, &["credentials"]),
            "keys" => without(value, &["key", "private_key"]),
            _ => value.clone(),
        };
        shown.insert(key.clone(), value);
    }
    let labels = labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    shown.insert("labels".to_owned(), Value::Object(labels.collect()));
    let defaults = [
        ("default_decision", DEFAULT_DECISION),
        ("default_authorization_decision", AUTHORIZATION_DECISION_DEFAULT),
    ];
    for (key, default) in defaults {
        shown.entry(key).or_insert_with(|| Value::from(default));
    }
    let mut shown = Value::Object(shown);
    shown.sort_all_objects();
    shown
}

/// Returns an object or a list of objects without some of their members. What is neither could
/// hold a secret in a place that is not known, and is left out.
fn without(value: &Value, secrets: &[&str]) -> Value {
    let clean = |value: &Value| match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| !secrets.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        _ => Value::Null,
    };
    match value {
        Value::Array(items) => Value::Array(items.iter().map(clean).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), clean(value)));
            Value::Object(members.collect())
        }
        _ => Value::Null,
    }
}
