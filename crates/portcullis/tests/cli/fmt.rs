//! `fmt`: what it prints, writes, lists and refuses.

use insta::assert_snapshot;

use crate::place::{Place, run};

const UGLY: &str = "package p\nallow   if{ input.a == 1\n}\n";
const NICE: &str = "package p\n\nallow if input.a == 1\n";

#[test]
fn a_file_is_printed_as_it_is_to_look_like() {
    let shown = Place::with(&[("p.rego", UGLY)]).run(&["fmt", "p.rego"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    package p

    allow if input.a == 1
    ");
}

#[test]
fn without_a_path_the_standard_input_is_formatted() {
    let shown = Place::with(&[]).stdin(UGLY).run(&["fmt"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    package p

    allow if input.a == 1
    ");
}

#[test]
fn called_as_opa_it_does_the_same() {
    let shown = Place::with(&[("p.rego", UGLY)]).called("opa").run(&["fmt", "p.rego"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    package p

    allow if input.a == 1
    ");
}

#[test]
fn a_flag_may_come_from_the_environment() {
    let place = Place::with(&[("p.rego", UGLY)]).variable("PORTCULLIS_FMT_LIST", "true");
    assert_snapshot!(place.run(&["fmt", "p.rego"]), @r"
    exit 0
    --- stdout
    p.rego
    ");
}

#[test]
fn directories_are_walked_by_name_and_hold_more_than_policies() {
    let place = Place::with(&[
        ("d/b.rego", "package b\n\n\nq:=1"),
        ("d/a/z.rego", "package z"),
        ("d/data.json", "{"),
        ("d/c.rego", "package c\n"),
    ]);
    assert_snapshot!(place.run(&["fmt", "d"]), @r"
    exit 0
    --- stdout
    package z
    package b

    q := 1
    package c
    ");
    assert_snapshot!(place.run(&["fmt", "--list", "d"]), @r"
    exit 0
    --- stdout
    d/a/z.rego
    d/b.rego
    ");
}

#[test]
fn write_changes_the_file_and_prints_nothing() {
    let place = Place::with(&[("p.rego", UGLY)]);
    assert_snapshot!(place.run(&["fmt", "-w", "p.rego"]), @"exit 0");
    assert_eq!(place.file("p.rego"), NICE.as_bytes());
}

#[test]
fn list_wins_over_diff_and_diff_over_write() {
    let place = Place::with(&[("p.rego", UGLY)]);
    assert_snapshot!(place.run(&["fmt", "-l", "-d", "-w", "p.rego"]), @r"
    exit 0
    --- stdout
    p.rego
    ");
    assert_snapshot!(place.run(&["fmt", "-d", "-w", "p.rego"]), @r"
    exit 0
    --- stdout
    --- p.rego
    +++ p.rego
    @@ -1,3 +1,3 @@
     package p
    -allow   if{ input.a == 1
    -}
    +
    +allow if input.a == 1
    ");
    assert_eq!(place.file("p.rego"), UGLY.as_bytes());
}

#[test]
fn fail_tells_by_the_exit_code() {
    let place = Place::with(&[("p.rego", UGLY), ("nice.rego", NICE)]);
    assert_snapshot!(place.run(&["fmt", "--fail", "p.rego"]), @r"
    exit 2
    --- stderr
    unexpected diff
    ");
    assert_snapshot!(place.run(&["fmt", "--fail", "-l", "p.rego"]), @r"
    exit 2
    --- stdout
    p.rego
    --- stderr
    unexpected diff
    ");
    assert_snapshot!(place.run(&["fmt", "--fail", "-d", "p.rego"]), @r"
    exit 2
    --- stdout
    --- p.rego
    +++ p.rego
    @@ -1,3 +1,3 @@
     package p
    -allow   if{ input.a == 1
    -}
    +
    +allow if input.a == 1
    --- stderr
    unexpected diff
    ");
    assert_snapshot!(place.run(&["fmt", "--fail", "nice.rego"]), @"exit 0");
}

#[test]
fn what_does_not_parse_ends_it() {
    let place = Place::with(&[("d/a.rego", "package a\n\np if {"), ("d/b.rego", UGLY)]);
    assert_snapshot!(place.run(&["fmt", "d"]), @r"
    exit 2
    --- stderr
    failed to format Rego source file: 1 error occurred: d/a.rego:3: rego_parse_error: unexpected eof token
    	p if {
    	     ^
    	hint: something before this place is not finished
    ");
    assert_snapshot!(Place::with(&[]).stdin("p := 1").run(&["fmt"]), @"
    exit 1
    --- stderr
    1 error occurred: stdin:1: rego_parse_error: package expected
    	p := 1
    	^^^^^^
    	hint: start the file with `package` and a name
    ");
}

#[test]
fn paths_that_are_not_there_end_it() {
    assert_snapshot!(run(&["fmt", "none.rego"]), @r"
    exit 1
    --- stderr
    lstat none.rego: no such file or directory
    ");
}

#[test]
fn v0_is_rewritten_for_both_versions() {
    let text = "package p\n\nallow { input.a }\ndeny[x] { x := 1 }\n";
    let place = Place::with(&[("p.rego", text)]);
    assert_snapshot!(place.run(&["fmt", "--v0-v1", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    import rego.v1

    allow if input.a
    deny contains x if x := 1
    ");
    assert_snapshot!(place.run(&["fmt", "--rego-v1", "--fail", "p.rego"]), @r"
    exit 2
    --- stderr
    unexpected diff
    ");
    assert_snapshot!(place.run(&["fmt", "--v0-compatible", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    allow {
    	input.a
    }

    deny[x] {
    	x := 1
    }
    ");
    assert_snapshot!(place.run(&["fmt", "p.rego"]), @"
    exit 2
    --- stderr
    failed to format Rego source file: 3 errors occurred:
    p.rego:3: rego_parse_error: `if` keyword is required before rule body
    	allow { input.a }
    	^^^^^^^^^^^^^^^^^
    	hint: write `… if { … }`, or read the file as Rego v0
    p.rego:4: rego_parse_error: `if` keyword is required before rule body
    	deny[x] { x := 1 }
    	^^^^^^^^^^^^^^^^^^
    	hint: write `… if { … }`, or read the file as Rego v0
    p.rego:4: rego_parse_error: `contains` keyword is required for partial set rules
    	deny[x] { x := 1 }
    	^^^^^^^^^^^^^^^^^^
    	hint: write `p contains x if { … }`, or read the file as Rego v0
    ");
}

#[test]
fn v1_may_be_rewritten_for_both_versions_too() {
    let place = Place::with(&[("p.rego", NICE)]);
    assert_snapshot!(place.run(&["fmt", "--v0-v1", "--v1-compatible", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    import rego.v1

    allow if input.a == 1
    ");
}

#[test]
fn imports_of_v0_may_go() {
    let text = "package p\n\nimport rego.v1\nimport future.keywords\nimport data.x\n\nq := x\n";
    let place = Place::with(&[("p.rego", text)]);
    assert_snapshot!(place.run(&["fmt", "--drop-v0-imports", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    import data.x

    q := x
    ");
}

#[test]
fn what_v1_refuses_is_refused() {
    let place = Place::with(&[
        ("imports.rego", "package p\nimport data.foo\nimport data.bar as foo\n"),
        ("names.rego", "package p\n\nif { true }\n\nq { in := 1; in == 1 }\n"),
        ("old.rego", "package p\n\nq { any([true]) }\n"),
    ]);
    assert_snapshot!(place.run(&["fmt", "--v0-v1", "imports.rego"]), @"
    exit 2
    --- stderr
    failed to format Rego source file: 1 error occurred: imports.rego:3: rego_compile_error: import must not shadow import data.foo
    	import data.bar as foo
    	^^^^^^^^^^^^^^^^^^^^^^
    	note: imports.rego:2: `foo` is imported here first
    		import data.foo
    		^^^^^^^^^^^^^^^
    	hint: give one of them another name with `as`, or take it away
    ");
    assert_snapshot!(place.run(&["fmt", "--v0-v1", "names.rego"]), @"
    exit 2
    --- stderr
    failed to format Rego source file: 3 errors occurred:
    names.rego:3: rego_parse_error: if keyword cannot be used for rule name
    	if { true }
    	^^^^^^^^^^^
    	hint: `if` is a keyword of Rego v1; choose another name first
    names.rego:5: rego_parse_error: in keyword cannot be used for variable name
    	q { in := 1; in == 1 }
    	    ^^
    	hint: `in` is a keyword of Rego v1; choose another name first
    names.rego:5: rego_parse_error: in keyword cannot be used for variable name
    	q { in := 1; in == 1 }
    	             ^^
    	hint: `in` is a keyword of Rego v1; choose another name first
    ");
    assert_snapshot!(place.run(&["fmt", "--v0-v1", "old.rego"]), @"
    exit 2
    --- stderr
    failed to format Rego source file: 1 error occurred: old.rego:3: rego_type_error: deprecated built-in function calls in expression: any
    	q { any([true]) }
    	    ^^^^^^^^^^^
    ");
}

#[test]
fn operators_as_functions_have_as_many_operands() {
    let text = "package test\nimport rego.v1\n\np if {\n\tplus([1]) == 3\n\tplus(1, 2, x)\n}\n";
    let place = Place::with(&[("policy.rego", text)]);
    assert_snapshot!(place.run(&["fmt", "policy.rego"]), @"
    exit 2
    --- stderr
    failed to format Rego source file: policy.rego: 1 error occurred: policy.rego:5: rego_type_error: plus: arity mismatch
    	plus([1]) == 3
    	^^^^
    	have: (array)
    	want: (number,number)
    ");
}

#[test]
fn a_rule_that_opa_changes_is_told_of() {
    let text = "package p\n\nq := [a - b | c, d in e]\n";
    assert_snapshot!(Place::with(&[("p.rego", text)]).run(&["fmt", "p.rego"]), @"
    exit 0
    --- stdout
    package p

    q := [(a - b) | c, d in e]
    --- stderr
    warning: p.rego:3: rego_format_warning: this does not say the same once it is formatted, as by OPA
    	q := [a - b | c, d in e]
    	^^^^^^^^^^^^^^^^^^^^^^^^
    	hint: compare the two; write the rule in another way
    ");
}

#[test]
fn the_check_of_the_result_may_be_left_out() {
    let text = "package p\n\nq := [a - b | c, d in e]\n";
    let place = Place::with(&[("p.rego", text)]);
    assert_snapshot!(place.run(&["fmt", "--check-result=false", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    q := [(a - b) | c, d in e]
    ");
}

#[test]
fn capabilities_say_whether_keywords_may_follow_a_dot() {
    let text = "package p\n\nq := input.if.x\n";
    let place = Place::with(&[("p.rego", text), ("t.rego", "package t\n\nq := $\"{input.x}\"\n")]);
    assert_snapshot!(place.run(&["fmt", "p.rego"]), @r"
    exit 0
    --- stdout
    package p

    q := input.if.x
    ");
    assert_snapshot!(place.run(&["fmt", "--capabilities", "v1.5.0", "p.rego"]), @r#"
    exit 0
    --- stdout
    package p

    q := input["if"].x
    "#);
    assert_snapshot!(place.run(&["fmt", "--capabilities", "v1.5.0", "t.rego"]), @r#"
    exit 2
    --- stderr
    t.rego was successfully formatted, but the result is invalid: 2 errors occurred:
    formatted:3: rego_parse_error: template strings are not supported by current capabilities
    	q := $"{input.x}"
    	     ^^^
    formatted:3: rego_parse_error: unexpected template-string-part token: expected rule value term (e.g., q := <VALUE> { ... })
    	q := $"{input.x}"
    	     ^^^

    To inspect the formatted Rego, you can turn off this check with --check-result=false.
    "#);
    assert_snapshot!(place.run(&["fmt", "--capabilities", "none", "p.rego"]), @r"
    exit 1
    --- stderr
    no such file or capabilities version found: none
    ");
}
