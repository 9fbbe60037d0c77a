//! What is sent, what becomes of answers and
//! errors, redirects, tries and caches.

use rego_value::Value;
use rego_vm::world::HostError;
use rego_vm::{BuiltinError, Context};

use crate::host::{World, answer, json};

#[track_caller]
fn send(world: &World, request: &str) -> Result<Value, BuiltinError> {
    send_in(&mut Context::new(world, 10_000_000, 100_000_000), request)
}

#[track_caller]
fn send_in(context: &mut Context<'_>, request: &str) -> Result<Value, BuiltinError> {
    let builtin = rego_builtins::find("http.send").unwrap();
    (builtin.run)(context, &[&json(request)])
}

#[test]
fn an_answer_becomes_an_object() {
    let world = World::new(|_| {
        Ok(answer(
            200,
            &[("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")],
            "{\"a\":1}",
        ))
    });
    let got = send(&world, r#"{"method": "get", "url": "http://h/p"}"#).unwrap();
    let want = r#"{"status": "200 OK", "status_code": 200, "body": {"a": 1}, "raw_body": "{\"a\":1}",
        "headers": {"content-type": ["application/json"], "x-a": ["1", "2"]}}"#;
    assert_eq!(got, json(want));
}

#[test]
fn a_request_is_sent_as_it_is_written() {
    let world = World::new(|_| Ok(answer(200, &[], "")));
    let request = r#"{"method": "pOst", "url": "\"http://h/p?q=1\"", "body": {"b": ["<", 1.0]},
        "headers": {"x-token": "t", "content-length": "99", "HOST": "other:81"}, "timeout": "1s",
        "tls_insecure_skip_verify": true, "tls_ca_cert": "-----BEGIN CERTIFICATE-----\\nA",
        "tls_client_cert_file": "cert", "tls_client_key_file": "key"}"#;
    send(&world, request).unwrap();
    let sent = world.sent();
    let sent = sent.first().unwrap();
    assert_eq!((&*sent.method, &*sent.url), ("POST", "http://h/p?q=1"));
    assert_eq!(sent.body, br#"{"b":["\u003c",1.0]}"#);
    let header = |name: &str, value: &str| (name.to_string(), value.to_string());
    assert_eq!(sent.headers, [header("Host", "other:81"), header("X-Token", "t")]);
    assert_eq!(sent.timeout.map(|t| t.as_millis()), Some(1000));
    assert!(sent.tls.is_blind && !sent.tls.system_authorities);
    assert_eq!(sent.tls.authorities, ["-----BEGIN CERTIFICATE-----\nA"]);
    assert_eq!(sent.tls.identities[0].key, "file key");
    assert_eq!(sent.tls.server_name.as_deref(), Some("other"));
}

#[test]
fn a_raw_body_wins_and_a_socket_stands_for_the_host() {
    let world = World::new(|_| Ok(answer(200, &[], "")));
    let request = r#"{"method": "put", "url": "unix://localhost/a/b?z=1&socket=%2Ftmp%2Fs&socket=x&a=2",
        "body": 1, "raw_body": "raw", "timeout": 0}"#;
    send(&world, request).unwrap();
    let sent = world.sent();
    let sent = sent.first().unwrap();
    assert_eq!(sent.url, "http://localhost/a/b?a=2&z=1");
    assert_eq!((sent.socket.as_deref(), sent.body.as_slice()), (Some("/tmp/s"), &b"raw"[..]));
    assert_eq!(sent.timeout, None);
}

