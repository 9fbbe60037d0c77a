//! Requests, answers, redirects and what goes wrong with them.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use portcullis_remote::{ProxyChoice, RemoteError, Request, Service};
use serde_json::json;

use crate::server::{Server, config, ok, options, reply, service, service_with};

const MAX: u64 = 1000;

#[tokio::test]
async fn sends_what_the_configuration_and_the_request_say() {
    let server = Server::plain(|_| reply(304, &[("etag", "\"b\"")], "")).await;
    for (base, path) in [("/v1", "a/b?c=d"), ("/v1/", "/a/b?c=d"), ("/v1", "//a/b?c=d")] {
        let service = service(json!({
            "url": format!("{}{base}", server.url),
            "headers": {"X-One": "1", "Prefer": "none"},
        }));
        let mut request = Request { method: Method::PUT, ..Request::get(path) };
        request.body = Some("body".into());
        request.headers.insert("prefer", HeaderValue::from_static("modes=snapshot"));
        let response = service.request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.header("etag")), (304, Some("\"b\"")));
        assert_eq!(response.body_bounded(0).await.unwrap(), "");
    }
    for seen in server.seen() {
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/v1/a/b?c=d"));
        assert_eq!(seen.header("user-agent"), "Open-Policy-Agent/1.2.3 (linux, amd64)");
        assert_eq!((seen.header("x-one"), seen.header("prefer")), ("1", "modes=snapshot"));
        assert_eq!(seen.text(), "body");
    }
}

#[tokio::test]
async fn a_body_is_whole_or_an_error() {
    let chunked = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let cases: Vec<(String, Result<&str, RemoteError>)> = vec![
        ("HTTP/1.1 200 X\r\ncontent-length: 3\r\n\r\nabc".to_string(), Ok("abc")),
        (
            "HTTP/1.1 200 X\r\ncontent-length: 5\r\n\r\nabc".to_string(),
            Err(RemoteError::Truncated { received: 3 }),
        ),
        (format!("{chunked}3\r\nabc\r\n0\r\n\r\n"), Ok("abc")),
        (format!("{chunked}3\r\nabc\r\n"), Err(RemoteError::Truncated { received: 3 })),
        (format!("{chunked}3\r\nabc\r\nzz\r\n"), Err(RemoteError::Truncated { received: 3 })),
        (
            format!("HTTP/1.1 200 X\r\ncontent-length: 1001\r\n\r\n{}", "x".repeat(1001)),
            Err(RemoteError::TooLarge { max: MAX }),
        ),
        (
            format!("{chunked}3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001)),
            Err(RemoteError::TooLarge { max: MAX }),
        ),
    ];
    for (raw, expected) in cases {
        let bytes = raw.clone().into_bytes();
        let server = Server::plain(move |_| bytes.clone()).await;
        let service = service(json!({"url": server.url}));
        let response = service.request(Request::get("a")).await.unwrap();
        let body = response.body_bounded(MAX).await;
        let body = body.map(|body| String::from_utf8(body.to_vec()).unwrap());
        assert_eq!(body, expected.map(str::to_string), "{raw}");
    }
}

#[tokio::test]
async fn waits_no_longer_than_told() {
    let silent = Server::plain(|_| Vec::new()).await;
    let config = json!({"url": silent.url, "response_header_timeout_seconds": 1});
    let patient = service(config);
    let after = Duration::from_secs(1);
    let timeout = RemoteError::Timeout { host: silent.host().to_string(), after };
    assert_eq!(patient.request(Request::get("a")).await.unwrap_err(), timeout);
    let long = Request { long_poll: true, ..Request::get("a") };
    let still = tokio::time::timeout(Duration::from_millis(1500), patient.request(long));
    assert!(still.await.is_err(), "a long poll waits on");

    let halted = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", halted.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = halted.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let head = b"HTTP/1.1 200 X\r\ncontent-length: 5\r\n\r\nab";
        stream.write_all(head).await.unwrap();
        std::future::pending::<()>().await;
    });
    let read_timeout = Some(Duration::from_millis(100));
    let request = Request { read_timeout, ..Request::get("a") };
    let response = service(json!({"url": url})).request(request).await.unwrap();
    let error = response.body_bounded(MAX).await.unwrap_err();
    assert!(matches!(error, RemoteError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn says_what_is_wrong_with_a_connection() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let url = format!("http://user:hunter2@{address}/");
    let error = service(json!({"url": url})).request(Request::get("a")).await.unwrap_err();
    assert!(matches!(&error, RemoteError::Connect { host, .. } if *host == address), "{error}");
    assert!(!error.to_string().contains("hunter2"));

    let babbler = Server::plain(|_| b"no http\r\n\r\n".to_vec()).await;
    let service = service(json!({"url": babbler.url}));
    let error = service.request(Request::get("a")).await.unwrap_err();
    assert!(matches!(error, RemoteError::Protocol { .. }), "{error}");
}

#[tokio::test]
async fn credentials_stay_behind_at_another_host() {
    let other = Server::plain(|_| ok("there")).await;
    let there = format!("{}/there", other.url);
    let server = Server::plain(move |seen| match seen.target.as_str() {
        "/away" => reply(307, &[("location", &there)], ""),
        "/here" => reply(302, &[("location", "/end")], ""),
        _ => ok("here"),
    })
    .await;
    let service = service(json!({
        "url": server.url,
        "headers": {"x-key": "k"},
        "credentials": {"bearer": {"token": "t"}},
    }));
    let mut headers = HeaderMap::new();
    headers.insert("if-none-match", HeaderValue::from_static("e"));
    for (path, body) in [("away", "there"), ("here", "here")] {
        let mut request = Request::post_json(path, "{}");
        request.headers.extend(headers.clone());
        let response = service.request(request).await.unwrap();
        assert_eq!(response.body_bounded(MAX).await.unwrap(), body);
    }
    let seen = server.seen();
    assert!(seen.iter().all(|s| s.header("authorization") == "Bearer t"));
    let end = seen.last().unwrap();
    assert_eq!((end.method.as_str(), end.text().as_str(), end.header("x-key")), ("GET", "", "k"));
    let there = &other.seen()[0];
    assert_eq!((there.header("authorization"), there.header("x-key")), ("", ""));
    assert_eq!((there.method.as_str(), there.text().as_str()), ("POST", "{}"));
    assert_eq!(there.header("if-none-match"), "e");
}

#[tokio::test]
async fn many_tasks_share_a_service() {
    let server = Server::plain(|_| ok("x")).await;
    let signing = json!({"environment_credentials": {}, "assume_role_credentials": {
        "aws_signing": {"environment_credentials": {}},
    }});
    let variables =
        [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "r")];
    let all = json!({"url": server.url, "credentials": {"s3_signing": signing}});
    let service = std::sync::Arc::new(service_with(all, &[], &variables));
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let service = std::sync::Arc::clone(&service);
            tokio::spawn(async move {
                let response = service.request(Request::get(n.to_string())).await.unwrap();
                response.body_bounded(MAX).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "x");
    }
    assert_eq!(server.seen().len(), 20);
}

