//! `test --coverage`: which lines ran, and whether they are enough.

use insta::assert_snapshot;

use crate::place::Place;
use crate::test_failures::failing;

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