#[test]
fn bodies_are_read_by_what_they_are_said_to_be() {
    let cases = [
        ("application/json; charset=utf-8", "", "[1]", "[1]"),
        ("application/problem+json", "", "[1]", "[1]"),
        ("application/json; charset", "", "[1]", "null"),
        ("text/plain", "", "[1]", "null"),
        ("text/plain", r#", "force_json_decode": true"#, "[1]", "[1]"),
        ("text/plain", r#", "force_json_decode": true"#, "[1", "null"),
        ("text/plain", r#", "force_yaml_decode": true"#, "a: 1", r#"{"a": 1}"#),
        ("application/x-yaml", "", "- a", r#"["a"]"#),
        ("application/json", "", "{", "null"),
    ];
    for (kind, more, body, want) in cases {
        let world = World::new(move |_| Ok(answer(200, &[("content-type", kind)], body)));
        let request = format!(r#"{{"method": "get", "url": "http://h"{more}}}"#);
        let got = send(&world, &request).unwrap();
        assert_eq!(got.get_path(&["body"]), Some(&json(want)), "{kind} {more} {body}");
    }
}

/// What is wrong, as the error of the call; the request is without its end.
const WRONG: &[(&str, &str)] = &[
    ("{", r#"operand 1 missing required request parameters(s): {"method", "url"}"#),
    (
        r#"{"method": "get", "url": "http://h", "no": 1"#,
        r#"operand 1 invalid request parameters(s): {"no"}"#,
    ),
    (r#"{"method": 1, "url": "http://h""#, r#""method" must be a string"#),
    (r#"{"method": "a b", "url": "http://h""#, r#"net/http: invalid method "A B""#),
    (r#"{"method": "get", "url": "h""#, r#"Get "h": unsupported protocol scheme """#),
    (
        r#"{"method": "get", "url": "ftp://h""#,
        r#"Get "ftp://h": unsupported protocol scheme "ftp""#,
    ),
    (
        r#"{"method": "get", "url": "unix://h/p""#,
        r#"Get "unix://h/p": unsupported protocol scheme "unix""#,
    ),
    (r#"{"method": "get", "url": "http://""#, r#"Get "http://": http: no Host in request URL"#),
    (r#"{"method": "get", "url": "http://h", "headers": []"#, "invalid type for headers key"),
    (
        r#"{"method": "get", "url": "http://h", "headers": {"a": 1}"#,
        r#"invalid type for headers value "1""#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "headers": {"a": "x\ny"}"#,
        r#"Get "http://h": net/http: invalid header field value for "A""#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "enable_redirect": "x""#,
        r#"strconv.ParseBool: parsing "\"x\"": invalid syntax"#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "timeout": 1.5"#,
        "invalid timeout number value 1.5, must be int64",
    ),
    (
        r#"{"method": "get", "url": "http://h", "timeout": "1x""#,
        r#"invalid timeout value "1x": time: unknown unit "x" in duration "1x""#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "timeout": []"#,
        "operand 1 'timeout' must be one of {string, number} but got array",
    ),
    (r#"{"method": "get", "url": "http://h", "cache": 1"#, r#"invalid value for "cache" field"#),
    (
        r#"{"method": "get", "url": "http://h", "force_cache": true"#,
        "'force_cache' set but 'force_cache_duration_seconds' parameter is missing",
    ),
    (
        r#"{"method": "get", "url": "http://h", "force_cache": true, "force_cache_duration_seconds": 1e3"#,
        r#"strconv.ParseInt: parsing "1e3": invalid syntax"#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "max_retry_attempts": -1"#,
        r#"invalid value -1 for field "max_retry_attempts""#,
    ),
    (r#"{"method": "get", "url": "http://h", "tls_ca_cert": "x""#, "could not append certificates"),
    (
        r#"{"method": "get", "url": "http://h", "tls_ca_cert_env_variable": "NONE""#,
        r#"could not add CA certificates from envvar "NONE": could not append certificates"#,
    ),
    (
        r#"{"method": "get", "url": "http://h", "tls_ca_cert_file": "none""#,
        "open none: no such file or directory",
    ),
    (
        r#"{"method": "get", "url": "http://h", "raise_error": 1"#,
        "invalid value for raise_error field",
    ),
    (
        r#"{"method": "get", "url": "http://h", "cache_ignored_headers": "a", "headers": {}"#,
        "json: cannot unmarshal string into a list of header names",
    ),
];

#[test]
fn what_is_wrong_is_said_as_in_opa() {
    let world = World::new(|_| Ok(answer(200, &[], "")));
    for (request, want) in WRONG {
        let got = match send(&world, &format!("{request}}}")).map_err(BuiltinError::worded) {
            Err(BuiltinError::Type(why) | BuiltinError::Failed(why)) => why,
            other => panic!("{request}: {other:?}"),
        };
        assert_eq!(got, *want, "{request}");
    }
    assert!(world.sent().is_empty());
}

#[test]
fn an_error_may_be_the_result() {
    let refused = World::new(|_| Err(HostError::Failed("refused".to_string())));
    let late = World::new(|_| Err(HostError::Timeout("exceeded while awaiting headers")));
    let none = World::new(|_| Err(HostError::Unavailable));
    let request = |more: &str| format!(r#"{{"method": "get", "url": "http://u:p@h"{more}}}"#);
    let cases = [
        (&refused, "network", r#"Get "http://u:***@h/": refused"#),
        (
            &late,
            "network",
            r#"Get "http://u:***@h/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
        ),
        (&none, "internal", "eval_builtin_error: http.send: HTTP requests are not available here"),
    ];
    for (world, code, message) in cases {
        let got = send(world, &request(r#", "raise_error": false"#)).unwrap();
        let code = format!("eval_http_send_{code}_error");
        let error = Value::object_from_strs([("code", code.into()), ("message", message.into())]);
        assert_eq!(got.get_path(&["error"]), Some(&error));
        assert_eq!(got.get_path(&["status_code"]), Some(&Value::from(0)));
    }
    let raised = send(&late, &request(""));
    let want = "Get http://u:***@h/: request timed out";
    assert_eq!(raised, Err(BuiltinError::Failed(want.to_string())));
}

#[test]
fn redirects_are_followed_where_they_may() {
    let world = World::new(|request| {
        let to = |status, location: &str| Ok(answer(status, &[("location", location)], ""));
        match request.url.as_str() {
            "http://a.com/1" => to(301, "/2"),
            "http://a.com/2" => to(307, "http://b.com/3"),
            "http://b.com/3" => to(302, "https://sub.a.com/4"),
            "http://a.com/loop" => to(308, "/loop"),
            "http://a.com/bad" => to(301, "ftp://a.com/"),
            url => Ok(answer(200, &[("x-url", url)], "")),
        }
    });
    let request = |path: &str, follow: bool| {
        send(
            &world,
            &format!(
                r#"{{"method": "post", "url": "http://a.com/{path}", "raw_body": "b",
                "headers": {{"Authorization": "s", "x": "y"}}, "enable_redirect": {follow}}}"#
            ),
        )
    };
    let status = |answer: Result<Value, _>| answer.unwrap().get_path(&["status_code"]).cloned();
    assert_eq!(status(request("1", false)), Some(Value::from(301)));
    world.forget();
    assert_eq!(status(request("1", true)), Some(Value::from(200)));
    let sent = world.sent();
    let seen: Vec<_> = sent
        .iter()
        .map(|hop| {
            let has = |name: &str| hop.headers.iter().any(|(header, _)| header == name);
            (hop.method.as_str(), hop.body.len(), has("Authorization"), has("X"), has("Referer"))
        })
        .collect();
    let want = [
        ("POST", 1, true, true, false),
        ("GET", 0, true, true, true),
        ("GET", 0, false, true, true),
        ("GET", 0, false, true, true),
    ];
    assert_eq!(seen, want);
    let why = |path| match request(path, true) {
        Err(BuiltinError::Failed(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why("loop"), r#"Post "/loop": stopped after 10 redirects"#);
    assert_eq!(why("bad"), r#"Post "ftp://a.com/": unsupported protocol scheme "ftp""#);
}

#[test]
fn hosts_that_are_not_allowed_are_not_asked() {
    let world = World::new(|request| match request.url.as_str() {
        "http://a.com/" => Ok(answer(302, &[("location", "http://b.com/")], "")),
        _ => Ok(answer(200, &[], "")),
    });
    let allowed = ["A.com".to_string(), "::1".to_string()];
    let ask = |url: &str| {
        let mut context = Context::new(&world, 1_000_000, 1_000_000).with_allow_net(Some(&allowed));
        let request = format!(r#"{{"method": "get", "url": "{url}", "enable_redirect": true}}"#);
        match send_in(&mut context, &request) {
            Ok(_) => String::new(),
            Err(BuiltinError::Failed(why)) => why,
            Err(other) => format!("{other:?}"),
        }
    };
    assert_eq!(ask("http://b.com:80/"), "unallowed host: b.com");
    assert_eq!(ask("http://a.com\\\\@b.com/"), "");
    assert_eq!(world.sent().last().unwrap().url, "http://a.com/@b.com/");
    assert_eq!(ask("http://a.com@b.com/"), "unallowed host: b.com");
    assert_eq!(ask("http://[::1]:8080/"), "");
    assert_eq!(ask("http://a.com"), r#"Get "http://b.com/": unallowed host: b.com"#);
    assert!(world.sent().iter().all(|request| !request.url.starts_with("http://b.com")));

    let lookup = rego_builtins::find("net.lookup_ip_addr").unwrap();
    let mut context = Context::new(&world, 1_000_000, 1_000_000).with_allow_net(Some(&allowed));
    let got = (lookup.run)(&mut context, &[&"b.com".into()]);
    assert_eq!(got, Err(BuiltinError::Failed("unallowed host: b.com".to_string())));
    let got = (lookup.run)(&mut context, &[&"a.com".into()]).unwrap();
    assert_eq!(got, Value::set(vec!["192.0.2.1".into()]));
}

#[test]
fn failures_of_the_network_are_tried_again() {
    let world = World::new(|_| Err(HostError::Failed("EOF".to_string())));
    let request = r#"{"method": "get", "url": "http://h", "max_retry_attempts": 3}"#;
    assert!(send(&world, request).is_err());
    assert_eq!(world.sent().len(), 4);
    let pauses = world.pauses();
    assert_eq!(pauses[0].as_millis(), 0);
    assert!((128..=192).contains(&pauses[1].as_millis()), "{pauses:?}");
    assert!((204..=308).contains(&pauses[2].as_millis()), "{pauses:?}");
    world.forget();
    world.cancel_after(2);
    assert_eq!(send(&world, request), Err(BuiltinError::Halt(rego_vm::Halt::Deadline)));
    assert_eq!(world.sent().len(), 2);
}
