//! Functions that are rewritten for base data once they have run often: they do less, and say the same.
#![cfg(test)]

use rego::{
    BuiltinErrors, Compiler, EvalOptions, Lowering, Policy, Query, QueryOptions, RegoVersion,
    Usage, Value,
};

/// More than it takes until all that can be rewritten is.
const RUNS: usize = 12;

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Compiles; functions are rewritten when they have run once.
fn compile(body: &str, data: &str) -> Policy {
    let lowering = Lowering { runs_before_rewriting: 0, ..Lowering::default() };
    let module = format!("package p\n{body}");
    let compiler = Compiler::new().module("p.rego", module).data(json(data)).lowering(lowering);
    compiler.compile().unwrap()
}

#[track_caller]
fn answer(query: &Query, input: &str) -> String {
    let value = query.value(Some(&json(input)), &EvalOptions::default()).unwrap();
    value.map_or_else(|| "undefined".to_owned(), |value| value.to_json())
}

/// Asks with one input until everything is rewritten.
fn rewrite(query: &Query, input: &str) {
    for _ in 0..RUNS {
        answer(query, input);
    }
}

/// Returns how many steps an evaluation takes.
fn steps(query: &Query, input: &str) -> u64 {
    let usage = Usage::default();
    let options = EvalOptions { usage: Some(&usage), ..EvalOptions::default() };
    query.value(Some(&json(input)), &options).unwrap();
    usage.steps()
}

const SWITCHES: &str = "
deny contains msg if some msg in a
deny contains msg if some msg in b
deny contains msg if some msg in c
a contains \"a\" if { data.on.a; asked }
b contains \"b\" if { data.on.b; asked }
c contains \"c\" if { c_on; asked; allowed(input.x) }
c_on := data.on.c
asked if input.ask
allowed(x) if { data.on.any; x == x }
allowed(x) if x in data.on.xs
";

const ON: &str = r#"{"on": {"a": true, "b": false, "c": true, "any": false, "xs": [1, 2]}}"#;

