//! One case for each class of error: the text, then what is said about it.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

mod support;

use std::fmt::Write as _;

use rego_analysis::Options;
use rego_source::{Diagnostic, Sources};
use rego_syntax::ast::RegoVersion;

fn place(sources: &Sources, location: rego_source::Location) -> String {
    let (file, at) = sources.resolve(location).unwrap();
    format!("{file}:{}:{}", at.row, at.col)
}

fn render(sources: &Sources, errors: &[Diagnostic]) -> String {
    let mut out = String::new();
    for error in errors {
        let at = error.location.map(|at| format!("{}: ", place(sources, at))).unwrap_or_default();
        writeln!(out, "{at}{}: {}", error.code, error.message).unwrap();
        for detail in &error.details {
            writeln!(out, "    {detail}").unwrap();
        }
        for note in &error.notes {
            writeln!(out, "    note: {}: {}", place(sources, note.location), note.message).unwrap();
        }
        if let Some(hint) = &error.hint {
            writeln!(out, "    hint: {hint}").unwrap();
        }
    }
    out
}

fn errors_with(modules: &[&str], version: RegoVersion, options: &Options<'_>) -> String {
    let (sources, outcome) = support::compile(modules, version, options);
    match outcome {
        Ok(analysed) => format!("accepted\n{}", render(&sources, &analysed.warnings)),
        Err(errors) => render(&sources, &errors),
    }
}

fn errors(text: &str) -> String {
    format!("{}\n----\n{}", text.trim(), errors_with(&[text], RegoVersion::V1, &support::options()))
}

fn strict_errors(text: &str) -> String {
    let options = Options { strict: true, ..support::options() };
    format!("{}\n----\n{}", text.trim(), errors_with(&[text], RegoVersion::V1, &options))
}

#[test]
fn unsafe_variables() {
    insta::assert_snapshot!(errors(
        "package p\n\nallow if input.usr == user\n\nq contains x if not input.a[x]\n\nr := count(y)"
    ));
}

/// Nothing gives a value to a variable in the key of an object.
#[test]
fn unsafe_keys() {
    for body in [
        "x = {x: 1}",
        "{x: 1} = x",
        "x = [{x: 1}]",
        "y = 1; x = [{{x}: y}]",
        "[x, y] = [{y: 1}, {x: 1}]",
    ] {
        let found = errors(&format!("package p\n\nq if {{ {body} }}"));
        assert!(found.contains("rego_unsafe_var_error"), "{body}: {found}");
    }
    for body in [
        "y = 1; x = {y: z}; x = input",
        "[{y: 1}, y] = input",
        "y = 1; {y: z} = input",
        "{x: x} = input.o",
        "{x: y, y: x} = input.o",
        "some {x: x} in input.o",
    ] {
        let found = errors(&format!("package p\n\nq if {{ {body} }}"));
        assert!(found.contains("----\naccepted"), "{body}: {found}");
    }
}

#[test]
fn unsafe_head() {
    insta::assert_snapshot!(errors("package p\n\nq contains x if input.y"));
}

#[test]
fn unsafe_in_closures() {
    insta::assert_snapshot!(errors(
        "package p\n\na := [x | y]\n\nb if every x in xs { x == z }\n\nc := {k: v | v := input[k + 1]}"
    ));
}

#[test]
fn declarations() {
    insta::assert_snapshot!(errors(
        "package p\n\na if { x := 1; x := 2 }\n\nb if { x == 1; x := 2 }\n\nf(x) if { x := 1 }\n\n\
         c if { some y; some y; y = 1 }\n\nd if { 1 := 1 }\n\ne if { not x := 1 }"
    ));
}

#[test]
fn unused_declarations() {
    insta::assert_snapshot!(errors(
        "package p\n\na if { some x, y; input[x] }\n\nb if every i, x in [1] { x }"
    ));
}

#[test]
fn unused_in_strict_mode() {
    insta::assert_snapshot!(strict_errors(
        "package p\n\nimport data.lib.unused\n\nf(x, y) := y\n\na if { z := 1 }"
    ));
}

#[test]
fn unused_variables_in_strict_mode() {
    insta::assert_snapshot!(strict_errors(
        "package p\n\nf(x, y) := y\n\na if { z := 1 }\n\nb := z if { z := 1 }"
    ));
}

#[test]
fn unknown_functions() {
    insta::assert_snapshot!(errors(
        "package p\n\nhelper(x) := x\n\na := helpr(1)\n\nb := cuont([1])\n\nc := json.unmarshall(\"1\")"
    ));
}

