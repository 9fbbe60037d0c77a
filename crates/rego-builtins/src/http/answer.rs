//! What a policy gets of an answer: `status`, `status_code`, `headers`, `raw_body`, and `body` where
//! that can be read.
//!
//! Source: OPA policy reference, `http.send`, "response object".
//!
//! Must not know: requests, caches.

use std::collections::BTreeMap;

use rego_value::{ObjectRef, Value};
use rego_vm::world::HttpResponse;
use rego_vm::{BuiltinError, Context};

use super::error::Sent;
use super::fields;
use super::request::is_token;
use crate::charge;

/// How the body is read whatever the answer says of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decode {
    pub(super) json: bool,
    pub(super) yaml: bool,
}

impl Decode {
    /// Reads it from a request.
    pub(super) fn read(request: ObjectRef<'_>) -> Sent<Self> {
        let json = fields::flag(request, "force_json_decode")?;
        Ok(Self { json, yaml: fields::flag(request, "force_yaml_decode")? })
    }
}

/// An answer as far as it does not depend on how its body is read.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) status_code: u16,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, Vec<String>>,
    pub(super) raw_body: Value,
}

impl Answer {
    /// Takes an answer, and pays for it.
    pub(super) fn of(
        context: &mut Context<'_>,
        response: HttpResponse,
    ) -> Result<Self, BuiltinError> {
        charge::make(context, response.body.len())?;
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in response.headers {
            charge::make(context, name.len() + value.len())?;
            headers.entry(name.to_ascii_lowercase()).or_default().push(value);
        }
        Ok(Self {
            status: format!("{} {}", response.status, response.reason),
            status_code: response.status,
            headers,
            raw_body: Value::from(&*String::from_utf8_lossy(&response.body)),
        })
    }

    /// Returns the first value of a header, by its name in lower case; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// Returns the body; null where it is neither JSON nor YAML, or not what it claims to be.
    pub(super) fn body(
        &self,
        context: &mut Context<'_>,
        decode: Decode,
    ) -> Result<Value, BuiltinError> {
        let kind = self.header("content-type");
        let is_yaml = || kind.contains("application/yaml") || kind.contains("application/x-yaml");
        let text = self.raw_body.as_str().unwrap_or_default();
        let read = if decode.json || is_json(kind) {
            Value::from_json as fn(&[u8]) -> _
        } else if decode.yaml || is_yaml() {
            |text: &[u8]| Value::from_yaml(text).or_else(|_| Value::from_json(b"null"))
        } else {
            return Ok(Value::NULL);
        };
        // Each value takes two bytes of the text at least.
        context.charge_steps(text.len() as u64 / 16)?;
        charge::make(context, text.len().saturating_mul(4))?;
        Ok(read(text.as_bytes()).unwrap_or(Value::NULL))
    }

    /// Returns what the policy gets.
    pub(super) fn to_value(&self, body: Value) -> Value {
        Value::object_from_strs([
            ("status", Value::from(self.status.as_str())),
            ("status_code", Value::from(i64::from(self.status_code))),
            ("headers", self.headers_value()),
            ("raw_body", self.raw_body.clone()),
            ("body", body),
        ])
    }

    pub(super) fn headers_value(&self) -> Value {
        let values = |values: &Vec<String>| {
            Value::array(values.iter().map(|value| Value::from(value.as_str())).collect())
        };
        let headers = self.headers.iter();
        Value::object(
            headers.map(|(name, all)| (Value::from(name.as_str()), values(all))).collect(),
        )
    }
}

/// Whether a `Content-Type` is of JSON: `application/json`, or `application/…+json`, with sound
/// parameters. Source: Go `mime.ParseMediaType`.
fn is_json(kind: &str) -> bool {
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let Some(subtype) = kind.strip_prefix("application/") else { return false };
    let is_json = subtype == "json" || subtype.ends_with("+json");
    is_json && subtype.bytes().all(is_token) && are_parameters(parameters)
}

/// Whether a text is like `charset=utf-8; a="b;c"`. One name may not come twice with two values.
fn are_parameters(mut rest: &str) -> bool {
    let mut seen = BTreeMap::new();
    while !rest.trim().is_empty() {
        let Some((name, after)) = rest.split_once('=') else { return false };
        let name = name.trim().to_ascii_lowercase();
        let Some((value, after)) = parameter_value(after) else { return false };
        if name.is_empty() || !name.bytes().all(is_token) {
            return false;
        }
        if seen.insert(name, value.clone()).is_some_and(|other| other != value) {
            return false;
        }
        match after.trim_start().strip_prefix(';') {
            Some(after) => rest = after,
            None => return after.trim().is_empty(),
        }
    }
    true
}

/// Returns a value, quoted or not, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().take_while(|byte| is_token(*byte)).count();
        let (value, rest) = text.split_at_checked(end)?;
        return (!value.is_empty()).then(|| (value.to_string(), rest));
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}
