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
        let input = input_of(&request, &|_| String::new()).unwrap();
        for (name, expected) in record["input"].as_object().unwrap() {
            let value = input.get_path(&[name]).unwrap();
            assert_eq!(value, &support::value(expected), "{name} of {}", record["cmd"]);
        }
        compared += 1;
    }
    assert!(compared > 500, "only {compared} inputs");
}
