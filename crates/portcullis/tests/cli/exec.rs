//! `exec`: one decision a file, what counts as a failure, and what a configuration adds.

use insta::assert_snapshot;

use crate::place::{Place, run};

/// A bundle, and inputs for it.
fn place() -> Place {
    Place::with(&[
        ("b/p.rego", POLICY),
        ("b/d/data.json", r#"{"admins": ["alice"]}"#),
        ("in/a.json", r#"{"user": "alice", "list": [1], "zero": 0}"#),
        ("in/b.yaml", "user: bob\nlist: []\nboth: true\n"),
        ("in/deep/c.yml", "user: carol\n"),
        ("in/notes.txt", "passed over"),
        ("bad.json", "{"),
    ])
}

const POLICY: &str = r#"package p

allow if input.user in data.d.admins

list := input.list

nothing := null

choice := 1
choice := 2 if input.both

forever if count([1 | some _ in numbers.range(1, 100000); some _ in numbers.range(1, 100000)]) > 0
"#;

/// Runs, with what differs from run to run taken out.
fn exec(place: &Place, arguments: &[&str]) -> String {
    let shown = place.run(&[&["exec", "-b", "b"], arguments].concat());
    masked(&shown)
}

/// Takes out ids and times.
fn masked(shown: &str) -> String {
    let mut text = shown.to_string();
    for (before, after) in [
        ("\"decision_id\": \"", "\""),
        ("\"decision_id\":\"", "\""),
        ("\"time\":\"", "\""),
        ("\"timestamp\":\"", "\""),
        ("\"id\":\"", "\""),
        ("\"metrics\":{", "}"),
        ("\"version\":\"", "\""),
        ("time=", " "),
        ("\"time\": \"", "\""),
    ] {
        let mut parts = text.split(before);
        let first = parts.next().unwrap().to_string();
        text = parts.fold(first, |text, part| {
            let (_, rest) = part.split_once(after).unwrap();
            format!("{text}{before}…{after}{rest}")
        });
    }
    text
}

#[test]
fn each_file_has_its_result() {
    assert_snapshot!(exec(&place(), &["--decision", "/p/allow", "in"]), @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in/a.json",
          "result": true,
          "decision_id": "…"
        },
        {
          "path": "in/b.yaml",
          "error": {
            "code": "opa_undefined_error",
            "message": "/p/allow decision was undefined"
          }
        },
        {
          "path": "in/deep/c.yml",
          "error": {
            "code": "opa_undefined_error",
            "message": "/p/allow decision was undefined"
          }
        }
      ]
    }
    "#);
}

#[test]
fn errors_are_results_too() {
    let shown = exec(&place(), &["--decision", "p/choice", "in/a.json", "in/b.yaml", "bad.json"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in/a.json",
          "result": 1,
          "decision_id": "…"
        },
        {
          "path": "in/b.yaml",
          "error": {
            "code": "eval_conflict_error",
            "message": "complete rules must not produce multiple outputs",
            "location": {
              "file": "~0/p.rego",
              "row": 10,
              "col": 1
            }
          }
        },
        {
          "path": "bad.json",
          "error": {
            "message": "bad.json: 1:2: unexpected end of JSON input"
          }
        }
      ]
    }
    "#);
}

#[test]
fn the_standard_input_comes_first() {
    let told = place().stdin("user: alice");
    assert_snapshot!(exec(&told, &["-I", "--decision", "p/allow", "in/b.yaml"]), @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "--stdin-input",
          "result": true,
          "decision_id": "…"
        },
        {
          "path": "in/b.yaml",
          "error": {
            "code": "opa_undefined_error",
            "message": "/p/allow decision was undefined"
          }
        }
      ]
    }
    "#);
    let empty = exec(&place().stdin(" "), &["--stdin-input"]);
    assert_snapshot!(empty, @r#"
    exit 1
    --- stderr
    {"err":"exec error: cannot execute on empty input; please enter valid json or yaml when using the --stdin-input flag","level":"error","msg":"Unexpected error.","time":"…"}
    "#);
}

