//! `eval`: every format, every way in, every way to fail.

use insta::assert_snapshot;

use crate::place::{Place, run};

/// A policy that can do a bit of everything, and an input for it.
fn policy() -> Place {
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
fn input_from_stdin_may_be_yaml() {
    let shown = Place::with(&[]).stdin("a:\n  b: yes it is\n").run(&[
        "eval",
        "-I",
        "-f",
        "raw",
        "input.a.b",
    ]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    yes it is
    ");
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
fn directories_place_data_by_their_path() {
    let shown = Place::with(&[("d/a.json", "{\"x\": 1}"), ("d/sub/b.yaml", "three: 3\n")])
        .run(&["eval", "-d", "d", "-f", "values", "data"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      {
        "sub": {
          "three": 3
        },
        "x": 1
      }
    ]
    "#);
}

#[test]
fn prefixes_place_data() {
    let shown = Place::with(&[("x.json", "[1]")]).run(&[
        "eval",
        "-d",
        "a.b:x.json",
        "-f",
        "values",
        "data",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      {
        "a": {
          "b": [
            1
          ]
        }
      }
    ]
    "#);
}

#[test]
fn ignored_names_are_passed_over() {
    let shown = Place::with(&[("d/a.json", "{\"x\": 1}"), ("d/a_test.json", "{\"x\": 2}")]).run(&[
        "eval",
        "-d",
        "d",
        "--ignore",
        "*_test.json",
        "-f",
        "values",
        "data",
    ]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    [
      {
        "x": 1
      }
    ]
    "#);
}

#[test]
fn conflicting_data_is_an_error() {
    let shown =
        Place::with(&[("a.json", "{\"k\": {\"x\": 1}}"), ("b.json", "{\"k\": {\"x\": 2}}")])
            .run(&["eval", "-d", "a.json", "-d", "b.json", "1"]);
    assert_snapshot!(shown, @r#"
    exit 2
    --- stdout
    {
      "errors": [
        {
          "message": "b.json: merge error: `data.k.x` has another value already"
        }
      ]
    }
    "#);
}

#[test]
fn missing_files_are_all_named() {
    let shown = run(&["eval", "-f", "pretty", "-d", "none.rego", "-d", "none.json", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    2 errors occurred:
    open none.rego: no such file or directory
    open none.json: no such file or directory
    ");
}

#[test]
fn missing_input_is_an_error() {
    let shown = run(&["eval", "-i", "none.json", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    open none.json: no such file or directory
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
fn errors_of_other_formats_go_to_stderr() {
    let shown =
        policy().run(&["eval", "-d", "p.rego", "-i", "in.json", "-f", "raw", "data.p.choice"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: p.rego:10: eval_conflict_error: complete rules must not produce multiple outputs
    ");
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
fn data_that_is_wrong_is_named() {
    let place = Place::with(&[
        ("bad.json", "{\"a\":"),
        ("bad.yaml", "a: [1\nb: 2"),
        ("list.json", "[1]"),
        ("what", "{{"),
    ]);
    let files = ["-d", "bad.json", "-d", "bad.yaml", "-d", "list.json", "-d", "what"];
    let shown = place.run(&[&["eval", "-f", "pretty", "1"], files.as_slice()].concat());
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    4 errors occurred:
    bad.json: 1:6: unexpected end of JSON input
    bad.yaml: error converting YAML to JSON: yaml: line 2: illegal placement of ':' indicator
    list.json: document must be of type object
    what: can't recognize file type
    ");
}

#[test]
fn input_that_is_wrong_is_named() {
    let shown = Place::with(&[("bad.json", "{\"a\":")]).run(&["eval", "-i", "bad.json", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    bad.json: 1:6: unexpected end of JSON input
    ");
}

#[test]
fn data_must_not_stand_where_a_rule_does() {
    let shown =
        Place::with(&[("p.rego", "package p\n\nq := 1\n"), ("x.json", "{\"p\": {\"q\": 2}}")])
            .run(&["eval", "-d", "p.rego", "-d", "x.json", "-f", "pretty", "data.p.q"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: p.rego:3: rego_compile_error: conflicting rule for data path p/q found
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
