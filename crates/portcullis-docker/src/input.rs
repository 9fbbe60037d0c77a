//! What a policy sees of a request: the fields of opa-docker-authz, so that its policies run
//! unchanged, and what those leave to guess.
//!
//! Pure. Must not know: policies, files.
//!
//! Source: opa-docker-authz README, "Input Processing".

use std::collections::BTreeMap;

use rego::Value;

use crate::api::Found;
use crate::mounts::BindMount;
use crate::uri::Target;
use crate::wire::AuthzRequest;

/// Returns the input document of a request, given its target taken apart, its endpoint found, its
/// body parsed and its mounts resolved.
pub fn build(
    request: &AuthzRequest,
    target: &Target,
    found: Found<'_>,
    body: Value,
    mounts: &[BindMount],
) -> Value {
    let segments = target.path.split('/').map(Value::from).collect();
    Value::object_from_strs([
        ("APIVersion", Value::from(found.version)),
        ("Action", Value::from(found.action(&target.query))),
        ("AuthMethod", Value::from(request.user_authn_method.as_str())),
        ("BindMounts", bind_mounts(mounts)),
        ("Body", body),
        ("Headers", headers(request.headers.as_deref())),
        ("Method", Value::from(request.method.as_str())),
        ("Path", Value::from(request.uri.as_str())),
        ("PathArr", Value::array(segments)),
        ("PathPlain", Value::from(target.path.as_str())),
        ("Query", query(&target.query)),
        ("ReadOnly", Value::from(found.is_read_only())),
        ("User", Value::from(request.user.as_str())),
    ])
}

/// Returns the input document about a response: that of its request, and the response beside it.
pub fn with_response(input: &Value, response: Value) -> Value {
    let entries = input.as_object();
    let entries = entries.iter().flat_map(|entries| entries.iter());
    let entries = entries.map(|(key, value)| (key.clone(), value.clone()));
    Value::object(entries.chain([(Value::from("Response"), response)]).collect())
}

fn headers(headers: Option<&[(String, String)]>) -> Value {
    let Some(headers) = headers else { return Value::NULL };
    let entry = |(name, value): &(String, String)| (name.as_str().into(), value.as_str().into());
    Value::object(headers.iter().map(entry).collect())
}

/// Returns an object from each name to the array of its values.
fn query(pairs: &[(String, String)]) -> Value {
    let mut values: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value.as_str().into());
    }
    let entry = |(name, values)| (Value::from(name), Value::array(values));
    Value::object(values.into_iter().map(entry).collect())
}

/// Returns the array of mounts, or null without any, as the original does.
fn bind_mounts(mounts: &[BindMount]) -> Value {
    if mounts.is_empty() {
        return Value::NULL;
    }
    let object = |mount: &BindMount| {
        Value::object_from_strs([
            ("ReadOnly", mount.read_only.into()),
            ("Resolved", mount.resolved.as_str().into()),
            ("Source", mount.source.as_str().into()),
        ])
    };
    Value::array(mounts.iter().map(object).collect())
}