#[test]
fn what_counts_as_a_failure() {
    let place = place();
    let exit = |decision: &str, arguments: &[&str]| {
        let shown = exec(&place, &[&["--decision", decision], arguments].concat());
        shown.lines().next().unwrap().to_string()
    };
    for (decision, input, [fail, defined, non_empty]) in [
        ("p/allow", "in/a.json", [0, 1, 1]),
        ("p/allow", "in/b.yaml", [1, 0, 0]),
        ("p/nothing", "in/a.json", [1, 0, 0]),
        ("p/list", "in/b.yaml", [0, 1, 0]),
        ("p/list", "in/a.json", [0, 1, 1]),
        ("p/choice", "in/b.yaml", [0, 1, 1]),
        ("p/allow", "bad.json", [1, 1, 1]),
        ("p/allow", "in/notes.txt", [0, 0, 0]),
    ] {
        for (flag, code) in
            [("--fail", fail), ("--fail-defined", defined), ("--fail-non-empty", non_empty)]
        {
            let shown = exit(decision, &[flag, input]);
            assert_eq!(shown, format!("exit {code}"), "{decision} {input} {flag}");
        }
        assert_eq!(exit(decision, &[input]), "exit 0");
    }
    let shown = exec(&place, &["--decision", "p/allow", "--fail-defined", "in", "bad.json"]);
    let complaint = shown.lines().last().unwrap();
    assert_snapshot!(complaint, @r#"{"err":"exec error: there were 1 failures and 1 errors counted in the results list, and --fail-defined is set","level":"error","msg":"Unexpected error.","time":"…"}"#);
}

#[test]
fn flags_that_contradict_each_other() {
    let place = place();
    assert_snapshot!(exec(&place, &[]), @r#"
    exit 1
    --- stderr
    {"err":"requires at least 1 path arg, or the --stdin-input flag","level":"error","msg":"Unexpected error.","time":"…"}
    "#);
    let said = |flags: &[&str]| {
        let shown = exec(&place, &[&["in"], flags].concat());
        let line = shown.lines().last().unwrap().to_string();
        line.split('"').nth(3).unwrap().to_string()
    };
    assert_eq!(
        said(&["--fail", "--fail-defined"]),
        "exec error: specify --fail or --fail-defined but not both"
    );
    assert_eq!(
        said(&["--fail-non-empty", "--fail"]),
        "exec error: specify --fail-non-empty or --fail but not both"
    );
    assert_eq!(
        said(&["--fail-non-empty", "--fail-defined"]),
        "exec error: specify --fail-non-empty or --fail-defined but not both"
    );
}

#[test]
fn a_configuration_names_bundles_the_decision_and_the_log() {
    let place = place();
    place.put(
        "config.yaml",
        b"default_decision: /p/allow\ndecision_logs: {console: true}\nlabels: {app: test}\n",
    );
    place.put("port", b"x");
    let resource = format!("bundles.main.resource=file://{}", place.path().join("b").display());
    let shown = place.run(&[
        "exec",
        "-c",
        "config.yaml",
        "--set",
        &resource,
        "--set-file",
        "labels.file=port",
        "in/a.json",
    ]);
    assert_snapshot!(masked(&shown), @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in/a.json",
          "result": true,
          "decision_id": "…"
        }
      ]
    }
    --- stderr
    {"bundles":{"main":{}},"decision_id":"…","input":{"list":[1],"user":"alice","zero":0},"labels":{"app":"test","file":"x","id":"…","version":"…"},"level":"info","metrics":{…},"msg":"Decision Log","path":"p/allow","result":true,"time":"…","timestamp":"…","type":"openpolicyagent.org/decision_logs"}
    "#);
}

#[test]
fn a_configuration_can_be_discovered() {
    let place = place();
    let url = |name: &str| format!("file://{}", place.path().join(name).display());
    std::fs::create_dir_all(place.path().join("found/config")).unwrap();
    let found = format!(
        r#"{{"bundles": {{"main": {{"resource": "{}"}}}}, "default_decision": "/p/list"}}"#,
        url("b")
    );
    place.put("found/config/data.json", found.as_bytes());
    let resource = format!("discovery.resource={}", url("found"));
    let set = ["exec", "--set", &resource, "--set", "discovery.decision=config", "in/a.json"];
    let shown = masked(&place.run(&set));
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in/a.json",
          "result": [
            1
          ],
          "decision_id": "…"
        }
      ]
    }
    "#);
    // A bundle that is no good is told at once, whatever the time-out.
    let broken = format!("bundles.b.resource={}", url("none"));
    let shown = place.run(&["exec", "--set", &broken, "in/a.json"]);
    assert!(shown.contains("runtime error: open ") && shown.starts_with("exit 1"), "{shown}");
}

