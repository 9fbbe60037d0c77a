//! `test`: tests of policies, what each came to, and how the process ends.

use insta::assert_snapshot;

use crate::place::Place;

const MIXED: &str = r#"package authz_test

test_good if 1 == 1

test_bad if {
	print("got", 1)
	1 == 2
}

todo_test_later if true

test_cases[tc.note] if {
	some tc in [{"note": "one", "n": 1}, {"note": "two", "n": 2}]
	tc.n == 1
}

test_conflict if f(1) == 2

f(x) := 2 if x > 0

f(x) := 3 if x > 0
"#;

const GOOD: &str = "package p\n\ntest_a if true\n\ntest_b if data.x == 1\n";

/// Puts a word in place of each duration.
fn untimed(shown: &str) -> String {
    let mut text = String::new();
    for line in shown.lines() {
        let is_time =
            |part: &str| part.ends_with('s') && part.starts_with(|c: char| c.is_ascii_digit());
        let line = match line.rsplit_once(" (") {
            Some((before, time)) if is_time(time.trim_end_matches(')')) => format!("{before} (T)"),
            _ => line.to_string(),
        };
        let line = match line.split_once("\"duration\": ") {
            Some((before, after)) if !after.starts_with("0") => {
                format!("{before}\"duration\": T{}", if after.ends_with(',') { "," } else { "" })
            }
            _ => line,
        };
        let mut parts = line.split(" time=\"");
        text += parts.next().unwrap_or_default();
        for part in parts {
            text += &format!(
                " time=\"T{}",
                part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
            );
        }
        text.push('\n');
    }
    text
}

fn mixed(arguments: &[&str]) -> String {
    let all = [&["test"], arguments, &["authz_test.rego"]].concat();
    untimed(&Place::with(&[("authz_test.rego", MIXED)]).run(&all))
}

