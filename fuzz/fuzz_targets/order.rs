//! The order of the statements of a body does not matter.
#![no_main]

#[path = "../choose.rs"]
mod choose;

use choose::{Choices, answer};
use libfuzzer_sys::fuzz_target;

const DATA: &str = r#"{"xs": [1, 2, 3, 2], "ys": [[1, 2], [2, 3], "a", null], "o": {"a": 1, "b": 2, "c": [1, 4]},
    "oo": {"k": {"a": 1, "b": 3}, "l": {"a": 2, "b": 3}, "m": {"b": 1}}, "e": []}"#;

const INPUT: &str = r#"{"n": 2, "roles": ["a", "b"], "o": {"a": 3}, "t": true, "f": false}"#;

const RULES: &str = "
s contains x if some x in data.xs
s contains 7
m[k] := v if some k, v in data.o
g[k][j] := v if v := data.oo[k][j]
f(1) := 2
f(a) := a + 1 if a != 1
h(a, b) if a < b
h(a, _) if a == 3
d := 3 if input.t
u := 1 if input.f
default v := false
v if input.n == 3
w contains [a, b] if { some a in data.xs; b := a * input.n }
c := \"x\" if input.f else := 2 if input.n > 1 else := 1
";

/// Statements that give `$` a value, whatever comes with them; `@` is another variable.
const GIVE: &[&str] = &[
    "$ = data.xs[_]",
    "data.xs[$] = @",
    "data.xs[$] = 2",
    "$ = data.ys[_][_]",
    "data.ys[$][_] = _",
    "data.o[$] = @",
    "data.oo[_][$] = @",
    "data.oo[$].a = @",
    "data.oo[$][@]",
    "$ = input.roles[_]",
    "input.roles[$] = _",
    "$ = input.n",
    "$ = 1",
    "$ = 2",
    "$ = \"a\"",
    "[$, @] = data.ys[_]",
    "[2, $] = data.ys[_]",
    "[$, _] = w[_]",
    "w[[$, @]]",
    "{\"a\": $, \"b\": @} = data.oo[_]",
    "s[$]",
    "m[$] = @",
    "m[$]",
    "g[$][@]",
    "g[$][@] = 3",
    "g.k[$] = @",
    "$ = d",
    "$ = c",
    "$ = v",
    "$ = u",
    "$ = [q | q = data.xs[_]; q > 1]",
    "$ = {q: r | data.o[q] = r}",
    "$ = {q | s[q]}",
    "walk(data.oo, [$, @])",
    "walk(data.o, [[_], $])",
    "data.p[\"s\"][$]",
    "[$, 1] = [@, 1]",
    "data[\"o\"][$] = @",
];

/// Statements that use variables: some give a value to what has none, some only test.
const USE: &[&str] = &[
    "$ = @",
    "$ = @ + 1",
    "$ = f(@)",
    "f(@, $)",
    "$ = [@, 1]",
    "[$, @] = [@, $]",
    "[$, 2] = @",
    "$ = {\"a\": @}",
    "{\"a\": $} = @",
    "$ = data.xs[@]",
    "$ = data.o[@]",
    "data.oo[$][@] = 3",
    "$ = m[@]",
    "$ = count(@)",
    "$ = to_number(@)",
    "$ = object.get(data.o, @, 9)",
    "$ = [q | q = data.xs[_]; q >= @]",
    "$ = {q | data.xs[q] = @}",
    "$ = {q: @ | s[q]}",
    "$ = sum([@, 1])",
    "$ = data.xs[_] with data.xs as [@, 8]",
    "$ = c with input.n as @",
    "$ = w with input.n as @",
    "$ = v with input as {\"n\": @}",
    "$ = s with data.xs as [@]",
    "$ = f(@) with f as h2",
    "$ > @",
    "$ != @",
    "$ == @",
    "$ <= 2",
    "$ != 2",
    "not $ = @",
    "not $ == 2",
    "not s[$]",
    "not m[$]",
    "not h($, @)",
    "h($, @)",
    "h($, 2)",
    "s[$]",
    "m[$] = @",
    "$ in data.xs",
    "$, @ in data.o",
    "not $ in data.e",
    "$ in {1, \"a\", @}",
    "every q in data.xs { q >= $ }",
    "every q, r in data.xs { q + r > $ }",
    "is_number($)",
    "not is_string($)",
    "$",
    "not $",
    "not data.oo[$].a",
    "not data.oo[_][$]",
    "startswith($, \"a\")",
    "count([q | q = @; q = $]) = 1",
    "$ = ($ | {@})",
    "$ = {@} | {1}",
    "@ = $ - 1",
    "not w[[$, @]]",
    "w[[$, @]]",
    "x = y",
    "[x, y] = z",
    "z = [w1, x]; w1 = y",
    "true = ($ == @)",
    "$ = ($ == 1)",
    "data.xs[$] = data.xs[@]",
    "data.o[$] = data.oo[@].a",
    "data.ys[$] = [@, _]",
];

const NAMES: &[&str] = &["x", "y", "z", "t"];

fn statement(choices: &mut Choices<'_>, of: &[&str], subject: &str) -> String {
    let other = choices.one(NAMES);
    choices.one(of).replace('$', subject).replace('@', other)
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let names = &NAMES[..1 + choices.below(NAMES.len())];
    let mut body: Vec<String> = Vec::new();
    for name in names {
        let of = if choices.below(3) == 2 { USE } else { GIVE };
        body.push(statement(&mut choices, of, name));
    }
    for _ in 0..choices.below(4) {
        let subject = choices.one(names);
        body.push(statement(&mut choices, USE, subject));
    }
    let head = names.join(", ");
    let module = |body: &[String]| {
        format!(
            "package p\n{RULES}h2(_) := 5\n\nout contains [{head}] if {{\n\t{}\n}}\n",
            body.join("\n\t")
        )
    };
    let one = module(&body);
    choices.shuffle(&mut body);
    let two = module(&body);
    let (first, second) =
        (answer(&one, DATA, INPUT, "data.p.out"), answer(&two, DATA, INPUT, "data.p.out"));
    // What types are known where depends on the order, as in OPA; and so do costs.
    let fits = |answer: &Result<String, &str>| {
        !matches!(answer, Err("rego_type_error" | "eval_budget_error"))
    };
    if fits(&first) && fits(&second) {
        assert_eq!(first.is_err(), second.is_err(), "{first:?} {second:?} {one}\n{two}");
        assert_eq!(first.ok(), second.ok(), "{one}\n{two}");
    }
});
