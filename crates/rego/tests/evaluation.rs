//! What policies give: the shapes that the machine has instructions for.

use rego::{Compiler, EvalOptions, Value};

/// Evaluates a query against a module and data; the result as JSON of the first statement's values.
fn eval(module: &str, data: &str, input: &str, query: &str) -> Result<String, String> {
    let json = |text: &str| Value::from_json(text.as_bytes()).map_err(|e| e.to_string());
    let policy = Compiler::new()
        .module("p.rego", module)
        .data(json(data)?)
        .compile()
        .map_err(|e| e.to_string())?;
    let query = policy.prepare(query).map_err(|e| e.to_string())?;
    let input = json(input)?;
    let result = query.eval(Some(&input), &EvalOptions::default()).map_err(|e| e.to_string())?;
    let first = |row: &rego::Row| row.expressions.first().map(|e| e.value.clone());
    let values: Vec<Value> = result.rows.iter().filter_map(first).collect();
    Ok(Value::array(values).to_json())
}

#[track_caller]
fn check(body: &str, want: &str) {
    let module = format!("package p\n\n{body}\n");
    let data = r#"{"xs": [1, 2, 3], "ys": [2, 3, 4], "users": {"alice": {"age": 30}, "bob": {"age": 20}}}"#;
    let input = r#"{"user": "alice", "n": 2, "deep": {"a": {"b": [10, 20]}}}"#;
    let got = eval(&module, data, input, "data.p.out").unwrap_or_else(|e| e);
    assert_eq!(got, want, "\n{module}");
}

#[test]
fn paths_and_conditions() {
    check("out := input.deep.a.b[1]", "[20]");
    check("out := input.deep.a.nothing", "[]");
    check("out if input.user == \"alice\"", "[true]");
    check("out if input.user != \"alice\"", "[]");
    check("default out := false\nout if input.user == \"bob\"", "[false]");
    check("out := data.users[input.user].age", "[30]");
}

