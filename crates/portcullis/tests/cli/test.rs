//! `test`: tests of policies, what each came to, in each format.

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

pub(crate) const GOOD: &str = "package p\n\ntest_a if true\n\ntest_b if data.x == 1\n";

/// Puts a word in place of each duration.
pub(crate) fn untimed(shown: &str) -> String {
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
