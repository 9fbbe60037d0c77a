//! The seeds' policies on recorded requests decide as OPA does: every one of the recorded decisions.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use conformance::canonical;
use conformance::host::CaseHost;
use rego::{Compiler, EvalOptions, Query, RegoVersion, Value};
use serde_json::{Map, Value as Json, json};

/// What a decision records of a policy, where it is defined.
const DOCUMENTS: [&str; 6] =
    ["allow", "allow_request", "deny", "violations", "compliance_status", "valid_user_role"];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared")
}

fn lines(name: &str) -> Vec<Json> {
    let text = fs::read_to_string(shared().join("docker").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn compile(name: &str) -> Query {
    let text = fs::read_to_string(shared().join(format!("seeds/policies/{name}.rego"))).unwrap();
    let users = json!({"users": {"alice": {"readOnly": false}, "bob": {"readOnly": true}}});
    let policy = Compiler::new()
        .rego_version(RegoVersion::Auto)
        .data(Value::from_json(users.to_string().as_bytes()).unwrap())
        .module(format!("{name}.rego"), text)
        .compile()
        .unwrap_or_else(|errors| panic!("{name}: {errors}"));
    policy.prepare(package(name)).unwrap_or_else(|errors| panic!("{name}: {errors}"))
}

fn package(name: &str) -> &'static str {
    if name.starts_with("001_") { "data.opa.example" } else { "data.docker.authz" }
}

/// Takes out what the clock decides.
fn without_timestamps(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| key != "timestamp");
            Json::Object(kept.map(|(key, value)| (key, without_timestamps(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_timestamps).collect()),
        other => other,
    }
}

fn document(query: &Query, input: &Value) -> Json {
    let host = CaseHost::new(conformance::judge::EVAL_TIME_MAX);
    let options = EvalOptions { host: &host, ..EvalOptions::default() };
    let value = query.value(Some(input), &options).unwrap().unwrap();
    let whole: Map<String, Json> = serde_json::from_str(&value.to_json()).unwrap();
    let kept = whole.into_iter().filter(|(key, _)| DOCUMENTS.contains(&key.as_str()));
    without_timestamps(Json::Object(kept.collect()))
}

#[test]
fn seeds_decide_as_opa_does() {
    if !shared().join("docker/decisions.jsonl").is_file() {
        let required = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
        assert!(!required, "the recorded decisions are missing and all tests are required");
        println!("skipped: the recorded decisions are missing");
        return;
    }
    let inputs: BTreeMap<u64, Value> = lines("inputs.jsonl")
        .iter()
        .map(|line| {
            let text = line["input"].to_string();
            (line["id"].as_u64().unwrap(), Value::from_json(text.as_bytes()).unwrap())
        })
        .collect();
    let mut queries: BTreeMap<String, Query> = BTreeMap::new();
    let mut wrong = Vec::new();
    let decisions = lines("decisions.jsonl");
    for decision in &decisions {
        let name = decision["policy"].as_str().unwrap();
        let query = queries.entry(name.to_owned()).or_insert_with(|| compile(name));
        let got = document(query, &inputs[&decision["input"].as_u64().unwrap()]);
        let (got, want) = (canonical::of_json(&got), canonical::of_json(&decision["document"]));
        if got != want {
            wrong.push(format!("{name} on {}:\n  want {want}\n  got  {got}", decision["input"]));
        }
    }
    let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), decisions.len());
}
