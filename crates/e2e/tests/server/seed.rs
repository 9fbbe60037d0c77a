//! The second tutorial's steps over HTTP, its commands as printed: real curl, its own port.
//!
//! Where the text lost characters on its way, they are as in the restored policies. Its policies
//! are Rego v0, so the server is started once as printed and once with `--v0-compatible`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::place::{missing_program, missing_shared, runs_without, shared};
use crate::process::{Server, program};
use crate::wait;

/// The port of the tutorial.
const PORT: u16 = 8181;

/// Somebody else may have the port for so long.
const PORT_MAX: Duration = Duration::from_secs(60);

const COMMAND_MAX: Duration = Duration::from_secs(20);

const RUN: &[&str] = &["run", "--server", "--log-level", "debug"];
const RUN_V0: &[&str] = &["run", "--server", "--log-level", "debug", "--v0-compatible"];

const PUT_POLICY: &str =
    "curl -X PUT --data-binary @example.rego http://localhost:8181/v1/policies/example_policy";
const PATCH_USERS: &str = "curl -X PATCH -d @users.json http://localhost:8181/v1/data/users \
                           -H \"Content-Type: application/json\"";
const ALICE: &str = "curl http://localhost:8181/v1/data/users/alice";
const UNCONFINED: &str = r#"curl -i -d '{"input": {"Body":{"HostConfig":{"SecurityOpt":["seccomp:unconfined"]}}}}' \
    -H 'Content-Type: application/json' \
    http://localhost:8181/v1/data/opa/example/allow_request"#;
const CONFINED: &str = r#"curl -i -d '{"input": {"Body":{"HostConfig":{"SecurityOpt":["seccomp:default"]}}}}' \
    -H 'Content-Type: application/json' \
    http://localhost:8181/v1/data/opa/example/allow_request"#;

const USERS: &str = r#"[
    {
        "op": "add",
        "path": "/",
        "value": {
            "alice": {
                "readOnly": false
            },
            "bob": {
                "readOnly": true
            }
        }
    }
]
"#;

/// The tutorial's second policy in today's Rego.
const SECCOMP_V1: &str = r#"package opa.example

seccomp_unconfined if input.Body.HostConfig.SecurityOpt[_] == "seccomp:unconfined"

allow_request if not seccomp_unconfined
"#;

#[test]
fn the_steps_over_http() {
    if !runs_without(missing_program(&["curl", "bash"]).or(missing_shared("seeds/policies"))) {
        return;
    }
    let dir = TempDir::new().unwrap();
    program(dir.path());
    let free = || TcpListener::bind(("127.0.0.1", PORT)).is_ok();
    wait::until("port 8181 to be free", PORT_MAX, free);

    let server = Server::start_on(PORT, dir.path(), RUN);
    as_printed_but_for_the_rego(dir.path());
    asserts_on_the_log(&server.log());
    server.stop();

    let server = Server::start_on(PORT, dir.path(), RUN_V0);
    as_printed(dir.path());
    server.stop();
}

/// Today's default is v1: the old text is refused with its place, its translation works.
fn as_printed_but_for_the_rego(dir: &Path) {
    write_policy(dir, "001_seccomp_v0.rego");
    let refused = json_of(dir, PUT_POLICY);
    assert_eq!(refused["code"], "invalid_parameter", "{refused}");
    assert_eq!(refused["errors"][0]["code"], "rego_parse_error", "{refused}");
    assert!(refused["errors"][0]["location"]["row"].is_u64(), "{refused}");
    let policies = json_of(dir, "curl http://localhost:8181/v1/policies");
    assert_eq!(policies, json!({"result": []}), "nothing of it stays");

    fs::write(dir.join("example.rego"), SECCOMP_V1).unwrap();
    assert_eq!(json_of(dir, PUT_POLICY), json!({}));
    asserts_on_seccomp(dir);
    asserts_on_users(dir);
}

