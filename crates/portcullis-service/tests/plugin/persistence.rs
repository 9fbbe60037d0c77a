//! Bundles that outlive the process, on the disk or in a durable store.

use std::fs;
use std::path::PathBuf;

use portcullis_bundle::Verification;
use portcullis_service::plugin::LocalBundle;
use serde_json::{Value as Json, json};

use super::support::{ControlPlane, Reply, Start, bundle};

fn config(plane: &ControlPlane) -> Json {
    let of = |path: &str| json!({"resource": path, "trigger": "manual", "persist": true});
    json!({
        "services": plane.services(),
        "bundles": {"a": of("/a"), "z": of("/z")},
        "status": {"console": true},
    })
}

#[tokio::test]
async fn starts_from_the_disk_where_the_service_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    // `a` needs `z`, which is loaded after it.
    let needy = ("/a.rego", "package a\n\nx := data.z.f(1)\n");
    let needed = ("/z.rego", "package z\n\nf(n) := n + 1\n");
    plane.answer("/a", Reply::bundle(bundle("a1", &["a"], json!({}), &[needy]), "ea"));
    plane.answer("/z", Reply::bundle(bundle("z1", &["z"], json!({}), &[needed]), "ez"));
    let running = Start::new(config(&plane)).within(directory.path()).run().await.unwrap();
    assert!(running.look().await.is_some(), "`z` is not there yet");
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.a.x"), Some(json!(2)));
    let kept = directory.path().join(".opa/bundles/a/bundle.tar.gz");
    assert!(kept.is_file());
    drop(running);

    plane.answer("/a", Reply::status(503));
    plane.answer("/z", Reply::status(503));
    let running = Start::new(config(&plane)).within(directory.path()).run().await.unwrap();
    assert_eq!(running.eval("data.a.x"), Some(json!(2)));
    assert_eq!(running.state("bundle"), "OK");
    assert_eq!(running.bundle("a")["active_revision"], "a1");
    assert_eq!(running.look().await.unwrap(), "server replied with Service Unavailable");
    assert_eq!(running.bundle("a")["http_code"], 503);
    assert_eq!(running.eval("data.a.x"), Some(json!(2)));
    drop(running);

    // Half a file is as good as none.
    fs::write(&kept, &fs::read(&kept).unwrap()[..40]).unwrap();
    let running = Start::new(config(&plane)).within(directory.path()).run().await.unwrap();
    assert_eq!(running.eval("data.a"), None);
    assert_eq!(running.state("bundle"), "NOT_READY");
    assert_eq!(running.eval("data.z.f(1)"), Some(json!(2)));
}

#[tokio::test]
async fn what_a_store_holds_goes_on_deciding_under_its_etag() {
    let plane = ControlPlane::start().await;
    let module = ("/a.rego", "package a\n\nx := 1\n");
    plane.answer("/a", Reply::bundle(bundle("a1", &["a"], json!({}), &[module]), "ea"));
    let config = json!({
        "services": plane.services(),
        "bundles": {"a": {"resource": "/a", "trigger": "manual"}},
        "status": {"console": true},
    });
    let start = Start::new(config.clone());
    let store = start.store.clone();
    let running = start.run().await.unwrap();
    assert_eq!(running.look().await, None);
    drop(running);

    let running = Start { store: store.clone(), ..Start::new(config) }.run().await.unwrap();
    assert_eq!(running.eval("data.a.x"), Some(json!(1)));
    assert_eq!(running.state("bundle"), "NOT_READY", "nobody has said that it is the latest");
    assert_eq!(running.look().await, None);
    let last = plane.seen("/a").pop().unwrap();
    assert_eq!(last.header("if-none-match"), Some("ea"));
    assert_eq!(running.state("bundle"), "OK");
    assert_eq!(running.bundle("a")["active_revision"], "a1");
    drop(running);

    // No longer configured: gone.
    let running = Start { store, ..Start::new(json!({})) }.run().await.unwrap();
    assert_eq!((running.eval("data.a"), running.eval("data.system")), (None, None));
}

#[tokio::test]
async fn bundles_named_at_the_start_must_be_good() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir_all(path("one")).unwrap();
    fs::create_dir_all(path("two")).unwrap();
    fs::write(path("one/.manifest"), r#"{"roots": ["one"]}"#).unwrap();
    fs::write(path("one/p.rego"), "package one\n\nx := data.two.f(1)\n").unwrap();
    fs::write(path("one/skip.rego"), "package elsewhere\n").unwrap();
    fs::write(path("two/.manifest"), r#"{"roots": ["two"]}"#).unwrap();
    fs::write(path("two/p.rego"), "package two\n\nf(n) := n\n").unwrap();
    let local = |name: &str, path: PathBuf| LocalBundle {
        name: name.to_string(),
        path,
        ignore: vec!["skip*".to_string()],
        verification: Verification::NoKeys,
    };
    let both = vec![local("one", path("one")), local("two", path("two"))];
    let running = Start { local_bundles: both, ..Start::new(json!({})) }.run().await.unwrap();
    assert_eq!(running.eval("data.one.x"), Some(json!(1)));
    let state = running.manager.service().store().snapshot();
    let ids: Vec<_> = state.state().modules.keys().collect();
    assert_eq!(ids, ["one/p.rego", "two/p.rego"]);
    assert_eq!(running.state("bundle"), "none");

    let one = Start { local_bundles: vec![local("one", path("one"))], ..Start::new(json!({})) };
    let error = one.run().await.err().unwrap().to_string();
    assert!(error.contains("undefined function data.two.f"), "{error}");
    assert!(error.contains("one/p.rego:3"), "{error}");
}
