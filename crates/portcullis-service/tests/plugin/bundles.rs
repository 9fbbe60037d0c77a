//! Bundles from the disk and from a service.

use std::fs;

use serde_json::{Value as Json, json};

use super::support::{ControlPlane, Reply, Running, Start, bundle};

/// A configuration of one bundle that is fetched when asked for.
fn config(plane: &ControlPlane) -> Json {
    json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b.tar.gz", "trigger": "manual"}},
        "status": {"console": true},
    })
}

fn policy(revision: &str, x: u32) -> Vec<u8> {
    bundle(revision, &["p"], json!({}), &[("/p.rego", &format!("package p\n\nx := {x}\n"))])
}

async fn start(plane: &ControlPlane) -> Running {
    Start::new(config(plane)).run().await.unwrap()
}

#[tokio::test]
async fn a_directory_is_active_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir_all(path("b/own")).unwrap();
    fs::create_dir_all(path("b/lib/x")).unwrap();
    fs::write(path("b/.manifest"), r#"{"revision": "r1", "roots": ["own", "lib/x"]}"#).unwrap();
    fs::write(path("b/own/data.json"), r#"{"v": 1}"#).unwrap();
    fs::write(path("b/lib/x/p.rego"), "package lib.x\n\np := 1\n").unwrap();
    let resource = format!("file://{}", path("b").display());
    let config = json!({"bundles": {"main": {"resource": resource}}, "status": {"console": true}});
    let running = Start::new(config).run().await.unwrap();
    assert_eq!(running.state("bundle"), "OK");
    assert_eq!(running.eval("data.own"), Some(json!({"v": 1})));
    assert_eq!(running.eval("data.lib.x.p"), Some(json!(1)));
    let state = running.manager.service().store().snapshot();
    let ids: Vec<_> = state.state().modules.keys().collect();
    assert_eq!(ids, ["main/lib/x/p.rego"]);
    let stored = running.eval("data.system.bundles.main").unwrap();
    assert_eq!(
        stored,
        json!({"etag": "", "manifest": {"revision": "r1", "roots": ["own", "lib/x"]}})
    );
    let status = running.status();
    assert_eq!(status["plugins"]["bundle"], json!({"state": "OK"}));
    assert_eq!(status["plugins"]["discovery"], json!({"state": "OK"}));
    let main = &status["bundles"]["main"];
    assert_eq!(main["active_revision"], "r1");
    let keys: Vec<_> = main["metrics"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "timer_rego_data_parse_ns",
            "timer_rego_load_bundles_ns",
            "timer_rego_module_compile_ns",
            "timer_rego_module_parse_ns",
        ]
    );
    let line = running.lines("Status Log").pop().unwrap();
    assert_eq!(line["type"], "openpolicyagent.org/status");
    assert_eq!(line["bundles"], status["bundles"]);
}

#[tokio::test]
async fn a_policy_that_does_not_compile_is_told_of() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("x.rego"), "package x\n\np := y\n").unwrap();
    let resource = format!("file://{}", directory.path().display());
    let config = json!({"bundles": {"main": {"resource": resource}}, "status": {"console": true}});
    let running = Start::new(config).run().await.unwrap();
    assert_eq!(running.state("bundle"), "NOT_READY");
    let main = running.bundle("main");
    assert_eq!(main["code"], "bundle_error");
    assert_eq!(main["message"], "error(s) occurred while compiling module(s)");
    let location = json!({"file": "/x.rego", "row": 3, "col": 1});
    let error = json!({"code": "rego_unsafe_var_error", "message": "var y is unsafe", "location": location});
    assert_eq!(main["errors"], json!([error]));
    assert_eq!(main["last_successful_activation"], "0001-01-01T00:00:00Z");
    assert_eq!(main["type"], "snapshot");
    assert!(main.get("active_revision").is_none());
    assert_eq!(running.eval("data.x"), None);
}

