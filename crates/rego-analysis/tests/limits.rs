//! Large and hostile modules: time grows with the size of the text and nothing else.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and say why")]

mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rego_syntax::ast::RegoVersion;

/// Far above what any of these takes, even unoptimised; far below what a quadratic pass takes.
const LIMIT: Duration = Duration::from_secs(20);

fn accepted_in_time(text: &str) {
    let start = Instant::now();
    let (_, outcome) = support::compile(&[text], RegoVersion::V1, &support::options());
    let taken = start.elapsed();
    println!("{} bytes: {taken:?}", text.len());
    assert!(outcome.is_ok(), "{:?}", outcome.err());
    assert!(taken < LIMIT, "{taken:?}");
}

fn refused_in_time(text: &str, code: &str) {
    let start = Instant::now();
    let (_, outcome) = support::compile(&[text], RegoVersion::V1, &support::options());
    let taken = start.elapsed();
    println!("{} bytes: {taken:?}", text.len());
    assert_eq!(outcome.err().and_then(|errors| errors.first().map(|e| e.code)), Some(code));
    assert!(taken < LIMIT, "{taken:?}");
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::from("package p\n\n");
    for at in 0..count {
        writeln!(text, "{}", line(at)).unwrap();
    }
    text
}

#[test]
fn a_chain_of_ten_thousand_rules() {
    accepted_in_time(&(lines(10_000, |at| format!("p{at} if p{}", at + 1)) + "p10000 := true\n"));
}

#[test]
fn a_cycle_of_ten_thousand_rules() {
    let text = lines(10_000, |at| format!("p{at} if p{}", (at + 1) % 10_000));
    refused_in_time(&text, "rego_recursion_error");
}

#[test]
fn ten_thousand_references_to_all_of_another_package() {
    let text = lines(10_000, |at| format!("p{at} if data.q[x].y{at} == x"));
    accepted_in_time(&text);
}

#[test]
fn ten_thousand_definitions_of_one_rule() {
    accepted_in_time(&lines(10_000, |at| format!("p contains {at} if input.x == {at}")));
}

#[test]
fn ten_thousand_keys_of_one_object() {
    accepted_in_time(&lines(10_000, |at| format!("p[\"{at}\"][x] := {at} if some x in input")));
}

#[test]
fn a_body_written_backwards() {
    let body: Vec<String> = (0..5_000).map(|at| format!("x{at} = x{} + 1", at + 1)).collect();
    let text = format!("package p\n\nq if {{\n{}\nx5000 = 1\n}}\n", body.join("\n"));
    accepted_in_time(&text);
}

#[test]
fn a_body_in_order() {
    let body: Vec<String> = (0..20_000).map(|at| format!("x{} := x{at} + 1", at + 1)).collect();
    accepted_in_time(&format!("package p\n\nq if {{\nx0 := 1\n{}\n}}\n", body.join("\n")));
}

#[test]
fn a_wide_pattern() {
    let names: Vec<String> = (0..20_000).map(|at| format!("x{at}")).collect();
    let text = format!("package p\n\nq if {{ [{}] = input.xs }}\n", names.join(", "));
    accepted_in_time(&text);
}

#[test]
fn thousands_of_comprehensions_in_one_body() {
    let body: Vec<String> =
        (0..5_000).map(|at| format!("y{at} := [x | some x in input.xs; x > {at}]")).collect();
    accepted_in_time(&format!("package p\n\nq if {{\n{}\n}}\n", body.join("\n")));
}

#[test]
fn a_long_chain_of_names() {
    let path = vec!["a"; 50_000].join(".");
    accepted_in_time(&format!("package p\n\nq if data.{path}\n"));
}

#[test]
fn statements_that_wait_for_each_other_are_given_up() {
    let names: Vec<String> = (0..4_000).map(|at| format!("x{at}")).collect();
    let chain = (0..4_000).map(|at| format!("x{at} = x{} + 1", at + 1));
    let chain: Vec<String> = chain.collect();
    let text = format!(
        "package p\n\nq if {{\ncount([{}], y)\n{}\nx4000 = 1\n}}\n",
        names.join(", "),
        chain.join("\n")
    );
    refused_in_time(&text, "rego_compile_error");
}

#[test]
fn a_long_package_path_over_many_rules() {
    let rules: String = (0..50_000).map(|at| format!("p{at} := 1\n")).collect();
    let text = format!("package {}\n\n{rules}", vec!["a"; 1_000].join("."));
    refused_in_time(&text, "rego_compile_error");
}

#[test]
fn many_comprehensions_with_many_variables() {
    let body: Vec<String> = (0..20_000).map(|at| format!("y{at} := [x | x := {at}]")).collect();
    accepted_in_time(&format!("package p\n\nq if {{\n{}\n}}\n", body.join("\n")));
}

/// Nests as deep as the parser goes: what it accepts must not be too deep for a small stack here.
#[test]
fn the_deepest_nesting_that_parses() {
    let shapes = [
        ("[", "1", "]"),
        ("[x | x := ", "1", "]"),
        ("{\"a\": ", "1", "}"),
        ("count(", "[]", ")"),
        ("input.x + ", "1", ""),
    ];
    for (open, inner, close) in shapes {
        let text = |depth: usize| {
            format!("package p\n\nq := {}{inner}{}\n", open.repeat(depth), close.repeat(depth))
        };
        let accepted = |depth: usize| {
            support::compile(&[&text(depth)], RegoVersion::V1, &support::options()).1.is_ok()
        };
        let (mut low, mut high) = (1, 20_000);
        assert!(accepted(low) && !accepted(high));
        while high - low > 1 {
            let middle = (low + high) / 2;
            if accepted(middle) { low = middle } else { high = middle }
        }
        println!("{open} {low}");
    }
}
