//! Signatures, sizes and roots: what must not become active.

use portcullis_bundle::{BundleFiles, SignatureAlgorithm, SigningKey, sign, write};
use rego::Value;
use serde_json::{Value as Json, json};

use super::support::{ControlPlane, Reply, Running, Start, bundle, files};

fn signed(files: BundleFiles, secret: &str) -> Vec<u8> {
    let (id, algorithm) = ("k".to_string(), SignatureAlgorithm::Hs256);
    let key = SigningKey { id, algorithm, key: secret.to_string() };
    let signatures = sign(&files.entries(), &key, &Value::object(Vec::new())).unwrap();
    write(&BundleFiles { signatures: Some(signatures), ..files }).unwrap()
}

fn contents(x: u32) -> BundleFiles {
    files("r", &["p"], json!({}), &[("/p.rego", &format!("package p\n\nx := {x}\n"))])
}

async fn start(plane: &ControlPlane, bundles: Json) -> Running {
    let config = json!({
        "services": plane.services(),
        "keys": {"k": {"key": "the secret of this test", "algorithm": "HS256"}},
        "bundles": bundles,
        "status": {"console": true},
    });
    Start::new(config).run().await.unwrap()
}

#[tokio::test]
async fn only_what_is_signed_right_is_active() {
    let plane = ControlPlane::start().await;
    let bundle = json!({"resource": "/b", "trigger": "manual", "signing": {"keyid": "k"}});
    let running = start(&plane, json!({"b": bundle})).await;
    plane.answer("/b", Reply::bundle(write(&contents(0)).unwrap(), "e0"));
    let error = running.look().await.unwrap();
    assert_eq!(error, "bundle missing .signatures.json file");
    assert_eq!((running.state("bundle"), running.eval("data.p.x")), ("NOT_READY", None));

    let secret = "the secret of this test";
    plane.answer("/b", Reply::bundle(signed(contents(1), secret), "e1"));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.p.x"), Some(json!(1)));

    plane.answer("/b", Reply::bundle(signed(contents(2), "another secret, of others"), "e2"));
    assert!(running.look().await.is_some());
    let entries = contents(3).entries();
    let key = SigningKey {
        id: "k".to_string(),
        algorithm: SignatureAlgorithm::Hs256,
        key: secret.to_string(),
    };
    let of_others = sign(&entries, &key, &Value::object(Vec::new())).unwrap();
    let swapped = BundleFiles { signatures: Some(of_others), ..contents(4) };
    plane.answer("/b", Reply::bundle(write(&swapped).unwrap(), "e3"));
    let error = running.look().await.unwrap();
    assert!(error.contains("/p.rego: digest mismatch"), "{error}");
    assert_eq!(running.bundle("b")["code"], "bundle_error");
    assert_eq!(running.eval("data.p.x"), Some(json!(1)));
}

#[tokio::test]
async fn a_signature_without_a_key_is_refused() {
    let plane = ControlPlane::start().await;
    let config = json!({
        "services": plane.services(),
        "bundles": {"b": {"resource": "/b", "trigger": "manual"}},
    });
    let running = Start::new(config).run().await.unwrap();
    plane.answer("/b", Reply::bundle(signed(contents(1), "some secret"), "e"));
    assert_eq!(running.look().await.unwrap(), "verification key not provided");
}

#[tokio::test]
async fn a_file_larger_than_the_limit_is_refused() {
    let plane = ControlPlane::start().await;
    let limited = json!({"resource": "/b", "trigger": "manual", "size_limit_bytes": 1000});
    let running = start(&plane, json!({"b": limited})).await;
    let large = json!({"p": {"d": "x".repeat(2000)}});
    plane.answer("/b", Reply::bundle(bundle("r", &["p"], large, &[]), "e"));
    let error = running.look().await.unwrap();
    assert_eq!(error, "bundle file `/data.json` exceeds the maximum size (1000 bytes)");
    assert_eq!(running.eval("data.p"), None);
    let small = json!({"p": {"d": "x"}});
    plane.answer("/b", Reply::bundle(bundle("r", &["p"], small, &[]), "e"));
    assert_eq!(running.look().await, None);
}

