//! `bench`: what is measured, in each format. Each measurement takes a second.

use insta::assert_snapshot;

use crate::place::Place;

const POLICY: &str = "package authz\n\nallow if input.user == \"alice\"\n";

fn place() -> Place {
    Place::with(&[("authz.rego", POLICY), ("in.json", r#"{"user": "alice"}"#)])
}

/// The words that stand in columns before the last bar.
fn names(shown: &str) -> Vec<&str> {
    let rows = shown.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|line| line.split('|').nth(1).map(str::trim)).collect()
}

#[test]
fn people_get_a_table() {
    let shown = place().run(&["bench", "-d", "authz.rego", "-i", "in.json", "data.authz.allow"]);
    assert!(shown.starts_with("exit 0\n--- stdout\n+-"), "{shown}");
    let timer = "histogram_timer_rego_query_eval_ns";
    let parts = ["75%", "90%", "95%", "99%", "99.9%", "99.99%", "count", "max", "mean"];
    let parts = parts.iter().chain(&["median", "min", "stddev"]);
    let timers = parts.map(|part| format!("{timer}_{part}"));
    let first = ["samples", "ns/op", "B/op", "allocs/op"].map(str::to_string);
    assert_eq!(names(&shown), first.into_iter().chain(timers).collect::<Vec<_>>());
}

#[test]
fn programs_get_the_result_of_go() {
    let arguments = ["bench", "--metrics=false", "--fail=false", "-d", "authz.rego"];
    let shown = place().run(&[&arguments[..], &["-f", "json", "data.authz.allow"]].concat());
    let keys: Vec<_> = shown.lines().filter_map(|line| line.split_once(':')).map(|l| l.0).collect();
    let want = ["N", "T", "Bytes", "MemAllocs", "MemBytes", "Extra"];
    assert_eq!(keys, want.map(|key| format!("  \"{key}\"")));
    let shown = place().run(&[&arguments[..], &["-f", "gobench", "data.authz.allow"]].concat());
    let line = shown.lines().find(|line| line.starts_with("BenchmarkOPAEval\t")).unwrap();
    let units: Vec<_> = line.split('\t').skip(2).filter_map(|p| p.split(' ').next_back()).collect();
    assert_eq!(units, ["ns/op", "B/op", "allocs/op"]);
}

#[test]
fn a_server_may_be_asked() {
    let arguments = ["bench", "--e2e", "--metrics=false", "-d", "authz.rego", "-i", "in.json"];
    let shown = place().run(&[&arguments[..], &["data.authz.allow"]].concat());
    assert_eq!(names(&shown), ["samples", "ns/op"], "{shown}");
    let shown = place().run(&["bench", "--e2e", "-f", "gobench", "x := 1; y := x + 1"]);
    assert!(shown.contains("histogram_timer_server_handler_ns_mean"), "{shown}");
}

#[test]
fn there_may_be_nothing_to_measure() {
    let place = place();
    assert_snapshot!(place.run(&["bench", "-d", "authz.rego", "data.authz.allow"]), @r"
    exit 1
    --- stderr
    1 error occurred: undefined result
    ");
    assert_snapshot!(place.run(&["bench", "-f", "json", "1 +"]), @r#"
    exit 1
    --- stdout
    {
      "errors": [
        {
          "message": "unexpected eof token",
          "code": "rego_parse_error",
          "location": {
            "file": "",
            "row": 1,
            "col": 3
          },
          "details": {
            "line": "1 +",
            "idx": 2
          }
        }
      ]
    }
    "#);
    assert_snapshot!(place.run(&["bench", "-d", "nowhere", "1"]), @r"
    exit 1
    --- stderr
    1 error occurred: open nowhere: no such file or directory
    ");
    assert_snapshot!(place.run(&["bench", "--e2e", "-d", "nowhere", "1"]), @r"
    exit 1
    --- stderr
    1 error occurred: 1 error occurred during loading: open nowhere: no such file or directory
    ");
    assert_snapshot!(place.run(&["bench", "--e2e", "-d", "authz.rego", "data.authz.allow"]), @r"
    exit 1
    --- stderr
    1 error occurred: undefined result
    ");
    assert_snapshot!(place.run(&["bench"]), @r"
    exit 2
    --- stderr
    specify query argument or --stdin
    ");
    assert_snapshot!(place.run(&["bench", "1", "2"]), @r"
    exit 2
    --- stderr
    specify at most one query argument
    ");
}
