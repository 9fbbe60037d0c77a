//! `eval`: what is asked, and how the process ends.

use insta::assert_snapshot;

use crate::place::{Place, run};

/// A policy that can do a bit of everything, and an input for it.
pub(crate) fn policy() -> Place {
    Place::with(&[("p.rego", POLICY), ("in.json", INPUT)])
}

const INPUT: &str = r#"{"user": "alice", "zero": 0, "both": true}"#;

const POLICY: &str = r#"package p

allow if input.user == "alice"

names contains name if some name in ["b", "a"]

quotient := 1 / input.zero

choice := 1
choice := 2 if input.both

greeting := text if {
	print("greeting", input.user)
	text := sprintf("hi <%s>", [input.user])
}
"#;

#[test]
fn package_and_import_name_things() {
    let shown = policy().run(&[
        "eval",
        "-d",
        "p.rego",
        "-i",
        "in.json",
        "-f",
        "values",
        "--package",
        "p",
        "--import",
        "input.user",
        "allow; user",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      true,
      "alice"
    ]
    "#);
}

#[test]
fn query_from_stdin() {
    let shown = Place::with(&[]).stdin("1 + 1\n").run(&["eval", "--stdin", "-f", "raw"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    2
    ");
}

#[test]
fn fail_exits_with_1_where_undefined() {
    let shown = run(&["eval", "--fail", "-f", "pretty", "data.nothing"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stdout
    undefined
    ");
}

#[test]
fn fail_defined_exits_with_1_where_defined() {
    let shown = run(&["eval", "--fail-defined", "-f", "pretty", "1"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stdout
    1
    ");
}

#[test]
fn flags_may_not_contradict() {
    let shown = run(&["eval", "--fail", "--fail-defined", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    specify --fail or --fail-defined but not both
    ");
}

#[test]
fn one_query_only() {
    let shown = run(&["eval", "1", "2"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    specify at most one query argument
    ");
}

#[test]
fn some_query() {
    let shown = run(&["eval"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    specify query argument or --stdin
    ");
}

#[test]
fn an_empty_query_asks_nothing() {
    let shown = run(&["eval", "-f", "pretty", "# nothing"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: cannot evaluate empty query
    ");
    assert_eq!(run(&["eval", "-f", "pretty", ""]), shown);
}

#[test]
fn metrics_are_shown_and_aggregated() {
    let once = run(&["eval", "--metrics", "1"]);
    assert!(once.contains("\"timer_rego_query_eval_ns\": "), "{once}");
    let often = run(&["eval", "--metrics", "--count", "3", "-f", "pretty", "1"]);
    assert!(often.contains("METRIC"), "{often}");
    assert!(often.contains("| timer_rego_query_eval_ns     | "), "{often}");
    assert!(often.contains("99%"), "{often}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::with(&[]);
    assert_eq!(place.run_unread(&["eval", "numbers.range(1, 100000)"]), (141, String::new()));
}
