//! Delta bundles.

use portcullis_bundle::{BundleFiles, Manifest, Patch, write};
use serde_json::{Value as Json, json};

use super::support::{ControlPlane, Reply, Start, bundle};

fn delta(revision: &str, roots: &[&str], operations: Json) -> Vec<u8> {
    let manifest = Manifest {
        revision: revision.to_string(),
        roots: roots.iter().map(|root| (*root).to_string()).collect(),
        ..Manifest::default()
    };
    let patch = json!({"data": operations}).to_string();
    let patch = Some(Patch::from_json(patch.as_bytes()).unwrap());
    write(&BundleFiles { manifest, patch, ..BundleFiles::default() }).unwrap()
}

#[tokio::test]
async fn changes_data_and_nothing_else() {
    let plane = ControlPlane::start().await;
    let config = json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "trigger": "manual"}},
        "status": {"console": true},
    });
    let running = Start::new(config).run().await.unwrap();
    let module = ("/p.rego", "package p\n\nx := data.d.users\n");
    let data = json!({"d": {"users": ["ann"], "old": 1}});
    plane.answer("/b", Reply::bundle(bundle("r1", &["p", "d"], data, &[module]), "e1"));
    assert_eq!(running.look().await, None);

    let operations = json!([
        {"op": "upsert", "path": "/d/users/-", "value": "bob"},
        {"op": "upsert", "path": "/d/deep/er", "value": 1},
        {"op": "remove", "path": "/d/old"},
    ]);
    plane.answer("/b", Reply::bundle(delta("r2", &["p", "d"], operations), "e2"));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(["ann", "bob"])));
    assert_eq!(running.eval("data.d"), Some(json!({"deep": {"er": 1}, "users": ["ann", "bob"]})));
    let status = running.bundle("b");
    assert_eq!((&status["active_revision"], &status["type"]), (&json!("r2"), &json!("delta")));
    assert_eq!(running.eval("data.system.bundles.b.etag"), Some(json!("e2")));

    let outside = json!([{"op": "upsert", "path": "/d/x", "value": 1}]);
    let missing = json!([
        {"op": "upsert", "path": "/d/users/-", "value": "eve"},
        {"op": "remove", "path": "/d/nothing"},
    ]);
    let rule = json!([{"op": "upsert", "path": "/p/x", "value": 1}]);
    let cases = [
        (delta("r3", &["d"], outside), "delta bundle roots differ from those of the active"),
        (delta("r3", &["p", "d"], missing), "patch operation 1: "),
        (delta("r3", &["p", "d"], rule), "error(s) occurred while compiling module(s)"),
    ];
    for (bytes, message) in cases {
        plane.answer("/b", Reply::bundle(bytes, "e3"));
        assert!(running.look().await.is_some(), "{message}");
        let status = running.bundle("b");
        let told = status["message"].as_str().unwrap();
        assert!(told.starts_with(message), "{told}");
        assert_eq!(status["active_revision"], "r2");
        assert_eq!(running.eval("data.p.x"), Some(json!(["ann", "bob"])), "all or nothing");
    }
}

#[tokio::test]
async fn cannot_be_persisted() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let config = json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "trigger": "manual", "persist": true}},
    });
    let running = Start::new(config).within(directory.path()).run().await.unwrap();
    let operations = json!([{"op": "upsert", "path": "/d", "value": 1}]);
    plane.answer("/b", Reply::bundle(delta("r1", &["d"], operations), "e1"));
    assert_eq!(running.look().await.unwrap(), "delta bundles cannot be persisted");
    assert_eq!(running.eval("data.d"), None);
}
