//! Bodies beside the recorded ones: what counts, what is graded, what does not tell.
#![cfg(test)]

use rest_conformance::compare::{Findings, Kind, Rules, bodies};
use rest_conformance::finer::{Grade, Share};
use serde_json::{Value, json};

fn compare(kind: Kind, want: &Value, got: &Value) -> Findings {
    bodies(Rules { kind, metric_values: true }, want, got)
}

fn agrees(kind: Kind, want: &Value, got: &Value) -> bool {
    compare(kind, want, got).complaints.is_empty()
}

fn share(findings: &Findings, grade: Grade) -> (usize, usize) {
    let Share { right, all } = findings.finer.shares.get(&grade).copied().unwrap_or_default();
    (right, all)
}

/// Reads JSON with the literals of its numbers.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn documents() {
    for (want, got, same) in [
        ("{\"a\": 1, \"b\": [true, null]}", "{\"b\": [true, null], \"a\": 1.0}", true),
        ("{\"a\": 1}", "{}", false),
        ("{}", "{\"a\": 1}", false),
        ("[1, 2]", "[2, 1]", false),
        ("1e2", "100", true),
        ("12345678901234567890123", "12345678901234567890124", false),
        ("\"<uuid>\"", "\"8c8dda3a-fab7-4a09-9f1e-d4bb1f2d4a2e\"", true),
        ("\"<uuid>\"", "\"1\"", false),
        ("{\"metrics\": {\"timer_a\": 1}}", "{\"metrics\": {\"timer_a\": 1, \"b\": 2}}", false),
        ("{\"errors\": [{\"code\": 1}, {}]}", "{\"errors\": [{}, {\"code\": 1}]}", false),
    ] {
        assert_eq!(agrees(Kind::Document, &parse(want), &parse(got)), same, "{want} {got}");
    }
}

#[test]
fn literals_are_graded() {
    let found = compare(
        Kind::Data,
        &parse("{\"result\": [1.50, 1e2, 3]}"),
        &parse("{\"result\": [1.5, 1e2, 3]}"),
    );
    assert!(found.complaints.is_empty());
    assert_eq!(share(&found, Grade::NumberLiterals), (2, 3));
}

#[test]
fn complaints_name_the_place() {
    let found = compare(Kind::Data, &json!({"result": {"a": [1]}}), &json!({"result": {"a": [2]}}));
    assert_eq!(found.complaints, ["body.result.a[0]: want 1, got 2"]);
}

#[test]
fn metrics_count_by_name() {
    let want = json!({"metrics": {
        "counter_server_query_cache_hit": 1,
        "counter_eval_op_base_cache_hit": 2,
        "timer_rego_query_eval_ns": "<ns>",
        "histogram_eval_op_plug": "<histogram>",
    }});
    let got = |hit: i32, eval: Value| {
        json!({"metrics": {
            "counter_server_query_cache_hit": hit,
            "timer_rego_query_eval_ns": eval,
            "timer_more_ns": 1,
        }})
    };
    assert!(agrees(Kind::Data, &want, &got(1, json!(5))));
    assert!(!agrees(Kind::Data, &want, &got(0, json!(5))));
    assert!(!agrees(Kind::Data, &want, &got(1, json!("5"))));
    assert!(!agrees(Kind::Data, &want, &json!({"metrics": {}})));
    assert!(!agrees(Kind::Data, &want, &json!({})));
    let names_only = Rules { kind: Kind::Data, metric_values: false };
    assert!(bodies(names_only, &want, &got(0, json!(5))).complaints.is_empty());
    let no_metrics = json!({"metrics": {"timer_rego_query_eval_ns": 1}});
    assert!(!bodies(names_only, &want, &no_metrics).complaints.is_empty());
}

