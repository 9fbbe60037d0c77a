//! Tests of policies: which are found, what each comes to.
#![cfg(test)]

use std::sync::Arc;

use rego::testing::{Outcome, Test, TestLog, Verdict};
use rego::{Compiler, EvalOptions, Host, IdleHost, Policy, Value};

struct LogHost(Arc<TestLog>);

impl Host for LogHost {
    fn now_ns(&self) -> i64 {
        IdleHost.now_ns()
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        IdleHost.random(buffer);
    }
    fn runtime(&self) -> Value {
        IdleHost.runtime()
    }
    fn print(&self, _: &str, line: &str) {
        self.0.print(line);
    }
    fn test_case(&self, name: &Value) {
        self.0.test_case(name);
    }
}

fn compile(modules: &[&str]) -> Policy {
    let compiler = modules.iter().enumerate().fold(Compiler::new(), |compiler, (at, text)| {
        compiler.module(format!("{at}_test.rego"), *text)
    });
    compiler.with_tests().compile().unwrap()
}

fn run(policy: &Policy, test: &Test) -> Outcome {
    if test.skipped {
        return Outcome::skipped();
    }
    let log = Arc::new(TestLog::default());
    let host = LogHost(Arc::clone(&log));
    let options = EvalOptions { host: &host, ..EvalOptions::default() };
    match test.prepare(policy) {
        Ok(prepared) => prepared.run(&options, &log),
        Err(error) => Outcome::errored(error),
    }
}

/// Runs all tests of a module; a line for each, one below it for each case.
fn report(module: &str) -> String {
    let policy = compile(&[module]);
    let mut lines = String::new();
    for test in policy.tests() {
        let outcome = run(&policy, &test);
        let verdict = match &outcome.verdict {
            Verdict::Passed => "pass".to_string(),
            Verdict::Failed => "fail".to_string(),
            Verdict::Skipped => "skip".to_string(),
            Verdict::Errored(error) => error.to_string(),
        };
        lines += &format!("{}:{} {}: {verdict}\n", test.file, test.position.row, test.full_name());
        outcome.cases.each(&mut |name, case| {
            let verdict = if case.failed { "fail" } else { "pass" };
            lines += &format!("  {}: {verdict}\n", name.join("/"));
        });
        lines += &outcome.output;
    }
    lines
}

#[track_caller]
fn check(module: &str, want: &str) {
    let got = report(module);
    let want: String = want.lines().map(|line| line.trim_end().to_string() + "\n").collect();
    assert_eq!(got, want, "\n{module}");
}

#[test]
fn only_true_passes() {
    check(
        "package a.b\n\ntest_t if 1 == 1\ntest_f if 1 == 2\ntest_false := false\ntest_one := 1
test_set contains 1\ntest_fun(x) := x\ntodo_test_later if false\nother if true\nxtest_no if true",
        "0_test.rego:3 data.a.b.test_t: pass
0_test.rego:4 data.a.b.test_f: fail
0_test.rego:5 data.a.b.test_false: fail
0_test.rego:6 data.a.b.test_one: fail
0_test.rego:7 data.a.b.test_set: fail
0_test.rego:8 data.a.b.test_fun: fail
0_test.rego:9 data.a.b.todo_test_later: skip",
    );
}

