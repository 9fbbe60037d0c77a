//! Talks with the shell.

use super::*;

fn talk(lines: &[&str]) -> String {
    let setup = Setup {
        paths: Vec::new(),
        bundle: false,
        ignore: Vec::new(),
        watch: false,
        look: Look::Pretty,
        version: RegoVersion::V1,
    };
    let mut session = Session::start(setup).unwrap();
    let mut said = Vec::new();
    for line in lines {
        match session.line(line) {
            Next::Text(text) => said.push(text.trim_end().to_string()),
            Next::Exit => said.push("exit".to_string()),
        }
    }
    said.retain(|text| !text.is_empty());
    said.join("\n")
}

#[test]
fn queries_are_answered() {
    assert_eq!(talk(&["1 + 1"]), "2");
    assert_eq!(talk(&["1 == 2"]), "false");
    assert_eq!(talk(&["data.no"]), "undefined");
    assert_eq!(talk(&["x = 1"]), "+---+\n| x |\n+---+\n| 1 |\n+---+");
}

#[test]
fn definitions_are_kept_and_replaced() {
    let defined = "Rule 'x' defined in package repl. Type 'show' to see rules.";
    assert_eq!(talk(&["x := 1", "x + 1"]), format!("{defined}\n2"));
    assert!(
        talk(&["x := 1", "x := 2", "x"])
            .ends_with("re-defined in package repl. Type 'show' to see rules.\n2")
    );
    assert_eq!(talk(&["p contains 1", "p contains 2", "count(p)"]).lines().last(), Some("2"));
    assert!(talk(&["x := 1", "unset x", "x"]).contains("var x is unsafe"));
    assert!(talk(&["x := 1", "show"]).ends_with("package repl\n\n\nx := 1"));
}

#[test]
fn packages_imports_and_input() {
    let said =
        talk(&["input := {\"u\": 1}", "package a", "import input.u", "y := u", "u", "data.a.y"]);
    assert!(said.ends_with("1\n1"), "{said}");
}

#[test]
fn statements_go_on_over_lines() {
    assert!(talk(&["p if {", "  1 == 1", "}", "p"]).ends_with("\ntrue"));
    assert_eq!(talk(&["[1,", "2][", "1]"]), "2");
    assert!(talk(&["[1,", ""]).contains("rego_parse_error"));
}

#[test]
fn commands() {
    assert!(talk(&["help"]).contains("strict-builtin-errors"));
    assert!(talk(&["help input"]).contains("repl.input:"));
    assert!(talk(&["json", "true"]).contains("\"result\""));
    assert!(talk(&["trace", "1 == 1"]).contains("query:1     Enter 1 == 1"));
    assert!(talk(&["trace no"]).starts_with("usage"));
    assert!(talk(&["profile", "1 == 1"]).contains("evals"));
    assert!(talk(&["metrics", "1 == 1"]).contains("timer_rego_query_eval_ns"));
    assert!(talk(&["types", "x = 1"]).contains("# x: number"));
    assert!(talk(&["strict-builtin-errors", "1 / 0"]).contains("divide by zero"));
    assert_eq!(talk(&["exit"]), "exit");
}
