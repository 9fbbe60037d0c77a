//! What `http.send` keeps of answers: within a query, and between queries.

use rego_value::Value;
use rego_vm::world::{HostError, HttpRequest, HttpResponse};
use rego_vm::{BuiltinError, Context};

use crate::host::{World, answer, json};

/// The moment at which the clock stands at first.
const DATE: &str = "Mon, 01 Jan 2024 00:00:00 GMT";

fn send_in(context: &mut Context<'_>, more: &str) -> Result<Value, BuiltinError> {
    let builtin = rego_builtins::find("http.send").unwrap();
    let request = format!(r#"{{"method": "get", "url": "http://h"{more}}}"#);
    (builtin.run)(context, &[&json(&request)])
}

/// Sends a request in a query of its own.
fn send(world: &World, more: &str) -> Result<Value, BuiltinError> {
    send_in(&mut Context::new(world, 10_000_000, 10_000_000), more)
}

#[test]
fn a_query_is_answered_the_same_twice() {
    let cases: [(u16, usize); 4] = [(200, 1), (404, 1), (500, 2), (201, 2)];
    for (status, asked) in cases {
        let world = World::new(move |_| Ok(answer(status, &[], "")));
        let mut context = Context::new(&world, 10_000_000, 10_000_000);
        for _ in 0..2 {
            send_in(&mut context, "").unwrap();
        }
        assert_eq!(world.sent().len(), asked, "{status}");
        send_in(&mut context, r#", "body": 1"#).unwrap();
        assert_eq!(world.sent().len(), asked + 1);
    }
    let world = World::new(|_| Err(HostError::Failed("EOF".to_string())));
    let mut context = Context::new(&world, 10_000_000, 10_000_000);
    let first = send_in(&mut context, "");
    assert_eq!(send_in(&mut context, ""), first);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn ignored_headers_do_not_tell_requests_apart() {
    let world = World::new(|_| Ok(answer(200, &[], "")));
    let mut context = Context::new(&world, 10_000_000, 10_000_000);
    for (header, ignored) in [("1", "[\"a\"]"), ("2", "[\"a\"]"), ("3", "[\"a\", \"b\"]")] {
        let more =
            format!(r#", "headers": {{"a": "{header}"}}, "cache_ignored_headers": {ignored}"#);
        send_in(&mut context, &more).unwrap();
    }
    assert_eq!(world.sent().len(), 1);
    send_in(&mut context, r#", "headers": {"a": "4"}"#).unwrap();
    assert_eq!(world.sent().len(), 2);
}

/// Headers of the answer, more of the request, when it is asked again, and whether it is then.
type Case = (&'static [(&'static str, &'static str)], &'static str, i64, bool);

const CASES: &[Case] = &[
    (&[("cache-control", "max-age=60"), ("date", DATE)], "", 59, false),
    (&[("cache-control", "max-age=60"), ("date", DATE)], "", 60, true),
    (&[("cache-control", "max-age=60")], "", 0, true), // without a date, none of an age
    (&[("cache-control", "max-age=x"), ("date", DATE)], "", 0, true),
    (&[("cache-control", "private, max-age=99999999999"), ("date", DATE)], "", 99_999_999, false),
    (&[("cache-control", "no-store, max-age=60"), ("date", DATE)], "", 0, true),
    (&[("expires", "Mon, 01 Jan 2024 00:01:00 GMT")], "", 59, false),
    (&[("expires", "Monday, 01-Jan-24 00:01:00 GMT")], "", 60, true),
    (&[("expires", "0")], "", 0, true),
    (&[], "", 0, true),
    (&[("expires", "Mon, 01 Jan 2024 00:01:00 GMT")], r#", "caching_mode": "x""#, 0, true),
    (
        &[("cache-control", "no-store")],
        r#", "force_cache": true, "force_cache_duration_seconds": 5"#,
        4,
        false,
    ),
    (&[], r#", "force_cache": true, "force_cache_duration_seconds": 5"#, 5, true),
    (&[], r#", "force_cache": true, "force_cache_duration_seconds": 0"#, 0, true),
];

#[test]
fn an_answer_is_kept_as_long_as_it_is_good() {
    for mode in ["serialized", "deserialized"] {
        for (headers, more, seconds, again) in CASES {
            let world = World::new(|_| {
                let mut fresh = answer(200, headers, "[1]");
                fresh.headers.push(("content-type".to_string(), "application/json".to_string()));
                Ok(fresh)
            });
            let world = world.remembering();
            let mode = match more.contains("caching_mode") {
                true => String::new(),
                false => format!(r#", "caching_mode": "{mode}""#),
            };
            let more = format!(r#", "cache": true{mode}{more}"#);
            let first = send(&world, &more).unwrap();
            world.set_clock(*seconds);
            assert_eq!(send(&world, &more).unwrap(), first);
            assert_eq!(world.sent().len() == 2, *again, "{headers:?} {more} {seconds}");
        }
    }
}

#[test]
fn what_is_not_to_be_shared_is_not() {
    let good =
        || World::new(|_| Ok(answer(200, &[("expires", "Tue, 02 Jan 2024 00:00:00 GMT")], "")));
    let world = good().remembering();
    send(&world, "").unwrap();
    assert_eq!(world.held(), (0, 0));
    let world = good();
    send(&world, r#", "cache": true"#).unwrap();
    send(&world, r#", "cache": true"#).unwrap();
    assert_eq!(world.sent().len(), 2);
    let world =
        World::new(|_| Ok(answer(500, &[("expires", "Tue, 02 Jan 2024 00:00:00 GMT")], "")));
    let world = world.remembering();
    send(&world, r#", "cache": true"#).unwrap();
    assert_eq!(world.held(), (0, 0));
}

fn tagged(request: &HttpRequest) -> Result<HttpResponse, HostError> {
    let header = |name: &str| request.headers.iter().find(|(key, _)| key == name);
    let headers = [("etag", "\"1\""), ("x", "old"), ("expires", "Mon, 01 Jan 2024 00:00:10 GMT")];
    match header("If-None-Match").map(|(_, value)| value.as_str()) {
        Some("\"1\"") => {
            let news = [("x", "new"), ("expires", "Mon, 01 Jan 2024 00:01:00 GMT")];
            Ok(answer(304, &news, ""))
        }
        _ => Ok(answer(200, &headers, "body")),
    }
}

#[test]
fn a_stale_answer_is_checked() {
    let world = World::new(tagged).remembering();
    let ask = || send(&world, r#", "cache": true"#).unwrap();
    ask();
    world.set_clock(11);
    let got = ask();
    assert_eq!(world.sent().len(), 2);
    assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("body")));
    assert_eq!(got.get_path(&["status_code"]), Some(&Value::from(200)));
    assert_eq!(got.get_path(&["headers", "x"]), Some(&json(r#"["new"]"#)));
    world.set_clock(50);
    ask();
    assert_eq!(world.sent().len(), 2);
    assert_eq!(world.held().0, 1);
}

#[test]
fn a_check_may_bring_another_answer_or_none() {
    let world = World::new(|request| {
        let checked = request.headers.iter().any(|(name, _)| name == "If-Modified-Since");
        let headers = [("last-modified", DATE), ("expires", DATE)];
        match (checked, request.url.as_str()) {
            (false, _) => Ok(answer(200, &headers, "old")),
            (true, _) => Ok(answer(503, &headers, "")),
        }
    });
    let world = world.remembering();
    let ask = || send(&world, r#", "cache": true"#).unwrap();
    ask();
    let got = ask();
    assert_eq!(got.get_path(&["raw_body"]), Some(&Value::from("old")));
    // Asked at first, checked in vain, asked again.
    assert_eq!(world.sent().len(), 3);
}
