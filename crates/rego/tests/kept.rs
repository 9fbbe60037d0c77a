//! Values of rules that are kept from one evaluation to the next: only of those that depend on data
//! alone.
#![cfg(test)]

use std::sync::atomic::{AtomicI64, Ordering};

use rego::{
    Budget, BuiltinErrors, Compiler, EvalOptions, Host, Policy, Query, QueryOptions, RegoVersion,
    Usage, Value,
};

/// A world that is another at each look, and counts the lines printed.
#[derive(Default)]
struct Moving {
    looks: AtomicI64,
    lines: AtomicI64,
}

impl Host for Moving {
    fn now_ns(&self) -> i64 {
        self.looks.fetch_add(1, Ordering::Relaxed)
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(self.looks.fetch_add(1, Ordering::Relaxed) as u8);
    }

    fn runtime(&self) -> Value {
        Value::from(self.looks.fetch_add(1, Ordering::Relaxed))
    }

    fn print(&self, _: &str, _: &str) {
        self.lines.fetch_add(1, Ordering::Relaxed);
    }
}

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

fn compile(body: &str, data: &str) -> Policy {
    Compiler::new()
        .module("p.rego", format!("package p\n{body}"))
        .data(json(data))
        .compile()
        .unwrap()
}

#[track_caller]
fn answer(query: &Query, input: &str, options: &EvalOptions<'_>) -> String {
    let value = query.value(Some(&json(input)), options).unwrap();
    value.map_or_else(|| "undefined".to_owned(), |value| value.to_json())
}

/// Returns how many steps an evaluation takes.
fn steps(query: &Query) -> u64 {
    let usage = Usage::default();
    query.value(None, &EvalOptions { usage: Some(&usage), ..EvalOptions::default() }).unwrap();
    usage.steps()
}

#[test]
fn what_depends_on_data_is_worked_out_once() {
    let policy = compile(
        "out := count([x | some x in numbers.range(1, 1000); x in data.xs])",
        "{\"xs\":[7]}",
    );
    let query = policy.prepare("data.p.out").unwrap();
    let again = policy.prepare("data.p.out").unwrap();
    assert_eq!(answer(&query, "{}", &EvalOptions::default()), "1");
    assert!(steps(&query) < 20, "the second evaluation does no work");
    let none = EvalOptions { keep: false, ..EvalOptions::default() };
    let budget = Budget { steps_max: 500, ..Budget::default() };
    assert!(again.value(None, &EvalOptions { budget, ..none }).is_err(), "the first one does");
}

#[test]
fn queries_of_one_policy_share_what_is_kept() {
    let body = "out := count([x | some x in numbers.range(1, 1000); x in data.xs])";
    let policy = compile(body, "{\"xs\":[7]}");
    let first = policy.prepare("data.p.out").unwrap();
    assert_eq!(answer(&first, "{}", &EvalOptions::default()), "1");
    let other = policy.prepare("x := data.p.out; y := x + 1").unwrap();
    assert!(steps(&other) < 30, "the other query does no work again");
    let old = QueryOptions { version: RegoVersion::V0, ..QueryOptions::default() };
    let old = policy.prepare_with("data.p.out", &old).unwrap();
    assert!(steps(&old) > 1000, "builtins may answer queries of v0 in another way");
}

#[test]
fn what_is_too_big_is_worked_out_each_time() {
    let body = "big := numbers.range(1, data.n)\nsmall := count(numbers.range(1, 1000000))";
    let query = compile(body, "{\"n\": 400000}").prepare("data.p.big[0]; data.p.small").unwrap();
    for _ in 0..3 {
        assert_eq!(answer(&query, "{}", &EvalOptions::default()), "1");
    }
    let needed = steps(&query);
    assert!((100_000..1_000_000).contains(&needed), "{needed}: the big one alone");
}

#[test]
fn other_data_is_looked_at_anew() {
    let policy = compile("out := data.x + 1\nnone if data.y", "{\"x\": 1}");
    let query = policy.prepare("[data.p.out, object.get(data.p, \"none\", false)]").unwrap();
    let options = EvalOptions::default();
    assert_eq!(answer(&query, "{}", &options), "[2,false]");
    assert_eq!(answer(&query, "{}", &options), "[2,false]");
    let other = query.over(&policy.with_data(json("{\"x\": 5, \"y\": 1}")));
    assert_eq!(answer(&other, "{}", &options), "[6,true]");
    assert_eq!(answer(&query, "{}", &options), "[2,false]");
}