#[test]
fn numbers_of_operands() {
    insta::assert_snapshot!(errors(
        "package p\n\nf(x) := x\n\na := f(1, 2)\n\nb := count([1], {\"a\": 2}, {3})\n\nc := f() + 1"
    ));
}

#[test]
fn void_as_value() {
    insta::assert_snapshot!(errors("package p\n\na := print(1)"));
}

#[test]
fn shadowed_function() {
    insta::assert_snapshot!(errors("package p\n\na if { count := 1; count([1]) == count }"));
}

#[test]
fn conflicts() {
    insta::assert_snapshot!(errors(
        "package p\n\na := 1\n\na contains 2\n\nf(x) := x\n\nf(x, y) := x\n\nb.c := 1\n\nb.c.d := 2\n\n\
         default e := 1\n\ndefault e := 2\n\ng := 1\n\ng[x] := 2 if some x in input"
    ));
}

#[test]
fn package_conflict() {
    let modules = ["package p\n\na := 1", "package p.a\n\nb := 2"];
    insta::assert_snapshot!(errors_with(&modules, RegoVersion::V1, &support::options()));
}

#[test]
fn base_data_conflict() {
    let data = rego_value::Value::from_json(br#"{"p": {"a": {"b": 1}}}"#).unwrap();
    let options = Options { base_data: Some(&data), ..support::options() };
    let modules = ["package p.a\n\nb := 1", "package p\n\nc := 2"];
    insta::assert_snapshot!(errors_with(&modules, RegoVersion::V1, &options));
}

#[test]
fn recursion() {
    insta::assert_snapshot!(errors(
        "package p\n\na if b\n\nb if c\n\nc if a\n\nf(x) := f(x)\n\nd := data[x].e if some x in [\"p\"]\n\n\
         e := d\n\ng := h\n\nh := 1"
    ));
}

#[test]
fn no_recursion_through_other_keys() {
    insta::assert_snapshot!(errors(
        "package p\n\na[x] := y if { some x, y in input }\n\na.one := 1\n\na.two := a.one"
    ));
}

#[test]
fn with_targets() {
    insta::assert_snapshot!(errors(
        "package p\n\nq := {\"a\": 1}\n\na if q with nope as 1\n\nb if q with data.p.q.a as 1\n\n\
         f(x) := x\n\nc if f(1) with f as count with count as f with input.x as {y | y = 1}"
    ));
}

#[test]
fn root_documents_shadowed() {
    insta::assert_snapshot!(errors(
        "package p\n\ninput := 1\n\nf(data) := 2\n\na if { input := 1 }"
    ));
}

#[test]
fn imports_shadowed() {
    insta::assert_snapshot!(errors(
        "package p\n\nimport data.a.x\nimport input.x\nimport input.y as x"
    ));
}

#[test]
fn deprecated_builtins() {
    insta::assert_snapshot!(errors("package p\n\na if any([true])"));
}

#[test]
fn unsafe_builtins() {
    let options = Options { unsafe_builtins: &["http.send"], ..support::options() };
    let text = "package p\n\na := http.send({})";
    insta::assert_snapshot!(errors_with(&[text], RegoVersion::V1, &options));
}

#[test]
fn print_of_undeclared() {
    insta::assert_snapshot!(errors("package p\n\na if { print(x, [y]); x = 1; print(x) }"));
}

#[test]
fn future_keyword_in_v0() {
    let text = "package p\n\nq { in }";
    insta::assert_snapshot!(errors_with(&[text], RegoVersion::V0, &support::options()));
}

/// OPA says so as soon as there are as many as the limit, whether or not there are more.
#[test]
fn error_limit() {
    for (count, limit, lines) in [(20, 10, 11), (10, 10, 11), (9, 10, 9), (20, 0, 20), (2, 1, 2)] {
        let rules: String = (0..count).map(|i| format!("p{i} := nope{i}(1)\n")).collect();
        let text = format!("package p\n\n{rules}");
        let options = Options { error_limit: limit, ..support::options() };
        let said = errors_with(&[&text], RegoVersion::V1, &options);
        assert_eq!(said.lines().count(), lines, "{count} errors, {limit} allowed");
        let last = said.lines().last() == Some("rego_compile_error: error limit reached");
        assert_eq!(last, limit > 0 && count >= limit, "{count} errors, {limit} allowed");
    }
}
