//! The seeds' policies decide about recorded inputs as OPA does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::collections::{BTreeMap, HashMap};

use portcullis_service::host::SystemHost;
use rego::{Compiler, EvalOptions, RegoVersion, Value};
use serde_json::Value as Json;

/// The documents that were recorded, where defined.
const DOCUMENTS: [&str; 6] =
    ["allow", "allow_request", "deny", "violations", "compliance_status", "valid_user_role"];

/// The data that the decisions were recorded with.
const DATA: &[u8] = br#"{"users": {"alice": {"readOnly": false}, "bob": {"readOnly": true}}}"#;

#[test]
fn every_recorded_decision_is_equal() {
    let Some(inputs) = support::lines("docker/inputs.jsonl") else { return };
    let Some(decisions) = support::lines("docker/decisions.jsonl") else { return };
    let Some(policies) = support::shared("seeds/policies") else { return };
    let inputs: HashMap<_, _> =
        inputs.iter().map(|r| (r["id"].as_u64(), support::value(&r["input"]))).collect();
    let mut by_policy: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for decision in &decisions {
        by_policy.entry(decision["policy"].as_str().unwrap()).or_default().push(decision);
    }
    let mut wrong = Vec::new();
    for (policy, decisions) in by_policy {
        let text = std::fs::read_to_string(policies.join(format!("{policy}.rego"))).unwrap();
        let documents = match prepare(policy, &text) {
            Ok(documents) => documents,
            Err(error) => {
                wrong.push(format!("{policy} does not compile: {error}"));
                continue;
            }
        };
        for decision in decisions {
            let document = evaluate(&documents, &inputs[&decision["input"].as_u64()]);
            let expected = without_times(&decision["document"]);
            if document.as_ref() != Ok(&expected) {
                let input = &decision["input"];
                wrong.push(format!("{policy} on {input}: {document:?}, expected {expected}"));
            }
        }
    }
    let count = wrong.len();
    wrong.truncate(20);
    assert!(count == 0, "{count} of {} differ:\n{}", decisions.len(), wrong.join("\n"));
}

fn prepare(name: &str, text: &str) -> Result<Vec<(&'static str, rego::Query)>, rego::Errors> {
    let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap().trim();
    let policy = Compiler::new()
        .module(format!("{name}.rego"), text)
        .data(Value::from_json(DATA).unwrap())
        .rego_version(RegoVersion::Auto)
        .compile()?;
    let prepare = |name| Ok((name, policy.prepare(&format!("data.{package}.{name}"))?));
    DOCUMENTS.into_iter().map(prepare).collect()
}

fn evaluate(documents: &[(&str, rego::Query)], input: &Value) -> Result<Json, rego::EvalError> {
    let host = SystemHost::new();
    let options = EvalOptions { host: &host, ..EvalOptions::default() };
    let mut document = serde_json::Map::new();
    for (name, query) in documents {
        if let Some(value) = query.value(Some(input), &options)? {
            let json: Json = serde_json::from_str(&value.to_json()).unwrap();
            document.insert((*name).to_string(), without_times(&json));
        }
    }
    Ok(Json::Object(document))
}

/// Returns the value without `timestamp` fields, which differ from run to run.
fn without_times(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(without_times).collect(),
        Json::Object(fields) => {
            let fields = fields.iter().filter(|(key, _)| *key != "timestamp");
            fields.map(|(key, value)| (key.clone(), without_times(value))).collect()
        }
        other => other.clone(),
    }
}
