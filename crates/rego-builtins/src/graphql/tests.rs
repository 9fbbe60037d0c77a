//! What is accepted, what is refused, and in which words.

mod queries;
mod schemas;
mod trees;

use rego_value::Value;
use rego_vm::BuiltinError;

use super::report::worded;
use crate::testing::call;

fn text(text: &str) -> Value {
    Value::from(text)
}

/// Returns why a builtin fails.
#[track_caller]
fn failure(name: &str, operands: &[&Value]) -> String {
    match call(name, operands) {
        Err(BuiltinError::Failed(message)) => message,
        other => panic!("no failure of {name}: {other:?}"),
    }
}

/// Returns the cases of a text: a line, and the lines behind it that begin with spaces.
fn cases(table: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("    "), cases.last_mut()) {
            (Some(line), Some((_, lines))) => lines.push(line),
            _ => cases.push((line, Vec::new())),
        }
    }
    cases
}

#[test]
fn errors_are_worded_as_opa_does() {
    let cases = [
        ("input:1:2: a", "a in GraphQL string at location 1:2"),
        ("input:1:2: a: b.", "a: b. in GraphQL string at location 1:2"),
        ("input:1:2: a.\n", "a in GraphQL string at location 1:2"),
        ("input:1:2: a?\n", "a?\n in GraphQL string at location 1:2"),
        ("input:1:2: a.\ninput:3:4: b.\n", "a.\ninput:3:4: b in GraphQL string at location 1:2"),
        ("input: a: b: c: d.\n", "GraphQL parse error: input: a: b: c: d.\n"),
        ("input:2:-3: a", "GraphQL parse error: input:2:-3: a"),
    ];
    for (line, want) in cases {
        assert_eq!(worded(line), want);
    }
}
