//! What a client may send to harm the gate: each is refused with a reason, soon, and the gate goes
//! on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/house.rs"]
mod house;

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::house::{ALLOW, Client, House, LIMITS, request};

const PATH: &str = "/AuthZPlugin.AuthZReq";

/// Asks, and returns the reason for which the gate refuses.
fn refusal(house: &House, message: &[u8]) -> String {
    let began = Instant::now();
    let (status, answer) = house.client().post(PATH, message);
    let shown = String::from_utf8_lossy(&message[..message.len().min(80)]).into_owned();
    assert_eq!(status, 200, "{shown}");
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["Allow"], false, "{shown}: {answer}");
    assert!(began.elapsed() < Duration::from_secs(3), "{shown}");
    answer["Msg"].as_str().unwrap().to_string()
}

/// A head and a body that announces itself by its length.
fn http(message: &[u8]) -> Vec<u8> {
    let head =
        format!("POST {PATH} HTTP/1.1\r\nHost:\r\nContent-Length: {}\r\n\r\n", message.len());
    [head.as_bytes(), message].concat()
}

fn allowed(answer: Option<(u16, Vec<u8>)>) -> bool {
    let (status, body) = answer.expect("an answer");
    let answer: Json = serde_json::from_slice(&body).unwrap();
    (status, &answer["Allow"]) == (200, &Json::Bool(true))
}

