//! Signatures of AWS, and where the keys for them come from.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_remote::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::server::{Seen, Server, ok, reply, service_with};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Checks the signature (version 4) of a request as it came, as AWS's manual describes it.
fn check(seen: &Seen, secret: &str) {
    let authorization = seen.header("authorization");
    let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
    let fields: BTreeMap<_, _> =
        fields.split(", ").map(|field| field.split_once('=').unwrap()).collect();
    let (_, scope) = fields["Credential"].split_once('/').unwrap();
    let names = fields["SignedHeaders"];
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let headers: String =
        names.split(';').map(|name| format!("{name}:{}\n", seen.header(name).trim())).collect();
    let body = hex(&Sha256::digest(&seen.body));
    let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{body}", seen.method);
    let hashed = hex(&Sha256::digest(&canonical));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hashed}", seen.header("x-amz-date"));
    let key =
        scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part));
    assert_eq!(fields["Signature"], hex(&hmac(&key, &text)), "{canonical}");
    assert!(names.split(';').any(|name| name == "host"));
}

/// What a service with `s3_signing` sees.
async fn ask(signing: Value, variables: &[(&str, &str)]) -> Result<Seen, String> {
    let server = Server::plain(|_| ok("")).await;
    let all = json!({"url": server.url, "credentials": {"s3_signing": signing}});
    let service = service_with(all, &[], variables);
    let request = Request::post_json("bucket/a%20b+(c)=@?x=1&y=2", "{}");
    service.request(request).await.map_err(|error| error.to_string())?;
    Ok(server.seen()[0].clone())
}

/// The access key and the region that signed.
fn signer(seen: &Seen) -> String {
    let (_, rest) = seen.header("authorization").split_once("Credential=").unwrap();
    let parts: Vec<_> = rest.split('/').collect();
    format!("{} {} {}", parts[0], parts[2], seen.header("x-amz-security-token"))
}

const ENVIRONMENT: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "env"),
    ("AWS_SECRET_ACCESS_KEY", "s"),
    ("AWS_SESSION_TOKEN", "t"),
    ("AWS_REGION", "eu-1"),
];

#[tokio::test]
async fn signs_with_version_4_and_4a() {
    let seen = ask(json!({"environment_credentials": {}}), ENVIRONMENT).await.unwrap();
    check(&seen, "s");
    assert_eq!(signer(&seen), "env eu-1 t");
    assert!(seen.header("authorization").contains("/eu-1/s3/aws4_request"));
    assert_eq!(seen.target, "/bucket/a%20b%2B%28c%29%3D%40?x=1&y=2");
    assert_eq!(seen.header("x-amz-content-sha256"), hex(&Sha256::digest("{}")));

    let other = json!({"service": "execute-api", "environment_credentials": {}});
    let seen = ask(other, ENVIRONMENT).await.unwrap();
    assert!(seen.header("authorization").contains("/eu-1/execute-api/aws4_request"));
    assert_eq!(seen.header("x-amz-content-sha256"), "");

    let newer = json!({"signature_version": "4a", "environment_credentials": {}});
    let seen = ask(newer, ENVIRONMENT).await.unwrap();
    assert!(seen.header("authorization").starts_with("AWS4-ECDSA-P256-SHA256 Credential=env/"));
    assert_eq!(seen.header("x-amz-region-set"), "eu-1");
}

#[tokio::test]
async fn asks_one_source_after_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials");
    fs::write(&path, "[p]\naws_access_key_id = file\naws_secret_access_key=s\n").unwrap();
    let profile = json!({"path": path, "profile": "p", "aws_region": "us-1"});
    let chain = json!({"environment_credentials": {}, "profile_credentials": profile});
    assert_eq!(signer(&ask(chain.clone(), ENVIRONMENT).await.unwrap()), "env eu-1 t");
    assert_eq!(signer(&ask(chain, &[]).await.unwrap()), "file us-1 ");

    let chain = json!({"environment_credentials": {}, "profile_credentials": {"path": "/none"}});
    let error = ask(chain, &[]).await.unwrap_err();
    assert!(error.contains("`AWS_ACCESS_KEY_ID` is not set; "), "{error}");
    assert!(error.contains("cannot read `/none`"), "{error}");
}

const LATER: &str = "2999-01-01T00:00:00Z";

#[tokio::test]
async fn machines_and_containers_have_keys() {
    let metadata = Server::plain(|seen| {
        let keys = json!({
            "AccessKeyId": "meta", "SecretAccessKey": "s", "Token": "t", "Expiration": LATER,
        });
        let may = seen.header("x-aws-ec2-metadata-token") == "session";
        match (seen.method.as_str(), seen.target.as_str()) {
            ("PUT", "/latest/api/token") => ok("session"),
            ("GET", "/latest/meta-data/iam/security-credentials/") if may => ok("role\n"),
            ("GET", "/latest/meta-data/iam/security-credentials/role") if may => {
                ok(keys.to_string())
            }
            ("GET", "/pod") if seen.header("authorization") == "pod-token" => ok(keys.to_string()),
            _ => reply(404, &[], ""),
        }
    })
    .await;
    let machine = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.as_str())];
    for metadata in [json!({"aws_region": "r-1"}), json!({"aws_region": "r-1", "iam_role": "role"})]
    {
        let seen = ask(json!({"metadata_credentials": metadata}), &machine).await.unwrap();
        assert_eq!(signer(&seen), "meta r-1 t");
    }
    let url = format!("{}/pod", metadata.url);
    let pod = [
        ("AWS_REGION", "r-2"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod-token"),
    ];
    let seen = ask(json!({"metadata_credentials": {}}), &pod).await.unwrap();
    assert_eq!(signer(&seen), "meta r-2 t");
}