/// Set for the copy of this process that `a_proxy_of_the_environment_is_used` starts.
const PROXIED: &str = "PORTCULLIS_TEST_PROXIED";

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_used() {
    if std::env::var_os(PROXIED).is_some() {
        let config = config(json!({"url": "http://service.invalid/v1"}));
        let mut options = options();
        options.proxy = ProxyChoice::Environment;
        let service = Service::new("s", &config, &Default::default(), &options).unwrap();
        let response = service.request(Request::get("a")).await.unwrap();
        assert_eq!(response.body_bounded(MAX).await.unwrap(), "from the proxy");
        return;
    }
    let proxy = Server::plain(|_| ok("from the proxy")).await;
    let mut copy = std::process::Command::new(std::env::current_exe().unwrap());
    copy.args(["--exact", "http::a_proxy_of_the_environment_is_used"]);
    copy.env(PROXIED, "1").env("http_proxy", &proxy.url).env_remove("no_proxy");
    let output = copy.env_remove("NO_PROXY").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.seen()[0].target, "http://service.invalid/v1/a");
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = Server::plain(|seen| match seen.target.as_str() {
        "/file" => reply(302, &[("location", "file:///etc/passwd")], ""),
        _ => reply(302, &[("location", "/again")], ""),
    })
    .await;
    let service = service(json!({"url": server.url}));
    for path in ["again", "file"] {
        let error = service.request(Request::get(path)).await.unwrap_err();
        assert!(matches!(error, RemoteError::Redirect(_)), "{error}");
    }
    assert_eq!(server.seen().len(), portcullis_remote::REDIRECTS_MAX + 2);
}

#[tokio::test]
async fn a_bearer_token_is_read_for_each_request() {
    let server = Server::plain(|_| ok("")).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let bearer = json!({"token_path": file.path(), "scheme": "Token"});
    let service = service(json!({"url": server.url, "credentials": {"bearer": bearer}}));
    for token in ["one\n", "two"] {
        std::fs::write(file.path(), token).unwrap();
        service.request(Request::get("a")).await.unwrap();
    }
    let seen: Vec<_> =
        server.seen().iter().map(|s| s.header("authorization").to_string()).collect();
    assert_eq!(seen, ["Token one", "Token two"]);
    std::fs::remove_file(file.path()).unwrap();
    let error = service.request(Request::get("a")).await.unwrap_err();
    assert!(error.to_string().contains("services.s.credentials.bearer.token_path"), "{error}");
}
