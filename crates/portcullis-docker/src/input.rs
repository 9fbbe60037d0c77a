//! What a policy sees of a request: the fields of opa-docker-authz, so that its policies run
//! unchanged, what those leave to guess, and the facts beside them.
//!
//! Pure. Must not know: policies, files.
//!
//! Source: opa-docker-authz README, "Input Processing".

use std::collections::BTreeMap;

use rego::Value;

use crate::completeness::Whole;
use crate::facts::Facts;
use crate::facts::cert::Cert;
use crate::facts::image::Image;
use crate::facts::mounts::BindMount;
use crate::facts::ports::Port;
use crate::facts::sharing::Share;
use crate::fields::Fields;
use crate::wire::AuthzRequest;

/// Returns the input document of a request, given it whole and the facts that were drawn from it.
pub fn build(request: &AuthzRequest, whole: &Whole, facts: &Facts) -> Value {
    static FIELDS: Fields = Fields::new();
    let (target, found) = (&whole.target, whole.found());
    let segments = target.path.split('/').map(Value::from).collect();
    FIELDS.object([
        ("APIVersion", Value::from(found.version)),
        ("Action", Value::from(found.action(&target.query))),
        ("AuthMethod", Value::from(request.user_authn_method.as_str())),
        ("BindMounts", bind_mounts(&facts.mounts)),
        ("Body", whole.body.clone()),
        ("Cert", facts.cert.as_ref().map_or(Value::NULL, Cert::to_value)),
        ("Groups", groups(facts)),
        ("Headers", headers(request.headers.as_deref())),
        ("Identity", Value::from(facts.identity.as_str())),
        ("Image", facts.image.as_ref().map_or(Value::NULL, Image::to_value)),
        ("Method", Value::from(request.method.as_str())),
        ("Path", Value::from(request.uri.as_str())),
        ("PathArr", Value::array(segments)),
        ("PathPlain", Value::from(target.path.as_str())),
        ("Ports", Value::array(facts.ports.iter().map(Port::to_value).collect())),
        ("Query", query(&target.query)),
        ("ReadOnly", Value::from(found.is_read_only())),
        ("Security", facts.security.to_value()),
        ("Sharing", Value::array(facts.sharing.iter().map(Share::to_value).collect())),
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
    Value::array(mounts.iter().map(BindMount::to_value).collect())
}

fn groups(facts: &Facts) -> Value {
    let groups = facts.cert.as_ref().map(Cert::groups).unwrap_or_default();
    Value::array(groups.into_iter().map(Value::from).collect())
}
