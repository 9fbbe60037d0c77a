//! `refactor move`: packages under another name.

use insta::assert_snapshot;

use crate::place::{Place, run};

fn place() -> Place {
    Place::with(&[
        ("lib.rego", "package lib.foo\n\ndefault allow := false\n\nx := data.lib.foo.allow\n"),
        (
            "p.rego",
            "package p\n\nimport data.lib.foo\nimport data.lib.foo.x as y\n\n# kept\nq if { foo.allow; count([z | z := data[\"lib\"].foo[_]]) > 0; y }\n",
        ),
    ])
}

#[test]
fn packages_imports_and_references_move() {
    assert_snapshot!(place().run(&["refactor", "move", "-p", "data.lib.foo:data.baz[\"a b\"]", "."]), @r#"
    exit 0
    --- stdout
    package baz["a b"]

    default allow := false

    x := data.baz["a b"].allow
    package p

    import data.baz["a b"] as foo
    import data.baz["a b"].x as y

    # kept
    q if {
    	foo.allow
    	count([z | z := data.baz["a b"][_]]) > 0
    	y
    }
    "#);
}

#[test]
fn files_are_written() {
    let place = place();
    assert_eq!(place.run(&["refactor", "move", "-w", "-p", "data.lib:data.l", "."]), "exit 0\n");
    let text = String::from_utf8(place.file("lib.rego")).unwrap();
    assert!(text.starts_with("package l.foo\n"), "{text}");
    assert!(text.contains("x := data.l.foo.allow"), "{text}");
    let variable =
        Place::with(&[("a.rego", "package a\n")]).variable("PORTCULLIS_MOVE_PATH", "data.a:data.b");
    assert_snapshot!(variable.run(&["refactor", "move", "a.rego"]), @"
    exit 0
    --- stdout
    package b
    ");
}

#[test]
fn wrong_usage() {
    assert_snapshot!(run(&["refactor", "move", "-p", "data.a:data.b"]), @"
    exit 1
    --- stderr
    error: 1 error occurred: specify at least one path containing policy files
    ");
    assert_snapshot!(place().run(&["refactor", "move", "p.rego"]), @"
    exit 1
    --- stderr
    error: 1 error occurred: specify at least one mapping of the form <from>:<to>
    ");
    assert_snapshot!(place().run(&["refactor", "move", "-p", "data.a", "p.rego"]), @"
    exit 1
    --- stderr
    error: 1 error occurred: expected mapping of the form <from>:<to>
    ");
}