#[test]
fn of_entries_with_the_same_key_the_last_counts() {
    check("out := {\"a\": input.nothing, \"b\": 1, \"a\": input.n}", r#"[{"a":2,"b":1}]"#);
    check("out := {input.user: 1, input.user: 2}", r#"[{"alice":2}]"#);
    check("out := {1: input.n, 1.0: 3}", r#"[{"1":3}]"#);
    check("out contains x if { {\"a\": 9, \"a\": x} = {\"a\": input.n} }", "[[2]]");
    check("out := {input.user: 1, upper(input.user): 2}", r#"[{"ALICE":2,"alice":1}]"#);
}

#[test]
fn iteration_backtracks() {
    check("out contains x if { some x in data.xs; x in data.ys }", "[[2,3]]");
    check("out contains [i, j] if { data.xs[i] == data.ys[j] }", "[[[1,0],[2,1]]]");
    check("out := [x | some x in data.xs; x > 1]", "[[2,3]]");
    check("out := {k: v.age | some k, v in data.users}", r#"[{"alice":30,"bob":20}]"#);
    check("out if { some u; data.users[u].age < 25 }", "[true]");
}

#[test]
fn not_every_and_else() {
    check("out if not input.missing", "[true]");
    check("out if { not p(5) }\np(x) if x in data.xs", "[true]");
    check("out if { every x in data.xs { x < 4 } }", "[true]");
    check("out if { every x in data.xs { x < 3 } }", "[]");
    check("out := 1 if input.user == \"bob\" else := 2 if input.n == 2 else := 3", "[2]");
    check("out := v if { some v in data.xs; v > 9 } else := \"none\"", "[\"none\"]");
}

#[test]
fn with_replaces_and_restores() {
    check(
        "q if input.user == \"bob\"\nout := [a, b] if { a := \"x\"; q with input.user as \"bob\"; b := input.user }",
        r#"[["x","alice"]]"#,
    );
    check(
        "q contains x if some x in data.xs\nout := [x | some x in q with data.xs as [7, 8]]",
        "[[7,8]]",
    );
    check(
        "out := [[x, y] | some x in data.xs; y := input.n with input.n as x]",
        "[[[1,1],[2,2],[3,3]]]",
    );
    check(
        "f(x) := x + 1\ng(x) := x * 10\nout := [a, b] if { a := f(2) with f as g; b := f(2) }",
        "[[20,3]]",
    );
    check("out := n if n := count([1]) with count as 5", "[5]");
    // Going back into a loop inside the statement happens in its context.
    check(
        "q contains x if x := input.n\nr contains [x, y] if { some y in q; x := input.k }\nout := [[v, input.n] | some [v, w] in r with input as {\"n\": 1, \"k\": 2}]",
        "[[[2,2]]]",
    );
}

#[test]
fn patterns_bind_and_compare() {
    check("out := y if { [1, y, _] = data.xs }", "[2]");
    check("out := y if { [x, y] = [y, 1]; x == 1 }", "[1]");
    check("out := a if { {\"age\": a} = data.users.bob }", "[20]");
    check("out := a if { {\"name\": a} = data.users.bob }", "[]");
    check("f([x, y]) := x + y\nout := f([1, 2])", "[3]");
    check(
        "f(\"a\", x) := x\nf(\"b\", x) := x * 2\nf(\"c\", x) := x * 3\nout := [f(\"a\", 1), f(\"b\", 1), f(\"c\", 1)]",
        "[[1,2,3]]",
    );
}

#[test]
fn documents_join_rules_and_data() {
    let module = "package users\n\nadmin := \"alice\"\n\nf(x) := x\n\nnothing if false\n";
    let data = r#"{"users": {"bob": {"age": 20}}}"#;
    let got = eval(module, data, "{}", "data.users").unwrap();
    assert_eq!(got, r#"[{"admin":"alice","bob":{"age":20}}]"#);
    let got = eval(module, data, "{}", "[k | data.users[k]]").unwrap();
    assert_eq!(got, r#"[["admin","bob"]]"#);
    let got = eval(module, data, "{}", "data[x].admin").unwrap();
    assert_eq!(got, r#"["alice"]"#);
}

#[test]
fn heads_with_references() {
    check("out.a.b := 1\nout.a.c := 2", r#"[{"a":{"b":1,"c":2}}]"#);
    check(
        "out[k].len := count(k) if some k, _ in data.users",
        r#"[{"alice":{"len":5},"bob":{"len":3}}]"#,
    );
    check(
        "out[k] contains v if { some k, u in data.users; v := u.age }",
        r#"[{"alice":[30],"bob":[20]}]"#,
    );
}

#[test]
fn a_named_key_may_depend_on_another() {
    check(
        "m.b := m.a + 1\nm[k] := 1 if some k in [\"a\", \"c\"]\nout := m",
        r#"[{"a":1,"b":2,"c":1}]"#,
    );
}

#[test]
fn conflicts_are_errors() {
    let conflict = |body: &str| {
        let module = format!("package p\n\n{body}\n");
        eval(&module, "{}", "{}", "data.p.out").unwrap_err()
    };
    let got = conflict("out := x if some x in [1, 2]");
    assert_eq!(
        got,
        "p.rego:3: eval_conflict_error: complete rules must not produce multiple outputs"
    );
    let got = conflict("out := {\"k\": x | some x in [1, 2]}");
    assert_eq!(got, "p.rego:3: eval_conflict_error: object keys must be unique");
}

#[test]
fn query_values_and_bindings() {
    let got = eval("package p", "{}", "{}", "1 == 2").unwrap();
    assert_eq!(got, "[false]");
    let policy = Compiler::new().compile().unwrap();
    let query = policy.prepare("x = [1, 2][i]; y := x * 2").unwrap();
    let result = query.eval(None, &EvalOptions::default()).unwrap();
    let shown: Vec<String> = result.rows.iter().map(|r| format!("{:?}", r.bindings)).collect();
    assert_eq!(shown, [r#"[("x", 1), ("i", 0), ("y", 2)]"#, r#"[("x", 2), ("i", 1), ("y", 4)]"#]);
}
