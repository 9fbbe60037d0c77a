//! Whatever comes, the gate answers: recorded attacks, and bytes of any kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::sync::Arc;

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::{body, uri, wire};
use portcullis_service::files::PolicyFiles;
use portcullis_service::host::SystemHost;
use proptest::prelude::*;

/// Returns a gate with the embedded policy.
fn gate() -> Gate {
    let options = DockerAuthzArgs::default().to_options().unwrap();
    let files = PolicyFiles::open(options.source, options.gate.question.queries()).unwrap();
    Gate::new(Arc::clone(files.store()), SystemHost::new(), options.gate, None)
}

#[test]
fn every_recorded_attack_is_answered() {
    let Some(records) = support::lines("docker/adversarial.jsonl") else { return };
    let gate = gate();
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let answer = gate.authorize(record["request"].to_string().into_bytes());
        assert!(answer.allow || !answer.msg.is_empty(), "{}", record["cmd"]);
    }
}

/// Attacks that make a container the host's master, and that a plugin can see.
const MUST_BE_REFUSED: [&str; 24] = [
    "baseline privileged (must deny)",
    "CT 'application/json; charset=utf-8'",
    "CT 'Application/JSON'",
    "CT dup json then text/plain",
    "body >1MiB padded",
    "lowercase keys",
    "HostConfig.PRIVILEGED",
    "long-s Ho\u{17f}tConfig (U+017F)",
    "Kelvin-sign NetworKMode=host",
    "dup HostConfig, 2nd benign (merge)",
    "Privileged true + privileged... null",
    "Privileged false then PRIVILEGED true",
    "top-level Privileged (no HostConfig)",
    "top-level Binds (no HostConfig)",
    "top-level NetworkMode=host",
    "versionless path",
    "percent /containers/cre%61te",
    "absolute-URI http://d/v1.41/...",
    "start v1.23 w/ HostConfig body",
    "volume create o=bind device=/etc",
    "Mounts volume DriverConfig bind /etc",
    "Mounts bind lower-case source",
    "seccomp inline allow-all",
    "nested dup Mounts keys",
];

#[test]
fn known_bypasses_of_the_original_are_refused() {
    let Some(records) = support::lines("docker/adversarial.jsonl") else { return };
    let gate = gate();
    let mut allowed = Vec::new();
    for label in MUST_BE_REFUSED {
        let of_label = |record: &&serde_json::Value| {
            record["call"] == "AuthZReq"
                && record["cmd"].as_str().and_then(|cmd| cmd.strip_prefix("raw: ")) == Some(label)
                && record["request"]["RequestMethod"] == "POST"
        };
        let answers: Vec<_> = records
            .iter()
            .filter(of_label)
            .map(|record| gate.authorize(record["request"].to_string().into_bytes()).allow)
            .collect();
        assert!(!answers.is_empty(), "no record of {label}");
        if answers.iter().all(|allow| *allow) {
            allowed.push(label);
        }
    }
    assert!(allowed.is_empty(), "allowed: {allowed:?}");
}

/// What the embedded policy refuses of everyday commands: each of these, and nothing else.
const REFUSED_COMMANDS: [&str; 24] = [
    "--privileged",
    "--cap-add SYS_ADMIN",
    "seccomp=unconfined",
    "seccomp:unconfined",
    "apparmor=unconfined",
    "label=disable",
    "systempaths=unconfined",
    "-v /etc:",
    "docker.sock",
    "volume-opt=device=/etc",
    "--opt device=/etc",
    "--device ",
    "--pid host",
    "--ipc host",
    "--uts host",
    "--userns host",
    "--cgroupns host",
    "--network host",
    "plugin install",
    "plugin disable",
    "plugin enable",
    "plugin set",
    "plugin rm",
    "service update --replicas 0 --user root",
];

#[test]
fn everyday_commands_are_allowed() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let gate = gate();
    let mut hits = [0; REFUSED_COMMANDS.len()];
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let answer = gate.authorize(record["request"].to_string().into_bytes());
        let command = record["cmd"].as_str().unwrap();
        let mark = REFUSED_COMMANDS.iter().position(|mark| command.contains(mark));
        assert!(answer.allow || mark.is_some(), "{command}: {}", answer.msg);
        if let Some(mark) = mark.filter(|_| !answer.allow) {
            hits[mark] += 1;
        }
    }
    let missed = REFUSED_COMMANDS.iter().zip(hits).filter(|(_, hits)| *hits == 0);
    assert_eq!(missed.count(), 0, "{hits:?}");
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = wire::decode(&bytes);
        let _ = body::parse(&bytes);
        let _ = uri::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn json_of_any_kind_never_panics(text in "[\\[\\]{}\",:\\\\a0 ]{0,60}") {
        let _ = wire::decode(text.as_bytes());
        let _ = body::parse(text.as_bytes());
    }

    #[test]
    fn a_body_that_parses_has_no_repeated_keys(keys in proptest::collection::vec("[ab]", 0..4)) {
        let fields: Vec<_> = keys.iter().map(|key| format!("\"{key}\":1")).collect();
        let text = format!("{{{}}}", fields.join(","));
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(body::parse(text.as_bytes()).is_ok(), distinct.len() == keys.len());
    }
}