#[tokio::test]
async fn downloads_replace_each_other_and_304_changes_nothing() {
    let plane = ControlPlane::start().await;
    plane.answer("/b.tar.gz", Reply::bundle(policy("r1", 1), "\"e1\""));
    let running = start(&plane).await;
    assert_eq!(running.state("bundle"), "NOT_READY");
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(1)));
    assert_eq!(running.state("bundle"), "OK");
    assert_eq!(running.look().await, None);
    plane.answer("/b.tar.gz", Reply::bundle(policy("r2", 2), "\"e2\""));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(2)));
    let etags: Vec<_> = plane.seen("/b.tar.gz").into_iter().collect();
    let sent: Vec<_> = etags.iter().map(|seen| seen.header("if-none-match")).collect();
    assert_eq!(sent, [None, Some("\"e1\""), Some("\"e1\"")]);
    assert_eq!(etags[0].header("prefer"), Some("modes=snapshot,delta"));
    let status = running.bundle("b");
    assert_eq!(status["active_revision"], "r2");
    assert!(status["metrics"]["timer_bundle_request_ns"].is_number());
    assert!(status["size"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn what_is_no_good_leaves_the_last_good_policy() {
    let plane = ControlPlane::start().await;
    plane.answer("/b.tar.gz", Reply::bundle(policy("r1", 1), "e1"));
    let running = start(&plane).await;
    assert_eq!(running.look().await, None);
    let good = policy("r2", 2);
    let broken = bundle("r3", &["p"], json!({}), &[("/p.rego", "package p\n\nx := y\n")]);
    let unparsable = bundle("r3", &["p"], json!({}), &[("/p.rego", "package p\n\nx := {")]);
    let outside = bundle("r3", &["q"], json!({}), &[("/p.rego", "package p\n")]);
    let mut corrupt = good.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle] ^= 0xff;
    let cut = Reply { cut_off: Some(20), ..Reply::bundle(good.clone(), "e2") };
    let compiling = "error(s) occurred while compiling module(s)";
    let cases = [
        (Reply::status(404), "server replied with Not Found", Some(404)),
        (Reply::status(500), "server replied with Internal Server Error", Some(500)),
        (cut, "request failed: ", None),
        (Reply::bundle(corrupt, "e2"), "archive read failed: ", None),
        (Reply::bundle(b"nonsense".to_vec(), "e2"), "archive read failed: ", None),
        (Reply::bundle(broken, "e2"), compiling, None),
        (Reply::bundle(unparsable, "e2"), compiling, None),
        (Reply::bundle(outside, "e2"), "manifest roots [q] do not permit 'package p'", None),
    ];
    for (reply, message, code) in cases {
        plane.answer("/b.tar.gz", reply);
        assert!(running.look().await.is_some(), "{message}");
        let status = running.bundle("b");
        assert_eq!(status["code"], "bundle_error", "{message}");
        let told = status["message"].as_str().unwrap();
        assert!(told.starts_with(message), "{told}");
        assert_eq!(status.get("http_code").and_then(Json::as_u64), code, "{message}");
        assert_eq!(status.get("errors").is_some(), message == compiling, "{message}");
        assert_eq!(status["active_revision"], "r1");
        assert_eq!(running.eval("data.p.x"), Some(json!(1)));
        assert_eq!(running.state("bundle"), "OK", "the last good policy decides");
        // What was refused must be offered again.
        let last = plane.seen("/b.tar.gz").pop().unwrap();
        assert_eq!(last.header("if-none-match"), Some("e1"), "{message}");
    }
    plane.answer("/b.tar.gz", Reply::bundle(good, "e2"));
    assert_eq!(running.look().await, None);
    let status = running.bundle("b");
    assert!(status.get("code").is_none() && status.get("errors").is_none(), "{status}");
    assert_eq!(running.eval("data.p.x"), Some(json!(2)));
}

#[tokio::test]
async fn an_empty_answer_is_no_bundle() {
    let plane = ControlPlane::start().await;
    plane.answer("/b.tar.gz", Reply::bundle(policy("r1", 1), "e1"));
    let running = start(&plane).await;
    assert_eq!(running.look().await, None);
    plane.answer("/b.tar.gz", Reply::bundle(Vec::new(), "e2"));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(1)));
    assert_eq!(running.bundle("b")["active_revision"], "r1");
}
