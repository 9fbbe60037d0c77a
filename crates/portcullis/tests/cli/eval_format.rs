//! `eval --format`: the result in each of its forms.

use insta::assert_snapshot;

use crate::eval::policy;
use crate::place::run;

#[test]
fn json_is_the_default() {
    let shown = policy().run(&["eval", "-d", "p.rego", "-i", "in.json", "data.p.allow"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "expressions": [
            {
              "value": true,
              "text": "data.p.allow",
              "location": {
                "row": 1,
                "col": 1
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn json_holds_bindings_and_every_statement() {
    let shown = run(&["eval", "x := 1; y := x + 1"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "expressions": [
            {
              "value": true,
              "text": "x := 1",
              "location": {
                "row": 1,
                "col": 1
              }
            },
            {
              "value": true,
              "text": "y := x + 1",
              "location": {
                "row": 1,
                "col": 9
              }
            }
          ],
          "bindings": {
            "x": 1,
            "y": 2
          }
        }
      ]
    }
    "#);
}

#[test]
fn undefined_is_an_empty_object() {
    let shown = run(&["eval", "data.nothing"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    {}
    ");
}

#[test]
fn values_are_arrays_of_statements() {
    let shown = policy().run(&[
        "eval",
        "-d",
        "p.rego",
        "-i",
        "in.json",
        "-f",
        "values",
        "data.p.allow; data.p.names",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      true,
      [
        "a",
        "b"
      ]
    ]
    "#);
}

#[test]
fn bindings_are_objects_of_variables() {
    let shown = run(&["eval", "-f", "bindings", "x := [1, 2][_]; y := x * 10"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "x": 1,
      "y": 10
    }
    {
      "x": 2,
      "y": 20
    }
    "#);
}

#[test]
fn raw_strings_stand_as_they_are_and_print_goes_to_stderr() {
    let shown = policy().run(&[
        "eval",
        "-d",
        "p.rego",
        "-i",
        "in.json",
        "-f",
        "raw",
        "data.p.greeting; data.p.names",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    hi <alice> ["a","b"]
    --- stderr
    greeting alice
    "#);
}

#[test]
fn json_escapes_what_go_escapes() {
    let shown = policy().run(&[
        "eval",
        "-d",
        "p.rego",
        "-i",
        "in.json",
        "-f",
        "values",
        "concat(\"\", [\"<\", data.p.greeting, \">&\"])",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      "\u003chi \u003calice\u003e\u003e\u0026"
    ]
    --- stderr
    greeting alice
    "#);
}

#[test]
fn discard_says_only_that_there_is_a_result() {
    let shown = run(&["eval", "-f", "discard", "1"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": "discarded"
    }
    "#);
}

#[test]
fn pretty_shows_one_value_as_it_is() {
    let shown = run(&["eval", "-f", "pretty", "{\"a\": {1, 2}}"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "a": [
        1,
        2
      ]
    }
    "#);
}

#[test]
fn pretty_shows_several_as_a_table() {
    let shown = run(&["eval", "-f", "pretty", "x := [1, 22][_]; y := \"a\"; x + 1"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    +----+-----+-------+
    | x  |  y  | x + 1 |
    +----+-----+-------+
    | 1  | "a" | 2     |
    | 22 | "a" | 23    |
    +----+-----+-------+
    "#);
}

#[test]
fn pretty_cuts_long_cells() {
    let shown = run(&["eval", "-f", "pretty", "--pretty-limit", "5", "x := \"abcdefgh\"; y := 1"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    +----------+---+
    |    x     | y |
    +----------+---+
    | "abcd... | 1 |
    +----------+---+
    "#);
}

#[test]
fn pretty_says_undefined() {
    let shown = run(&["eval", "-f", "pretty", "data.nothing"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    undefined
    ");
}

#[test]
fn source_is_refused() {
    let shown = run(&["eval", "-f", "source", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    invalid output format for evaluation: `source` shows partial evaluation only
    ");
}

#[test]
fn several_solutions_are_several_lines() {
    let raw = run(&["eval", "-f", "raw", "[1, \"b c\", {\"d\": null}][i]; i"]);
    assert_snapshot!(raw, @r#"
    exit 0
    --- stdout
    1 0
    b c 1
    {"d":null} 2
    "#);
    let values = run(&["eval", "-f", "values", "[1, 2][i]; i"]);
    assert_snapshot!(values, @r"
    exit 0
    --- stdout
    [
      1,
      0
    ]
    [
      2,
      1
    ]
    ");
}

#[test]
fn nothing_is_shown_of_undefined_but_what_the_format_asks_for() {
    for (format, shown) in [
        ("json", "{}\n"),
        ("discard", "{}\n"),
        ("pretty", "undefined\n"),
        ("raw", ""),
        ("values", ""),
        ("bindings", ""),
    ] {
        let printed = run(&["eval", "-f", format, "data.nothing"]);
        let stdout = printed.trim_start_matches("exit 0\n").trim_start_matches("--- stdout\n");
        assert_eq!(stdout, shown, "{format}");
    }
}

#[test]
fn errors_of_other_formats_go_to_stderr() {
    let shown =
        policy().run(&["eval", "-d", "p.rego", "-i", "in.json", "-f", "raw", "data.p.choice"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: p.rego:10: eval_conflict_error: complete rules must not produce multiple outputs
    ");
}
