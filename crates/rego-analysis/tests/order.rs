//! The order of statements, and what is taken out of them, shown as text.

#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

mod shown;
mod support;

use rego_syntax::ast::RegoVersion;

fn resolved(text: &str) -> String {
    let (_, outcome) = support::compile(&[text], RegoVersion::V1, &support::options());
    let analysed = outcome.unwrap();
    let rules: Vec<String> =
        analysed.resolved.rules.iter().map(|rule| shown::rule(&analysed.resolved, rule)).collect();
    format!("{}\n----\n{}", text.trim(), rules.join("\n"))
}

#[test]
fn statements_wait_for_their_variables() {
    insta::assert_snapshot!(resolved(
        "package p\n\na if { x > 1; x = input.n }\n\nb := y if { y = count(x); [x, _] = input.pair }\n\n\
         c contains [i, v] if { v == input.b[i]; v = input.a[i] }"
    ));
}

#[test]
fn calls_stay_inside_where_they_can() {
    insta::assert_snapshot!(resolved(
        "package p\n\na := count(split(input.x, \",\")) + 1\n\nb if input.xs[i] = count(input.ys[i])\n\n\
         c if { input.xs[i] = count(i) }\n\nd := data.q[_].name"
    ));
}

#[test]
fn negation_keeps_only_the_outermost_call() {
    insta::assert_snapshot!(resolved(
        "package p\n\na if not startswith(input.x, \"y\")\n\nb if not input.x == input.y\n\n\
         c if not count(input.x) > 1\n\nd if not data.q[input.x]"
    ));
}

#[test]
fn replacements_are_computed_before() {
    insta::assert_snapshot!(resolved(
        "package p\n\nf(x) := x\n\na if f(lower(input.x)) == \"b\" with input as {\"x\": data.y} with f as upper"
    ));
}

#[test]
fn closures_see_what_is_outside() {
    insta::assert_snapshot!(resolved(
        "package p\n\na := [y | y := x + z] if { some x in input; z := 2 }\n\n\
         b if every k, v in input { k != v; w := v; w > 1 }\n\n\
         c if { xs := {x | some x in input.xs}; ys := {x | some x in input.ys}; xs == ys }"
    ));
}

#[test]
fn heads_and_kinds() {
    insta::assert_snapshot!(resolved(
        "package p\n\na.b.c := 1\n\nd[x].e contains y if some x, y in input\n\nd.f.e contains 1\n\n\
         default g(_) := 0\n\ng(1) := 2 if input.x else := 3\n\nh if { print(\"x\", input.y); true }\n\n\
         i := $\"a {input.x} b\""
    ));
}

#[test]
fn references_bind_before_their_variables_are_used() {
    insta::assert_snapshot!(resolved(
        "package p\n\na if { some x; x == input.xs[x] }\n\nb if { some x; [x, 1] = input.xs[x] }\n\n\
         f(x) := x\n\nc if not f(1, input.y)\n\ng() := 1\n\nd := y if f(g(), y)"
    ));
}