#[tokio::test]
async fn bundles_must_not_own_the_same() {
    let plane = ControlPlane::start().await;
    let of = |path: &str| json!({"resource": path, "trigger": "manual"});
    let running = start(&plane, json!({"a": of("/a"), "b": of("/b")})).await;
    plane.answer("/a", Reply::bundle(bundle("a1", &["x"], json!({"x": {"a": 1}}), &[]), "a"));
    plane.answer("/b", Reply::bundle(bundle("b1", &["x/y"], json!({"x": {"y": 2}}), &[]), "b"));
    let error = running.look().await.unwrap();
    assert!(error.starts_with("detected overlapping roots in manifests for these bundles: [a, b]"));
    assert_eq!(running.eval("data.x"), Some(json!({"a": 1})));
    assert_eq!(running.state("bundle"), "NOT_READY");
    assert!(running.bundle("a").get("code").is_none());

    plane.answer("/b", Reply::bundle(bundle("b2", &["z"], json!({"z": 2}), &[]), "b"));
    assert_eq!(running.look().await, None);
    assert_eq!(running.eval("data.z"), Some(json!(2)));
    assert_eq!(running.state("bundle"), "OK");

    // What a bundle no longer owns is gone.
    plane.answer("/a", Reply::bundle(bundle("a2", &["w"], json!({"w": 3}), &[]), "a2"));
    assert_eq!(running.look().await, None);
    assert_eq!((running.eval("data.x"), running.eval("data.w")), (None, Some(json!(3))));
    plane.answer("/b", Reply::bundle(bundle("b3", &[""], json!({"z": 2}), &[]), "b3"));
    let error = running.look().await.unwrap();
    assert!(error.contains("specify empty root paths"), "{error}");
    assert_eq!(running.bundle("b")["active_revision"], "b2");
}

#[tokio::test]
async fn a_bundle_of_everything_leaves_what_the_program_says() {
    let plane = ControlPlane::start().await;
    let bundles = json!({"b": {"resource": "/b", "trigger": "manual"}});
    let running = start(&plane, bundles).await;
    let store = running.manager.service().store().clone();
    let path = ["system".to_string(), "version".to_string()];
    store.write(|txn| txn.put(&path, Value::from("1.2.3"))).unwrap();
    let liar = json!({"system": {"version": "9", "bundles": {"c": 1}, "own": true}, "x": 1});
    plane.answer("/b", Reply::bundle(bundle("r1", &[""], liar, &[]), "e1"));
    assert_eq!(running.look().await, None);
    let system = running.eval("data.system").unwrap();
    assert_eq!((&system["version"], &system["own"]), (&json!("1.2.3"), &json!(true)));
    let manifest = json!({"revision": "r1", "roots": [""]});
    assert_eq!(system["bundles"], json!({"b": {"etag": "e1", "manifest": manifest}}));
    plane.answer("/b", Reply::bundle(bundle("r2", &[""], json!({"y": 1}), &[]), "e2"));
    assert_eq!(running.look().await, None);
    assert_eq!((running.eval("data.x"), running.eval("data.system.own")), (None, None));
    assert_eq!(running.eval("data.system.version"), Some(json!("1.2.3")));
}

#[tokio::test]
async fn modules_of_clients_do_not_change_what_a_bundle_means() {
    use portcullis_service::state::{ModuleRecord, Origin};
    let plane = ControlPlane::start().await;
    let bundles = json!({"b": {"resource": "/b", "trigger": "manual"}});
    let running = start(&plane, bundles).await;
    let put = |id: &str, text: &str| {
        let record = ModuleRecord {
            file: id.to_string(),
            text: text.into(),
            version: None,
            origin: Origin::Api,
        };
        running.manager.service().store().write(|txn| {
            txn.put_module(id, record);
            Ok(())
        })
    };
    put("mine.rego", "package p.q\n\nx := 1\n").unwrap();
    put("other.rego", "package pq\n\nx := 1\n").unwrap();
    let module = ("/p.rego", "package p\n\ny := 2\n");
    plane.answer("/b", Reply::bundle(bundle("r1", &["p"], json!({}), &[module]), "e1"));
    assert_eq!(running.look().await, None);
    let state = running.manager.service().store().snapshot();
    let ids: Vec<_> = state.state().modules.keys().collect();
    assert_eq!(ids, ["b/p.rego", "other.rego"]);
}

#[tokio::test]
async fn a_key_that_is_none_is_known_at_the_start() {
    let keys = [
        json!({"key": "nonsense", "algorithm": "RS256"}),
        json!({"private_key": "nonsense", "algorithm": "HS256"}),
    ];
    for key in keys {
        let config = json!({
            "services": {"s": {"url": "http://127.0.0.1:1"}},
            "keys": {"k": key},
            "bundles": {"b": {"signing": {"keyid": "k"}, "trigger": "manual"}},
        });
        let error = Start::new(config).run().await.err().unwrap().to_string();
        assert!(error.starts_with("`keys.k`: "), "{error}");
    }
}
