//! Without TLS: what is on the wire, bodies, time, sockets, redirects, what queries share.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use portcullis_service::host::SystemHost;
use rego::world::{HostError, HttpRequest};
use rego::{Host, Value};

use crate::peer::{Peer, answer};
use crate::support::{AGENT, host, host_until, send, send_allowed};

fn get(url: &str, more: &str) -> String {
    format!(r#"{{"method": "get", "url": "{url}"{more}}}"#)
}

#[test]
fn requests_are_on_the_wire_as_in_go() {
    let peer = Peer::plain(|_| answer("299 So Be It\r\nX-One: \u{e9}\r\nx-one: 2", b"[1]"));
    let url = format!("http://127.0.0.1:{}/a//b/?q=%2f", peer.port);
    let host = host();
    let more = r#", "headers": {"x-token": "t", "user-agent": "mine"}, "body": {"a": 1}"#;
    let got = send(&host, &get(&url, more)).unwrap();
    assert_eq!(got.get_path(&["status"]), Some(&Value::from("299 So Be It")));
    assert_eq!(got.get_path(&["headers", "x-one"]).unwrap().to_json(), r#"["é","2"]"#);
    let seen = peer.seen();
    assert!(seen[0].starts_with("GET /a//b/?q=%2f HTTP/1.1\r\n"), "{seen:?}");
    for line in ["X-Token: t", "User-Agent: mine", "Accept-Encoding: gzip", "Content-Length: 7"] {
        assert!(seen[0].contains(&format!("\r\n{line}\r\n")), "{line}: {seen:?}");
    }
    assert!(seen[0].ends_with("\r\n\r\n{\"a\":1}"), "{seen:?}");

    for method in ["post", "get", "head"] {
        send(&host, &get(&url, "").replace("\"get\"", &format!("{method:?}"))).unwrap();
    }
    let seen = peer.seen();
    assert!(seen[1].contains(&format!("\r\nUser-Agent: {AGENT}\r\n")), "{seen:?}");
    assert!(seen[1].contains("Content-Length: 0"), "{seen:?}");
    assert!(!seen[2].contains("Content-Length"), "{seen:?}");
    assert!(!seen[3].contains("Accept-Encoding"), "{seen:?}");
}

#[test]
fn connections_serve_more_than_one_query() {
    let peer = Peer::plain(|_| answer("200 OK", b""));
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let host = host();
    for _ in 0..5 {
        send(&host, &get(&url, "")).unwrap();
    }
    assert_eq!((peer.seen().len(), peer.connections()), (5, 1));
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_bodies_are_unpacked_unless_they_were_asked_for() {
    let peer = Peer::plain(|_| {
        let head = "200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json";
        answer(head, &packed(b"[1]"))
    });
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let got = send(&host(), &get(&url, "")).unwrap();
    assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("[1]")));
    assert_eq!(
        got.get_path(&["headers"]).unwrap().to_json(),
        r#"{"content-type":["application/json"]}"#
    );
    let got = send(&host(), &get(&url, r#", "headers": {"accept-encoding": "gzip"}"#)).unwrap();
    assert_eq!(got.get_path(&["body"]), Some(&Value::NULL));
    assert!(got.get_path(&["headers", "content-encoding"]).is_some());
}

#[test]
fn a_body_has_a_bound_packed_or_not() {
    let peer = Peer::plain(|head| match head.contains("/packed") {
        true => answer("200 OK\r\nContent-Encoding: gzip", &packed(&[b'a'; 100_000])),
        false if head.contains("/long") => {
            Some(b"HTTP/1.1 200 OK\r\n\r\nabcdefghijklmnopqrst".to_vec())
        }
        false => answer("200 OK", b"abcdefghijklmnopqrst"),
    });
    for path in ["packed", "long", "said"] {
        let request = HttpRequest {
            method: "GET".to_string(),
            url: format!("http://127.0.0.1:{}/{path}", peer.port),
            body_bytes_max: if path == "packed" { 1000 } else { 10 },
            timeout: Some(Duration::from_secs(5)),
            ..HttpRequest::default()
        };
        let got = host().http(&request);
        let want = format!("the body is larger than {} bytes", request.body_bytes_max);
        assert_eq!(got, Err(HostError::Body(want)), "{path}");
    }
}

#[test]
fn failures_are_worded_as_in_go() {
    let gone = Peer::plain(|_| Some(Vec::new()));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let refused = format!(
        "eval_builtin_error: http.send: Get \"http://127.0.0.1:{port}\": dial tcp 127.0.0.1:{port}: \
         connect: connection refused"
    );
    let got = send(&host(), &get(&format!("http://127.0.0.1:{port}"), ""));
    assert_eq!(got, Err(refused.clone()));
    let more = r#", "raise_error": false, "max_retry_attempts": 1"#;
    let got = send(&host(), &get(&format!("http://127.0.0.1:{port}"), more)).unwrap();
    let error = got.get_path(&["error", "message"]).and_then(Value::as_str);
    assert_eq!(error, refused.strip_prefix("eval_builtin_error: http.send: "));

    let url = format!("http://127.0.0.1:{}/", gone.port);
    let got = send(&host(), &get(&url, r#", "timeout": "100ms""#));
    let want = format!("eval_builtin_error: http.send: Get {url}: request timed out");
    assert_eq!(got, Err(want));

    let none = send(&SystemHost::new(), &get(&url, ""));
    let want = "eval_builtin_error: http.send: HTTP requests are not available here";
    assert_eq!(none, Err(want.to_string()));

    let got = send(&host(), &get("unix://localhost/?socket=%2Fnone%2Fs", ""));
    let want = "eval_builtin_error: http.send: Get \"http://localhost/\": dial unix /none/s: connect: \
                no such file or directory";
    assert_eq!(got, Err(want.to_string()));
}

#[test]
fn a_query_ends_in_its_own_time() {
    let peer = Peer::plain(|head| match head.contains("/body") {
        true => Some(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec()),
        false => None,
    });
    let began = Instant::now();
    for path in ["head", "body"] {
        let url = format!("http://127.0.0.1:{}/{path}", peer.port);
        let until = Instant::now() + Duration::from_millis(100);
        let more = r#", "timeout": 0, "max_retry_attempts": 5"#;
        let got = send(&host_until(until), &get(&url, more));
        assert!(got.as_ref().is_err_and(|error| error.starts_with("eval_cancel_error")), "{got:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[test]
fn whoever_evaluates_may_wait() {
    let peer = Peer::plain(|_| answer("200 OK", b""));
    let url = format!("http://localhost:{}/", peer.port);
    let ask = || send(&host(), &get(&url, "")).map(|_| ());
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let many = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    assert_eq!(one.block_on(async { ask() }), Ok(()));
    assert_eq!(many.block_on(async { ask() }), Ok(()));
    let url = url.clone();
    let on_worker = async move { send(&host(), &get(&url, "")).map(|_| ()) };
    assert_eq!(many.block_on(async { tokio::spawn(on_worker).await.unwrap() }), Ok(()));
    assert_eq!(host().lookup("localhost").map(|found| found.is_empty()), Ok(false));
}

#[test]
fn a_socket_stands_for_the_host() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let peer = Peer::on_socket(&path, |_| answer("200 OK", b"hello"));
    let socket = path.to_str().unwrap().replace('/', "%2F");
    let url = format!("unix://localhost/end/point?socket={socket}&a=1");
    let got = send(&host(), &get(&url, "")).unwrap();
    assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("hello")));
    let seen = peer.seen();
    assert!(seen[0].starts_with("GET /end/point?a=1 HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[0].contains("\r\nHost: localhost\r\n"), "{seen:?}");
}

#[test]
fn a_redirect_leads_only_to_hosts_that_are_allowed() {
    let peer = Peer::plain(|head| {
        let port = head.split("Host: 127.0.0.1:").nth(1).and_then(|rest| rest.lines().next());
        match port {
            Some(port) => {
                answer(&format!("302 Found\r\nLocation: http://localhost:{port}/there"), b"")
            }
            None => answer("200 OK", b"there"),
        }
    });
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let ask = |allowed: &[&str]| {
        send_allowed(&host(), &get(&url, r#", "enable_redirect": true"#), Some(allowed))
    };
    let got = ask(&["127.0.0.1", "localhost"]).unwrap();
    assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("there")));
    let want = format!(
        "eval_builtin_error: http.send: Get \"http://localhost:{}/there\": unallowed host: localhost",
        peer.port
    );
    assert_eq!(ask(&["127.0.0.1"]), Err(want));
    let want = "eval_builtin_error: http.send: unallowed host: 127.0.0.1";
    assert_eq!(ask(&[]), Err(want.to_string()));
}

#[test]
fn queries_share_what_they_keep() {
    let peer = Peer::plain(|_| answer("200 OK", b"kept"));
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let host = host();
    let more = r#", "force_cache": true, "force_cache_duration_seconds": 600"#;
    for _ in 0..3 {
        let got = send(&host.clone(), &get(&url, more)).unwrap();
        assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("kept")));
    }
    assert_eq!(peer.seen().len(), 1);
}
