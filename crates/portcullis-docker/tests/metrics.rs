//! What the gate counts, as a scraper reads it over a socket of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/desk.rs"]
mod desk;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::metrics::{GateMetrics, PolicyState};
use portcullis_docker::metrics_server::{MetricsAddress, MetricsListener, Shown, serve_metrics};
use portcullis_docker::plugin::{Plugin, Unread};
use portcullis_docker::wire::Call;
use portcullis_service::files::Reload;

use crate::desk::Desk;

const POLICY: &str = r#"package docker.authz

allow if input.Method == "GET"

deny contains "no posts" if input.Method == "POST"
"#;

fn open(dry_run: bool) -> (Desk, Arc<GateMetrics>) {
    let deny_path = Some("data.docker.authz.deny".to_string());
    let args = DockerAuthzArgs { deny_path, dry_run, ..Default::default() };
    let mut desk = Desk::open(POLICY, args);
    let metrics = Arc::new(GateMetrics::of_process(dry_run).unwrap());
    desk.gate = desk.gate.with_metrics(Some(Arc::clone(&metrics)));
    (desk, metrics)
}

fn request(method: &str, uri: &str, more: &str) -> Vec<u8> {
    format!(r#"{{"RequestMethod":"{method}","RequestUri":"{uri}"{more}}}"#).into_bytes()
}

/// Returns the value of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[track_caller]
fn check(text: &str, series: &[(&str, f64)]) {
    for (series, expected) in series {
        let full = format!("portcullis_docker_{series}");
        assert_eq!(value(text, &full), Some(*expected), "{full}\n{text}");
    }
}

#[test]
fn counts_decisions_by_action_and_result() {
    let (desk, metrics) = open(false);
    let ask = |bytes| desk.gate.answer(Call::Request, bytes);
    ask(request("GET", "/v1.41/info", ""));
    ask(request("GET", "/v1.41/info", ""));
    ask(request("POST", "/v1.41/volumes/prune", ""));
    ask(b"nonsense".to_vec());
    ask(request("GET", "/_ping", ""));
    desk.gate.answer_unread(Call::Request, Unread::new("too_large", "too large"));
    metrics.reloaded(&Reload::Activated(2));
    metrics.reloaded(&Reload::Rejected("no".to_string()));
    let text = metrics.gather_text(&desk.gate.state());
    check(
        &text,
        &[
            (r#"decisions_total{action="system_info",result="allow"}"#, 2.0),
            (r#"decisions_total{action="volume_prune",result="deny"}"#, 1.0),
            (r#"decisions_total{action="unknown",result="error"}"#, 2.0),
            ("decision_duration_seconds_count", 5.0),
            (r#"decision_duration_seconds_bucket{le="5"}"#, 5.0),
            (r#"incomplete_total{cause="malformed"}"#, 1.0),
            (r#"incomplete_total{cause="too_large"}"#, 1.0),
            (r#"reloads_total{result="activated"}"#, 1.0),
            (r#"reloads_total{result="rejected"}"#, 1.0),
            (r#"reloads_total{result="missing"}"#, 0.0),
            ("policy_in_force", 1.0),
            ("dry_run", 0.0),
        ],
    );
    let hash = desk.files.store().snapshot().config_hash().to_string();
    check(&text, &[(&format!(r#"policy_info{{config_hash="{hash}",revision="1"}}"#), 1.0)]);
    assert!(text.contains("portcullis_docker_decision_duration_seconds_bucket{le=\"0.00005\"}"));
    assert!(value(&text, "process_resident_memory_bytes").is_some());
}

#[test]
fn a_dry_run_counts_what_it_would_have_refused() {
    let (desk, metrics) = open(true);
    desk.gate.answer(Call::Request, request("POST", "/v1.41/volumes/prune", ""));
    desk.gate.answer(Call::Request, request("GET", "/v1.41/info", ""));
    let text = metrics.gather_text(&desk.gate.state());
    check(
        &text,
        &[
            ("dry_run", 1.0),
            (r#"dry_run_denials_total{action="volume_prune"}"#, 1.0),
            (r#"decisions_total{action="volume_prune",result="deny"}"#, 1.0),
        ],
    );
}

#[test]
fn tells_of_the_engine_once_a_response_names_it() {
    let (desk, metrics) = open(false);
    assert!(desk.gate.wants_responses());
    let more = r#","ResponseHeaders":{"Server":"Docker/28.0.1 (linux)"}"#;
    assert!(desk.gate.answer(Call::Response, request("GET", "/v1.41/info", more)).allow);
    assert!(!desk.gate.wants_responses(), "for the next minute");
    let text = metrics.gather_text(&desk.gate.state());
    check(
        &text,
        &[
            (r#"engine_info{version="28.0.1"}"#, 1.0),
            (r#"engine_warning{hole="CVE-2026-34040"}"#, 1.0),
        ],
    );
}

fn shown(address: &str, unavailable: Option<&str>) -> Shown {
    let unavailable = unavailable.map(str::to_string);
    Shown {
        listener: MetricsListener::bind(&address.parse::<MetricsAddress>().unwrap()).unwrap(),
        metrics: Arc::new(GateMetrics::of_process(false).unwrap()),
        state: Box::new(move || PolicyState {
            unavailable: unavailable.clone(),
            ..PolicyState::default()
        }),
    }
}

fn ask(mut stream: impl Read + Write, line: &str) -> String {
    write!(stream, "{line} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn serves_on_a_port_and_on_a_socket() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let on_port = shown("127.0.0.1:0", None);
    let port = on_port.listener.tcp_address().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.sock");
    let on_socket = shown(&format!("unix://{}", path.display()), Some("bundle `a` is missing"));
    let servers = [runtime.spawn(serve_metrics(on_port)), runtime.spawn(serve_metrics(on_socket))];
    let on_port = |line| ask(TcpStream::connect(port).unwrap(), line);
    let on_socket = |line| ask(UnixStream::connect(&path).unwrap(), line);
    assert!(on_port("GET /metrics").contains("portcullis_docker_policy_in_force 1\n"));
    assert!(on_port("GET /health").starts_with("HTTP/1.1 200 OK"));
    assert!(on_port("HEAD /health").starts_with("HTTP/1.1 200 OK"));
    assert!(on_port("POST /metrics").starts_with("HTTP/1.1 405"));
    assert!(on_port("GET /AuthZPlugin.AuthZReq").starts_with("HTTP/1.1 404"));
    assert!(on_socket("GET /metrics").contains("portcullis_docker_policy_in_force 0\n"));
    let ill = on_socket("GET /health");
    assert!(ill.starts_with("HTTP/1.1 503"), "{ill}");
    assert!(ill.ends_with("{\"error\":\"bundle `a` is missing\"}\n"), "{ill}");
    servers.iter().for_each(tokio::task::JoinHandle::abort);
    drop(runtime);
    assert!(!path.exists(), "the socket is taken away");
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/grafana/portcullis-docker.json");
    let dashboard = std::fs::read_to_string(path).unwrap();
    let (desk, metrics) = open(true);
    let more = r#","ResponseHeaders":{"Server":"Docker/28.0.1 (linux)"}"#;
    desk.gate.answer(Call::Response, request("GET", "/v1.41/info", more));
    desk.gate.answer(Call::Request, request("POST", "/v1.41/volumes/prune", ""));
    desk.gate.answer(Call::Request, b"nonsense".to_vec());
    metrics.responded(&portcullis_docker::verdict::Verdict::Allow);
    let bundles = vec![("b".to_string(), "1".to_string())];
    let text = metrics.gather_text(&PolicyState { bundles, ..desk.gate.state() });
    let names = |text: &str| -> std::collections::BTreeSet<String> {
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let parts = text.split("portcullis_docker_").skip(1);
        parts.map(|part| part[..part.find(|c| !is_name(c)).unwrap()].to_string()).collect()
    };
    let asked = names(&dashboard);
    assert!(asked.len() >= 12, "{asked:?}");
    let there = names(&text);
    let unknown: Vec<_> = asked.difference(&there).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    serde_json::from_str::<serde_json::Value>(&dashboard).unwrap();
}
