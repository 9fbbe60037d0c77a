//! What drop and mask decisions do to an event.

use portcullis_service::decision_log::{Count, Event, MASK_RULES_MAX};
use rego::Value;

use super::support::{config, snapshot, start, value};

/// The event as it is logged under a policy; none where it is dropped. The second: how many were
/// logged without their documents.
async fn logged(policy: &str, event: Event) -> (Option<Value>, u64) {
    let (logger, seen) = start(config());
    logger.log(snapshot(policy), event);
    logger.settled().await.unwrap();
    let shown = seen.console.lock().unwrap().pop();
    let failed = logger.counters().get(Count::Masking);
    if failed == 0 {
        return (shown, failed);
    }
    assert!(shown.is_none(), "on the console: {shown:?}");
    logger.flush().await.unwrap();
    let sent = seen.attempts.lock().unwrap().pop().and_then(|(_, _, mut events)| events.pop());
    (sent, failed)
}

fn event(input: &str, result: &str) -> Event {
    let document = |text: &str| (!text.is_empty()).then(|| value(text));
    Event {
        decision_id: "d".to_string(),
        input: document(input),
        result: document(result),
        nd_builtin_cache: Some(value(r#"{"http.send":{"[1]":{"body":"secret"}}}"#)),
        error: Some(value(r#"{"code":"e"}"#)),
        metrics: Some(value(r#"{"m":1}"#)),
        path: Some("a/b".to_string()),
        ..Event::default()
    }
}

/// Rules, input, result; expected: input, result, erased, masked. Empty: not there.
const MASKS: &[[&str; 7]] = &[
    // The whole document.
    [r#"["/input"]"#, r#"{"a":1}"#, "1", "", "1", r#"["/input"]"#, ""],
    [r#"["/result"]"#, "1", r#"{"a":1}"#, "1", "", r#"["/result"]"#, ""],
    [
        r#"[{"op":"upsert","path":"/input","value":"x"}]"#,
        "1",
        "2",
        r#""x""#,
        "2",
        "",
        r#"["/input"]"#,
    ],
    // Keys, and keys that are not there.
    [
        r#"["/input/a","/input/b/c","/input/b/d"]"#,
        r#"{"a":1,"b":{"c":2,"e":3}}"#,
        "",
        r#"{"b":{"e":3}}"#,
        "",
        r#"["/input/a","/input/b/c"]"#,
        "",
    ],
    [r#"["/input/a/b/c"]"#, r#"{"a":1}"#, "", r#"{"a":1}"#, "", "", ""],
    // No document at all.
    [r#"["/input/a",{"op":"upsert","path":"/input/b","value":1}]"#, "", "", "", "", "", ""],
    // Arrays: each rule sees what the one before it has left.
    [
        r#"["/input/l/0","/input/l/0","/input/l/7","/input/l/x"]"#,
        r#"{"l":[1,2,3]}"#,
        "",
        r#"{"l":[3]}"#,
        "",
        r#"["/input/l/0","/input/l/0"]"#,
        "",
    ],
    [
        r#"["/input/l/1/p"]"#,
        r#"{"l":[1,{"p":2,"q":3}]}"#,
        "",
        r#"{"l":[1,{"q":3}]}"#,
        "",
        r#"["/input/l/1/p"]"#,
        "",
    ],
    [r#"["/input/0"]"#, "[1,2]", "", "[2]", "", r#"["/input/0"]"#, ""],
    [
        r#"["/input/l/0/1"]"#,
        r#"{"l":[[1,2]]}"#,
        "",
        r#"{"l":[[1]]}"#,
        "",
        r#"["/input/l/0/1"]"#,
        "",
    ],
    [
        r#"[{"op":"upsert","path":"/input/l/1","value":0},{"op":"upsert","path":"/input/l/9","value":0}]"#,
        r#"{"l":[1,2]}"#,
        "",
        r#"{"l":[1,0]}"#,
        "",
        "",
        r#"["/input/l/1"]"#,
    ],
    // Objects on the way are made; nothing else is put in the way of.
    [
        r#"[{"op":"upsert","path":"/input/a/b/c","value":{"d":1}}]"#,
        r#"{"x":1}"#,
        "",
        r#"{"a":{"b":{"c":{"d":1}}},"x":1}"#,
        "",
        "",
        r#"["/input/a/b/c"]"#,
    ],
    [
        r#"[{"op":"upsert","path":"/input/x/y","value":1}]"#,
        r#"{"x":1}"#,
        "",
        r#"{"x":1}"#,
        "",
        "",
        "",
    ],
    [
        r#"[{"op":"upsert","path":"/input/x"}]"#,
        r#"{"x":1}"#,
        "",
        r#"{"x":null}"#,
        "",
        "",
        r#"["/input/x"]"#,
    ],
    // Escapes.
    [
        r#"["/input/a%2Fb","/input/c d","/input/%C3%A4"]"#,
        r#"{"a/b":1,"c d":2,"ä":3,"z":4}"#,
        "",
        r#"{"z":4}"#,
        "",
        r#"["/input/a%2Fb","/input/c%20d","/input/%C3%A4"]"#,
        "",
    ],
    // Both kinds, in their order.
    [
        r#"[{"op":"remove","path":"/result/a"},{"op":"upsert","path":"/input/a","value":1},"/input/a"]"#,
        r#"{"a":0}"#,
        r#"{"a":1,"b":2}"#,
        "{}",
        r#"{"b":2}"#,
        r#"["/result/a","/input/a"]"#,
        r#"["/input/a"]"#,
    ],
    // A set, in its order.
    [
        r#"{"/input/b","/input/a"}"#,
        r#"{"a":1,"b":2}"#,
        "",
        "{}",
        "",
        r#"["/input/a","/input/b"]"#,
        "",
    ],
    // The policy sees the result as it is written.
    [
        r#"[path | some i; input.result[i] == 2; path := sprintf("/result/%d", [i])]"#,
        "",
        "[1,2]",
        "",
        "[1]",
        r#"["/result/1"]"#,
        "",
    ],
];

#[tokio::test]
async fn masks_take_out_or_replace() {
    for [rules, input, result, masked_input, masked_result, erased, masked] in MASKS {
        let policy = format!("package system.log\n\nmask := {rules}\n");
        let (shown, failed) = logged(&policy, event(input, result)).await;
        let shown = shown.unwrap();
        let expected = [
            ("input", masked_input),
            ("result", masked_result),
            ("erased", erased),
            ("masked", masked),
        ];
        for (name, text) in expected {
            let expected = (!text.is_empty()).then(|| value(text));
            assert_eq!(shown.get_path(&[name]), expected.as_ref(), "{rules} {input}: {name}");
        }
        assert!(shown.get_path(&["mask_error"]).is_none() && failed == 0, "{rules}");
        assert_eq!(shown.get_path(&["error"]), Some(&value(r#"{"code":"e"}"#)));
        assert_eq!(shown.get_path(&["metrics"]), Some(&value(r#"{"m":1}"#)));
    }
}

#[tokio::test]
async fn masks_reach_what_builtins_answered() {
    let policy = r#"package system.log
        mask contains "/nd_builtin_cache/http.send/[1]/body"
        mask contains "/nd_builtin_cache/none""#;
    let (shown, _) = logged(policy, event("", "")).await;
    let shown = shown.unwrap();
    assert_eq!(shown.get_path(&["nd_builtin_cache"]), Some(&value(r#"{"http.send":{"[1]":{}}}"#)));
    assert_eq!(
        shown.get_path(&["erased"]),
        Some(&value(r#"["/nd_builtin_cache/http.send/%5B1%5D/body"]"#))
    );
}

#[tokio::test]
async fn sets_and_keys_of_other_kinds_are_masked_as_they_are_written() {
    let policy = r#"package system.log
        mask contains "/result/1"
        mask contains "/result/s/0""#;
    let set = Value::set(vec![Value::from("a"), Value::from("b")]);
    let result = Value::object(vec![(Value::from(1), Value::TRUE), (Value::from("s"), set)]);
    let event = Event { result: Some(result), ..event("", "") };
    let (shown, _) = logged(policy, event).await;
    assert_eq!(shown.unwrap().get_path(&["result"]), Some(&value(r#"{"s":["b"]}"#)));
}

/// What makes a decision about logging fail, and the note it leaves.
const FAILURES: &[(&str, &str)] = &[
    (r#"mask contains 5"#, "the mask decision has a rule that is neither a string nor an object"),
    (r#"mask := "/input""#, "the mask decision is neither a set nor an array"),
    (r#"mask contains "input/a""#, "the mask decision has a path that does not begin with a slash"),
    (
        r#"mask contains "/labels/id""#,
        "the mask decision has a path outside of input, result and nd_builtin_cache",
    ),
    (
        r#"mask contains "/""#,
        "the mask decision has a path outside of input, result and nd_builtin_cache",
    ),
    (r#"mask contains "/input/%zz""#, "the mask decision has a path with a wrong escape"),
    (r#"mask contains "/input/%f""#, "the mask decision has a path with a wrong escape"),
    (
        r#"mask contains {"op": "copy", "path": "/input/a"}"#,
        "the mask decision has a rule whose op is neither remove nor upsert",
    ),
    (
        r#"mask contains {"path": "/input/a"}"#,
        "the mask decision has a rule whose op is neither remove nor upsert",
    ),
    (r#"mask contains {"op": "remove"}"#, "the mask decision has a rule without a path"),
    (
        "mask := [\"/input\"] if true\nmask := [] if true",
        "the mask decision failed: eval_conflict_error",
    ),
    (
        "drop := true if true\ndrop := false if true",
        "the drop decision failed: eval_conflict_error",
    ),
];

#[tokio::test]
async fn a_failing_policy_never_leaks() {
    let long = format!(
        "mask := [p | some i in numbers.range(0, {MASK_RULES_MAX}); p := sprintf(\"/input/%d\", [i])]"
    );
    let deep = format!("mask contains \"/input{}\"", "/a".repeat(200));
    let more = [
        (long.as_str(), "the mask decision has too many rules"),
        (deep.as_str(), "the mask decision has a path of too many segments"),
    ];
    for (rules, note) in FAILURES.iter().chain(&more) {
        let policy = format!("package system.log\n\n{rules}\n");
        let (shown, failed) = logged(&policy, event(r#"{"secret":"s3"}"#, r#""s3""#)).await;
        let shown = shown.unwrap();
        assert_eq!(shown.get_path(&["mask_error"]), Some(&Value::from(*note)), "{rules}");
        assert_eq!(failed, 1, "{rules}");
        let text = shown.to_json();
        assert!(!text.contains("s3") && !text.contains("secret"), "{text}");
        assert_eq!(shown.get_path(&["path"]), Some(&Value::from("a/b")));
    }
}

#[tokio::test]
async fn only_true_drops() {
    let cases = [
        ("drop := true", true),
        ("drop := \"yes\"", false),
        ("drop if input.path == \"a/b\"", true),
        ("drop if input.error", false),
        ("drop if input.metrics", false),
        ("drop if input.labels.id == \"x\"", true),
    ];
    for (rule, is_dropped) in cases {
        let (shown, _) = logged(&format!("package system.log\n\n{rule}\n"), event("{}", "")).await;
        assert_eq!(shown.is_none(), is_dropped, "{rule}");
    }
}

#[tokio::test]
async fn the_decisions_may_be_called_otherwise() {
    let mut config = config();
    config.mask_decision = "/house/log/hide".to_string();
    config.drop_decision = "house/skip-it".to_string();
    let (logger, seen) = start(config);
    let policy = snapshot("package house\n\nlog.hide := [\"/input/a\"]\n\ndata_free := 1\n");
    logger.log(policy, event(r#"{"a":1}"#, ""));
    logger.settled().await.unwrap();
    let shown = seen.console.lock().unwrap().pop().unwrap();
    assert_eq!(shown.get_path(&["input"]), Some(&value("{}")));
}
