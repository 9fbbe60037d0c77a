//! Downloads that set themselves off.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::support::{ControlPlane, PATIENCE, Reply, Running, Start, bundle};

fn config(plane: &ControlPlane, polling: Json) -> Json {
    json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "polling": polling}},
        "status": {"console": true},
    })
}

fn at_once() -> Json {
    json!({"min_delay_seconds": 0, "max_delay_seconds": 0})
}

fn policy(x: u32) -> Vec<u8> {
    bundle(&format!("r{x}"), &["p"], json!({}), &[("/p.rego", &format!("package p\n\nx := {x}\n"))])
}

async fn until(running: &Running, what: impl Fn(&Running) -> bool) {
    let waiting = async {
        while !what(running) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time");
}

#[tokio::test]
async fn goes_on_after_failures_and_news() {
    let plane = ControlPlane::start().await;
    let running = Start::new(config(&plane, at_once())).run().await.unwrap();
    plane.wait_for("/b", 2).await;
    assert!(!running.manager.wait_until_ready(Duration::ZERO).await);
    plane.answer("/b", Reply::bundle(policy(1), "e1"));
    assert!(running.manager.wait_until_ready(PATIENCE).await);
    assert_eq!(running.eval("data.p.x"), Some(json!(1)));
    plane.answer("/b", Reply::bundle(policy(2), "e2"));
    until(&running, |running| running.eval("data.p.x") == Some(json!(2))).await;
}

#[tokio::test]
async fn a_slow_answer_is_in_nobodys_way() {
    let plane = ControlPlane::start().await;
    plane.answer("/b", Reply::bundle(policy(1), "e1"));
    let mut config = config(&plane, at_once());
    config["bundles"]["b"]["trigger"] = json!("manual");
    let running = Start::new(config).run().await.unwrap();
    assert_eq!(running.look().await, None);
    let held = Arc::new(Notify::new());
    let slow = Reply { held: Some(held.clone()), ..Reply::bundle(policy(2), "e2") };
    plane.answer("/b", slow);
    let looking = running.look();
    let deciding = async {
        plane.wait_for("/b", 2).await;
        assert_eq!(running.eval("data.p.x"), Some(json!(1)));
        // Another one takes its place while it is on its way.
        plane.answer("/b", Reply::bundle(policy(3), "e3"));
        held.notify_one();
    };
    assert_eq!(tokio::join!(looking, deciding).0, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(2)));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(3)));
}

#[tokio::test]
async fn long_polls_last_while_the_server_knows_them() {
    let plane = ControlPlane::start().await;
    let kind = "application/vnd.openpolicyagent.bundles".to_string();
    let knows = |x, etag: &str| Reply { kind: kind.clone(), ..Reply::bundle(policy(x), etag) };
    plane.answer("/b", knows(1, "e1"));
    let polling = json!({
        "min_delay_seconds": 3600,
        "max_delay_seconds": 3600,
        "long_polling_timeout_seconds": 30,
    });
    let running = Start::new(config(&plane, polling)).run().await.unwrap();
    let first = plane.wait_for("/b", 1).await;
    assert_eq!(first.header("prefer"), Some("modes=snapshot,delta;wait=30"));
    let held = Arc::new(Notify::new());
    plane.answer("/b", Reply { held: Some(held.clone()), ..knows(2, "e2") });
    until(&running, |running| running.eval("data.p.x") == Some(json!(1))).await;
    // Without the hour of delay in between.
    plane.wait_for("/b", 2).await;
    plane.answer("/b", Reply::bundle(policy(3), "e3"));
    held.notify_one();
    until(&running, |running| running.eval("data.p.x") == Some(json!(3))).await;
    // The last answer was not of that type: the next poll is an hour away.
    let count = plane.seen("/b").len();
    assert!(count <= 4, "{count}");
}
