//! `check`: silence, or errors with the lines they are about.

use insta::assert_snapshot;

use crate::place::{Place, run};

#[test]
fn files_that_compile_say_nothing() {
    let shown = Place::with(&[("p.rego", "package p\n\nq if input.a\n")]).run(&["check", "p.rego"]);
    assert_snapshot!(shown, @"exit 0");
}

#[test]
fn parse_errors_show_the_line() {
    let shown = Place::with(&[("bad.rego", "package p\n\nallow if {\n\tinput.a ==\n}\n")])
        .run(&["check", "bad.rego"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stderr
    1 error occurred: bad.rego:5: rego_parse_error: unexpected } token
    	}
    	^
    ");
}

#[test]
fn other_errors_show_the_line_below() {
    let shown = Place::with(&[("bad.rego", "package p\n\nq if {\n\tnope == 1\n}\n")])
        .run(&["check", "bad.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    1 error occurred: bad.rego:4: rego_unsafe_var_error: var nope is unsafe
    	nope == 1
    	^^^^^^^^^
    	note: bad.rego:4: `nope` needs a value before it can be an operand
    		nope == 1
    		^^^^
    	hint: give `nope` a value first: `nope := …`, `some nope in …`
    ");
}

#[test]
fn several_errors_are_counted() {
    let shown = Place::with(&[("bad.rego", "package p\n\nq := f(1)\n\nr := g(1)\n")])
        .run(&["check", "bad.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    2 errors occurred:
    bad.rego:3: rego_type_error: undefined function f
    	q := f(1)
    	     ^^^^
    bad.rego:5: rego_type_error: undefined function g
    	r := g(1)
    	     ^^^^
    ");
}

#[test]
fn other_places_that_matter_are_named() {
    let shown = Place::with(&[
        ("a.rego", "package p\n\ndefault q := 1\n"),
        ("b.rego", "package p\n\ndefault q := 2\n"),
    ])
    .run(&["check", "a.rego", "b.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    1 error occurred: a.rego:1: rego_type_error: multiple default rules data.p.q found at a.rego:3, b.rego:3
    	package p
    	^^^^^^^^^
    	note: a.rego:3: first default here
    		default q := 1
    		^^^^^^^^^^^^^^
    	note: b.rego:3: and here again
    		default q := 2
    		^^^^^^^^^^^^^^
    ");
}

#[test]
fn parse_errors_in_json_have_details() {
    let shown = Place::with(&[("bad.rego", "package p\n\nq := \"<\" +")])
        .run(&["check", "-f", "json", "bad.rego"]);
    assert_snapshot!(shown, @r#"
    exit 1
    --- stderr
    {
      "errors": [
        {
          "message": "unexpected eof token",
          "code": "rego_parse_error",
          "location": {
            "file": "bad.rego",
            "row": 3,
            "col": 10
          },
          "details": {
            "line": "q := \"\u003c\" +",
            "idx": 9
          }
        }
      ]
    }
    "#);
}

#[test]
fn no_more_errors_than_asked_for() {
    let text = "package p\n\na := x\n\nb := y\n\nc := z\n";
    let shown = Place::with(&[("bad.rego", text)]).run(&["check", "-m", "1", "bad.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    2 errors occurred:
    bad.rego:3: rego_unsafe_var_error: var x is unsafe
    	a := x
    	^^^^^^
    	hint: give `x` a value first: `x := …`, `some x in …`
    rego_compile_error: error limit reached
    ");
}

#[test]
fn json_goes_to_stderr_too() {
    let shown = Place::with(&[("bad.rego", "package p\n\nq := f(1)\n")])
        .run(&["check", "-f", "json", "bad.rego"]);
    assert_snapshot!(shown, @r#"
    exit 1
    --- stderr
    {
      "errors": [
        {
          "message": "undefined function f",
          "code": "rego_type_error",
          "location": {
            "file": "bad.rego",
            "row": 3,
            "col": 6
          }
        }
      ]
    }
    "#);
}

#[test]
fn directories_are_read_data_is_not() {
    let shown = Place::with(&[("d/p.rego", "package p\n\nq := 1\n"), ("d/x.json", "{")])
        .run(&["check", "d"]);
    assert_snapshot!(shown, @"exit 0");
}

#[test]
fn v0_is_refused() {
    let shown =
        Place::with(&[("v0.rego", "package p\n\nallow { true }\n")]).run(&["check", "v0.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    1 error occurred: v0.rego:3: rego_parse_error: `if` keyword is required before rule body
    	allow { true }
    	^^^^^^^^^^^^^^
    	hint: write `… if { … }`, or read the file as Rego v0
    ");
}

#[test]
fn v0_is_accepted_where_told() {
    let shown = Place::with(&[("v0.rego", "package p\n\nallow { true }\n")]).run(&[
        "check",
        "--v0-compatible",
        "v0.rego",
    ]);
    assert_snapshot!(shown, @"exit 0");
}

#[test]
fn strict_refuses_unused_variables() {
    let shown = Place::with(&[("p.rego", "package p\n\nq if {\n\tx := 1\n}\n")])
        .run(&["check", "--strict", "p.rego"]);
    assert_snapshot!(shown, @"
    exit 1
    --- stderr
    1 error occurred: p.rego:4: rego_compile_error: assigned var x unused
    	x := 1
    	^^^^^^
    	hint: use it, or take it away
    ");
}

#[test]
fn missing_files_are_errors() {
    let shown = run(&["check", "none.rego"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stderr
    1 error occurred: open none.rego: no such file or directory
    ");
}

#[test]
fn bundles_are_checked_with_their_data_and_roots() {
    let place = Place::with(&[
        ("b/p.rego", "package p\n\nq := 1\n"),
        ("b/p/q/data.json", "2"),
        ("roots/.manifest", r#"{"roots": ["a"]}"#),
        ("roots/p.rego", "package p"),
        ("roots/.signatures.json", "{}"),
        ("old/.manifest", r#"{"rego_version": 0, "roots": ["old"]}"#),
        ("old/p.rego", "package old\n\nq { true }\n"),
        ("old/p_test.rego", "package old_test"),
    ]);
    assert_snapshot!(place.run(&["check", "-b", "b"]), @"
    exit 1
    --- stderr
    1 error occurred: b/p.rego:3: rego_compile_error: conflicting rule for data path p/q found
    	q := 1
    	^^^^^^
    ");
    assert_snapshot!(place.run(&["check", "--bundle", "roots"]), @r"
    exit 1
    --- stderr
    1 error occurred: manifest roots [a] do not permit 'package p' in module 'roots/p.rego'
    ");
    assert_eq!(place.run(&["check", "-b", "old", "--ignore", "*_test.rego"]), "exit 0\n");
    assert_eq!(place.run(&["check", "b/p.rego"]), "exit 0\n");
    assert_snapshot!(place.run(&["check", "-b", "b", "old", "none"]), @r"
    exit 1
    --- stderr
    1 error occurred: open none: no such file or directory
    ");
}

#[test]
fn policies_may_have_to_be_valid_as_both_versions() {
    let place = Place::with(&[
        ("v0.rego", "package p\n\nq { true }\n"),
        ("v1.rego", "package p\n\nq if true\n"),
        ("both.rego", "package p\n\nimport future.keywords.if\n\nq if true\n"),
        ("v1_import.rego", "package p\n\nimport rego.v1\n\nq if true\n"),
    ]);
    assert_eq!(place.run(&["check", "--v0-v1", "both.rego"]), "exit 0\n");
    assert_eq!(place.run(&["check", "--v0-v1", "v1_import.rego"]), "exit 0\n");
    let said = place.run(&["check", "--rego-v1", "v0.rego"]);
    assert!(said.contains("`if` keyword is required before rule body"), "{said}");
    assert!(place.run(&["check", "--v0-v1", "v1.rego"]).starts_with("exit 1\n"));
}
