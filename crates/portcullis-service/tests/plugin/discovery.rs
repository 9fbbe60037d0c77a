//! Discovery: configurations from a bundle.

use serde_json::{Value as Json, json};

use super::support::{ControlPlane, Reply, Running, Start, bundle};

fn boot(plane: &ControlPlane) -> Json {
    json!({
        "services": plane.services(),
        "labels": {"region": "boot"},
        "discovery": {"resource": "/d", "trigger": "manual", "decision": "/conf/main"},
        "status": {"console": true, "trigger": "manual"},
    })
}

async fn start(plane: &ControlPlane) -> Running {
    Start::new(boot(plane)).run().await.unwrap()
}

fn discover(plane: &ControlPlane, etag: &str, config: Json) {
    let data = json!({"conf": {"main": config}});
    plane.answer("/d", Reply::bundle(bundle(etag, &["conf"], data, &[]), etag));
}

fn serve(plane: &ControlPlane, name: &str) {
    let data = json!({name: {"v": 1}});
    plane.answer(&format!("/{name}"), Reply::bundle(bundle("r", &[name], data, &[]), name));
}

async fn look(running: &Running) -> Option<String> {
    running.manager.trigger("discovery").await.err().map(|error| error.to_string())
}

/// Asks for status to be told anew, and returns what it says of discovery.
async fn status(running: &Running) -> Json {
    running.manager.trigger("status").await.unwrap();
    running.status()["discovery"].clone()
}

#[tokio::test]
async fn bundles_come_change_and_go() {
    let plane = ControlPlane::start().await;
    let running = start(&plane).await;
    assert_eq!(running.state("discovery"), "NOT_READY");
    assert_eq!(running.state("bundle"), "none");
    for name in ["one", "two", "three"] {
        serve(&plane, name);
    }
    let of = |path: &str| json!({"resource": path, "trigger": "manual"});
    discover(&plane, "d1", json!({"bundles": {"one": of("/one"), "two": of("/two")}}));
    assert_eq!(look(&running).await, None);
    assert_eq!(running.state("discovery"), "OK");
    assert_eq!(running.state("bundle"), "NOT_READY");
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("[data.one.v, data.two.v]"), Some(json!([1, 1])));

    discover(&plane, "d2", json!({"bundles": {"one": of("/one"), "three": of("/three")}}));
    assert_eq!(look(&running).await, None);
    assert_eq!((running.eval("data.two"), running.eval("data.one.v")), (None, Some(json!(1))));
    assert_eq!(running.state("bundle"), "NOT_READY");
    assert_eq!(running.look().await, None);
    assert_eq!(running.state("bundle"), "OK");
    assert_eq!(running.eval("data.three.v"), Some(json!(1)));
    let last = plane.seen("/one").pop().unwrap();
    assert_eq!(last.header("if-none-match"), Some("one"), "what stays is not fetched again");
    running.manager.trigger("status").await.unwrap();
    let names: Vec<_> = running.status()["bundles"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["one", "three"]);
    assert_eq!(status(&running).await["active_revision"], "d2");

    discover(&plane, "d3", json!({}));
    assert_eq!(look(&running).await, None);
    assert_eq!(running.state("bundle"), "none");
    assert_eq!((running.eval("data.one"), running.eval("data.system")), (None, None));
}

#[tokio::test]
async fn what_is_no_good_changes_nothing() {
    let plane = ControlPlane::start().await;
    let running = start(&plane).await;
    serve(&plane, "one");
    let one = json!({"one": {"resource": "/one", "trigger": "manual"}});
    discover(&plane, "d1", json!({"bundles": one}));
    assert_eq!(look(&running).await, None);
    assert_eq!(running.look().await, None);
    let moved = json!({"services": {"s": {"url": "http://127.0.0.1:1"}}});
    let periodic = json!({"bundles": {"one": {"resource": "/one", "trigger": "periodic"}}});
    let cases = [
        (moved, "updates to the discovery service are not allowed"),
        (json!({"bundles": 5}), "invalid configuration"),
        (json!(["no object"]), "discovered configuration is not an object"),
        (json!({"services": {"t": {"url": "nonsense"}}}), "`services.t.url`"),
        (periodic, "is `periodic`, but `manual` for discovery"),
    ];
    for (config, message) in cases {
        discover(&plane, "bad", config);
        let error = look(&running).await.unwrap();
        assert!(error.contains(message), "{error}");
        let told = status(&running).await;
        assert_eq!(
            (&told["code"], &told["active_revision"]),
            (&json!("bundle_error"), &json!("d1"))
        );
        assert_eq!(running.eval("data.one.v"), Some(json!(1)));
        assert_eq!(plane.seen("/d").pop().unwrap().header("if-none-match"), Some("d1"));
    }
    plane.answer("/d", Reply::bundle(bundle("d2", &["x"], json!({"x": 1}), &[]), "d2"));
    assert_eq!(look(&running).await.unwrap(), "undefined configuration");
    plane.answer("/d", Reply::status(404));
    assert_eq!(look(&running).await.unwrap(), "server replied with Not Found");
    assert_eq!(status(&running).await["http_code"], 404);
    assert_eq!(running.state("discovery"), "OK");
}