#[test]
fn print_is_told_where_asked_for() {
    let place = Place::with(&[
        ("b/p.rego", "package system\n\nmain if print(\"hi\", input.x)\n"),
        ("in.json", r#"{"x": 1}"#),
    ]);
    assert_snapshot!(exec(&place, &["-l", "info", "--log-format", "text", "in.json"]), @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in.json",
          "result": true,
          "decision_id": "…"
        }
      ]
    }
    --- stderr
    time=… level=info msg="hi 1" line="~0/p.rego:3"
    "#);
    assert!(!exec(&place, &["--log-format=json-pretty", "in.json"]).contains("stderr"));
}

#[test]
fn signed_bundles_are_verified_with_the_keys_of_the_configuration() {
    let place = place();
    let sign = ["--signing-alg", "HS256", "--signing-key", "secret"];
    assert_eq!(place.run(&[&["build", "-b", "b"], &sign[..]].concat()), "exit 0\n");
    let exec = |arguments: &[&str]| {
        let first = ["exec", "-b", "bundle.tar.gz", "--decision", "p/list", "in/a.json"];
        masked(&place.run(&[&first[..], arguments].concat()))
    };
    assert_snapshot!(exec(&[]), @r#"
    exit 1
    --- stderr
    {"err":"runtime error: bundle `bundle.tar.gz`: verification key not provided","level":"error","msg":"Unexpected error.","time":"…"}
    "#);
    place.put("config.json", br#"{"keys": {"default": {"key": "secret", "algorithm": "HS256"}}}"#);
    let right = exec(&["-c", "config.json"]);
    assert!(right.starts_with("exit 0"), "{right}");
    let wrong = exec(&["-c", "config.json", "--set", "keys.default.key=other"]);
    assert!(wrong.contains("failed to verify JWT signature"), "{wrong}");
}

#[test]
fn time_is_bounded() {
    let place = place();
    let shown = exec(&place, &["--timeout", "100ms", "--decision", "p/forever", "in/a.json"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    {
      "result": [
        {
          "path": "in/a.json",
          "error": {
            "code": "eval_cancel_error",
            "message": "caller cancelled query execution"
          }
        }
      ]
    }
    "#);
    let late = place.run(&[
        "exec",
        "--timeout=100ms",
        "--set",
        "services.s.url=http://127.0.0.1:9",
        "--set",
        "discovery.resource=d",
        "in/a.json",
    ]);
    assert!(late.starts_with("exit 1\n"), "{late}");
}

#[test]
fn what_is_wrong_is_said() {
    let place = place();
    place.put("broken.rego", b"package");
    for (arguments, want) in [
        (&["exec", "-b", "none", "in"][..], "no such file or directory"),
        (&["exec", "-b", "b", "none"], "open none: no such file or directory"),
        (&["exec", "-c", "none.yaml", "in"], "cannot read the configuration"),
        (&["exec", "--set", "storage.disk.directory=d", "in"], "`storage` is for servers"),
        (&["exec", "--timeout", "x", "in"], "invalid duration"),
    ] {
        let shown = place.run(arguments);
        assert!(shown.contains(want) && !shown.contains("exit 0"), "{shown}");
    }
    let v0 = Place::with(&[("b/p.rego", "package p\n\nq { true }\n"), ("in.json", "1")]);
    let shown = exec(&v0, &["--v0-compatible", "--v1-compatible", "--decision=p/q", "in.json"]);
    assert!(shown.contains("\"result\": true"), "{shown}");
    assert!(exec(&v0, &["in.json"]).starts_with("exit 1"));
    assert!(run(&["exec"]).contains("requires at least 1 path arg, or the --stdin-input flag"));
}
