//! The input that the gate makes of recorded requests has all that opa-docker-authz makes, unchanged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::collections::HashMap;

use portcullis_docker::gate::input_of;
use portcullis_docker::host_tree::Place;
use rego::Value;

/// Returns those fields of an input that the original has, and those of its mounts that it knows;
/// it knows of no service's.
fn as_recorded(input: &Value, expected: &Value) -> Value {
    let fields = expected.as_object().unwrap().iter().map(|(key, _)| {
        let ours = input.as_object().unwrap().get(key).unwrap();
        let ours = match key.as_str() {
            Some("BindMounts") if is_of_service(input) => Value::NULL,
            Some("BindMounts") => mounts(ours),
            _ => ours.clone(),
        };
        (key.clone(), ours)
    });
    Value::object(fields.collect())
}

fn is_of_service(input: &Value) -> bool {
    input.get_path(&["PathPlain"]).and_then(Value::as_str).unwrap().contains("/services/")
}

fn mounts(mounts: &Value) -> Value {
    let known = |mount: &Value| {
        let field = |name| (Value::from(name), mount.get_path(&[name]).unwrap().clone());
        Value::object(["ReadOnly", "Resolved", "Source"].map(field).to_vec())
    };
    let is_volume =
        |mount: &Value| mount.get_path(&["Kind"]).and_then(Value::as_str) == Some("volume-bind");
    let listed = mounts.as_array().unwrap_or_default();
    let listed: Vec<_> = listed.iter().filter(|mount| !is_volume(mount)).map(known).collect();
    if listed.is_empty() { Value::NULL } else { Value::array(listed) }
}

#[test]
fn every_recorded_input_is_equal() {
    let Some(requests) = support::lines("docker/requests.jsonl") else { return };
    let Some(inputs) = support::lines("docker/inputs.jsonl") else { return };
    let by_seq: HashMap<_, _> = requests.iter().map(|r| (r["seq"].as_u64(), r)).collect();
    let mut compared = 0;
    for record in &inputs {
        let mut request = support::request(by_seq[&record["seq"].as_u64()]);
        if let Some(user) = record["input"]["Headers"]["Authz-User"].as_str() {
            let headers = request.headers.get_or_insert_default();
            headers.retain(|(name, _)| name != "Authz-User");
            headers.push(("Authz-User".to_string(), user.to_string()));
        }
        // The recording was made where none of the paths exist.
        let input = input_of(&request, &|_| Place::default()).unwrap();
        let expected = support::value(&record["input"]);
        assert_eq!(as_recorded(&input, &expected), expected, "{}", record["cmd"]);
        compared += 1;
    }
    assert!(compared > 500, "only {compared} inputs");
}