#[test]
fn any_part_of_a_reference_may_name_a_test() {
    check(
        "package p[\"x-y\"]\n\na.b.test_t if true\na.test_u.c.d if true\na.todo_test_v.test_w if true
a[\"test_ x\"] if true",
        "0_test.rego:3 data.p[\"x-y\"].a.b.test_t: pass
0_test.rego:4 data.p[\"x-y\"].a.test_u: fail
0_test.rego:5 data.p[\"x-y\"].a.todo_test_v: skip
0_test.rego:6 data.p[\"x-y\"].a[\"test_ x\"]: pass",
    );
}

#[test]
fn tests_of_one_name_are_kept_apart() {
    let policy = compile(&[
        "package p\n\ntest_x if true\ntest_x if false\nq.test_x if true\ntodo_test_x if true",
        "package p\n\ntest_x if true\n",
        "package r\n\ntest_x if true\n",
    ]);
    let names: Vec<_> = policy.tests().iter().map(Test::full_name).collect();
    let want = [
        "data.p.test_x",
        "data.p.test_x#01",
        "data.p.q.test_x",
        "data.p.todo_test_x",
        "data.p.test_x#02",
        "data.r.test_x",
    ];
    assert_eq!(names, want);
    let verdicts: Vec<_> = policy
        .tests()
        .iter()
        .map(|test| matches!(run(&policy, test).verdict, Verdict::Passed))
        .collect();
    assert_eq!(verdicts, [true, false, true, false, true, true]);
}

#[test]
fn cases_pass_and_fail_on_their_own() {
    check(
        r#"package p

test_concat[tc.note] if {
	some tc in [
		{"note": "empty", "a": [], "want": []},
		{"note": "wrong", "a": [1], "want": [2]},
		{"note": "one", "a": [1], "want": [1]},
	]
	got := array.concat(tc.a, [])
	got == tc.want
}

test_named[name] if {
	some name, value in {"good": 1, "bad": 2}
	value == 1
}

test_none[x] if some x in []
"#,
        "0_test.rego:3 data.p.test_concat: fail
  empty: pass
  one: pass
  wrong: fail
0_test.rego:13 data.p.test_named: fail
  bad: fail
  good: pass
0_test.rego:18 data.p.test_none: pass",
    );
}

#[test]
fn cases_nest() {
    check(
        r#"package p

test_deep[a][sprintf("n%d", [b])] if {
	some a, bs in {"x": [1, 2], "y": [1]}
	some b in bs
	b == 1
}

test_deep.extra[k] := v if some k, v in {"m": true, "n": false, "o": 1}

test_number[n] if {
	some n in [1, [2]]
	n == 1
}
"#,
        "0_test.rego:3 data.p.test_deep: fail
  x: fail
  x/n1: pass
  x/n2: fail
  y: pass
  y/n1: pass
0_test.rego:9 data.p.test_deep#01: fail
  extra: fail
  extra/m: pass
  extra/n: fail
  extra/o: fail
0_test.rego:11 data.p.test_number: fail
  1: pass
  [2]: fail",
    );
}

#[test]
fn a_test_may_announce_its_cases_itself() {
    check(
        r#"package p

test_own[x] if {
	some x in [1, 2, 3]
	x > 1
	internal.test_case([x])
	x > 2
}
"#,
        "0_test.rego:3 data.p.test_own: fail
  2: fail
  3: pass",
    );
}

#[test]
fn what_is_printed_is_kept_and_conflicts_are_errors() {
    check(
        r#"package p

test_print if {
	print("one", 1)
	print(input.x)
	false
}

test_conflict if f(1) == 2

f(x) := 2 if x > 0

f(x) := 3 if x > 0

test_builtin_error if {
	not to_number("x")
}
"#,
        "0_test.rego:3 data.p.test_print: fail
one 1
<undefined>
0_test.rego:9 data.p.test_conflict: 0_test.rego:13: eval_conflict_error: functions must not produce multiple outputs for same inputs
0_test.rego:15 data.p.test_builtin_error: pass",
    );
}

#[test]
fn without_tests_rules_stay_as_they_are() {
    let text = "package p\n\ntest_x if false\ntest_x if true\n";
    let policy = Compiler::new().module("p.rego", text).compile().unwrap();
    assert!(policy.tests().is_empty());
    let query = policy.prepare("data.p.test_x").unwrap();
    assert_eq!(query.value(None, &EvalOptions::default()).unwrap(), Some(Value::TRUE));
}

#[test]
fn printing_without_end_is_cut() {
    let policy = compile(&[
        "package p\n\ntest_x if {\n\tsome i in numbers.range(1, 60000)\n\tprint(sprintf(\"%0100d\", [i]))\n\tfalse\n}\n",
    ]);
    let outcome = run(&policy, &policy.tests()[0]);
    assert!(outcome.output.len() < rego::testing::OUTPUT_BYTES_MAX + 100);
    assert!(outcome.output.ends_with("more was printed than is kept\n"));
}