#[tokio::test]
async fn a_policy_decides_and_the_start_wins() {
    let plane = ControlPlane::start().await;
    let running = start(&plane).await;
    let module = (
        "/conf.rego",
        "package conf\n\nmain := {\n\t\"labels\": {\"region\": \"x\", \"zone\": \"${REGION}\"},\n\t\
         \"default_decision\": \"/a/b\",\n\t\"decision_logs\": {\"console\": true, \"reporting\": \
         {\"trigger\": \"manual\"}},\n\t\"nd_builtin_cache\": true,\n}\n",
    );
    plane.answer("/d", Reply::bundle(bundle("d1", &["conf"], json!({}), &[module]), "d1"));
    assert_eq!(running.state("decision_logs"), "none");
    assert_eq!(look(&running).await, None);
    let settings = running.manager.service().settings();
    assert_eq!(settings.labels["region"], "boot");
    assert_eq!(settings.labels["zone"], "north");
    assert_eq!(settings.default_decision, "/a/b");
    assert!(settings.nd_builtin_cache);
    assert_eq!(running.state("decision_logs"), "OK");
    assert!(running.manager.service().logs_decisions());
    let message = status(&running).await["message"].clone();
    assert!(message.as_str().unwrap().ends_with("boot configuration: labels.region"), "{message}");
    discover(&plane, "d2", json!({}));
    assert_eq!(look(&running).await, None);
    assert_eq!(running.state("decision_logs"), "none");
    assert!(!running.manager.service().logs_decisions());
    assert!(status(&running).await.get("message").is_none());
}

#[tokio::test]
async fn starts_from_the_disk_where_the_service_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut config = boot(&plane);
    config["discovery"]["persist"] = json!(true);
    let begin = || Start::new(config.clone()).within(directory.path());
    let running = begin().run().await.unwrap();
    discover(&plane, "d1", json!({"default_decision": "/kept"}));
    assert_eq!(look(&running).await, None);
    drop(running);
    plane.answer("/d", Reply::status(500));
    let running = begin().run().await.unwrap();
    assert_eq!(running.manager.service().settings().default_decision, "/kept");
    assert_eq!(running.state("discovery"), "OK");
    assert!(look(&running).await.is_some());
}

#[tokio::test]
async fn a_bundle_that_is_gone_does_not_come_late() {
    use std::sync::Arc;
    use tokio::sync::Notify;
    let plane = ControlPlane::start().await;
    let running = start(&plane).await;
    let one = json!({"one": {"resource": "/one", "trigger": "manual"}});
    discover(&plane, "d1", json!({"bundles": one}));
    assert_eq!(look(&running).await, None);
    let held = Arc::new(Notify::new());
    let bytes = bundle("r", &["one"], json!({"one": {"v": 1}}), &[]);
    plane.answer("/one", Reply { held: Some(held.clone()), ..Reply::bundle(bytes, "e") });
    let looking = running.look();
    let removing = async {
        plane.wait_for("/one", 1).await;
        discover(&plane, "d2", json!({}));
        assert_eq!(look(&running).await, None);
        held.notify_one();
    };
    let (looked, ()) = tokio::join!(looking, removing);
    assert_eq!(looked.unwrap(), "the bundle is no longer configured");
    assert_eq!((running.eval("data.one"), running.state("bundle")), (None, "none"));
}

#[tokio::test]
async fn a_file_is_discovered_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let decisions = json!({"default_decision": "/from/file"}).to_string();
    std::fs::write(directory.path().join("data.json"), decisions).unwrap();
    let resource = format!("file://{}", directory.path().display());
    let running = Start::new(json!({"discovery": {"resource": resource}})).run().await.unwrap();
    assert_eq!(running.manager.service().settings().default_decision, "/from/file");
    assert_eq!(running.state("discovery"), "OK");
}