#[test]
fn what_settings_switch_off_is_not_looked_at() {
    let query = compile(SWITCHES, ON).prepare("data.p.deny").unwrap();
    let before = steps(&query, r#"{"ask": true, "x": 1}"#);
    rewrite(&query, r#"{"ask": true, "x": 1}"#);
    let after = steps(&query, r#"{"ask": true, "x": 1}"#);
    assert!(after + 3 <= before, "{before}, then {after}");
    for (input, want) in [
        (r#"{"ask": true, "x": 1}"#, r#"["a","c"]"#),
        (r#"{"ask": true, "x": 3}"#, r#"["a"]"#),
        (r#"{"ask": false, "x": 1}"#, "[]"),
        ("{}", "[]"),
    ] {
        assert_eq!(answer(&query, input), want, "{input}");
    }
}

#[test]
fn what_was_rewritten_without_a_solution_finds_one() {
    let query = compile(SWITCHES, ON).prepare("data.p.deny").unwrap();
    rewrite(&query, "{}");
    assert_eq!(answer(&query, r#"{"ask": true, "x": 2}"#), r#"["a","c"]"#);
}

#[test]
fn other_data_is_looked_at_anew() {
    let policy = compile(SWITCHES, ON);
    let query = policy.prepare("data.p.deny").unwrap();
    let asked = r#"{"ask": true, "x": 3}"#;
    rewrite(&query, asked);
    let data = r#"{"on": {"a": false, "b": true, "c": true, "any": true, "xs": []}}"#;
    let other = query.over(&policy.with_data(json(data)));
    assert_eq!(answer(&other, asked), r#"["b","c"]"#);
    rewrite(&other, asked);
    assert_eq!(answer(&other, asked), r#"["b","c"]"#);
    assert_eq!(answer(&query, asked), r#"["a"]"#);
}

#[test]
fn replacements_count_in_what_was_rewritten() {
    let body = "on if data.on
                counted := count(data.xs)
                f(x) := x + data.n
                inner := [v | v := [on, counted, f(input.a)]]
                replaced := v if { v := inner with data.on as false }
                other := v if { v := inner with data.xs as [1] with data.n as 10 }
                mocked := v if { v := inner with count as 7 }
                asked := v if { v := inner with input.a as 5 }
                out := [inner, object.get({\"r\": replaced}, \"r\", 0), other, mocked, asked]";
    let query =
        compile(body, r#"{"on": true, "xs": [1, 2], "n": 1}"#).prepare("data.p.out").unwrap();
    let want = "[[[true,2,2]],[],[[true,1,11]],[[true,7,2]],[[true,2,6]]]";
    for _ in 0..RUNS {
        assert_eq!(answer(&query, "{\"a\": 1}"), want);
    }
}

#[test]
fn errors_stay_what_they_were() {
    let body = "out := [x | x := text]
                text := to_number(data.text)
                of(x) := to_number(x)
                called := 1 if { input.ask; of(data.text) }
                both := [out, [1 | called]]";
    let query = compile(body, r#"{"text": "x"}"#).prepare("data.p.both").unwrap();
    let asked = json("{\"ask\": true}");
    for _ in 0..RUNS {
        let errors = BuiltinErrors::default();
        let options = EvalOptions { builtin_errors: Some(&errors), ..EvalOptions::default() };
        let value = query.value(Some(&asked), &options).unwrap();
        assert_eq!(value.map(|value| value.to_json()).as_deref(), Some("[[],[]]"));
        assert_eq!(query.errors_of(&errors).len(), 2);
    }
    let strict = EvalOptions { strict_builtin_errors: true, ..EvalOptions::default() };
    assert!(query.value(Some(&asked), &strict).is_err(), "lenient evaluations came before");
}

#[test]
fn conflicts_stay_what_they_were() {
    let body = "out := data.a if input.ask\nout := data.b if input.ask";
    let query = compile(body, r#"{"a": 1, "b": 2}"#).prepare("data.p.out").unwrap();
    rewrite(&query, "{}");
    for _ in 0..RUNS {
        let error =
            query.value(Some(&json("{\"ask\": true}")), &EvalOptions::default()).unwrap_err();
        assert_eq!(error.code, "eval_conflict_error");
        assert_eq!(error.place.unwrap().1.row, 3);
    }
}

#[test]
fn queries_of_the_old_language_run_what_was_written() {
    let policy = compile("out := to_number(data.x)\nasked := out if input.ask", r#"{"x": "7"}"#);
    let query = policy.prepare("data.p.asked").unwrap();
    rewrite(&query, "{\"ask\": true}");
    let old = QueryOptions { version: RegoVersion::V0, ..QueryOptions::default() };
    let old = policy.prepare_with("data.p.asked", &old).unwrap();
    assert_eq!(answer(&old, "{\"ask\": true}"), "7");
}

#[test]
fn numbers_of_another_text_stay_apart() {
    let body = "a := data.one if input.ask\na := data.float if not input.ask\nout := [a, data.one == data.float]";
    let query = compile(body, r#"{"one": 1, "float": 1.0}"#).prepare("data.p.out").unwrap();
    rewrite(&query, "{}");
    assert_eq!(answer(&query, "{}"), "[1.0,true]");
    assert_eq!(answer(&query, "{\"ask\": true}"), "[1,true]");
}

#[test]
fn threads_agree() {
    let query = compile(SWITCHES, ON).prepare("data.p.deny").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let query = &query;
            scope.spawn(move || {
                for turn in 0..300 {
                    let ask = (turn + thread) % 2 == 0;
                    let want = if ask { r#"["a","c"]"# } else { "[]" };
                    assert_eq!(answer(query, &format!(r#"{{"ask": {ask}, "x": 1}}"#)), want);
                }
            });
        }
    });
}
