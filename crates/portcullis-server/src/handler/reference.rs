//! From segments of a path to the query that they name.
//!
//! Each segment becomes a key in brackets, quoted as JSON: no text of a client is ever read as
//! Rego.
//!
//! Source: OPA `v1/server/server.go` (`stringPathToRef`, `stringPathToDataRef`).

use portcullis_service::snapshot::Snapshot;
use rego::Value;

use crate::error::ApiError;

/// A document that a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataPath {
    keys: Vec<Value>,
}

impl DataPath {
    /// Returns the document that segments name. Digits are an index, which is a key of an object of
    /// base data, too.
    ///
    /// Errors: a segment that OPA refuses, a function, or an index of `data` itself where only
    /// names can be.
    pub(crate) fn new(segments: &[String], snapshot: &Snapshot) -> Result<Self, ApiError> {
        let mut keys = Vec::with_capacity(segments.len());
        for segment in segments.iter().filter(|segment| !segment.is_empty()) {
            if segment.contains('"') {
                let message =
                    format!("invalid_parameter: invalid path: invalid ref term '{segment}'");
                return Err(ApiError::internal(message));
            }
            keys.push(index(segment).map_or_else(|| Value::from(segment.as_str()), Value::from));
        }
        let path = Self { keys };
        let names_only = !snapshot.state().modules.is_empty();
        let is_indexed = names_only && path.keys.first().is_some_and(|key| key.as_i64().is_some());
        if is_indexed || snapshot.policy().is_function(&path.keys) {
            return Err(path.undefined(snapshot));
        }
        Ok(path)
    }

    /// Returns that it cannot be asked for, in the words of the type check of a query for it.
    fn undefined(&self, snapshot: &Snapshot) -> ApiError {
        let shown = self.shown();
        let message = match snapshot.policy().prepare(&shown) {
            Err(errors) => errors.to_string(),
            Ok(_) => format!("1 error occurred: 1:1: rego_type_error: undefined ref: {shown}"),
        };
        ApiError::internal(message)
    }

    /// Returns the query that asks for it.
    pub(crate) fn query(&self) -> String {
        let mut text = String::from("data");
        for key in &self.keys {
            text.push('[');
            key.write_json(&mut text);
            text.push(']');
        }
        text
    }

    /// Returns it as people write it: `data.a.b`, with brackets where a key is no name.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::from("data");
        for key in &self.keys {
            match key.as_str() {
                Some(name) if is_name(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                _ => {
                    text.push('[');
                    key.write_json(&mut text);
                    text.push(']');
                }
            }
        }
        text
    }

    /// Returns the keys below `data`.
    pub(crate) fn keys(&self) -> &[Value] {
        &self.keys
    }

    /// Whether it is all of `data`.
    pub(crate) fn is_root(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Returns the number that a segment of digits is.
fn index(segment: &str) -> Option<i64> {
    let digits = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    if digits { segment.parse().ok() } else { None }
}

fn is_name(key: &str) -> bool {
    let mut bytes = key.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns the segments of a decision of the configuration: `/system/main`.
pub(crate) fn slashed(decision: &str) -> Vec<String> {
    let parts = decision.split('/').filter(|part| !part.is_empty());
    parts.map(str::to_string).collect()
}

/// Returns the query of a decision of the configuration.
pub(crate) fn query_of_slashed(decision: &str) -> String {
    let mut text = String::from("data");
    for part in slashed(decision) {
        text.push('[');
        Value::from(part).write_json(&mut text);
        text.push(']');
    }
    text
}
