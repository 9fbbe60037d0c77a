//! From the text of a policy to the answer: what allows, and what is said where nothing does.
#![allow(clippy::unwrap_used, reason = "functions that tests share")]

use std::sync::Arc;

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::wire::Answer;
use portcullis_service::files::PolicyFiles;
use portcullis_service::host::SystemHost;

const ALLOW: Option<&str> = Some("data.p.allow");
const DENY: Option<&str> = Some("/p/deny");

fn answer(policy: &str, allow: Option<&str>, deny: Option<&str>) -> Answer {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.rego");
    std::fs::write(&file, format!("package p\n\n{policy}\n")).unwrap();
    let args = DockerAuthzArgs {
        policy_file: vec![file.to_str().unwrap().to_string()],
        allow_path: allow.map(str::to_string),
        deny_path: deny.map(str::to_string),
        timeout: 200,
        ..DockerAuthzArgs::default()
    };
    let options = args.to_options().unwrap();
    let files = PolicyFiles::open(options.source, options.gate.question.queries()).unwrap();
    let gate = Gate::new(Arc::clone(files.store()), SystemHost::new(), options.gate, None);
    gate.authorize(br#"{"RequestMethod":"GET","RequestUri":"/v1.41/info","User":"bob"}"#.to_vec())
}

fn refusal(policy: &str, allow: Option<&str>, deny: Option<&str>) -> String {
    let answer = answer(policy, allow, deny);
    assert!(!answer.allow, "{policy}");
    answer.msg
}

#[test]
fn allows_where_the_document_is_true_and_nowhere_else() {
    assert!(answer("allow if input.User == \"bob\"", ALLOW, None).allow);
    for (value, of_type) in [
        ("\"true\"", "string"),
        ("1", "number"),
        ("null", "null"),
        ("[true]", "array"),
        ("{true}", "set"),
        ("{\"allow\": true}", "object"),
    ] {
        let reason = refusal(&format!("allow := {value}"), ALLOW, None);
        assert!(
            reason.ends_with(&format!("`data.p.allow` is not a boolean but of type {of_type}"))
        );
    }
    let original = "request rejected by administrative policy";
    assert_eq!(refusal("default allow := false", ALLOW, None), original);
    assert!(refusal("allow if input.User == \"eve\"", ALLOW, None).ends_with("is undefined"));
    assert!(refusal("other := 1", ALLOW, None).ends_with("is undefined"));
}

#[test]
fn allows_where_the_reasons_are_defined_and_empty() {
    for policy in ["deny := set()", "deny := []", "deny contains 1 if input.User == \"eve\""] {
        assert!(answer(policy, None, DENY).allow, "{policy}");
    }
    for (value, of_type) in [
        ("{}", "object"),
        ("\"\"", "string"),
        ("0", "number"),
        ("null", "null"),
        ("false", "boolean"),
    ] {
        let reason = refusal(&format!("deny := {value}"), None, DENY);
        assert!(reason.ends_with(&format!("array but of type {of_type}")), "{reason}");
    }
    assert!(refusal("deny := 1 if false", None, DENY).ends_with("is undefined"));
    let policy = "deny contains {\"msg\": \"b\", \"code\": 7}\n\ndeny contains \"a\"\n\n\
                  deny contains {\"code\": 1}\n\ndeny contains {\"msg\": [1]}";
    assert_eq!(refusal(policy, None, DENY), "[1]; a; b; {\"code\":1}");
    assert_eq!(refusal("deny := [false]", None, DENY), "false");
}

#[test]
fn both_must_agree_and_reasons_are_told() {
    let policy =
        "allow if input.User == \"bob\"\n\ndeny contains \"no\" if input.Method == \"GET\"";
    assert_eq!(refusal(policy, ALLOW, DENY), "no");
    let policy = "allow if input.User == \"eve\"\n\ndeny contains \"no\"";
    assert!(refusal(policy, ALLOW, DENY).starts_with("no; policy decision `data.p.allow`"));
    assert!(!answer("allow := true", ALLOW, DENY).allow, "no deny at all");
    assert!(answer("allow := true\n\ndeny := set()", ALLOW, DENY).allow);
}

#[test]
fn failures_are_refusals_that_say_which() {
    let conflict =
        "allow := true if input.User == \"bob\"\n\nallow := false if input.Method == \"GET\"";
    let reason = refusal(conflict, ALLOW, None);
    assert!(reason.contains("evaluation failed") && reason.contains("conflict"), "{reason}");
    let many = "numbers.range(1, 1000000)";
    let endless = format!("deny contains x if {{ some x in {many}; some y in {many}; x + y < 0 }}");
    assert!(refusal(&endless, None, DENY).contains("exceeded its"));
    let failing = "allow if to_number(\"x\") > 0";
    assert!(refusal(failing, ALLOW, None).ends_with("is undefined"));
}