#[test]
fn what_depends_on_input_is_not_kept() {
    for body in [
        "out := input.a",
        "out := input",
        "out := x if { x := helper }\nhelper := y if { some y in input.as }",
        "out := f(1)\nf(x) := x + input.a",
        "out := \"one\" if input.a == 1\nout := \"two\" if input.a == 2\nout := \"three\" if input.a == 3",
        "out := q.r\nq.r := input.a",
        "out := data.p.t[k] if { some k in [\"r\"] }\nt.r := input.a",
        "out := [v | some k; v := data.p.s[k]]\ns[k] := v if some k, v in input",
        "out := y if { y := z with input.a as data.five }\nz := input.as",
    ] {
        let query = compile(body, "{\"five\": 5}").prepare("data.p.out").unwrap();
        let options = EvalOptions::default();
        let first = answer(&query, "{\"a\": 1, \"as\": [1]}", &options);
        let second = answer(&query, "{\"a\": 2, \"as\": [2]}", &options);
        assert_ne!(first, second, "{body}");
        assert_eq!(answer(&query, "{\"a\": 1, \"as\": [1]}", &options), first, "{body}");
    }
}

#[test]
fn what_looks_at_the_world_is_not_kept() {
    for body in [
        "out := time.now_ns()",
        "out := x if { x := stamp }\nstamp := time.now_ns()",
        "out := uuid.rfc4122(\"a\")",
        "out := rand.intn(\"a\", 1000000)",
        "out := opa.runtime()",
    ] {
        let query = compile(body, "{}").prepare("data.p.out").unwrap();
        let host = Moving::default();
        let options = EvalOptions { host: &host, ..EvalOptions::default() };
        assert_ne!(answer(&query, "{}", &options), answer(&query, "{}", &options), "{body}");
    }
}

#[test]
fn replacements_do_not_stay() {
    let body = "inner := data.x\nreplaced := v if { v := inner with data.x as 9 }\n\
                mocked := v if { v := counted with count as 7 }\ncounted := count([1])\n\
                out := [replaced, inner, mocked, counted]";
    let query = compile(body, "{\"x\": 1}").prepare("data.p.out").unwrap();
    for _ in 0..3 {
        assert_eq!(answer(&query, "{}", &EvalOptions::default()), "[9,1,7,1]");
    }
    let query = compile(body, "{\"x\": 1}").prepare("data.p.inner with data.x as input.a").unwrap();
    assert_eq!(answer(&query, "{\"a\": 3}", &EvalOptions::default()), "3");
    assert_eq!(answer(&query, "{\"a\": 4}", &EvalOptions::default()), "4");
}

#[test]
fn errors_of_builtins_are_told_each_time() {
    let body = "out := object.get({\"a\": bad}, \"a\", 1)\nbad := to_number(data.text)\n\
                safe := 1 if not bad\nall := [safe | true]";
    let query = compile(body, "{\"text\": \"x\"}").prepare("data.p.all").unwrap();
    for _ in 0..3 {
        let errors = BuiltinErrors::default();
        let options = EvalOptions { builtin_errors: Some(&errors), ..EvalOptions::default() };
        assert_eq!(answer(&query, "{}", &options), "[1]");
        assert_eq!(query.errors_of(&errors).len(), 1);
    }
    let strict = EvalOptions { strict_builtin_errors: true, ..EvalOptions::default() };
    assert!(query.value(None, &strict).is_err(), "a lenient evaluation came before");
}

#[test]
fn conflicts_are_found_each_time() {
    let query =
        compile("out := data.a\nout := data.b", "{\"a\": 1, \"b\": 2}").prepare("data.p.out");
    let query = query.unwrap();
    for _ in 0..3 {
        assert!(query.value(None, &EvalOptions::default()).is_err());
    }
}

#[test]
fn prints_are_made_each_time() {
    let query = compile("out := 1 if print(\"x\")", "{}").prepare("data.p.out").unwrap();
    let host = Moving::default();
    for _ in 0..3 {
        let options = EvalOptions { host: &host, ..EvalOptions::default() };
        assert_eq!(answer(&query, "{}", &options), "1");
    }
    assert_eq!(host.lines.into_inner(), 3);
}

#[test]
fn threads_agree() {
    let policy = compile("out := sum([x | some x in data.xs])", "{\"xs\": [1, 2, 3]}");
    let query = policy.prepare("data.p.out").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(answer(&query, "{}", &EvalOptions::default()), "6");
                }
            });
        }
    });
}
