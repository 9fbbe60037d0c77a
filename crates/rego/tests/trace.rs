//! What a traced policy tells, and that it computes the same.
#![cfg(test)]

use rego::cover::Cover;
use rego::trace::{Columns, EventOp, Explain, Trace, under_statement};
use rego::{Compiler, EvalOptions, Lowering, Policy, Value};

const POLICY: &str = r#"package ex

default allow := false

allow if input.user == "alice"

allow if {
	some r in data.roles[input.user]
	r == "admin"
}

noted if {
	trace("a note")
	x := input.user
	startswith(x, "a")
}

known := 5

never if not input.user
"#;

fn policy() -> Policy {
    let data = Value::from_json(br#"{"roles": {"bob": ["dev", "admin"]}}"#).unwrap();
    let compiler = Compiler::new().module("policy.rego", POLICY).data(data);
    compiler.lowering(Lowering { trace: true, ..Lowering::default() }).compile().unwrap()
}

fn run(query: &str, input: &str, explain: Explain) -> Vec<String> {
    let query = policy().prepare(query).unwrap();
    let (input, trace) = (Value::from_json(input.as_bytes()).unwrap(), Trace::with_locals());
    let options = EvalOptions { tracer: Some(&trace), ..EvalOptions::default() };
    query.eval(Some(&input), &options).unwrap();
    Trace::lines(query.sources(), &trace.events(explain), None, Columns::default())
}

#[test]
fn notes_come_with_how_they_were_come_to() {
    let lines = run("data.ex.noted", r#"{"user": "alice"}"#, Explain::Notes);
    assert_eq!(
        lines,
        [
            "query:1            Enter data.ex.noted",
            "policy.rego:12     | Enter data.ex.noted",
            "policy.rego:13     | | Note \"a note\"",
        ]
    );
}

#[test]
fn a_full_trace_tells_of_every_statement() {
    let lines = run("data.ex.allow", r#"{"user": "bob"}"#, Explain::Full);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn fails_tell_where_nothing_went_on() {
    let lines = run("data.ex.noted", r#"{"user": "bob"}"#, Explain::Fails);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn negation_is_a_query_of_its_own() {
    let lines = run("data.ex.never", r#"{"user": "bob"}"#, Explain::Full);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_failed_statement_shows_its_values() {
    let query = policy().prepare("data.ex.noted").unwrap();
    let (input, trace) = (Value::from_json(br#"{"user": "bob"}"#).unwrap(), Trace::with_locals());
    let options = EvalOptions { tracer: Some(&trace), ..EvalOptions::default() };
    assert!(query.eval(Some(&input), &options).unwrap().rows.is_empty());
    let path = [Value::from("ex"), Value::from("noted")];
    let failed = trace.last_failure(&path).unwrap();
    assert_eq!(failed.op, EventOp::Fail);
    let shown = under_statement(query.sources(), &failed).join("\n");
    assert_eq!(shown, "startswith(x, \"a\")\n           |\n           \"bob\"");
}

#[test]
fn coverage_counts_rows() {
    let policy = policy();
    let cover = Cover::new();
    let query = policy.prepare("data.ex.allow").unwrap();
    let input = Value::from_json(br#"{"user": "alice"}"#).unwrap();
    let options = EvalOptions { tracer: Some(&cover), ..EvalOptions::default() };
    query.eval(Some(&input), &options).unwrap();
    insta::assert_snapshot!(cover.report(&policy).to_value().to_json());
}

#[test]
fn json_has_the_trees_of_nodes() {
    let query = policy().prepare("data.ex.noted").unwrap();
    let (input, trace) = (Value::from_json(br#"{"user": "al"}"#).unwrap(), Trace::with_locals());
    let options = EvalOptions { tracer: Some(&trace), ..EvalOptions::default() };
    query.eval(Some(&input), &options).unwrap();
    let events = trace.events(Explain::Notes);
    let values = Trace::to_values(query.sources(), &events);
    let lines: Vec<String> = values.iter().map(Value::to_json).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
