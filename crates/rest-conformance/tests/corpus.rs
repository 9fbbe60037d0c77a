//! The corpus itself: what was recorded passes, and what was recorded with a change does not. Skipped
//! where the shared test data is not there.
#![cfg(test)]

use std::path::{Path, PathBuf};

use rest_conformance::console;
use rest_conformance::exchange::Answer;
use rest_conformance::judge::{self, Judgement};
use rest_conformance::scenario::{Scenario, Step, read_dir};
use serde_json::{Value, json};

fn scenarios() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("PORTCULLIS_SHARED").unwrap_or_else(|| "../shared".into());
    let dir: PathBuf = root.join(shared).join("conformance/rest");
    if !dir.exists() {
        let must = std::env::var("PORTCULLIS_REQUIRE_ALL").is_ok_and(|all| all == "1");
        assert!(!must, "the shared test data is not there");
        return Vec::new();
    }
    read_dir(&dir).unwrap().into_iter().flat_map(|file| file.scenarios).collect()
}

/// Puts something into the place of each placeholder.
fn filled(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "<uuid>" => json!("8c8dda3a-fab7-4a09-9f1e-d4bb1f2d4a2e"),
            "<ns>" => json!(7),
            "<histogram>" => json!({"99%": 1}),
            "<timestamp>" => json!("2026-01-02T03:04:05.6Z"),
            "<version>" | "<any>" => json!("1.7.1"),
            "<client>" => json!("127.0.0.1:4711"),
            "<trace>" => json!([{"op": "enter"}]),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(filled).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), filled(v))).collect(),
        _ => value.clone(),
    }
}

/// Returns the answer that was recorded.
fn recorded(step: &Step) -> Answer {
    let response = &step.response;
    let headers =
        response.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone())).collect();
    let is_json = response.headers.get("Content-Type").is_some_and(|t| t == "application/json");
    let mut body = match &response.body {
        Some(Value::String(text)) if !is_json => text.clone(),
        Some(value) => filled(value).to_string(),
        None => response.body_contains.join(" "),
    };
    if !response.metric_names.is_empty() {
        body = [response.metric_names.as_slice(), &response.handler_labels].concat().join("\n");
    }
    let text = response.text.as_ref().filter(|text| !text.contains("<uuid>"));
    let body = text.cloned().unwrap_or(body).into_bytes();
    Answer { status: response.status.unwrap_or(400), headers, body }
}

#[test]
fn what_was_recorded_passes() {
    let mut steps = 0;
    for scenario in scenarios() {
        for (at, step) in scenario.steps.iter().enumerate() {
            let Judgement { complaints, finer } = judge::step(step, &Ok(recorded(step)));
            assert!(complaints.is_empty(), "{} #{at}: {complaints:?}", scenario.note);
            let odd = |miss: &&String| !miss.starts_with("text: ");
            assert_eq!(finer.misses.iter().find(odd), None, "{} #{at}", scenario.note);
            steps += 1;
        }
        let Some(want) = &scenario.console else { continue };
        let got: Vec<Value> = want.iter().map(filled).collect();
        assert!(console::is_complete(want, &got), "{}", scenario.note);
        for judgement in [console::decisions(want, &got), console::status(want, &got)] {
            assert_eq!(judgement.complaints, Vec::<String>::new(), "{}", scenario.note);
            assert_eq!(judgement.finer.misses, Vec::<String>::new(), "{}", scenario.note);
        }
    }
    assert!(steps == 0 || steps > 600, "{steps}");
}

#[test]
fn what_was_recorded_with_a_change_fails() {
    for scenario in scenarios() {
        for (at, step) in scenario.steps.iter().enumerate() {
            let passes = |answer: Answer| judge::step(step, &Ok(answer)).complaints.is_empty();
            let right = recorded(step);
            assert!(!passes(Answer { status: 599, ..right.clone() }), "{} #{at}", scenario.note);
            let Some(Value::Object(_)) = &step.response.body else { continue };
            let mut body: Value = serde_json::from_slice(&right.body).unwrap();
            body["odd"] = json!(1);
            let body = body.to_string().into_bytes();
            assert!(!passes(Answer { body, ..right.clone() }), "{} #{at}", scenario.note);
            assert!(!passes(Answer { headers: Vec::new(), ..right }), "{} #{at}", scenario.note);
        }
    }
}
