//! `eval --data`, `--input` and `--ignore`: what is read, and where it is placed.

use insta::assert_snapshot;

use crate::place::{Place, run};

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
