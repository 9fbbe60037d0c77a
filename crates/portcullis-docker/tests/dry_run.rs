//! A dry run: everything is decided and logged as ever, and nothing is refused.
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
use portcullis_docker::plugin::{Plugin, Unread};
use portcullis_docker::wire::{Answer, Call};

use crate::desk::Desk;

const POLICY: &str = r#"package docker.authz

allow if input.Method == "GET"

deny contains "no posts" if input.Method == "POST"

allow_response := false
"#;

fn open(dry_run: bool) -> Desk {
    let deny_path = Some("data.docker.authz.deny".to_string());
    Desk::open(POLICY, DockerAuthzArgs { dry_run, deny_path, ..Default::default() })
}

fn request(method: &str) -> Vec<u8> {
    let uri = if method == "POST" { "/v1.41/containers/prune" } else { "/v1.41/info" };
    format!(r#"{{"RequestMethod":"{method}","RequestUri":"{uri}"}}"#).into_bytes()
}

#[test]
fn nothing_is_refused_and_everything_is_logged_as_it_would_be() {
    let desk = open(true);
    let unread = Unread::new("too_large", "authorization request is larger than 1 bytes");
    for answer in [
        desk.gate.answer(Call::Request, request("GET")),
        desk.gate.answer(Call::Request, request("POST")),
        desk.gate.answer(Call::Request, b"nonsense".to_vec()),
        desk.gate.answer(Call::Response, request("GET")),
        desk.gate.answer_unread(Call::Request, unread),
    ] {
        assert_eq!(answer, Answer::allowed());
    }
    let log = desk.close();
    let results: Vec<_> = log.iter().map(|event| event["result"].as_bool().unwrap()).collect();
    assert_eq!(results, [true, false, false, false, false]);
    assert!(log.iter().all(|event| event["dry_run"] == true));
    assert_eq!(log[1]["reasons"][0], "no posts");
    assert!(log[2]["reasons"][0].as_str().unwrap().contains("malformed"));
    assert_eq!(log[3]["path"], "data.docker.authz.allow_response");
    assert!(log[4]["reasons"][0].as_str().unwrap().contains("larger than"));
}

#[test]
fn without_it_the_same_is_refused() {
    let desk = open(false);
    assert!(desk.gate.answer(Call::Request, request("GET")).allow);
    assert_eq!(desk.gate.answer(Call::Request, request("POST")).msg, "no posts");
    assert!(!desk.gate.answer(Call::Request, b"nonsense".to_vec()).allow);
    assert!(!desk.gate.answer(Call::Response, request("GET")).allow);
    let log = desk.close();
    assert!(log.iter().all(|event| event.get("dry_run").is_none()), "{log:?}");
}
