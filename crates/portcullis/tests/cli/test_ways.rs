//! `test`: what is run, in which order and for how long, and what ends it early.

use insta::assert_snapshot;

use crate::place::Place;
use crate::test::{GOOD, untimed};

#[test]
fn what_passes_says_only_how_many() {
    let place = Place::with(&[("d/p.rego", GOOD), ("d/data.json", r#"{"x": 1}"#)]);
    assert_snapshot!(place.run(&["test", "d"]), @r"
    exit 0
    --- stdout
    PASS: 2/2
    ");
    assert_snapshot!(place.run(&["test", "-b", "d"]), @r"
    exit 0
    --- stdout
    PASS: 2/2
    ");
    assert_snapshot!(place.run(&["test", "--count", "2", "d"]), @r"
    exit 0
    --- stdout
    PASS: 2/2
    PASS: 2/2
    ");
}

#[test]
fn files_are_told_apart() {
    let place = Place::with(&[("a.rego", GOOD), ("b.rego", "package p\n\ntest_a if false\n")]);
    assert_snapshot!(untimed(&place.run(&["test", "."])), @r"
    exit 2
    --- stdout
    a.rego:5:
    data.p.test_b: FAIL (T)

    b.rego:3:
    data.p.test_a#01: FAIL (T)
    --------------------------------------------------------------------------------
    PASS: 1/3
    FAIL: 2/3
    ");
}

#[test]
fn skipped_tests_may_be_all_right() {
    let place = Place::with(&[("a.rego", "package p\n\ntodo_test_x if true\n")]);
    assert_snapshot!(place.run(&["test", "a.rego"]), @r"
    exit 2
    --- stdout
    a.rego:3:
    data.p.todo_test_x: SKIPPED
    --------------------------------------------------------------------------------
    SKIPPED: 1/1
    ");
    assert_snapshot!(place.run(&["test", "-z", "a.rego"]), @r"
    exit 0
    --- stdout
    a.rego:3:
    data.p.todo_test_x: SKIPPED
    --------------------------------------------------------------------------------
    SKIPPED: 1/1
    ");
}

#[test]
fn nothing_to_run_may_be_a_failure() {
    let place = Place::with(&[("a.rego", "package p\n\nx := 1\n")]);
    assert_snapshot!(place.run(&["test", "a.rego"]), @"exit 0");
    assert_snapshot!(place.run(&["test", "--fail-on-empty", "a.rego"]), @r"
    exit 1
    --- stderr
    no tests were run
    ");
    assert_snapshot!(place.run(&["test", "-f", "json", "a.rego"]), @r"
    exit 0
    --- stdout
    []
    ");
}

#[test]
fn what_does_not_load_or_compile_ends_with_1() {
    let place = Place::with(&[("a.rego", "package p\n\ntest_x if y\n"), ("b.rego", "package")]);
    assert_snapshot!(place.run(&["test", "a.rego"]), @r"
    exit 1
    --- stderr
    1 error occurred: a.rego:3: rego_unsafe_var_error: var y is unsafe
    	test_x if y
    	          ^
    	hint: give `y` a value first: `y := …`, `some y in …`
    ");
    assert_snapshot!(place.run(&["test", "b.rego"]), @r"
    exit 1
    --- stderr
    1 error occurred: b.rego:1: rego_parse_error: unexpected eof token
    	package
    	      ^
    	hint: something before this place is not finished
    ");
    assert_snapshot!(place.run(&["test", "nowhere"]), @r"
    exit 1
    --- stderr
    1 error occurred: open nowhere: no such file or directory
    ");
    assert_snapshot!(place.run(&["test", "-f", "gobench", "a.rego"]), @r"
    exit 1
    --- stderr
    cannot use output format gobench without running benchmarks (--bench)
    ");
}

#[test]
fn a_test_has_its_own_time() {
    let endless = "package p\n\ntest_long if {\n\tsome i in numbers.range(1, 10000000)\n\tcount(numbers.range(1, i)) < 0\n}\n\ntest_short if true\n";
    let place = Place::with(&[("a.rego", endless)]);
    assert_snapshot!(untimed(&place.run(&["test", "--timeout", "100ms", "a.rego"])), @r"
    exit 2
    --- stdout
    a.rego:3:
    data.p.test_long: ERROR (T)
      a.rego:5: eval_cancel_error: caller cancelled query execution: deadline exceeded
    --------------------------------------------------------------------------------
    PASS: 1/2
    ERROR: 1/2
    ");
}

#[test]
fn old_modules_are_read_as_such() {
    let place = Place::with(&[("a.rego", "package p\n\ntest_a { 1 == 1 }\n\ntest_a { 1 == 2 }\n")]);
    assert_snapshot!(untimed(&place.run(&["test", "--v0-compatible", "a.rego"])), @r"
    exit 2
    --- stdout
    a.rego:5:
    data.p.test_a#01: FAIL (T)
    --------------------------------------------------------------------------------
    PASS: 1/2
    FAIL: 1/2
    ");
}

#[test]
fn the_slowest_may_come_first() {
    let module =
        "package p\n\ntest_fast if true\n\ntest_slow if count(numbers.range(1, 200000)) > 0\n";
    let place = Place::with(&[("a.rego", module)]);
    let shown = place.run(&["test", "--format=json", "--sort", "duration", "a.rego"]);
    let position = |name: &str| shown.find(name).unwrap();
    assert!(position("test_slow") < position("test_fast"), "{shown}");
}

#[test]
fn tests_are_measured() {
    let place = Place::with(&[("a.rego", "package p\n\ntest_a if 1 == 1\n\ntest_b if false\n")]);
    let shown = place.run(&["test", "--bench", "-f", "gobench", "a.rego"]);
    let line = shown.lines().find(|line| line.starts_with("BenchmarkDataPTestA\t")).unwrap();
    let units: Vec<_> =
        line.split('\t').skip(2).filter_map(|part| part.split(' ').next_back()).collect();
    assert_eq!(units, ["ns/op", "timer_rego_query_eval_ns/op", "B/op", "allocs/op"]);
    assert!(shown.contains("data.p.test_b: FAIL"), "{shown}");
    let shown = place.run(&["test", "--bench", "--benchmem=false", "-r", "test_a", "a.rego"]);
    assert!(shown.contains("data.p.test_a\t") && !shown.contains("B/op"), "{shown}");
}

#[test]
fn tests_are_held_to_capabilities() {
    let place = Place::with(&[("a.rego", GOOD), ("c.json", r#"{"builtins": []}"#)]);
    let shown = place.run(&["test", "--capabilities", "c.json", "a.rego"]);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    assert!(shown.contains("rego_v1 feature required"), "{shown}");
    assert_snapshot!(place.run(&["test", "--target", "wasm", "a.rego"]), @r"
    exit 2
    --- stderr
    wasm target not supported
    ");
}
