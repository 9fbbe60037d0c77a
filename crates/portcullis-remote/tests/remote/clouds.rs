//! Tokens of Google's and Azure's metadata services.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_remote::Request;
use serde_json::{Value, json};

use crate::server::{Seen, Server, ok, service_with};

/// Sends two requests; returns what the metadata service saw, and what the service did.
async fn ask(
    answer: &'static str,
    variables: &[(&str, &str)],
    credentials: impl Fn(&str) -> Value,
) -> (Vec<Seen>, Vec<String>) {
    let metadata = Server::plain(move |_| ok(answer)).await;
    let server = Server::plain(|_| ok("")).await;
    let url = metadata.url.clone();
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| (*name, value.replace("URL", &url))).collect();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let all = json!({"url": server.url, "credentials": credentials(&url)});
    let service = service_with(all, &[], &variables);
    for _ in 0..2 {
        service.request(Request::get("a")).await.unwrap();
    }
    let seen = server.seen();
    let seen = seen.iter().map(|seen| seen.header("authorization").to_string());
    (metadata.seen(), seen.collect())
}

#[tokio::test]
async fn google_gives_access_tokens() {
    let answer = r#"{"access_token": "g", "expires_in": 3599, "token_type": "Bearer"}"#;
    let (asked, got) = ask(
        answer,
        &[],
        |url| json!({"gcp_metadata": {"endpoint": url, "scopes": ["https://a/x", "b"]}}),
    )
    .await;
    assert_eq!(got, ["Bearer g", "Bearer g"]);
    assert_eq!(asked.len(), 1, "kept until it expires");
    assert_eq!(asked[0].header("metadata-flavor"), "Google");
    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    assert_eq!(asked[0].target, format!("{path}?scopes=https%3A%2F%2Fa%2Fx%2Cb"));
}

#[tokio::test]
async fn google_gives_identity_tokens() {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"exp": 99999999999}"#);
    let token: &'static str = Box::leak(format!("h.{claims}.s").into_boxed_str());
    for (answer, path, asks) in [(token, "/id", 1), ("opaque", "id", 2)] {
        let (asked, got) = ask(answer, &[], |url| {
            json!({"gcp_metadata": {"endpoint": url, "audience": "a b", "identity_token_path": path}})
        })
        .await;
        assert_eq!(got, vec![format!("Bearer {answer}"); 2]);
        assert_eq!((asked.len(), asked[0].target.as_str()), (asks, "/id?audience=a+b"));
    }
}

#[tokio::test]
async fn azure_gives_tokens_to_machines_and_apps() {
    let (asked, got) = ask(r#"{"access_token": "z", "expires_in": "3600"}"#, &[], |url| {
        json!({"azure_managed_identity": {
            "endpoint": format!("{url}/token"), "client_id": "c", "resource": "https://r/",
        }})
    })
    .await;
    assert_eq!(got, ["Bearer z", "Bearer z"]);
    let target = "/token?api-version=2018-02-01&resource=https%3A%2F%2Fr%2F&client_id=c";
    assert_eq!((asked.len(), asked[0].target.as_str()), (1, target));
    assert_eq!(asked[0].header("metadata"), "true");

    let variables = [("IDENTITY_ENDPOINT", "URL/msi"), ("IDENTITY_HEADER", "h")];
    let answer = r#"{"access_token": "z", "expires_on": "99999999999"}"#;
    let (asked, got) = ask(
        answer,
        &variables,
        |_| json!({"azure_managed_identity": {"object_id": "o", "mi_res_id": "m"}}),
    )
    .await;
    assert_eq!(got, ["Bearer z", "Bearer z"]);
    let target = "/msi?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com%2F\
                  &object_id=o&mi_res_id=m";
    assert_eq!((asked.len(), asked[0].target.as_str()), (1, target));
    assert_eq!(asked[0].header("x-identity-header"), "h");
}
