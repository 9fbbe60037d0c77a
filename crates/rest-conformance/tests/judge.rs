//! Answers beside the recorded ones.
#![cfg(test)]

use rest_conformance::exchange::Answer;
use rest_conformance::finer::{Grade, Share};
use rest_conformance::judge;
use rest_conformance::scenario::Step;
use serde_json::{Value, json};

fn step(request: Value, response: Value) -> Step {
    serde_json::from_value(json!({"request": request, "response": response})).unwrap()
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

fn passes(step: &Step, answer: Answer) -> bool {
    judge::step(step, &Ok(answer)).complaints.is_empty()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn status_type_and_body_must_be_right() {
    let step = step(
        json!({"method": "GET", "path": "/v1/data/a"}),
        json!({"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"result": 1}}),
    );
    assert!(passes(&step, answer(200, &[JSON], "{\"result\":1}\n")));
    assert!(!passes(&step, answer(400, &[JSON], "{\"result\":1}\n")));
    assert!(!passes(&step, answer(200, &[], "{\"result\":1}\n")));
    assert!(!passes(&step, answer(200, &[JSON], "{\"result\":2}\n")));
    assert!(!passes(&step, answer(200, &[JSON], "{")));
    assert!(!passes(&step, answer(200, &[JSON, ("content-encoding", "gzip")], "{\"result\":1}")));
}

#[test]
fn other_headers_and_texts_are_graded() {
    let step = step(
        json!({"method": "GET", "path": "/v1/data?pretty"}),
        json!({"status": 200, "headers": {"Content-Type": "application/json", "Vary": "Accept-Encoding"},
               "body": {}, "text": "{}\n"}),
    );
    let judgement = judge::step(&step, &Ok(answer(200, &[JSON], "{}")));
    assert!(judgement.complaints.is_empty());
    assert_eq!(judgement.finer.shares.get(&Grade::Vary), Some(&Share { right: 0, all: 1 }));
    assert_eq!(judgement.finer.shares.get(&Grade::Text), Some(&Share { right: 0, all: 1 }));
    let vary = ("vary", "Accept-Encoding");
    assert!(judge::step(&step, &Ok(answer(200, &[JSON, vary], "{}\n"))).finer.misses.is_empty());
}

#[test]
fn a_closed_connection_wants_a_mistake_of_the_clients() {
    let step = step(
        json!({"method": "POST", "path": "/"}),
        json!({"connection": "closed without a response"}),
    );
    assert!(passes(&step, answer(400, &[], "")));
    assert!(passes(&step, answer(415, &[JSON], "{}")));
    assert!(!passes(&step, answer(500, &[], "")));
    assert!(!passes(&step, answer(200, &[], "")));
}

#[test]
fn texts_of_redirections_and_wrong_methods_are_free() {
    let recorded = |status: u16| json!({"status": status, "headers": {"Content-Type": "text/plain"}, "body": "x"});
    let plain = ("content-type", "text/plain");
    for (status, free) in [(301, true), (307, true), (404, true), (405, true), (400, false)] {
        let step = step(json!({"method": "GET", "path": "/"}), recorded(status));
        assert_eq!(passes(&step, answer(status, &[plain], "y")), free, "{status}");
    }
}

#[test]
fn json_of_a_404_counts() {
    let step = step(
        json!({"method": "GET", "path": "/v1/policies/x"}),
        json!({"status": 404, "headers": {"Content-Type": "application/json"}, "body": {"code": "a"}}),
    );
    assert!(passes(&step, answer(404, &[JSON], "{\"code\": \"a\"}")));
    assert!(!passes(&step, answer(404, &[JSON], "{\"code\": \"b\"}")));
}

#[test]
fn documents_of_v0_are_compared_as_they_are() {
    let step = step(
        json!({"method": "POST", "path": "/v0/data/a"}),
        json!({"status": 200, "headers": {"Content-Type": "application/json"},
               "body": {"metrics": {"timer_a": 1}}}),
    );
    assert!(!passes(
        &step,
        answer(200, &[JSON], "{\"metrics\": {\"timer_a\": 1, \"timer_b\": 1}}")
    ));
}

#[test]
fn names_and_labels_of_prometheus() {
    let step = step(
        json!({"method": "GET", "path": "/metrics"}),
        json!({"status": 200, "headers": {}, "metric_names": ["http_request_duration_seconds"],
               "handler_labels": ["code=\"200\",handler=\"v1/data\""]}),
    );
    let line =
        "http_request_duration_seconds_bucket{code=\"200\",handler=\"v1/data\",le=\"1\"} 1\n";
    let plain = ("content-type", "text/plain; version=0.0.4");
    assert!(passes(&step, answer(200, &[plain], line)));
    assert!(!passes(&step, answer(200, &[plain], &line.replace("200", "404"))));
    assert!(!passes(&step, answer(200, &[plain], &line.replace("http_", "x_"))));
}

#[test]
fn an_answer_to_head_has_no_body() {
    let step = step(
        json!({"method": "HEAD", "path": "/health"}),
        json!({"status": 200, "headers": {"Content-Type": "application/json"}, "body": ""}),
    );
    assert!(passes(&step, answer(200, &[JSON], "")));
}
