//! One case for each class of compile-time error: the text, then what people read about it.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

use std::fmt::Write as _;

use rego::{Annotations, Compiler, QueryOptions, RegoVersion, render};

fn compiler(text: &str) -> Compiler {
    Compiler::new().annotations(Annotations::Check).module("p.rego", text)
}

fn explained(compiler: Compiler) -> String {
    let errors = match compiler.compile() {
        Ok(_) => return "accepted\n".to_owned(),
        Err(errors) => errors,
    };
    let shown = errors.diagnostics.iter().map(|error| render::explained(&errors.sources, error));
    shown.collect::<Vec<_>>().join("\n") + "\n"
}

fn all(cases: &[&str], with: impl Fn(Compiler) -> Compiler) -> String {
    let mut shown = String::new();
    for body in cases {
        let text = format!("package p\n\n{body}\n");
        writeln!(shown, "{body}\n----\n{}", explained(with(compiler(&text)))).unwrap();
    }
    shown
}

#[test]
fn safety() {
    insta::assert_snapshot!(all(
        &[
            "allow if input.usr == user",
            "denied contains name if not input.allowed[name]",
            "sum := total + 1 if count(ports) > 0",
            "first := xs[0].name",
            "q := [y | y > 1]",
            "r if input.a with input.b as missing",
            "role(r) := perm if perm := grants[r][perms]",
            "s if every x in [1, 2] { x < limit }",
            "_ := x if { some x; x != 1 }",
        ],
        |compiler| compiler
    ));
}

#[test]
fn recursion() {
    insta::assert_snapshot!(all(&["a if b\n\nb if not c\n\nc if a", "f(x) := f(x - 1)"], |c| c));
}

#[test]
fn conflicts() {
    insta::assert_snapshot!(all(
        &[
            "a := 1\n\na contains 2",
            "f(x) := x\n\nf(x, y) := y",
            "b.c := 1\n\nb.c.d := 2",
            "default e := 1\n\ndefault e := 2",
        ],
        |compiler| compiler
    ));
    let packages = compiler("package p\n\nq := 1").module("q.rego", "package p.q\n\nr := 1");
    insta::assert_snapshot!(explained(packages));
}

#[test]
fn locals() {
    insta::assert_snapshot!(all(
        &[
            "a if { x := 1; x := 2 }",
            "a if { x == 1; x := 2 }",
            "a if { some x; some x; x = 1 }",
            "f(x) if { x := 1 }",
            "a if { 1 := 1 }",
            "a if { not x := 1 }",
            "a if { count := 1; count([1]) == count }",
            "a if { some x, y; input[x] }",
        ],
        |compiler| compiler
    ));
}

#[test]
fn strict_mode() {
    insta::assert_snapshot!(all(
        &[
            "import data.lib.unused\n\na := 1",
            "a if { x := 1 }",
            "f(x, y) := y",
            "f(x, y) if { x == 1 } else := y",
            "a if any([true])",
            "import data.a.x\nimport data.b.x\n\na := x",
        ],
        |compiler| compiler.strict(true)
    ));
    // Rego v0 has these only in strict mode.
    insta::assert_snapshot!(all(
        &[
            "import data.a.x\nimport data.b.x\n\na = x",
            "input = 1",
            "f(data) = 1",
            "a { input := 1 }",
            "a { any([true]) }",
        ],
        |compiler| compiler.rego_version(RegoVersion::V0).strict(true)
    ));
}

#[test]
fn shadowing_and_deprecated_builtins() {
    insta::assert_snapshot!(all(
        &["input := 1", "f(data) := 1", "a if { input := 1 }", "a if any([true])"],
        |compiler| compiler
    ));
}

#[test]
fn grammar() {
    insta::assert_snapshot!(all(
        &[
            "a { true }",
            "a[x] { x := 1 }",
            "a",
            "1 := 2",
            "a := [1, 2",
            "a if {\n\tinput.x ==\n}",
            "a := 1 else := 2 if false",
            "a contains 1 if true else := 2",
        ],
        |compiler| compiler
    ));
    insta::assert_snapshot!(explained(Compiler::new().module("p.rego", "a := 1\n")));
    insta::assert_snapshot!(explained(Compiler::new().module("p.rego", "")));
}

#[test]
fn types() {
    insta::assert_snapshot!(all(
        &[
            "table := {\"name\": 1}\n\na := table.nam",
            "number := 1\n\na := number.x",
            "a := count(1)",
            "a := 1 + \"x\"",
            "f(x) := upper(x)\n\na := f(1)",
            "a if 1 == \"1\"",
            "a if { [x, \"s\"] = [1, 2] }",
            "f(x) := x\n\na := f(1, 2)",
            "a := count([1], {\"a\": 2}, input.x, y) if y := 1",
            "a if count()",
            "a := cuont([1])",
            "helper(x) := x\n\na := helpr(1)",
            "a := print(1)",
            "f(x) := x\n\na := f",
        ],
        |compiler| compiler
    ));
}

#[test]
fn replacements() {
    insta::assert_snapshot!(all(
        &[
            "a if input.x with nope as 1",
            "q := {\"a\": 1}\n\na if q with data.p.q.a as 1",
            "a if count([1]) with walk as 1",
            "f(x, y) := x\n\na if count([1]) with count as f",
            "f(x) := upper(x)\n\na if abs(1) with abs as f",
        ],
        |compiler| compiler
    ));
}

#[test]
fn others() {
    insta::assert_snapshot!(all(
        &["f(1 + 2) := 1", "a if { print(x); x = 1 }", "a := 1e999999999999"],
        |compiler| compiler
    ));
}

#[test]
fn queries() {
    let policy = compiler("package p\n\nnames := {\"a\"}\n\nf(x) := x\n").compile().unwrap();
    let mut shown = String::new();
    for query in ["data.p.names.b", "x > 1", "data.p.f(1, 2)", "x := 1; x := 2", "data.p.nams[x"] {
        let errors = policy.prepare_with(query, &QueryOptions::default()).err();
        writeln!(shown, "{query}\n----").unwrap();
        for error in errors.iter().flat_map(|errors| &errors.diagnostics) {
            let sources = &errors.as_ref().unwrap().sources;
            writeln!(shown, "{}", render::explained(sources, error)).unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}
