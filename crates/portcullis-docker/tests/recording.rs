//! What is taken down of what the daemon asks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

#[path = "support/desk.rs"]
mod desk;
mod support;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Secrets;
use portcullis_docker::plugin::{Plugin, Unread};
use portcullis_docker::recording::{RecordOptions, Recorder, Recording};
use portcullis_docker::rotate::Rotation;
use portcullis_docker::wire::Call;
use serde_json::Value as Json;

use crate::desk::{Desk, Written};

fn options(path: &Path, secrets: Secrets) -> RecordOptions {
    let rotation = Rotation { bytes_max: 1 << 20, files_max: 2 };
    RecordOptions { path: path.to_owned(), rotation, secrets }
}

fn lines(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn create(body: &str) -> Vec<u8> {
    let body = STANDARD.encode(body);
    format!(
        r#"{{"RequestMethod":"POST","RequestUri":"/v1.41/containers/create","RequestBody":"{body}"}}"#
    )
    .into_bytes()
}

#[test]
fn a_recorder_allows_everything_and_takes_it_down() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.jsonl");
    let open = || Recorder::new(Recording::open(&options(&path, Secrets::Masked)).unwrap());
    let recorder = open();
    assert!(recorder.wants_responses());
    assert!(recorder.answer(Call::Request, create(r#"{"Env":["A=s"]}"#)).allow);
    assert!(recorder.answer(Call::Response, create("")).allow);
    assert!(recorder.answer(Call::Request, b"nonsense".to_vec()).allow);
    assert!(recorder.answer_unread(Call::Request, Unread::new("broken", "ended early")).allow);
    drop(recorder);
    let recorder = open(); // another process, later
    assert!(recorder.answer(Call::Request, create("{}")).allow);
    drop(recorder);
    let found = lines(&path);
    let seqs: Vec<_> = found.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    assert_eq!((&found[0]["call"], &found[1]["call"]), (&"AuthZReq".into(), &"AuthZRes".into()));
    assert_eq!(found[2]["notes"], "not a JSON object");
    assert!(found[0]["at"].as_str().unwrap().ends_with('Z'));
    let body = STANDARD.decode(found[0]["request"]["RequestBody"].as_str().unwrap()).unwrap();
    assert_eq!(body, br#"{"Env":["A=**masked**"]}"#);
}

#[test]
fn secrets_are_kept_only_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.jsonl");
    let recording = Recording::open(&options(&path, Secrets::Logged)).unwrap();
    recording.take(Call::Request, &create(r#"{"Env":["A=s"]}"#));
    drop(recording);
    let found = lines(&path);
    let sent: Json = serde_json::from_slice(&create(r#"{"Env":["A=s"]}"#)).unwrap();
    assert_eq!(found[0]["request"], sent);
}

#[test]
fn a_gate_takes_down_what_it_decides_about() {
    let written = Written::default();
    let output = Box::new(written.clone());
    let recording = Recording::start(output, Secrets::Masked, 0).unwrap();
    let mut desk =
        Desk::open("package docker.authz\n\nallow := false\n", DockerAuthzArgs::default());
    desk.gate = desk.gate.with_recording(Some(recording));
    assert!(!desk.gate.answer(Call::Request, create("{}")).allow);
    desk.close();
    assert_eq!(written.lines().len(), 1);
}

#[test]
fn what_was_recorded_without_secrets_is_decided_about_as_before() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let Some(hostile) = support::lines("docker/adversarial.jsonl") else { return };
    let written = Written::default();
    let recording = Recording::start(Box::new(written.clone()), Secrets::Masked, 0).unwrap();
    let desk = Desk::open("package docker.authz\n\nallow := true\n", DockerAuthzArgs::default());
    let records: Vec<_> = records.iter().chain(&hostile).collect();
    for record in &records {
        recording.take(Call::Request, record["request"].to_string().as_bytes());
    }
    drop(recording);
    let masked = written.lines();
    assert_eq!(masked.len(), records.len());
    let judge = |request: &Json| {
        let judged = desk.gate.judge(Call::Request, request.to_string().into_bytes());
        judged.map(|judgement| judgement.verdict.is_allow())
    };
    for (record, masked) in records.iter().zip(&masked) {
        assert_eq!(judge(&record["request"]), judge(&masked["request"]), "{}", record["seq"]);
    }
}
