//! `docker-authz` and its commands: replays, explanations, checks, and their exit codes.

use crate::place::Place;

const OLD: &str = "package docker.authz\n\nallow if input.Method == \"GET\"\n";

const NEW: &str = r#"package docker.authz

default allow := false

allow if count(deny) == 0

deny contains msg if {
	input.Action == "container_create"
	msg := "no containers today"
}

deny contains "no images" if startswith(input.PathPlain, "/v1.41/images/")
"#;

const TESTS: &str = r#"package docker.authz_test

import data.docker.authz

test_info if authz.allow with input as {"Action": "system_info", "PathPlain": "/info"}

test_wrong if {
	print("said:", 1)
	not authz.allow with input as {"Action": "system_info", "PathPlain": "/info"}
}
"#;

/// A GET of /info, its response, a create with `{"Image":"bb"}`, a GET of an image, one left out.
const RECORDS: &str = r#"{"seq":1,"call":"AuthZReq","request":{"RequestMethod":"GET","RequestUri":"/v1.41/info"}}
{"seq":2,"call":"AuthZRes","request":{"RequestMethod":"GET","RequestUri":"/v1.41/info","ResponseStatusCode":200}}
{"seq":3,"call":"AuthZReq","request":{"User":"alice","RequestMethod":"POST","RequestUri":"/v1.41/containers/create","RequestHeaders":{"Content-Type":"application/json","Content-Length":"14"},"RequestBody":"eyJJbWFnZSI6ImJiIn0="}}
{"seq":4,"call":"AuthZReq","request":{"RequestMethod":"GET","RequestUri":"/v1.41/images/bb/json"}}
{"seq":5,"call":"AuthZReq","notes":"left out"}
"#;

fn place() -> Place {
    Place::with(&[
        ("old.rego", OLD),
        ("new.rego", NEW),
        ("new_test.rego", TESTS),
        ("r.jsonl", RECORDS),
    ])
}

/// With these the new policy gives its reasons.
const BOTH: [&str; 4] =
    ["--allow-path", "/docker/authz/allow", "--deny-path", "/docker/authz/deny"];

fn run(arguments: &[&str]) -> String {
    let all: Vec<&str> = ["docker-authz"].iter().chain(arguments).copied().collect();
    place().run(&all)
}

#[test]
fn a_replay_shows_what_changes_and_why() {
    let shown =
        run(&["replay", "r.jsonl", "--policy", "new.rego", "--deny-path", "/docker/authz/deny"]);
    let expected = "\
exit 1
--- stdout
+-----+----------+------------------+--------------------------------+---------+---------------------+
| SEQ |   CALL   |      ACTION      |            REQUEST             | CHANGE  |         WHY         |
+-----+----------+------------------+--------------------------------+---------+---------------------+
| 3   | AuthZReq | container_create | POST /v1.41/containers/create  | refused | no containers today |
| 4   | AuthZReq | image_inspect    | GET /v1.41/images/bb/json      | refused | no images           |
+-----+----------+------------------+--------------------------------+---------+---------------------+
4 calls: 2 unchanged, 2 newly refused, 0 newly allowed; 1 had not been recorded whole
";
    let squeezed = |text: &str| text.split([' ', '-']).collect::<String>();
    assert_eq!(squeezed(&shown), squeezed(expected), "{shown}");
}

