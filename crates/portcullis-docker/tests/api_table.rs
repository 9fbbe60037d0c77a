//! The table of Docker's API: made of the recorded descriptions, and true of recorded requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use portcullis_docker::api::{UNKNOWN, find, table};
use portcullis_docker::uri;

#[test]
fn the_table_is_what_the_script_makes() {
    let Some(described) = support::shared("docker/api.json") else { return };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/docker-api-table");
    let Ok(made) = Command::new("python3").arg(script).arg("--check").arg(described).output()
    else {
        assert!(std::env::var_os("PORTCULLIS_REQUIRE_ALL").is_none(), "python3 is missing");
        return eprintln!("skipped: python3 is missing");
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn every_recorded_request_has_a_route() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let mut actions = BTreeSet::new();
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let request = support::request(record);
        let target = uri::parse(&request.uri).unwrap();
        let found = find(&request.method, &target.path);
        let action = found.action(&target.query);
        assert_ne!(action, UNKNOWN, "{} {}", request.method, request.uri);
        assert!(found.version.is_empty() || found.version == "1.41", "{}", request.uri);
        actions.insert(action);
    }
    assert!(actions.len() > 75, "{actions:?}");
}

#[test]
fn endpoints_that_give_things_out_or_change_them_do_not_read_only() {
    for (method, path) in [
        ("GET", "/containers/a/archive"),
        ("GET", "/containers/a/export"),
        ("GET", "/containers/a/logs"),
        ("GET", "/containers/a/attach/ws"),
        ("GET", "/images/get"),
        ("GET", "/images/a/get"),
        ("GET", "/services/a/logs"),
        ("GET", "/tasks/a/logs"),
        ("GET", "/swarm"),
        ("GET", "/swarm/unlockkey"),
        ("GET", "/configs"),
        ("GET", "/debug/pprof/heap"),
        ("GET", "/no/such/thing"),
        ("POST", "/containers/a/attach"),
        ("POST", "/containers/a/resize"),
        ("POST", "/auth"),
    ] {
        assert!(!find(method, path).is_read_only(), "{method} {path}");
    }
    for route in table().routes() {
        let reads = matches!(route.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let harmless = reads || route.action == "container_wait";
        assert!(!route.read_only || harmless, "{} {}", route.method, route.path);
    }
}