#[test]
fn what_does_not_pass_is_shown() {
    assert_snapshot!(mixed(&[]), @r"
    exit 2
    --- stdout
    authz_test.rego:5:
    data.authz_test.test_bad: FAIL (T)

      got 1

    authz_test.rego:10:
    data.authz_test.todo_test_later: SKIPPED
    authz_test.rego:12:
    data.authz_test.test_cases: FAIL (T)
      two: FAIL
    authz_test.rego:17:
    data.authz_test.test_conflict: ERROR (T)
      authz_test.rego:21: eval_conflict_error: functions must not produce multiple outputs for same inputs
    --------------------------------------------------------------------------------
    PASS: 2/6
    FAIL: 2/6
    SKIPPED: 1/6
    ERROR: 1/6
    ");
}

#[test]
fn verbose_shows_all_and_failures_again() {
    assert_snapshot!(mixed(&["-v"]), @r"
    exit 2
    --- stdout
    authz_test.rego:3:
    data.authz_test.test_good: PASS (T)
    authz_test.rego:5:
    data.authz_test.test_bad: FAIL (T)

      got 1

    authz_test.rego:10:
    data.authz_test.todo_test_later: SKIPPED
    authz_test.rego:12:
    data.authz_test.test_cases: FAIL (T)
      one: PASS
      two: FAIL
    authz_test.rego:17:
    data.authz_test.test_conflict: ERROR (T)
      authz_test.rego:21: eval_conflict_error: functions must not produce multiple outputs for same inputs
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.authz_test.test_bad: FAIL (T)

      query:1               Enter data.authz_test.test_bad = _
      authz_test.rego:5     | Enter data.authz_test.test_bad
      authz_test.rego:7     | | Fail 1 == 2
      query:1               | Fail data.authz_test.test_bad = _

    data.authz_test.test_cases: FAIL (T)

      query:1                Enter data.authz_test.test_cases = _
      authz_test.rego:12     | Enter data.authz_test.test_cases
      authz_test.rego:14     | | Fail tc.n == 1

      two: FAIL

    --------------------------------------------------------------------------------
    PASS: 2/6
    FAIL: 2/6
    SKIPPED: 1/6
    ERROR: 1/6
    ");
}

#[test]
fn json_has_an_object_for_each() {
    assert_snapshot!(mixed(&["-f", "json"]), @r#"
    exit 2
    --- stdout
    [
      {
        "location": {
          "file": "authz_test.rego",
          "row": 3,
          "col": 1
        },
        "package": "data.authz_test",
        "name": "test_good",
        "duration": T
      },
      {
        "location": {
          "file": "authz_test.rego",
          "row": 5,
          "col": 1
        },
        "package": "data.authz_test",
        "name": "test_bad",
        "output": "Z290IDEK",
        "duration": T,
        "fail": true
      },
      {
        "location": {
          "file": "authz_test.rego",
          "row": 10,
          "col": 1
        },
        "package": "data.authz_test",
        "name": "todo_test_later",
        "duration": 0,
        "skip": true
      },
      {
        "location": {
          "file": "authz_test.rego",
          "row": 12,
          "col": 1
        },
        "sub_results": {
          "one": {
            "name": "one"
          },
          "two": {
            "name": "two",
            "fail": true
          }
        },
        "package": "data.authz_test",
        "name": "test_cases",
        "duration": T,
        "fail": true
      },
      {
        "error": {
          "code": "eval_conflict_error",
          "message": "functions must not produce multiple outputs for same inputs",
          "location": {
            "file": "authz_test.rego",
            "row": 21,
            "col": 1
          }
        },
        "location": {
          "file": "authz_test.rego",
          "row": 17,
          "col": 1
        },
        "package": "data.authz_test",
        "name": "test_conflict",
        "duration": T
      }
    ]
    "#);
}

#[test]
fn junit_has_an_element_for_each_case() {
    assert_snapshot!(mixed(&["-f", "junit"]), @r#"
    exit 2
    --- stdout
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="6" failures="2" errors="1" skipped="1" time="T">
      <testsuite name="data.authz_test" tests="6" failures="2" errors="1" skipped="1" time="T">
        <testcase classname="data.authz_test" name="test_good" file="authz_test.rego" line="3" time="T"/>
        <testcase classname="data.authz_test" name="test_bad" file="authz_test.rego" line="5" time="T">
          <failure message="the test is not true"/>
          <system-out>got 1&#10;</system-out>
        </testcase>
        <testcase classname="data.authz_test" name="todo_test_later" file="authz_test.rego" line="10" time="T">
          <skipped/>
        </testcase>
        <testcase classname="data.authz_test" name="test_cases/one" file="authz_test.rego" line="12" time="T"/>
        <testcase classname="data.authz_test" name="test_cases/two" file="authz_test.rego" line="12" time="T">
          <failure message="the case does not hold"/>
        </testcase>
        <testcase classname="data.authz_test" name="test_conflict" file="authz_test.rego" line="17" time="T">
          <error message="authz_test.rego:21: eval_conflict_error: functions must not produce multiple outputs for same inputs"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn tests_are_chosen_by_their_whole_names() {
    let chosen = mixed(&["-v", "-r", r"^data\.authz_test\.test_(good|ca)", "-p", "1"]);
    assert_snapshot!(chosen, @r"
    exit 2
    --- stdout
    authz_test.rego:3:
    data.authz_test.test_good: PASS (T)
    authz_test.rego:12:
    data.authz_test.test_cases: FAIL (T)
      one: PASS
      two: FAIL
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.authz_test.test_cases: FAIL (T)

      query:1                Enter data.authz_test.test_cases = _
      authz_test.rego:12     | Enter data.authz_test.test_cases
      authz_test.rego:14     | | Fail tc.n == 1

      two: FAIL

    --------------------------------------------------------------------------------
    PASS: 2/3
    FAIL: 1/3
    ");
    let wrong = Place::with(&[("a.rego", GOOD)]).run(&["test", "-r", "(", "a.rego"]);
    assert!(
        wrong.starts_with("exit 1\n--- stderr\n1 error occurred: regex parse error"),
        "{wrong}"
    );
}

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

const FAILING: &str = r#"package p

limit := 3

test_values if {
	x := 1
	y := {"a": limit}
	trace("a note")
	y.a == x + 1
}

test_every if {
	every v in [1, 2, 3] {
		v < limit
	}
}

test_cases[tc.note] if {
	some tc in [{"note": "one", "n": 1}, {"note": "two", "n": 2}, {"note": "three", "n": 3}]
	tc.n != 2
	tc.n != 3
}
"#;

fn failing(arguments: &[&str]) -> String {
    let all = [&["test"], arguments, &["p.rego"]].concat();
    untimed(&Place::with(&[("p.rego", FAILING)]).run(&all))
}

#[test]
fn failures_come_with_their_traces() {
    assert_snapshot!(failing(&["-v", "-r", "values"]), @r#"
    exit 2
    --- stdout
    p.rego:5:
    data.p.test_values: FAIL (T)
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.p.test_values: FAIL (T)

      query:1      Enter data.p.test_values = _
      p.rego:5     | Enter data.p.test_values
      p.rego:8     | | Note "a note"
      p.rego:9     | | Fail y.a == x + 1
      query:1      | Fail data.p.test_values = _

    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
    assert_snapshot!(failing(&["--explain", "notes", "-r", "values"]), @r#"
    exit 2
    --- stdout
    p.rego:5:
    data.p.test_values: FAIL (T)
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.p.test_values: FAIL (T)

      query:1      Enter data.p.test_values = _
      p.rego:5     | Enter data.p.test_values
      p.rego:8     | | Note "a note"

    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
    assert_snapshot!(failing(&["--explain", "fails", "-r", "cases", "--var-values"]), @r#"
    exit 2
    --- stdout
    p.rego:18:
    data.p.test_cases: FAIL (T)
      one: PASS
      three: FAIL
      two: FAIL
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.p.test_cases: FAIL (T)

      query:1       Enter data.p.test_cases = _ {}
      p.rego:18     | Enter data.p.test_cases   {}
      p.rego:20     | | Fail tc.n != 2          {tc: {"n": 2, "note": "two"}}
      p.rego:21     | | Fail tc.n != 3          {tc: {"n": 3, "note": "three"}}

      three: FAIL
        
          p.rego:21:
            tc.n != 3
            |
            {"n": 3, "note": "three"}
        
      two: FAIL
        
          p.rego:20:
            tc.n != 2
            |
            {"n": 2, "note": "two"}
        

    --------------------------------------------------------------------------------
    PASS: 1/3
    FAIL: 2/3
    "#);
}

#[test]
fn failures_come_with_their_values() {
    assert_snapshot!(failing(&["--var-values"]), @r#"
    exit 2
    --- stdout
    p.rego:5:
    data.p.test_values: FAIL (T)
    p.rego:12:
    data.p.test_every: FAIL (T)
    p.rego:18:
    data.p.test_cases: FAIL (T)
      three: FAIL
      two: FAIL
    --------------------------------------------------------------------------------
    FAILURES
    --------------------------------------------------------------------------------
    data.p.test_values: FAIL (T)

      p.rego:9:
        y.a == x + 1
        |      |
        |      1
        {"a": 3}


    data.p.test_every: FAIL (T)

      p.rego:14:
        v < limit
        |
        3


    data.p.test_cases: FAIL (T)

      three: FAIL
        
          p.rego:21:
            tc.n != 3
            |
            {"n": 3, "note": "three"}
        
      two: FAIL
        
          p.rego:20:
            tc.n != 2
            |
            {"n": 2, "note": "two"}
        

    --------------------------------------------------------------------------------
    PASS: 1/5
    FAIL: 4/5
    "#);
}

#[test]
fn traces_are_part_of_json() {
    let shown = failing(&["--explain", "notes", "-f", "json", "-r", "values"]);
    let ops: Vec<_> = shown.lines().filter(|line| line.contains("\"Op\"")).map(str::trim).collect();
    assert_eq!(ops, ["\"Op\": \"Enter\",", "\"Op\": \"Enter\",", "\"Op\": \"Note\","]);
    assert!(!failing(&["-f", "json"]).contains("\"trace\""));
}

const COVERED: &str = r#"package p

allow if {
	input.user == "alice"
	input.age > 3
}

deny if {
	input.user == "mallory"
	input.age < 3
}
"#;

const COVERING: &str = r#"package p_test

import data.p

test_allow if {
	p.allow with input as {"user": "alice", "age": 4}
}
"#;

#[test]
fn coverage_takes_the_place_of_results() {
    let place = Place::with(&[("p.rego", COVERED), ("p_test.rego", COVERING)]);
    assert_snapshot!(place.run(&["test", "-c", "."]), @r#"
    exit 0
    --- stdout
    {
      "files": {
        "p.rego": {
          "covered": [
            {
              "start": {
                "row": 3
              },
              "end": {
                "row": 5
              }
            }
          ],
          "not_covered": [
            {
              "start": {
                "row": 8
              },
              "end": {
                "row": 10
              }
            }
          ],
          "covered_lines": 3,
          "not_covered_lines": 3,
          "coverage": 50
        },
        "p_test.rego": {
          "covered": [
            {
              "start": {
                "row": 5
              },
              "end": {
                "row": 6
              }
            }
          ],
          "covered_lines": 2,
          "coverage": 100
        }
      },
      "covered_lines": 5,
      "not_covered_lines": 3,
      "coverage": 62.5
    }
    "#);
}

#[test]
fn coverage_may_be_too_low() {
    let place = Place::with(&[("p.rego", COVERED), ("p_test.rego", COVERING)]);
    assert_snapshot!(place.run(&["test", "--threshold", "90", "."]), @r"
    exit 2
    --- stderr
    Code coverage threshold not met: got 62.50 instead of 90.00
    ");
    assert_snapshot!(place.run(&["test", "--threshold", "90", "-v", "."]), @r"
    exit 2
    --- stderr
    Code coverage threshold not met: got 62.50 instead of 90.00
    Lines not covered:
    	p.rego:8-10
    ");
    assert!(place.run(&["test", "--threshold", "50", "."]).starts_with("exit 0\n"));
    assert_snapshot!(place.run(&["test", "--threshold", "101", "."]), @r"
    exit 1
    --- stderr
    Code coverage threshold must be between 0 and 100
    ");
    assert_snapshot!(place.run(&["test", "--coverage", "--bench", "."]), @r"
    exit 1
    --- stderr
    coverage reporting is not supported when benchmarking tests
    ");
}

#[test]
fn failures_come_before_coverage() {
    assert_snapshot!(failing(&["-c", "-r", "every"]), @r"
    exit 1
    --- stdout
    p.rego:12:
    data.p.test_every: FAIL (T)
    --------------------------------------------------------------------------------
    FAIL: 1/1
    --- stderr
    data.p.test_every: FAIL (T)
    ");
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