#[test]
fn errors_are_a_multiset() {
    let error = |code: &str, message: &str, row: i32| json!({"code": code, "message": message, "location": {"row": row}});
    let answer = |errors: &[Value]| json!({"code": "c", "message": "m", "errors": errors});
    let want = answer(&[error("a", "x", 1), error("a", "y", 2), error("b", "z", 3)]);
    for (got, agreed, grades) in [
        (vec![error("b", "z", 3), error("a", "y", 2), error("a", "x", 1)], true, (3, 3)),
        // The one that agrees wholly is not taken by another with the same code.
        (vec![error("b", "z", 3), error("a", "x", 1), error("a", "w", 2)], true, (2, 2)),
        (vec![error("b", "z", 9), error("a", "x", 1), error("a", "y", 2)], true, (3, 2)),
        (vec![error("a", "x", 1), error("b", "z", 3), error("b", "z", 3)], false, (2, 2)),
        (vec![error("a", "x", 1), error("a", "y", 2)], false, (2, 2)),
    ] {
        let found = compare(Kind::Api, &want, &answer(&got));
        assert_eq!(found.complaints.is_empty(), agreed, "{got:?}");
        let (messages, places) = grades;
        assert_eq!(share(&found, Grade::ErrorMessages), (messages, 3), "{got:?}");
        assert_eq!(share(&found, Grade::ErrorPlaces), (places, 3), "{got:?}");
    }
}

#[test]
fn details_are_the_finest_grade() {
    let answer = |line: &str| json!({"errors": [{"code": "a", "details": {"line": line}}]});
    let found = compare(Kind::Api, &answer("x"), &answer("y"));
    assert!(found.complaints.is_empty());
    assert_eq!(share(&found, Grade::ErrorPlaces), (1, 1));
    assert_eq!(share(&found, Grade::ErrorDetails), (0, 1));
}

#[test]
fn messages_count_up_to_the_words_of_go() {
    let agree = |want: &str, got: &str| {
        agrees(Kind::Api, &json!({"message": want}), &json!({"message": got}))
    };
    assert!(agree("decoding: invalid character 'x'", "decoding: expected a value"));
    assert!(!agree("decoding: invalid character 'x'", "reading: expected a value"));
    assert!(agree("unexpected EOF", "the body ends too early"));
    assert!(!agree("missing 'query'", "missing 'q'"));
    let of_policy = json!({"result": {"message": "unexpected EOF"}});
    assert!(!agrees(Kind::Data, &of_policy, &json!({"result": {"message": "other"}})));
}

#[test]
fn solutions_and_policies_have_no_order() {
    let solutions =
        |xs: &[i32]| json!({"result": xs.iter().map(|x| json!({"x": x})).collect::<Vec<_>>()});
    assert!(agrees(Kind::Query, &solutions(&[1, 1, 2]), &solutions(&[1, 2, 1])));
    assert!(!agrees(Kind::Query, &solutions(&[1, 1, 2]), &solutions(&[1, 2, 2])));
    assert!(!agrees(Kind::Data, &solutions(&[1, 2]), &solutions(&[2, 1])));
    let policy = |id: &str, local: &str| json!({"id": id, "raw": "", "ast": {"v": [local, local]}});
    let want = json!({"result": [policy("a", "__local0__"), policy("b", "__local1__")]});
    let got = json!({"result": [policy("b", "__local7__"), policy("a", "__local7__")]});
    let found = compare(Kind::Policies, &want, &got);
    assert!(found.complaints.is_empty());
    assert_eq!(share(&found, Grade::Trees), (2, 2));
}

#[test]
fn trees_are_graded() {
    let policy = |tree: Value| json!({"result": {"id": "a", "ast": tree}});
    for (got, right) in [(json!({"rules": []}), 1), (json!({}), 0), (json!(null), 0)] {
        let found = compare(Kind::Policies, &policy(json!({"rules": []})), &policy(got));
        assert!(found.complaints.is_empty());
        assert_eq!(share(&found, Grade::Trees), (right, 1));
    }
    let none = json!({"result": {"id": "a"}});
    assert!(agrees(Kind::Policies, &policy(json!({})), &none));
    assert!(!agrees(Kind::Policies, &policy(json!({})), &json!({"result": {"id": "b"}})));
}

#[test]
fn nested_parts_of_a_status() {
    let status = |metrics: Value, message: &str| json!({"result": {"bundles": {"b": {"metrics": metrics, "errors": [{"code": "a"}], "message": message}}}});
    let want = status(json!({"timer_rego_load_bundles_ns": "<ns>"}), "m");
    let got = |message| status(json!({"timer_rego_load_bundles_ns": 1, "timer_x_ns": 2}), message);
    assert!(agrees(Kind::Api, &want, &got("m")));
    assert!(!agrees(Kind::Api, &want, &got("n")));
}
