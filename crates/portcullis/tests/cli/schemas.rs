//! `--schema` of `check`, `eval`, `test` and `bench`.

use insta::assert_snapshot;

use crate::place::Place;

const POLICY: &str = "package p\n\nallow if input.user.nme == \"alice\"\n";
const SCHEMA: &str = r#"{"properties": {"user": {"properties": {"name": {"type": "string"}}}}}"#;

fn place() -> Place {
    Place::with(&[("p.rego", POLICY), ("input.json", SCHEMA), ("bad.json", "{")])
}

#[test]
fn check_finds_what_the_input_does_not_have() {
    let shown = place().run(&["check", "-s", "input.json", "p.rego"]);
    assert_snapshot!(shown, @r#"
    exit 1
    --- stderr
    1 error occurred: p.rego:3: rego_type_error: undefined ref: input.user.nme
    	allow if input.user.nme == "alice"
    	         ^^^^^^^^^^^^^^
    	input.user.nme
    	           ^
    	           have: "nme"
    	           want (one of): ["name"]
    	hint: did you mean `name`?
    "#);
}

#[test]
fn check_tells_programs_what_it_has() {
    let shown = place().run(&["check", "-f", "json", "--schema", "input.json", "p.rego"]);
    assert_snapshot!(shown, @r#"
    exit 1
    --- stderr
    {
      "errors": [
        {
          "message": "undefined ref: input.user.nme",
          "code": "rego_type_error",
          "location": {
            "file": "p.rego",
            "row": 3,
            "col": 10
          },
          "details": {
            "want": {
              "type": "string"
            },
            "ref": [
              {
                "type": "var",
                "value": "input"
              },
              {
                "type": "string",
                "value": "user"
              },
              {
                "type": "string",
                "value": "nme"
              }
            ],
            "oneOf": [
              "name"
            ],
            "pos": 2
          }
        }
      ]
    }
    "#);
}

#[test]
fn eval_checks_modules_and_the_query() {
    let place = place();
    let shown = place.run(&["eval", "-s", "input.json", "-f", "pretty", "input.user.name = 1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    1 error occurred: 1:1: rego_type_error: match error
    	left  : string
    	right : number
    ");
}

#[test]
fn a_schema_that_cannot_be_read_is_an_error() {
    let shown = place().run(&["check", "-s", "bad.json", "p.rego"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stderr
    1 error occurred: bad.json: 1:2: unexpected end of JSON input
    ");
    let shown = place().run(&["check", "-s", "nothing.json", "p.rego"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stderr
    1 error occurred: open nothing.json: no such file or directory
    ");
}

#[test]
fn tests_and_measured_queries_are_checked_as_well() {
    let place = place();
    for command in [&["test", "p.rego"][..], &["bench", "-d", "p.rego", "data.p"]] {
        let shown = place.run(&[command, &["--schema", "input.json"]].concat());
        assert!(shown.starts_with("exit 1\n"), "{shown}");
        assert!(shown.contains("rego_type_error"), "{shown}");
    }
}
