//! `eval`: errors of policies, of queries and of evaluation, and what makes them count.

use insta::assert_snapshot;

use crate::eval::policy;
use crate::place::{Place, run};

#[test]
fn conflicts_are_errors_with_a_place() {
    let shown = policy().run(&["eval", "-d", "p.rego", "-i", "in.json", "data.p.choice"]);
    assert_snapshot!(shown, @r#"
    exit 2
    --- stdout
    {
      "errors": [
        {
          "message": "complete rules must not produce multiple outputs",
          "code": "eval_conflict_error",
          "location": {
            "file": "p.rego",
            "row": 10,
            "col": 1
          }
        }
      ]
    }
    "#);
}

#[test]
fn errors_of_builtins_are_undefined() {
    let shown = policy().run(&["eval", "-d", "p.rego", "-i", "in.json", "data.p.quotient"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    {}
    ");
}

#[test]
fn errors_of_builtins_are_fatal_where_strict() {
    let shown = policy().run(&[
        "eval",
        "-d",
        "p.rego",
        "-i",
        "in.json",
        "--strict-builtin-errors",
        "-f",
        "pretty",
        "data.p.quotient",
    ]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: p.rego:7: eval_builtin_error: div: divide by zero
    ");
}

#[test]
fn parse_errors_have_code_place_and_line() {
    let shown = Place::with(&[("bad.rego", "package p\n\nallow if {\n\tinput.a ==\n}\n")])
        .run(&["eval", "-d", "bad.rego", "1"]);
    assert_snapshot!(shown, @r#"
    exit 2
    --- stdout
    {
      "errors": [
        {
          "message": "unexpected } token",
          "code": "rego_parse_error",
          "location": {
            "file": "bad.rego",
            "row": 5,
            "col": 1
          },
          "details": {
            "line": "}",
            "idx": 0
          }
        }
      ]
    }
    "#);
}

#[test]
fn query_errors_have_row_and_column() {
    let shown = run(&["eval", "-f", "pretty", "x == 1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: 1:1: rego_unsafe_var_error: var x is unsafe
    ");
}

#[test]
fn v0_policies_are_read_where_told() {
    let shown = Place::with(&[("v0.rego", "package p\n\nallow { true }\n")]).run(&[
        "eval",
        "--v0-compatible",
        "-d",
        "v0.rego",
        "-f",
        "values",
        "data.p.allow",
    ]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    [
      true
    ]
    ");
}

#[test]
fn v0_policies_are_refused_otherwise() {
    let shown = Place::with(&[("v0.rego", "package p\n\nallow { true }\n")]).run(&[
        "eval",
        "-d",
        "v0.rego",
        "-f",
        "values",
        "data.p.allow",
    ]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: v0.rego:3: rego_parse_error: `if` keyword is required before rule body
    ");
}

#[test]
fn timeout_must_be_a_duration() {
    let shown = run(&["eval", "--timeout", "5", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    error: invalid value '5' for '--timeout <DURATION>': time: invalid duration `5`, expected one such as `1.5s`

    For more information, try '--help'.
    ");
}

#[test]
fn timeout_ends_evaluation() {
    let slow =
        "count([x | x := numbers.range(1, 9999)[_]; y := numbers.range(1, 9999)[_]; x * y == 0])";
    let shown = run(&["eval", "--timeout", "20ms", "-f", "pretty", slow]);
    // Where it stood when time was up differs from run to run.
    assert!(shown.starts_with("exit 2\n--- stderr\n1 error occurred: 1:"), "{shown}");
    assert!(shown.contains(": eval_cancel_error: caller cancelled query execution"), "{shown}");
}
