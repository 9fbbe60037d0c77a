//! Tokens of an authorization server.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use p521::ecdsa::signature::Verifier;
use p521::pkcs8::DecodePublicKey;
use portcullis_remote::{RemoteError, Request};
use serde_json::{Value, json};

use crate::server::{Seen, Server, ok, reply, service_with};
use crate::tls::{Asks, Authority};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/remote/keys");

fn key(name: &str) -> String {
    fs::read_to_string(format!("{KEYS}/{name}")).unwrap()
}

/// An authorization server that numbers its tokens.
async fn tokens(authority: &Authority, expires_in: &'static str) -> Server {
    let count = AtomicUsize::new(0);
    Server::tls(authority.server(Asks::Nothing), move |_| {
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        let rest = format!(r#""token_type": "bearer"{expires_in}"#);
        ok(format!(r#"{{"access_token": "token-{n}", {rest}}}"#))
    })
    .await
}

struct Asked {
    token_requests: Vec<Seen>,
    authorizations: Vec<String>,
}

/// Sends two requests to a service with `oauth2`.
async fn ask(oauth2: Value, keys: &[(&str, Value)], expires_in: &'static str) -> Asked {
    let authority = Authority::new();
    let tokens = tokens(&authority, expires_in).await;
    let server = Server::plain(|_| ok("")).await;
    let mut all = json!({"token_url": format!("{}/token", tokens.url)});
    all.as_object_mut().unwrap().extend(oauth2.as_object().unwrap().clone());
    let all = json!({
        "url": server.url,
        "tls": {"ca_cert": authority.path("ca.pem")},
        "credentials": {"oauth2": all},
    });
    let service = service_with(all, keys, &[]);
    for _ in 0..2 {
        service.request(Request::get("a")).await.unwrap();
    }
    let authorizations = server.seen();
    let authorizations = authorizations.iter().map(|s| s.header("authorization").to_string());
    Asked { token_requests: tokens.seen(), authorizations: authorizations.collect() }
}

#[tokio::test]
async fn a_clients_secret_gets_a_token_until_it_expires() {
    let oauth2 = json!({
        "client_id": "me",
        "client_secret": "s3cret",
        "scopes": ["a", "b"],
        "additional_headers": {"X-Extra": "x"},
        "additional_parameters": {"audience": "them", "scope": "c"},
    });
    let asked = ask(oauth2.clone(), &[], r#", "expires_in": 3600"#).await;
    assert_eq!(asked.authorizations, ["Bearer token-1", "Bearer token-1"]);
    assert_eq!(asked.token_requests.len(), 1);
    let request = &asked.token_requests[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/token"));
    let basic = format!("Basic {}", STANDARD.encode("me:s3cret"));
    assert_eq!((request.header("authorization"), request.header("x-extra")), (&*basic, "x"));
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    let form = request.form();
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!((form["scope"].as_str(), form["audience"].as_str()), ("c", "them"));

    let asked = ask(oauth2.clone(), &[], r#", "expires_in": "3600""#).await;
    assert_eq!(asked.token_requests.len(), 1, "a number as text");
    for short in [r#", "expires_in": 5"#, ""] {
        let asked = ask(oauth2.clone(), &[], short).await;
        assert_eq!(asked.authorizations, ["Bearer token-1", "Bearer token-2"], "{short}");
    }
}

/// Header and claims of an assertion, and what was signed.
fn open(assertion: &str) -> (Value, Value, String, String) {
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let json = |part: &str| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (json(header), json(claims), message.to_string(), signature.to_string())
}

#[tokio::test]
async fn keys_sign_assertions() {
    let (rsa, ec) = (key("rsa.pub"), key("ec.pub"));
    let rsa = DecodingKey::from_rsa_pem(rsa.as_bytes()).unwrap();
    let ec = DecodingKey::from_ec_pem(ec.as_bytes()).unwrap();
    let hmac = DecodingKey::from_secret(b"shared");
    for (name, private_key, public) in [
        ("RS256", key("rsa.pem"), &rsa),
        ("PS512", key("rsa.pem"), &rsa),
        ("ES256", key("ec.pem"), &ec),
        ("ES256", key("ec-sec1.pem"), &ec),
        ("HS384", "shared".to_string(), &hmac),
    ] {
        let keys = [("k", json!({"private_key": private_key, "algorithm": name}))];
        let oauth2 = json!({
            "grant_type": "jwt_bearer",
            "signing_key": "k",
            "thumbprint": "8F1BDDDE9982299E62749C20EDDBAAC57F619D04",
            "additional_claims": {"iss": "me", "aud": ["x"]},
            "include_jti_claim": true,
            "scopes": ["a", "b"],
        });
        let asked = ask(oauth2, &keys, r#", "expires_in": 3600"#).await;
        let form = asked.token_requests[0].form();
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        assert_eq!(form["scope"], "a b");
        let (header, claims, message, signature) = open(&form["assertion"]);
        let x5t = "jxvd3pmCKZ5idJwg7duqxX9hnQQ";
        assert_eq!(header, json!({"typ": "JWT", "alg": name, "x5t": x5t}));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("me"), &json!(["x"])));
        assert_eq!(claims["scope"], "a b");
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!((life, claims["jti"].as_str().unwrap().len()), (600, 36));
        let algorithm: Algorithm = name.parse().unwrap();
        let verified =
            jsonwebtoken::crypto::verify(&signature, message.as_bytes(), public, algorithm);
        assert!(verified.unwrap(), "{name}");
    }
}

#[tokio::test]
async fn p521_signs_too() {
    let keys = [("k", json!({"private_key": key("ec521-sec1.pem"), "algorithm": "ES512"}))];
    let oauth2 = json!({"client_id": "me", "signing_key": "k"});
    let asked = ask(oauth2, &keys, r#", "expires_in": 3600"#).await;
    let form = asked.token_requests[0].form();
    assert_eq!(
        (form["grant_type"].as_str(), form["client_id"].as_str()),
        ("client_credentials", "me")
    );
    let (_, claims, message, signature) = open(&form["client_assertion"]);
    assert!(claims.get("jti").is_none());
    let public = p521::PublicKey::from_public_key_pem(&key("ec521.pub")).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature = p521::ecdsa::Signature::from_slice(&signature).unwrap();
    p521::ecdsa::VerifyingKey::from(public).verify(message.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn ready_assertions_are_passed_on() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "from-file\n").unwrap();
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (oauth2, kind, assertion) in [
        (json!({"client_assertion": "given"}), jwt, "given"),
        (json!({"client_assertion_path": file.path()}), jwt, "from-file"),
        (json!({"client_assertion": "g", "client_assertion_type": "t"}), "t", "g"),
    ] {
        let form = ask(oauth2, &[], "").await.token_requests[0].form();
        assert_eq!(form["client_assertion_type"], kind);
        assert_eq!(form["client_assertion"], assertion);
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_without_secrets() {
    let authority = Authority::new();
    for (answer, expected) in [
        (reply(401, &[], "no s3cret"), "status 401"),
        (reply(302, &[("location", "https://example.com")], ""), "status 302"),
        (ok("{\"access_token\": \"s3cret\""), "not as expected"),
        (ok("{\"access_token\": \"s3cret\", \"token_type\": \"mac\"}"), "of a type"),
        (ok("x".repeat(2 << 20)), "larger than"),
    ] {
        let tokens = Server::tls(authority.server(Asks::Nothing), move |_| answer.clone()).await;
        let all = json!({
            "url": "http://127.0.0.1:1",
            "tls": {"ca_cert": authority.path("ca.pem")},
            "credentials": {"oauth2": {
                "token_url": tokens.url, "client_id": "me", "client_secret": "s3cret",
            }},
        });
        let service = service_with(all, &[], &[]);
        let error = service.request(Request::get("a")).await.unwrap_err();
        assert!(matches!(error, RemoteError::Credentials(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(expected) && !text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn clouds_sign_assertions() {
    let authority = Authority::new();
    let cloud = Server::plain(|seen| match seen.target.as_str() {
        "/" => {
            let body: Value = serde_json::from_str(&seen.text()).unwrap();
            assert_eq!(body["SigningAlgorithm"], "ECDSA_SHA_256");
            let der = [0x30, 8, 0x02, 2, 0x00, 0x80, 0x02, 2, 0x01, 0x02];
            ok(json!({"Signature": STANDARD.encode(der)}).to_string())
        }
        "/keys/k/v/sign?api-version=7.4" => ok(r#"{"value": "c2lnbmVk"}"#),
        _ => ok(r#"{"access_token": "azure", "expires_in": "3600"}"#),
    })
    .await;
    let kms = json!({
        "aws_kms": {"name": "k", "algorithm": "ECDSA_SHA_256"},
        "aws_signing": {"environment_credentials": {}},
    });
    let vault = json!({
        "azure_keyvault": {
            "key": "k", "key_version": "v", "key_algorithm": "RS256", "vault": cloud.url,
        },
        "azure_signing": {"azure_managed_identity": {"endpoint": format!("{}/id", cloud.url)}},
    });
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_REGION", "eu-1"),
        ("AWS_ENDPOINT_URL_KMS", cloud.url.as_str()),
    ];
    for (oauth2, algorithm, length) in [(kms, "ES256", 64), (vault, "RS256", 6)] {
        let tokens = tokens(&authority, "").await;
        let mut all = json!({"token_url": tokens.url, "grant_type": "jwt_bearer"});
        all.as_object_mut().unwrap().extend(oauth2.as_object().unwrap().clone());
        let all = json!({
            "url": cloud.url,
            "tls": {"ca_cert": authority.path("ca.pem")},
            "credentials": {"oauth2": all},
        });
        service_with(all, &[], &variables).request(Request::get("end")).await.unwrap();
        let (header, _, _, signature) = open(&tokens.seen()[0].form()["assertion"]);
        assert_eq!(header["alg"], algorithm);
        assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap().len(), length);
    }
    let seen = cloud.seen();
    assert_eq!(seen[0].header("x-amz-target"), "TrentService.Sign");
    assert!(seen[0].header("authorization").contains("/eu-1/kms/aws4_request"));
    let sign = seen.iter().find(|seen| seen.target.starts_with("/keys")).unwrap();
    assert_eq!(sign.header("authorization"), "Bearer azure");
}
