//! Status and decision logs at a service.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use portcullis_service::decision_log::Event;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::support::{ControlPlane, PATIENCE, Reply, Start, bundle};

fn event(id: &str) -> Event {
    Event { decision_id: id.to_string(), path: Some("p".to_string()), ..Event::default() }
}

#[tokio::test]
async fn status_is_posted_on_each_change() {
    let plane = ControlPlane::start().await;
    plane.answer("/status/part", Reply::status(200));
    plane.answer("/b", Reply::bundle(bundle("r1", &["d"], json!({"d": 1}), &[]), "e1"));
    let config = json!({
        "labels": {"app": "x"},
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "trigger": "manual"}},
        "status": {"partition_name": "part"},
    });
    let running = Start::new(config).run().await.unwrap();
    let first = plane.wait_for("/status/part", 1).await.json();
    assert_eq!(first["labels"]["app"], "x");
    assert_eq!(first["plugins"]["bundle"], json!({"state": "NOT_READY"}));
    let families = &first["metrics"]["prometheus"];
    assert_eq!(families["opa_info"]["type"], 1);
    let label = json!([{"name": "version", "value": "1.2.3"}]);
    assert_eq!(families["opa_info"]["metric"], json!([{"gauge": {"value": 1}, "label": label}]));
    assert_eq!(running.look().await, None);
    running.manager.trigger("status").await.unwrap();
    let last = plane.seen("/status/part").pop().unwrap().json();
    assert_eq!(last["bundles"]["b"]["active_revision"], "r1");
    assert_eq!(last["plugins"]["bundle"], json!({"state": "OK"}));
    assert!(running.status().get("metrics").is_none());
    let text = running.manager.service().registry().gather_text();
    assert!(text.contains(r#"plugin_status_gauge{name="bundle",status="OK"} 1"#), "{text}");
    assert!(text.contains(r#"bundle_loaded_counter{name="b"} 1"#), "{text}");
}

#[tokio::test]
async fn a_stuck_endpoint_blocks_nothing() {
    let plane = ControlPlane::start().await;
    let held = Arc::new(Notify::new());
    plane.answer("/status", Reply { held: Some(held), ..Reply::status(200) });
    plane.answer("/b", Reply::bundle(bundle("r1", &["d"], json!({"d": 1}), &[]), "e1"));
    let config = json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "trigger": "manual"}},
        "status": {"service": "s"},
    });
    let running = Start::new(config).run().await.unwrap();
    for _ in 0..100 {
        assert_eq!(running.look().await, None);
    }
    assert_eq!(running.eval("data.d"), Some(json!(1)));
    running.manager.shutdown(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_manual_status_waits_to_be_asked_for() {
    let plane = ControlPlane::start().await;
    plane.answer("/status", Reply::status(500));
    let config = json!({
        "services": plane.services(),
        "status": {"service": "s", "console": true, "trigger": "manual"},
    });
    let running = Start::new(config).run().await.unwrap();
    assert_eq!(running.state("status"), "OK");
    assert!(running.lines("Status Log").is_empty());
    assert!(running.status()["plugins"].is_object());
    running.manager.trigger("status").await.unwrap();
    assert_eq!(running.lines("Status Log").len(), 1);
    assert_eq!(plane.seen("/status").len(), 1);
    let failed = "Status update failed: server replied with Internal Server Error";
    assert_eq!(running.lines(failed).len(), 1);
    let unknown = running.manager.trigger("bundle").await.unwrap_err().to_string();
    assert_eq!(unknown, "no plugin `bundle` is running");
}

#[tokio::test]
async fn decisions_go_to_console_and_service() {
    let plane = ControlPlane::start().await;
    plane.answer("/logs", Reply::status(500));
    let config = json!({
        "services": plane.services(),
        "decision_logs": {"console": true, "service": "s", "reporting": {"trigger": "manual"}},
        "status": {"console": true},
    });
    let running = Start::new(config).run().await.unwrap();
    assert_eq!(running.state("decision_logs"), "OK");
    let service = running.manager.service();
    assert!(service.logs_decisions());
    service.log(&service.store().snapshot(), event("one"));
    let error = running.manager.trigger("decision_logs").await.unwrap_err().to_string();
    assert!(error.contains("500"), "{error}");
    let line = running.lines("Decision Log").pop().unwrap();
    assert_eq!(line["type"], "openpolicyagent.org/decision_logs");
    assert_eq!(line["decision_id"], "one");
    assert_eq!(line["labels"]["version"], "1.2.3");
    running.manager.trigger("status").await.unwrap();
    let logs = running.status()["decision_logs"].clone();
    assert_eq!((&logs["code"], &logs["http_code"]), (&json!("decision_log_error"), &json!(500)));

    plane.answer("/logs", Reply::status(204));
    service.log(&service.store().snapshot(), event("two"));
    running.manager.shutdown(PATIENCE).await;
    let mut ids = Vec::new();
    for seen in plane.seen("/logs") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*seen.body).read_to_string(&mut text).unwrap();
        let events: Json = serde_json::from_str(&text).unwrap();
        ids.extend(events.as_array().unwrap().iter().map(|it| it["decision_id"].clone()));
    }
    assert_eq!(ids, ["one", "one", "two"], "again after the failure, and at the end");
}

#[tokio::test]
async fn decisions_go_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("decisions.log");
    let config = json!({
        "plugins": {"file_logger": {"path": path}},
        "decision_logs": {"plugin": "file_logger"},
    });
    let running = Start::new(config).run().await.unwrap();
    let service = running.manager.service();
    service.log(&service.store().snapshot(), event("one"));
    service.logger().unwrap().settled().await.unwrap();
    let line: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((&line["msg"], &line["decision_id"]), (&json!("Decision Log"), &json!("one")));
    assert!(running.lines("Decision Log").is_empty());
}
