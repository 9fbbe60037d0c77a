//! What a policy decides about responses, and when it is asked at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/desk.rs"]
mod desk;

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::plugin::Plugin;
use portcullis_docker::wire::Call;

use crate::desk::Desk;

const SILENT: &str = "package docker.authz\n\nallow := true\n";

const ASKED: &str = r#"package docker.authz

allow := true

allow_response if {
	input.Path == "/v1.41/info"
	input.Response.StatusCode == 200
	input.Response.Headers.Server == "Docker"
	input.Response.Body.Name == "host"
	not input.Response.Truncated
}
"#;

fn response(path: &str, body: &str) -> Vec<u8> {
    format!(
        r#"{{"RequestMethod":"GET","RequestUri":"{path}","ResponseStatusCode":200,
            "ResponseHeaders":{{"Server":"Docker","Content-Type":"application/json"}},
            "ResponseBody":"{body}"}}"#
    )
    .into_bytes()
}

/// `{"Name":"host"}`, and the end of it.
const WHOLE: &str = "eyJOYW1lIjoiaG9zdCJ9";
const TAIL: &str = "b3N0In0=";

#[test]
fn a_policy_that_says_nothing_is_not_asked() {
    let desk = Desk::open(SILENT, DockerAuthzArgs::default());
    assert!(desk.gate.answer(Call::Response, b"nonsense".to_vec()).allow);
    let server =
        r#"{"RequestMethod":"GET","RequestUri":"/x","ResponseHeaders":{"Server":"Docker/28"}}"#;
    assert!(desk.gate.answer(Call::Response, server.as_bytes().to_vec()).allow);
    assert!(!desk.gate.wants_responses(), "the engine is known, and nobody else looks");
    assert_eq!(desk.close().len(), 0);
}

#[test]
fn only_true_releases() {
    let desk = Desk::open(ASKED, DockerAuthzArgs::default());
    assert!(desk.gate.wants_responses());
    let answer = |bytes| desk.gate.answer(Call::Response, bytes);
    assert!(answer(response("/v1.41/info", WHOLE)).allow);
    let undefined = answer(response("/v1.41/version", WHOLE));
    assert!(undefined.msg.contains("`data.docker.authz.allow_response` is undefined"));
    assert!(!answer(response("/v1.41/info", TAIL)).allow);
    assert!(answer(b"nonsense".to_vec()).msg.contains("malformed"));
    assert!(answer(response("/_ping", "")).allow, "the ping is not asked about");
    let log = desk.close();
    assert_eq!(log.len(), 3, "refusals only");
    assert_eq!(log[1]["input"]["Response"]["Truncated"], true);
}

#[test]
fn a_reload_may_begin_to_ask() {
    let desk = Desk::open(SILENT, DockerAuthzArgs::default());
    let file = desk.directory.path().join("authz.rego");
    let policy = "package docker.authz\n\nallow := true\n\nallow_response := false\n";
    std::fs::write(file, policy).unwrap();
    portcullis_service::watch::Watched::reload(&desk.files);
    assert!(desk.gate.wants_responses());
    assert!(!desk.gate.answer(Call::Response, response("/v1.41/info", WHOLE)).allow);
}

#[test]
fn a_document_that_is_asked_for_must_be_there() {
    let allow_response_path = Some("/house/release".to_string());
    let args = || DockerAuthzArgs {
        allow_response_path: allow_response_path.clone(),
        ..Default::default()
    };
    let desk = Desk::open(SILENT, args());
    let answer = desk.gate.answer(Call::Response, response("/v1.41/info", WHOLE));
    assert!(answer.msg.contains("`data.house.release` is undefined"), "{answer:?}");
    let desk = Desk::open("package house\n\nrelease := true\n", args());
    assert!(desk.gate.answer(Call::Response, response("/v1.41/info", WHOLE)).allow);
}