#[test]
fn a_replay_compares_two_policies() {
    let arguments = ["replay", "r.jsonl", "--policy", "old.rego", "--against", "old.rego"];
    let shown = run(&arguments);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(shown.contains("4 calls: 4 unchanged, 0 newly refused, 0 newly allowed"), "{shown}");
    let shown =
        run(&["replay", "r.jsonl", "--policy", "new.rego", "--against", "old.rego", "-f", "json"]);
    let (exit, document) = shown.split_once("--- stdout\n").unwrap();
    assert_eq!(exit, "exit 1\n");
    let document = rego::Value::from_json(document.as_bytes()).unwrap().to_json();
    for part in [
        r#""newly_refused":1,"unchanged":3"#,
        r#""action":"image_inspect","after":{"allow":false,"#,
        r#""before":{"allow":true,"reasons":[]},"call":"AuthZReq""#,
        r#""seq":4"#,
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[test]
fn a_replay_takes_profiles() {
    let arguments =
        ["replay", "r.jsonl", "--profile", "read-only", "--against-profile", "baseline"];
    let shown = run(&arguments);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    assert!(shown.contains("container_create"), "{shown}");
}

#[test]
fn what_cannot_be_replayed_exits_with_2() {
    for (arguments, words) in [
        (["replay", "none.jsonl", "--policy", "new.rego"], "cannot open `none.jsonl`"),
        (["replay", "r.jsonl", "--policy", "none.rego"], "none.rego"),
        (["replay", "new.rego", "--policy", "new.rego"], "line 1 is not a record"),
    ] {
        let shown = run(&arguments);
        assert!(shown.starts_with("exit 2\n") && shown.contains(words), "{shown}");
    }
}

#[test]
fn an_explanation_shows_the_rules_behind_a_reason() {
    let mut arguments = vec!["explain", "r.jsonl", "--policy", "new.rego"];
    arguments.extend(BOTH);
    let shown = run(&arguments);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    for words in [
        "call 3 (AuthZReq): POST /v1.41/containers/create (container_create)\nrefused\n",
        "  data.docker.authz.allow: false\n",
        "Reasons\n  no containers today\n    new.rego:7\n",
        "Rules that fired\n",
        "  new.rego:7  data.docker.authz.deny\n    deny contains msg if {\n",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("new.rego:5"), "it had no solution: {shown}");
    arguments.extend(["--seq", "4", "--trace", "--input"]);
    let shown = run(&arguments);
    for words in [
        "  no images\n    new.rego:12\n",
        "Trace of data.docker.authz.deny\n",
        "\"PathPlain\": \"/v1.41/images/bb/json\"",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn an_explanation_as_json_and_of_what_is_allowed() {
    let shown = run(&["explain", "r.jsonl", "--policy", "new.rego", "--seq", "1", "-f", "json"]);
    let (exit, document) = shown.split_once("--- stdout\n").unwrap();
    assert_eq!(exit, "exit 0\n");
    let document = rego::Value::from_json(document.as_bytes()).unwrap().to_json();
    for part in [
        r#""documents":[{"path":"data.docker.authz.allow","value":true}]"#,
        r#"{"file":"new.rego","row":5,"rule":"data.docker.authz.allow","text":"allow if count(deny) == 0"}"#,
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }
    let shown = run(&["explain", "r.jsonl", "--policy", "new.rego", "--seq", "2"]);
    assert!(shown.contains("allowed\nThe policy was not asked.\n"), "{shown}");
    let shown = run(&["explain", "r.jsonl", "--policy", "new.rego", "--seq", "9"]);
    assert!(shown.starts_with("exit 2\n") && shown.contains("has no call 9"), "{shown}");
    let shown = run(&["explain", "r.jsonl", "--policy", "new.rego", "--seq", "5"]);
    assert!(shown.starts_with("exit 2\n") && shown.contains("was not recorded"), "{shown}");
}

#[test]
fn a_check_compiles_lints_and_runs_tests() {
    let shown = run(&["check", "--policy", "new.rego"]);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(shown.contains("tests: 0 passed, 0 failed, 0 skipped\n"), "{shown}");
    let shown = run(&["check", "--policy", "new.rego", "--tests", "new_test.rego", "-v"]);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    for words in [
        "new_test.rego:5: data.docker.authz_test.test_info: PASS\n",
        "new_test.rego:7: data.docker.authz_test.test_wrong: FAIL\n  said: 1\n",
        "tests: 1 passed, 1 failed, 0 skipped\n",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let broken = Place::with(&[("p.rego", "package docker.authz\n\nallow if {")]);
    let shown = broken.run(&["docker-authz", "check", "--policy", "p.rego"]);
    assert!(shown.starts_with("exit 1\n") && shown.contains("p.rego:3"), "{shown}");
    let odd = Place::with(&[(
        "p.rego",
        "package docker.authz\n\nallow if not deny\n\ndeny contains 1 if input.x\n",
    )]);
    let shown = odd.run(&["docker-authz", "check", "--policy", "p.rego", "--strict"]);
    assert!(shown.starts_with("exit 1\n") && shown.contains("set-as-condition"), "{shown}");
}

#[test]
fn commands_and_flags_of_the_gate_do_not_mix() {
    let shown = run(&["--dry-run", "check"]);
    assert!(shown.starts_with("exit 2\n"), "{shown}");
    let shown = place().called("opa-docker-authz").run(&["check", "--policy", "new.rego"]);
    assert!(shown.contains("policy compiles"), "{shown}");
    let shown = place().called("opa-docker-authz").run(&["-version", "check"]);
    assert!(shown.contains("Version: "), "{shown}");
}
