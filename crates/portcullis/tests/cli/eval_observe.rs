//! `eval`: what is seen besides the result.

use insta::assert_snapshot;

use crate::place::Place;

const POLICY: &str = r#"package p

default allow := false

allow if input.user == "alice"

allow if {
	some role in input.roles
	trace(sprintf("role %v", [role]))
	role == "admin"
}

quotient := 1 / input.zero

never if input.no
"#;

fn policy() -> Place {
    Place::with(&[
        ("p.rego", POLICY),
        ("in.json", r#"{"user": "bob", "roles": ["dev", "admin"], "zero": 0}"#),
    ])
}

fn eval(flags: &[&str]) -> String {
    policy().run(&[&["eval", "-d", "p.rego", "-i", "in.json"], flags].concat())
}

#[test]
fn notes_show_calls_of_trace() {
    assert_snapshot!(eval(&["--explain", "notes", "-f", "pretty", "data.p.allow"]));
}

#[test]
fn fails_show_statements_without_a_solution_and_values() {
    assert_snapshot!(eval(&["--explain=fails", "--var-values", "-f", "pretty", "data.p.allow"]));
}

#[test]
fn full_shows_everything() {
    assert_snapshot!(eval(&["--explain=full", "-f", "pretty", "data.p.allow"]));
}

#[test]
fn json_holds_the_explanation() {
    assert_snapshot!(eval(&["--explain=fails", "data.p.never"]));
}

#[test]
fn coverage_is_part_of_the_result() {
    assert_snapshot!(eval(&["--coverage", "data.p.allow"]));
    assert_snapshot!(eval(&["--coverage", "-f", "pretty", "data.p.allow"]));
}

#[test]
fn errors_of_builtins_are_shown_beside_the_result() {
    assert_snapshot!(eval(&["--show-builtin-errors", "data.p"]));
    assert_snapshot!(eval(&["--show-builtin-errors", "--strict-builtin-errors", "data.p"]));
}

#[test]
fn a_profile_has_a_row_for_each_line() {
    let shown = eval(&["--profile", "--profile-sort", "num_eval", "data.p.allow"]);
    for key in ["\"profile\"", "\"total_time_ns\"", "\"num_eval\": 2", "timer_rego_query_eval_ns"] {
        assert!(shown.contains(key), "no {key} in {shown}");
    }
    let one = eval(&["--profile", "--profile-limit", "1", "data.p.allow"]);
    assert_eq!(one.matches("num_redo").count(), 1, "{one}");
}

#[test]
fn counters_are_part_of_the_metrics() {
    let shown = eval(&["--instrument", "data.p.allow"]);
    assert!(shown.contains("\"counter_eval_op_rule\": 2"), "{shown}");
}

#[test]
fn results_are_the_same_without_optimisations() {
    let plain = eval(&["--disable-indexing", "--disable-early-exit", "data.p"]);
    assert_eq!(plain, eval(&["data.p"]));
}
