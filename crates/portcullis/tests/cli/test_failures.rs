//! `test`: the traces and values that failures come with.

use insta::assert_snapshot;

use crate::place::Place;
use crate::test::untimed;

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

pub(crate) fn failing(arguments: &[&str]) -> String {
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
