//! Types: what is reported, and what must not be.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and say why")]

mod support;

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rego_analysis::builtin::{Decl, Type};
use rego_analysis::{Options, QuerySource, analyse_query};
use rego_source::{Diagnostic, SourceFile, Sources};
use rego_syntax::ast::RegoVersion;
use rego_syntax::{ParseOptions, parse_query};

const ANY_ARRAY: Type = Type::Array(&Type::Any);
const ANY_SET: Type = Type::Set(&Type::Any);
const ANY_OBJECT: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));
const COUNTABLE: Type = Type::Union(&[Type::String, ANY_ARRAY, ANY_OBJECT, ANY_SET]);
const NUMBER_OR_SET: Type = Type::Union(&[Type::Number, ANY_SET]);
const PATH_AND_VALUE: Type = Type::Tuple(&[ANY_ARRAY, Type::Any]);

/// The builtins of these tests that have types; all others take and give anything.
static TYPED: LazyLock<Vec<Decl>> = LazyLock::new(|| {
    vec![
        Decl::function("count", &[COUNTABLE], Type::Number),
        Decl::function("object.union", &[ANY_OBJECT, ANY_OBJECT], ANY_OBJECT),
        Decl::function("upper", &[Type::String], Type::String),
        Decl::function("plus", &[Type::Number, Type::Number], Type::Number).infix("+"),
        Decl::function("minus", &[NUMBER_OR_SET, NUMBER_OR_SET], NUMBER_OR_SET).infix("-"),
        Decl::function(
            "concat",
            &[Type::String, Type::Union(&[Type::Array(&Type::String), Type::Set(&Type::String)])],
            Type::String,
        ),
        Decl::function("walk", &[Type::Any], PATH_AND_VALUE).relation(),
    ]
});

fn options() -> Options<'static> {
    let find = |name: &str| {
        let typed = TYPED.iter().find(|decl| decl.name == name);
        typed.or_else(|| (support::options().builtins)(name))
    };
    Options { builtins: find, ..support::options() }
}

fn render(sources: &Sources, errors: &[Diagnostic]) -> String {
    let mut out = String::new();
    for error in errors {
        let at = error.location.map(|at| {
            let (file, at) = sources.resolve(at).unwrap();
            format!("{file}:{}:{}: ", at.row, at.col)
        });
        writeln!(out, "{}{}: {}", at.unwrap_or_default(), error.code, error.message).unwrap();
        for detail in &error.details {
            writeln!(out, "    {detail}").unwrap();
        }
    }
    out
}

fn errors(text: &str) -> String {
    let (sources, outcome) = support::compile(&[text], RegoVersion::V1, &options());
    let said = match outcome {
        Ok(_) => "accepted\n".to_owned(),
        Err(errors) => render(&sources, &errors),
    };
    format!("{}\n----\n{said}", text.trim())
}