/// As the tutorial was written.
fn as_printed(dir: &Path) {
    write_policy(dir, "001_allow_all_v0.rego");
    assert_eq!(json_of(dir, PUT_POLICY), json!({}));
    assert_eq!(of_answer(dir, UNCONFINED), (200, json!({"result": true})));

    write_policy(dir, "001_deny_all_v0.rego");
    assert_eq!(json_of(dir, PUT_POLICY), json!({}));
    assert_eq!(of_answer(dir, CONFINED), (200, json!({})));

    write_policy(dir, "001_seccomp_v0.rego");
    assert_eq!(json_of(dir, PUT_POLICY), json!({}));
    assert_eq!(json_of(dir, PUT_POLICY), json!({}), "sending it again is fine");
    asserts_on_seccomp(dir);

    asserts_on_users(dir);
    write_policy(dir, "001_users_v0.rego");
    assert_eq!(json_of(dir, PUT_POLICY), json!({}));
    let ask = |user: &str, method: &str| {
        let input = json!({"input": {"Headers": {"Authz-User": user}, "Method": method}});
        let command = format!(
            "curl -s -i -d '{input}' -H 'Content-Type: application/json' \
             http://localhost:8181/v1/data/opa/example/allow_request"
        );
        of_answer(dir, &command)
    };
    assert_eq!(ask("bob", "POST"), (200, json!({})), "bob may not write");
    assert_eq!(ask("bob", "GET"), (200, json!({"result": true})), "bob may read");
    assert_eq!(ask("alice", "POST"), (200, json!({"result": true})), "alice may write");
    assert_eq!(ask("eve", "GET"), (200, json!({})), "eve is no user");
}

/// A rule that does not hold leaves the result out.
fn asserts_on_seccomp(dir: &Path) {
    assert_eq!(of_answer(dir, UNCONFINED), (200, json!({})));
    assert_eq!(of_answer(dir, CONFINED), (200, json!({"result": true})));
}

/// `users` is not there before; the operation's path `/` is the request's own path, as in OPA.
fn asserts_on_users(dir: &Path) {
    fs::write(dir.join("users.json"), USERS).unwrap();
    assert_eq!(shell(dir, PATCH_USERS), "", "204 has no body");
    assert_eq!(json_of(dir, ALICE), json!({"result": {"readOnly": false}}));
    let whole = json_of(dir, "curl http://localhost:8181/v1/data/users");
    let users = json!({"alice": {"readOnly": false}, "bob": {"readOnly": true}});
    assert_eq!(whole, json!({ "result": users }));
    assert_eq!(shell(dir, PATCH_USERS), "", "and again");
}

/// "You can expect to see log messages from OPA."
fn asserts_on_the_log(log: &str) {
    let lines: Vec<Json> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let path = "/v1/policies/example_policy";
    for (message, status) in [("Received request.", Json::Null), ("Sent response.", json!(200))] {
        let is_it = |line: &&Json| {
            line["msg"] == message && line["req_path"] == path && line["resp_status"] == status
        };
        let line = lines.iter().find(is_it);
        assert!(line.is_some_and(|line| line["req_method"] == "PUT"), "{message}:\n{log}");
    }
}

fn write_policy(dir: &Path, name: &str) {
    fs::copy(shared().join("seeds/policies").join(name), dir.join("new.rego")).unwrap();
    fs::rename(dir.join("new.rego"), dir.join("example.rego")).unwrap();
}

/// Runs a command as printed; returns what it printed.
#[track_caller]
fn shell(dir: &Path, command: &str) -> String {
    let mut bash = Command::new("bash");
    bash.args(["-c", command]).current_dir(dir).env("NO_PROXY", "*");
    let output = wait::output(&mut bash, COMMAND_MAX);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that prints JSON.
#[track_caller]
fn json_of(dir: &Path, command: &str) -> Json {
    let text = shell(dir, command);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{command}: {e}: {text}"))
}

/// Runs a command that prints an answer with its head (`-i`); returns the status and the JSON.
#[track_caller]
fn of_answer(dir: &Path, command: &str) -> (u16, Json) {
    let text = shell(dir, command);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{command}: {text}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = serde_json::from_str(body).unwrap_or_else(|e| panic!("{command}: {e}: {text}"));
    (status.unwrap_or_else(|| panic!("{head}")), body)
}
