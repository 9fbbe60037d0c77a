//! Servers that do not start as they should: scripts in the place of the binary.
#![cfg(test)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rest_conformance::error::Error;
use rest_conformance::run::run;
use rest_conformance::scenario::{Setup, TranscriptFile};
use rest_conformance::server::Server;
use serde_json::json;
use tempfile::TempDir;

/// Writes a script that stands for the server.
fn script(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("portcullis");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

fn setup(setup: serde_json::Value) -> Setup {
    serde_json::from_value(setup).unwrap()
}

fn words_of_failed_start(text: &str, setup: &Setup) -> String {
    let (_folder, path) = script(text);
    match Server::start(&path, setup) {
        Err(Error::Ended(words)) => words,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it started"),
    }
}

#[test]
fn is_called_opa_with_flags_config_and_paths_in_its_folder() {
    let setup = setup(json!({
        "flags": ["--v0", "--authentication", "token"],
        "config": {"bundles": {"b": {"resource": "file://<dir>/b"}}},
        "files": {"a/p.rego": "package p", "data.json": "{}"},
        "paths": ["a/p.rego"],
    }));
    let text = r#"echo "${0##*/} $*" | sed -e 's/127.0.0.1:[0-9]*/HOST/' -e 's#[^ ]*/config.json#CONFIG#'
                  cat a/p.rego; echo; grep -c "file://$(pwd)/b" ../config.json; exit 1"#;
    let words = words_of_failed_start(text, &setup);
    let command = "opa run --server --log-level info --log-format json --v0-compatible \
                   --authentication token --config-file CONFIG a/p.rego --addr=HOST";
    assert_eq!(words, format!("{command} | package p | 1"));
}

#[test]
fn files_outside_of_the_folder_are_refused() {
    let (_folder, path) = script("exit 0");
    for name in ["../x", "/x", "a/../../x"] {
        let setup = setup(json!({"files": {name: ""}}));
        assert!(matches!(Server::start(&path, &setup), Err(Error::Outside(_))), "{name}");
    }
}

#[test]
fn a_server_that_does_not_start_fails_every_step() {
    let (_folder, path) = script("echo no such flag >&2; exit 2");
    let step = json!({"request": {"method": "GET", "path": "/"}, "response": {"status": 200}});
    let scenario = json!({"note": "f/a", "server": {}, "steps": [step, step], "console": []});
    let scenarios = serde_json::from_value(json!([scenario])).unwrap();
    let files = [TranscriptFile { name: "f.json".to_owned(), scenarios }];
    let results = run(&path, &files, "");
    let ids: Vec<_> = results[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["f/a #0", "f/a #1", "f/a #console"]);
    for step in &results[0].steps {
        let complaint = "the server ended before it listened: no such flag";
        assert_eq!(step.judgement.complaints, [complaint]);
    }
    assert!(run(&path, &files, "other")[0].steps.is_empty());
}
