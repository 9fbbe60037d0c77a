//! What the configuration may say, and what is said about what it may not.

use std::collections::BTreeMap;

use portcullis_remote::{KeyConfig, RemoteError, Service, ServiceConfig, ServiceKind};
use serde_json::json;

use crate::server::options;

#[test]
fn has_opas_defaults() {
    let config: ServiceConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(config.response_header_timeout_seconds, 10);
    assert_eq!((config.kind, config.allow_insecure_tls), (ServiceKind::Http, false));
    let key: KeyConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(key.algorithm, "RS256");
}

#[test]
fn names_the_key_that_is_wrong() {
    let url = "https://example.com";
    let with = |credentials: serde_json::Value| json!({"url": url, "credentials": credentials});
    let oauth2 = |rest: serde_json::Value| {
        let mut all = json!({"token_url": "https://example.com/token"});
        all.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        with(json!({"oauth2": all}))
    };
    let aws = |rest: serde_json::Value| with(json!({"s3_signing": rest}));
    for (config, expected) in [
        (json!({}), "`services.s.url`: not a usable URL: it is empty"),
        (json!({"url": "ftp://a"}), "`services.s.url`"),
        (json!({"url": "http://"}), "`services.s.url`"),
        (json!({"url": url, "headers": {"a b": "c"}}), "`services.s.headers`: `a b`"),
        (
            json!({"url": url, "tls": {"ca_cert": "/none"}}),
            "`services.s.tls.ca_cert`: cannot read `/none`",
        ),
        (
            with(json!({"bearer": {"token": "t"}, "oauth2": {}})),
            "`services.s.credentials`: both `bearer` and `oauth2` are given",
        ),
        (with(json!({"plugin": "p"})), "`services.s.credentials.plugin`: unknown plugin `p`"),
        (with(json!({"bearer": {}})), "`services.s.credentials.bearer`: exactly one"),
        (with(json!({"bearer": {"token": "t", "token_path": "p"}})), "exactly one"),
        (with(json!({"client_tls": {"cert": "c"}})), "client_tls.private_key`"),
        (oauth2(json!({"grant_type": "password"})), "oauth2.grant_type`: `password`"),
        (oauth2(json!({"client_id": "i"})), "exactly one of `client_secret`"),
        (oauth2(json!({"client_secret": "i"})), "oauth2.client_id`"),
        (oauth2(json!({"signing_key": "k"})), "there is no `keys.k`"),
        (oauth2(json!({"grant_type": "jwt_bearer"})), "`jwt_bearer` needs"),
        (
            oauth2(json!({
                "grant_type": "jwt_bearer",
                "client_assertion": "a",
                "aws_kms": {"name": "n", "algorithm": "ECDSA_SHA_256"},
                "aws_signing": {"environment_credentials": {}},
            })),
            "is given another one",
        ),
        (oauth2(json!({"client_assertion": "a", "aws_signing": {}})), "oauth2.aws_signing`"),
        (oauth2(json!({"client_assertion": "a", "thumbprint": "xy"})), "oauth2.thumbprint`"),
        (with(json!({"oauth2": {"token_url": "http://a"}})), "oauth2.token_url`: it must begin"),
        (
            oauth2(json!({"aws_kms": {"name": "n", "algorithm": "HMAC_SHA_256"}})),
            "aws_kms.algorithm`",
        ),
        (aws(json!({})), "s3_signing`: it needs at least one of"),
        (aws(json!({"signature_version": "3"})), "s3_signing.signature_version`: `3`"),
        (aws(json!({"assume_role_credentials": {}})), "assume_role_credentials.aws_signing`"),
        (with(json!({"gcp_metadata": {}})), "gcp_metadata`: exactly one"),
        (with(json!({"gcp_metadata": {"audience": "a", "scopes": ["s"]}})), "exactly one"),
        (
            with(json!({"azure_managed_identity": {"endpoint": "x"}})),
            "azure_managed_identity.endpoint`",
        ),
    ] {
        let parsed: ServiceConfig = serde_json::from_value(config.clone()).unwrap();
        let error = Service::new("s", &parsed, &BTreeMap::new(), &options()).unwrap_err();
        assert!(error.to_string().contains(expected), "{config}: {error}");
    }
}

#[test]
fn refuses_wrong_types() {
    for config in [
        json!({"url": 1}),
        json!({"type": "ftp"}),
        json!({"credentials": {"bearer": {"token": ["t"]}}}),
        json!({"response_header_timeout_seconds": -1}),
    ] {
        assert!(serde_json::from_value::<ServiceConfig>(config.clone()).is_err(), "{config}");
    }
}

#[test]
fn hides_secrets() {
    let config: ServiceConfig = serde_json::from_value(json!({
        "url": "https://example.com",
        "headers": {"x": "hunter2"},
        "credentials": {
            "bearer": {"token": "hunter2"},
            "client_tls": {"private_key_passphrase": "hunter2"},
            "oauth2": {
                "client_secret": "hunter2",
                "client_assertion": "hunter2",
                "additional_headers": {"x": "hunter2"},
                "additional_parameters": {"x": "hunter2"},
            },
        },
    }))
    .unwrap();
    let key: KeyConfig =
        serde_json::from_value(json!({"key": "hunter2", "private_key": "hunter2"})).unwrap();
    let shown = format!("{config:?} {key:?}");
    assert!(!shown.contains("hunter2"), "{shown}");

    let keys = BTreeMap::from([("k".to_string(), key)]);
    let config: ServiceConfig = serde_json::from_value(json!({
        "url": "https://example.com",
        "credentials": {"oauth2": {"token_url": "https://a", "signing_key": "k"}},
    }))
    .unwrap();
    let error = Service::new("s", &config, &keys, &options()).unwrap_err();
    assert!(matches!(&error, RemoteError::Config(text) if text.contains("keys.k.private_key")));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
