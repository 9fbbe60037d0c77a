//! Bundles out of registries.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_remote::{OciOutcome, OciRequest, RemoteError, Service};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::server::{Seen, Server, ok, reply, service};

const MAX: u64 = 1000;
const BUNDLE: &[u8] = b"a bundle";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(bytes: impl AsRef<[u8]>) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// What a registry has.
#[derive(Clone)]
struct Registry {
    manifest: String,
    index: String,
    blob: Vec<u8>,
}

impl Registry {
    fn new(change: impl Fn(&mut Value)) -> Self {
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "x", "digest": digest(""), "size": 0},
            "layers": [
                {"mediaType": "other", "digest": digest("o"), "size": 1},
                {"mediaType": LAYER, "digest": digest(BUNDLE), "size": BUNDLE.len()},
            ],
        });
        change(&mut manifest);
        let manifest = manifest.to_string();
        let index = json!({
            "schemaVersion": 2,
            "manifests": [
                {"mediaType": "other", "digest": digest("o"), "size": 1},
                {"mediaType": MANIFEST, "digest": digest(&manifest), "size": manifest.len()},
            ],
        });
        Self { manifest, index: index.to_string(), blob: BUNDLE.to_vec() }
    }

    fn answer(&self, seen: &Seen) -> Vec<u8> {
        let by_digest = format!("/v2/org/repo/manifests/{}", digest(&self.manifest));
        let blob = format!("/v2/org/repo/blobs/{}", digest(BUNDLE));
        match seen.target.as_str() {
            "/v2/org/repo/manifests/1" => ok(&self.manifest),
            "/v2/org/repo/manifests/all" => ok(&self.index),
            target if target == by_digest => ok(&self.manifest),
            target if target == blob => ok(&self.blob),
            _ => reply(404, &[], "{}"),
        }
    }

    async fn serve(self) -> Server {
        Server::plain(move |seen| self.answer(seen)).await
    }
}

async fn fetch(
    service: &Service,
    resource: &str,
    known_digest: Option<&str>,
) -> Result<OciOutcome, RemoteError> {
    service.fetch_oci(&OciRequest { resource, known_digest, max_bytes: MAX }).await
}

fn oci(server: &Server) -> Service {
    service(json!({"url": server.url, "type": "oci"}))
}

#[tokio::test]
async fn fetches_what_is_new() {
    let registry = Registry::new(|_| {});
    let (manifest, index) = (digest(&registry.manifest), digest(&registry.index));
    let server = registry.serve().await;
    let service = oci(&server);
    let host = server.host();
    for (version, expected) in [
        (":1".to_string(), &manifest),
        (":all".to_string(), &index),
        (format!(":1@{manifest}"), &manifest),
    ] {
        let resource = format!("{host}/org/repo{version}");
        let outcome = fetch(&service, &resource, Some("sha256:old")).await.unwrap();
        let OciOutcome::Layer { digest, bytes } = outcome else { panic!("{outcome:?}") };
        assert_eq!((&digest, &bytes[..]), (expected, BUNDLE));
        let again = fetch(&service, &resource, Some(&digest)).await.unwrap();
        assert_eq!(again, OciOutcome::Unchanged);
    }
    let error = fetch(&service, &format!("{host}/org/repo:none"), None).await.unwrap_err();
    assert!(matches!(error, RemoteError::Status { status: 404, .. }), "{error}");
    let error = fetch(&service, "bundle", None).await.unwrap_err();
    assert!(matches!(error, RemoteError::Config(_)), "{error}");
}

#[tokio::test]
async fn believes_digests_alone() {
    let too_large = |manifest: &mut Value| manifest["layers"][1]["size"] = json!(1001);
    let lies = |manifest: &mut Value| manifest["layers"][1]["size"] = json!(1);
    let no_layer = |manifest: &mut Value| manifest["layers"] = json!([]);
    let bad_digest = |manifest: &mut Value| manifest["layers"][1]["digest"] = json!("../x");
    let bad_kind = |manifest: &mut Value| manifest["mediaType"] = json!("text/html");
    let mut swapped = Registry::new(|_| {});
    swapped.blob = b"another!".to_vec();
    let mut huge = Registry::new(lies);
    huge.blob = vec![0; 1001];
    let mut broken = Registry::new(|_| {});
    broken.manifest = "{".to_string();
    for (registry, expected) in [
        (Registry::new(too_large), "larger than 1000"),
        (huge, "larger than 1000"),
        (swapped, "not what its digest"),
        (Registry::new(no_layer), "has no layer"),
        (Registry::new(bad_digest), "no usable digest"),
        (Registry::new(bad_kind), "`text/html` is no manifest"),
        (broken, "the manifest is broken"),
    ] {
        let server = registry.serve().await;
        let resource = format!("{}/org/repo:1", server.host());
        let error = fetch(&oci(&server), &resource, None).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// A registry that lets in whoever has the token it names a place for.
async fn guarded(credentials: &'static str) -> Server {
    let registry = Arc::new(Registry::new(|_| {}));
    Server::plain(move |seen| {
        let (host, authorization) = (seen.header("host"), seen.header("authorization"));
        if seen.target.starts_with("/token") {
            assert_eq!(seen.target, "/token?scope=repository%3Aorg%2Frepo%3Apull&service=reg");
            return match authorization == credentials {
                true => ok(r#"{"token": "inside", "expires_in": 300}"#),
                false => reply(401, &[], ""),
            };
        }
        if authorization == "Bearer inside" {
            return registry.answer(seen);
        }
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"reg\"");
        reply(401, &[("www-authenticate", &challenge)], "")
    })
    .await
}

#[tokio::test]
async fn gets_the_token_a_registry_asks_for() {
    let basic: &'static str =
        Box::leak(format!("Basic {}", STANDARD.encode("me:pass")).into_boxed_str());
    for (credentials, expected) in
        [(json!({}), ""), (json!({"bearer": {"scheme": "Basic", "token": "me:pass"}}), basic)]
    {
        let server = guarded(expected).await;
        let all = json!({"url": server.url, "type": "oci", "credentials": credentials});
        let service = service(all);
        let resource = format!("{}/org/repo:1", server.host());
        let outcome = fetch(&service, &resource, None).await.unwrap();
        assert!(matches!(outcome, OciOutcome::Layer { .. }));
        fetch(&service, &resource, None).await.unwrap();
        let tokens = server.seen().iter().filter(|s| s.target.starts_with("/token")).count();
        assert_eq!((tokens, server.seen().len()), (1, 6), "the token is kept");
    }
    let server = guarded(basic).await;
    let error = fetch(&oci(&server), &format!("{}/org/repo:1", server.host()), None).await;
    assert!(matches!(error, Err(RemoteError::Credentials(_))), "{error:?}");
}

#[tokio::test]
async fn credentials_are_for_their_own_registry() {
    let server = Registry::new(|_| {}).serve().await;
    let all = json!({
        "url": "https://ghcr.io", "type": "oci", "credentials": {"bearer": {"token": "t"}},
    });
    let resource = format!("{}/org/repo:1", server.host());
    let error = fetch(&service(all), &resource, None).await.unwrap_err();
    assert!(matches!(error, RemoteError::Config(_)), "{error}");
    assert!(server.seen().is_empty());
}