#[test]
fn messages_that_are_not_one_request() {
    let house = House::open(ALLOW);
    let base = r#""RequestMethod":"GET","RequestUri":"/v1.41/info""#;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for fields in [
        r#""RequestMethod":"GET","RequestUri":"/info","RequestUri":"/x""#.to_string(),
        r#""RequestMethod":null,"RequestUri":"/info""#.to_string(),
        r#""RequestMethod":"GET","RequestUri":null"#.to_string(),
        r#""RequestMethod":"GET","requesturi":"/info""#.to_string(),
        format!(r#"{base},"RequestHeaders":[]"#),
        format!(r#"{base},"RequestHeaders":"A: 1""#),
        format!(r#"{base},"RequestHeaders":{{"A":"1","A":"2"}}"#),
        format!(r#"{base},"RequestHeaders":{{"A":["1"]}}"#),
        format!(r#"{base},"RequestBody":"%%%""#),
        format!(r#"{base},"RequestBody":"e30""#),
        format!(r#"{base},"RequestBody":{{}}"#),
        format!(r#"{base},"RequestBody":[123,125]"#),
        format!(r#"{base},"User":7"#),
        format!(r#"{base},"RequestHeaders":{deep}"#),
        format!("{base}}} {{{base}"),
    ] {
        let reason = refusal(&house, format!("{{{fields}}}").as_bytes());
        assert!(reason.contains("malformed authorization request"), "{reason}");
    }
    for whole in [&b"null"[..], b"7", b"[]", br#"["u","TLS","GET","/info",{},""]"#, b"\"{}\""] {
        assert!(refusal(&house, whole).contains("malformed"), "{whole:?}");
    }
    // The daemon leaves fields out, and old ones send null.
    let nulls = format!(r#"{{{base},"User":null,"RequestHeaders":null,"RequestBody":null}}"#);
    let (_, answer) = house.client().post(PATH, nulls.as_bytes());
    assert_eq!(answer, br#"{"Allow":true}"#);
    // What newer ones add is passed over, however deep.
    let newer = format!(r#"{{{base},"Unknown":{deep}}}"#);
    let (_, answer) = house.client().post(PATH, newer.as_bytes());
    assert_eq!(answer, br#"{"Allow":true}"#);
}

#[test]
fn bodies_that_cannot_be_judged() {
    let house = House::open(ALLOW);
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    for (body, words) in [
        (nested(100_000), ""),
        (format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)), ""),
        (nested(200), "deep"),
        ("{} {}".to_string(), "not JSON"),
        (r#"{"HostConfig":{},"HostConfig":{}}"#.to_string(), "repeats the key"),
        (format!("[{}", "1,".repeat(1 << 20)), "not JSON"),
        ("\u{feff}{}".to_string(), "not JSON"),
    ] {
        let reason = refusal(&house, &request("/v1.41/containers/create", body.as_bytes()));
        assert!(reason.contains("request body") && reason.contains(words), "{reason}");
    }
}

#[test]
fn bodies_that_are_no_objects_are_refused() {
    let house = House::open("package docker.authz\n\nallow if input.Body.Image == \"bb\"\n");
    for body in ["7", "\"bb\"", "[]", "[{\"Image\":\"bb\"}]", "true", "1e400", "-0"] {
        let reason = refusal(&house, &request("/v1.41/containers/create", body.as_bytes()));
        assert!(reason.contains("must be an object"), "{body}: {reason}");
    }
    let reason = refusal(&house, &request("/v1.41/containers/create", b"null"));
    assert!(reason.contains("undefined"), "{reason}");
}

#[test]
fn targets_that_mislead() {
    let policy = "package docker.authz\n\nallow if input.PathPlain == \"/v1.41/info\"\n";
    let house = House::open(policy);
    for uri in
        ["/%", "/%zz", "/v1.41/%4", ":80/", "/a\nb", "/a\u{7f}", "1a:b", "/#%zz", "/v1.41/info#x"]
    {
        let reason = refusal(&house, &request(uri, b""));
        assert!(reason.contains("request target"), "{uri:?}: {reason}");
    }
    let long = |pairs| format!("/v1.41/images?{}", "a=%20&".repeat(pairs));
    let reason = refusal(&house, &request(&long(1 << 20), b""));
    assert!(reason.contains("longer than"), "{reason}");
    let long = long(10_000);
    for uri in ["//v1.41/info", "/v1.41/info/", "mailto:x", "*", "http://x", &long] {
        assert!(refusal(&house, &request(uri, b"")).contains("undefined"), "{uri:.40}");
    }
    for uri in ["/v1.41/inf%6f", "http://d/v1.41/info", "/v1.41/info?&&=&="] {
        assert_eq!(house.client().authorize(uri, b"")["Allow"], true, "{uri}");
    }
}

#[test]
fn many_and_large_headers_of_the_request() {
    let house = House::open("package docker.authz\n\nallow := count(input.Headers) == 100000\n");
    let headers: serde_json::Map<_, _> =
        (0..100_000).map(|n| (format!("H{n}"), json!("x".repeat(20)))).collect();
    let message = json!({"RequestMethod":"GET","RequestUri":"/info","RequestHeaders":headers});
    let (_, answer) = house.client().post(PATH, message.to_string().as_bytes());
    assert_eq!(answer, br#"{"Allow":true}"#);
}

#[test]
fn http_in_all_its_forms() {
    let house = House::open(ALLOW);
    let message = request("/v1.41/info", b"{}");
    let send = |bytes: &[u8]| {
        let mut client = house.client();
        // The server may have heard enough before the end.
        let _ = client.0.write_all(bytes);
        client
    };
    let (first, rest) = message.split_at(10);
    let mut chunked =
        format!("POST {PATH} HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in [first, rest] {
        chunked += &format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk));
    }
    assert!(allowed(send(format!("{chunked}0\r\n\r\n").as_bytes()).answer()));
    let old = format!("POST {PATH} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", message.len());
    assert!(allowed(send(&[old.as_bytes(), &message].concat()).answer()));
    let mut pipelined = send(&[http(&message), http(b"{}"), http(&message)].concat());
    let answers =
        [allowed(pipelined.answer()), allowed(pipelined.answer()), allowed(pipelined.answer())];
    assert_eq!(answers, [true, false, true]);
    // What is no HTTP gets a complaint or the end of the connection, never a yes.
    for bytes in [
        format!(
            "POST {PATH} HTTP/1.1\r\nHost:\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
        format!("POST {PATH} HTTP/1.1\r\nHost:\r\nContent-Length: -1\r\n\r\n"),
        format!("POST {PATH} HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!("POST {PATH} HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
        format!("POST {PATH} HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(10_000)),
        format!("POST /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20)),
        format!("GET {PATH} HTTP/1.1\r\nHost:\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_string(),
        "\0\0\0\0\r\n\r\n".to_string(),
    ] {
        if let Some((status, body)) = send(bytes.as_bytes()).answer() {
            let refused = (400..500).contains(&status) || body.starts_with(b"{\"Allow\":false");
            assert!(refused, "{status} {bytes:.60}");
        }
    }
    assert!(allowed(send(&http(&message)).answer()));
}

#[test]
fn connections_without_requests_end() {
    let house = House::open(ALLOW);
    let message = request("/v1.41/info", b"");
    // Half a head that comes together with a request, and a connection that stays silent after one.
    let open = |rest: &[u8]| {
        let mut client: Client = house.client();
        client.0.write_all(&[http(&message).as_slice(), rest].concat()).unwrap();
        assert!(allowed(client.answer()));
        client
    };
    let began = Instant::now();
    let (mut half, mut silent) = (open(b"POST /Auth"), open(b""));
    assert!(half.is_closed() && silent.is_closed());
    assert!(began.elapsed() < LIMITS().idle_timeout * 4);
    // A second request whose body is slower than a head may be is still heard.
    let second = http(&message);
    let (head, body) = second.split_at(second.len() - 20);
    let mut slow = open(head);
    std::thread::sleep(LIMITS().head_timeout * 2);
    slow.0.write_all(body).unwrap();
    assert!(allowed(slow.answer()));
}