#[test]
fn operands_of_builtins() {
    insta::assert_snapshot!(errors(
        "package p

a := count(1)
b := 1 + \"a\"
c if upper([input.x])
d := count(upper(upper(2)))
e if count(true, x)
f if not count(null)
g := [1, 2] - {3}
h := concat(\",\", [1, \"a\"])
i := count({x | x := upper(5)})
"
    ));
}

#[test]
fn operands_of_rules() {
    insta::assert_snapshot!(errors(
        "package p

double(x) := x + x

first([a, _]) := a if a == upper(a)

a := double(\"2\")
b := first({\"a\": 1})
c := first([1, 2])
d := upper(double(2))
"
    ));
}

#[test]
fn sides_that_are_never_equal() {
    insta::assert_snapshot!(errors(
        "package p

names := {\"a\", \"b\"}

a if 1 = \"1\"
b if { some x; [x, \"s\"] = [1, 2] }
c if {\"k\": 1} = {\"l\": 1}
d if { x := 1; x = \"1\" }
e if some [x, y] in [[1, 2, 3]]
f if some x in 5
g if { some x in names; x = 1 }
h if count(names) = true
i if { walk(input, [path, value]); path = \"x\"; value = 1 }
"
    ));
}

/// A statement `a == b` of a rule is `a = b` to OPA's checker, unless it stands inside another term.
#[test]
fn equality_of_statements() {
    insta::assert_snapshot!(errors(
        "package p

a if 1 == \"1\"
b if not input.x == [1, 2][\"a\"]
c := [1 | 1 == \"a\"]
d := 1 == \"1\"
f(x) := 1 if x == 1
f(x) := 2 if x == \"a\"
e := f(1) + f(\"a\")
g := f([1])
"
    ));
}

#[test]
fn documents_of_rules() {
    insta::assert_snapshot!(errors(
        "package p.q

double(x) := x * 2
number := 1
a := data[1]
b := data.p[2]
c := double
d := data.p.q.double.x
e if { some x; data.p[x].number; x == 1 }
f if every x in [1] { number.foo == x }
g if data.r.s == {\"x\": 1}
h := data.r.s + 1
i if double(1) with double as upper
"
    ));
}

#[test]
fn references_to_what_cannot_be() {
    insta::assert_snapshot!(errors(
        "package p

number := 1
table := {\"a\": {\"b\": [1, 2]}, \"odd key\": null}
names contains \"x\"
by_name[name] := 1 if some name in names

a := number.foo
b := table.b
c := table.a.b[2]
d := table.a.b.c
e := table[\"odd key\"].x
f if names[1]
g if { x := 1; x[0] }
h if { some x in number; x }
i if { y := 1; table[y] }
j := by_name[2]
"
    ));
}

#[test]
fn what_depends_on_an_error_is_not_told_again() {
    insta::assert_snapshot!(errors(
        "package p

a := count(1)
b := upper(a)
c := upper(count(2))
d if { x := e.missing; count(x) }
e := {\"k\": 1}
"
    ));
}

#[test]
fn queries() {
    let module = "package p\n\nn := 1\n\nf(x) := upper(x)\n";
    let (mut sources, outcome) = support::compile(&[module], RegoVersion::V1, &options());
    let resolved = outcome.unwrap().resolved;
    let mut said = String::new();
    for text in ["data.p.n.x", "data.p.f(1)", "x = 1; count(x)", "data.p.f(\"x\") = x; data.q.r[x]"]
    {
        let source = sources.add(std::sync::Arc::new(SourceFile::new("", text)));
        let (body, found) = parse_query(source, text, &ParseOptions::default());
        assert!(found.is_empty(), "{found:?}");
        let query = QuerySource {
            source,
            body: &body,
            text,
            version: RegoVersion::V1,
            package: None,
            imports: &[],
        };
        let errors = analyse_query(&resolved, query, &sources, &options()).err();
        writeln!(said, "{text}\n----").unwrap();
        said.push_str(&errors.map_or("accepted\n".into(), |errors| render(&sources, &errors)));
    }
    insta::assert_snapshot!(said);
}

/// Each is accepted by OPA: nothing in it is certain to fail.
const ACCEPTED: &[(&str, &str)] = &[
    ("a union of objects may be anything", "a := upper(object.union(input.x, {\"k\": 1}))"),
    ("input can be anything", "a := input.x + count(input.x)"),
    ("base documents can be anything", "a := data.base.x + count(data.base.x[_].y)"),
    ("comparing is for all types", "a := 1 == \"1\"\nb if [] < {}\nc if 1 != null"),
    ("a parameter that may be anything", "f(x) := x == 1\na := f(\"x\")\nb := f({})"),
    (
        "a parameter as each definition takes it",
        "f(x) := x + 1\nf(x) := upper(x)\na := f(1)\nb := f(\"x\")",
    ),
    ("a default takes all", "default f(_) := 0\nf(x) := upper(x)\na := f(1)"),
    (
        "an else branch types parameters anew",
        "f(x) := x + 1 if x > 0\nelse := upper(x)\na := f(\"x\")",
    ),
    (
        "a result as each definition gives it",
        "f(x) := 1 if x == 1\nf(x) := \"1\" if x == 2\na := upper(f(1))\nb := f(1) + 1",
    ),
    (
        "a default counts as a value",
        "default a := 1\na := \"x\" if input.x\nb := upper(a)\nc := a + 1",
    ),
    ("a rule that may miss", "a := {\"x\": 1} if input.x\nb := a.x + 1"),
    (
        "a key beside a dynamic object",
        "a[x] := 1 if some x in input.a\na.k.l := \"s\" if input.y\nb := upper(a.k.l)\nc := a[1]",
    ),
    ("a package", "a if data.p.b == {1: 2}\nb := data.other\nc := count(data.other)"),
    ("every with untyped variables", "n := 1\na if every x in input { x.foo; n == x.bar }"),
    ("a rule that is not there", "a := data.p.nothing.here\nb := count(data.p.nothing)"),
    (
        "all of a package",
        "a if { some name; data.q[name]; upper(name) }\nb := data.q + 1\nc if data.q[x][y] == x",
    ),
    (
        "a set of several types",
        "s := {1, \"a\"}\na if { some x in s; upper(x) }\nb if { some x in s; x + 1 }",
    ),
    ("an array of several types", "l := [1, \"a\", null]\na := upper(l[i])\nb if l[_] == 2"),
    (
        "an empty composite holds anything",
        "a if { some x in []; x + 1 }\nb := {}[input.x].y.z\nc := set() - {1}",
    ),
    ("an object with computed keys", "a := {input.x: 1, \"k\": \"s\"}\nb := a.anything\nc := a.k"),
    (
        "keys of several definitions",
        "a[x] := 1 if some x in input.a\na[x] := \"s\" if some x in input.b\nb := a.x + 1\nc := upper(a.y)",
    ),
    (
        "a dynamic object with a known key beside",
        "a[x] := 1 if some x in input.a\na.k.l := \"s\" if input.y\nb := upper(a.k.l)\nc := a.z + 1",
    ),
    (
        "sets below a key",
        "a[x] contains y if some x, y in input.a\nb := a.x | {1}\nc := count(a[1])",
    ),
    (
        "objects of different definitions fit together",
        "a := {k: 1 | some k in input.a}\na := {k: \"s\" | some k in input.b}\nb if a = {\"x\": 1, \"y\": \"s\"}",
    ),
    (
        "objects of a default and of other definitions",
        "default a := null\na := {k: 1 | some k in input.a}\na := {k: \"s\" | some k in input.b}\n\
         b if a = {\"x\": 1, \"y\": \"s\"}",
    ),
    (
        "a parameter that the head uses before the body, in another order",
        "f(x) := x == 1 if { y + x > 1; y = 2 }\na := f(\"s\")",
    ),
    ("what a closure needs stays inside", "f(x) := [y | y := x + 1]\na := f(\"s\")"),
    (
        "every",
        "a if every x in [1, \"2\"] { upper(x) }\nb if every k, v in {\"a\": 1} { count(v); k + 1 }",
    ),
    (
        "walk",
        "a if { walk([1], [path, value]); count(path) == 0; value.x }\nb := [v | [_, v] := walk(input)]",
    ),
    (
        "patterns",
        "a if { [x, {\"k\": y}] := [1, {\"k\": \"s\"}]; x + 1; upper(y) }\nb if { [x, y] = input.x; x + 1; upper(y) }",
    ),
    (
        "a pattern against alternatives",
        "l := [[1, \"a\"], [\"b\", 2]]\na if { some [x, y] in l; x + 1; y + 1; upper(x) }",
    ),
    (
        "an index that may be out of range",
        "l := [y | some y in input.l]\na := l[7]\nb := l[input.i]",
    ),
    (
        "a variable that was put where anything goes",
        "a if { x := 1; y := [x, input.y]; json.marshal(y); z := x }",
    ),
    (
        "a chain of references",
        "a := {\"b\": {\"c\": input.c}}\nd := a.b.c.e.f[0]\ne := a.b[input.k].z",
    ),
    (
        "a set as a test",
        "s contains x if some x in input.s\na if s[\"x\"]\nb if s[1]\nc if s[[1, 2]]",
    ),
    ("output operands", "a if { count(input.x, n); n + 1 }\nb if { upper(\"x\", input.y) }"),
    ("nested functions", "g(x) := count(x)\nf(x) := g(x) + 1\na := f([1])\nb := f(input)"),
];

#[test]
fn what_may_work_is_accepted() {
    let mut refused = String::new();
    for (what, text) in ACCEPTED {
        let text = format!("package p\n\n{text}\n");
        let (sources, outcome) = support::compile(&[&text], RegoVersion::V1, &options());
        if let Err(errors) = outcome {
            writeln!(refused, "{what}:\n{}", render(&sources, &errors)).unwrap();
        }
    }
    assert!(refused.is_empty(), "{refused}");
}

fn accepted_in_time(text: &str) {
    let start = Instant::now();
    let (sources, outcome) = support::compile(&[text], RegoVersion::V1, &options());
    let taken = start.elapsed();
    println!("{} bytes: {taken:?}", text.len());
    assert!(outcome.is_ok(), "{}", render(&sources, &outcome.err().unwrap()));
    assert!(taken < Duration::from_secs(20), "{taken:?}");
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::from("package p\n\n");
    for at in 0..count {
        writeln!(text, "{}", line(at)).unwrap();
    }
    text
}

#[test]
fn types_that_double_with_each_rule() {
    let text = lines(5_000, |at| format!("p{at} := [p{}, p{}, {at}]", at + 1, at + 1));
    accepted_in_time(&(text + "p5000 := [1]\na if p0 == p1\nb if p0 = p2\n"));
}

#[test]
fn unions_of_unions() {
    let text = lines(3_000, |at| format!("p := {{\"k{at}\": [{at}, \"x\"], \"l{}\": 1}}", at % 7));
    let uses =
        lines(3_000, |at| format!("q{at} if {{ p = x; [p, x] = [x, p]; some y in p; y = {at} }}"));
    accepted_in_time(&(text + uses.trim_start_matches("package p")));
}

#[test]
fn references_into_a_large_table() {
    let entries: Vec<String> = (0..1_500).map(|at| format!("\"k{at}\": {at}")).collect();
    let table = format!("table := {{{}}}\n", entries.join(", "));
    accepted_in_time(&(lines(20_000, |at| format!("a{at} := table[input.k{at}]")) + &table));
}