#[tokio::test]
async fn roles_are_assumed() {
    let sts = Server::plain(|seen| {
        let form = seen.form();
        let key = format!("{}-{}", form["Action"], form["RoleSessionName"]);
        ok(format!(
            "<R><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>{LATER}</Expiration></Credentials></R>"
        ))
    })
    .await;
    let mut variables = ENVIRONMENT.to_vec();
    variables.push(("AWS_ENDPOINT_URL_STS", sts.url.as_str()));
    let assume = json!({
        "iam_role_arn": "arn:r", "session_name": "me",
        "aws_signing": {"environment_credentials": {}},
    });
    let seen = ask(json!({"assume_role_credentials": assume}), &variables).await.unwrap();
    assert_eq!(signer(&seen), "AssumeRole-me eu-1 t");
    check(&sts.seen()[0], "s");
    assert!(sts.seen()[0].header("authorization").contains("/eu-1/sts/aws4_request"));
    assert_eq!(sts.seen()[0].form()["RoleArn"], "arn:r");

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "web-token\n").unwrap();
    variables.push(("AWS_ROLE_ARN", "arn:w"));
    variables.push(("AWS_WEB_IDENTITY_TOKEN_FILE", file.path().to_str().unwrap()));
    let seen = ask(json!({"web_identity_credentials": {}}), &variables).await.unwrap();
    assert_eq!(signer(&seen), "AssumeRoleWithWebIdentity-open-policy-agent eu-1 t");
    let form = sts.seen()[1].form();
    assert_eq!(
        (form["RoleArn"].as_str(), form["WebIdentityToken"].as_str()),
        ("arn:w", "web-token")
    );
}

#[tokio::test]
async fn who_signed_in_has_keys() {
    let portal = Server::plain(|seen| match seen.target.as_str() {
        "/token" => {
            assert!(seen.text().contains("refresh-me"));
            ok(r#"{"accessToken": "renewed"}"#)
        }
        _ => {
            let key = seen.header("x-amz-sso_bearer_token");
            assert_eq!(seen.target, "/federation/credentials?account_id=12&role_name=r");
            ok(json!({"roleCredentials": {
                "accessKeyId": key, "secretAccessKey": "s", "sessionToken": "t",
                "expiration": 32_472_144_000_000_u64,
            }})
            .to_string())
        }
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    let profile = "[profile p]\nsso_session = my\nsso_account_id = 12\nsso_role_name = r\n\
                   region = r-3\n[sso-session my]\nsso_region = r-4\nsso_start_url = https://x\n";
    fs::write(&path, profile).unwrap();
    let name = hex(&sha1::Sha1::digest("my"));
    let kept = directory.path().join(format!("{name}.json"));
    let sso = json!({"path": path, "cache_path": directory.path(), "profile": "p"});
    let variables = [
        ("AWS_ENDPOINT_URL_SSO", portal.url.as_str()),
        ("AWS_ENDPOINT_URL_SSO_OIDC", portal.url.as_str()),
    ];
    let past = "2001-01-01T00:00:00Z";
    for (token, expected) in [
        (json!({"accessToken": "a", "expiresAt": LATER}), Ok("a r-3 t")),
        (
            json!({
                "accessToken": "a", "expiresAt": past, "clientId": "c", "clientSecret": "s",
                "refreshToken": "refresh-me",
            }),
            Ok("renewed r-3 t"),
        ),
        (json!({"accessToken": "a", "expiresAt": past}), Err("sign in at `https://x`")),
    ] {
        fs::write(&kept, token.to_string()).unwrap();
        let result = ask(json!({"sso_credentials": sso}), &variables).await;
        match (result, expected) {
            (Ok(seen), Ok(expected)) => assert_eq!(signer(&seen), expected),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}

#[tokio::test]
async fn registries_of_aws_get_a_token() {
    let token = STANDARD.encode("AWS:password");
    let answer = json!({"authorizationData": [
        {"authorizationToken": token, "expiresAt": 32_472_144_000.5},
    ]});
    let ecr = Server::plain(move |_| ok(answer.to_string())).await;
    let mut variables = ENVIRONMENT.to_vec();
    variables.push(("AWS_ENDPOINT_URL_ECR", ecr.url.as_str()));
    let signing = json!({"service": "ecr", "environment_credentials": {}});
    let seen = ask(signing, &variables).await.unwrap();
    assert_eq!(seen.header("authorization"), format!("Basic {token}"));
    check(&ecr.seen()[0], "s");
}
