//! Bodies in the form of the API: what ordinary clients send stays as it came, what they do not send
//! is filled in, and what the daemon would read otherwise is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::time::{Duration, Instant};

use portcullis_docker::api::{Body, find};
use portcullis_docker::body::{self, BodyError};
use portcullis_docker::canonical::canonical;
use portcullis_docker::uri;
use rego::Value;

fn of(path: &str, text: &str) -> Result<Value, BodyError> {
    let body = body::parse(text.as_bytes())?;
    match &find("POST", path).route.unwrap().body {
        Body::Json { shape, .. } => canonical(&body, shape),
        other => panic!("{path}: {other:?}"),
    }
}

fn create(text: &str) -> Result<Value, BodyError> {
    of("/containers/create", text)
}

/// Returns what a path of names leads to, as JSON.
fn at(body: &Value, path: &str) -> String {
    let names: Vec<_> = path.split('.').collect();
    body.get_path(&names).map_or("nothing".to_string(), Value::to_json)
}

#[test]
fn what_is_known_of_bodies_before_changes_nothing() {
    // One list of keys stands for fields of several structs, and holds what says nothing or not.
    let texts = [
        r#"{"Image":"i","Labels":{"Image":"x"},"HostConfig":{"Privileged":true,"Binds":null}}"#,
        r#"{"Image":"i","Labels":{"Image":"x"},"HostConfig":{"Privileged":true,"Binds":["/a:/b"]}}"#,
        r#"{"HostConfig":{"Binds":null,"Privileged":false},"Labels":null,"Image":"j"}"#,
        r#"{"image":"i","Labels":{"Image":"x"},"HostConfig":{"privileged":true,"BINDS":null}}"#,
        r#"{"Image":"i","Other":1,"HostConfig":{"Privileged":true,"Other":2}}"#,
    ];
    let alone: Vec<_> = texts
        .map(|text| {
            // Larger than what is remembered.
            create(&format!("{text}{}", " ".repeat(70_000))).unwrap().to_json()
        })
        .into();
    for _ in 0..3 {
        for (text, alone) in texts.iter().zip(&alone) {
            assert_eq!(&create(text).unwrap().to_json(), alone, "{text}");
        }
        let repeated = r#"{"Image":"i","image":"i","HostConfig":{}}"#;
        assert!(matches!(create(repeated), Err(BodyError::RepeatedKey(_))));
        let update = of("/containers/x/update", r#"{"Memory":1,"CpuShares":2}"#).unwrap();
        assert_eq!((at(&update, "Memory"), at(&update, "CpuShares")), ("1".into(), "2".into()));
    }
    assert_eq!(alone[0], alone[3]);
    assert_ne!(alone[0], alone[1]);
}

#[test]
fn every_recorded_body_stays_as_it_came() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let mut compared = 0;
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let request = support::request(record);
        if request.body.is_empty() {
            continue;
        }
        let target = uri::parse(&request.uri).unwrap();
        let route = find(&request.method, &target.path).route.unwrap();
        let Body::Json { shape, .. } = &route.body else { panic!("{}: no body", route.path) };
        let came = body::parse(&request.body).unwrap();
        let made = canonical(&came, shape).unwrap();
        assert_eq!(made.to_json(), came.to_json(), "{}", record["cmd"]);
        compared += 1;
    }
    assert!(compared > 115, "only {compared}");
}

#[test]
fn keys_are_spelled_as_in_the_api() {
    for (text, path, value) in [
        (r#"{"hostconfig":{"PRIVILEGED":true}}"#, "HostConfig.Privileged", "true"),
        ("{\"Ho\u{17f}tConfig\":{\"Privileged\":true}}", "HostConfig.Privileged", "true"),
        (
            "{\"HostConfig\":{\"Networ\u{212a}Mode\":\"host\"}}",
            "HostConfig.NetworkMode",
            "\"host\"",
        ),
        (r#"{"\u0048ost\u0043onfig":{"Privileged":true}}"#, "HostConfig.Privileged", "true"),
        (r#"{"HostConfig":{"NanoCPUs":5}}"#, "HostConfig.NanoCpus", "5"),
        (r#"{"HostConfig":{"NANOCPUS":5}}"#, "HostConfig.NanoCPUs", "nothing"),
        (
            r#"{"HostConfig":{"mounts":[{"type":"bind","source":"/etc"}]}}"#,
            "HostConfig.Mounts",
            r#"[{"Source":"/etc","Type":"bind"}]"#,
        ),
        // Free maps, and keys that no field has, stay.
        (r#"{"labels":{"a":"1","A":"2"}}"#, "Labels", r#"{"A":"2","a":"1"}"#),
        (r#"{"HostConfig":{"Sysctls":{"memory":"1"}}}"#, "HostConfig.Sysctls", r#"{"memory":"1"}"#),
        (r#"{"Newer":{"x":1,"X":2}}"#, "Newer", r#"{"X":2,"x":1}"#),
    ] {
        assert_eq!(at(&create(text).unwrap(), path), value, "{text}");
    }
}

#[test]
fn what_is_left_out_is_filled_in() {
    let recorded = r#"{"Image":"","HostConfig":{"NetworkMode":"default"}}"#;
    assert_eq!(create("{}").unwrap(), create(recorded).unwrap());
    assert_eq!(create("null").unwrap(), create("{}").unwrap());
    assert_eq!(create(r#"{"HostConfig":null}"#).unwrap(), create("{}").unwrap());
    for (path, value) in [
        ("User", "\"\""),
        ("Cmd", "null"),
        ("HostConfig.Privileged", "false"),
        ("HostConfig.Memory", "0"),
        ("HostConfig.Binds", "null"),
        ("HostConfig.Devices", "[]"),
        ("HostConfig.RestartPolicy", r#"{"MaximumRetryCount":0,"Name":"no"}"#),
        ("HostConfig.LogConfig", r#"{"Config":{},"Type":""}"#),
        ("HostConfig.MaskedPaths", "null"),
        ("HostConfig.Mounts", "nothing"),
        ("HostConfig.Runtime", "nothing"),
        ("NetworkingConfig", r#"{"EndpointsConfig":{}}"#),
    ] {
        assert_eq!(at(&create("{}").unwrap(), path), value, "{path}");
    }
    let exec = of("/containers/a/exec", r#"{"cmd":["id"]}"#).unwrap();
    assert_eq!((at(&exec, "Privileged"), at(&exec, "Cmd")), ("false".into(), r#"["id"]"#.into()));
    let set = of("/plugins/p/set", r#"["A=b",null]"#).unwrap();
    assert_eq!(set.to_json(), r#"["A=b",""]"#);
    assert_eq!(of("/plugins/pull", "null").unwrap(), Value::NULL);
    let pull = of("/plugins/pull", r#"[{"name":"mount","value":["/"]}]"#).unwrap();
    assert_eq!(pull.to_json(), r#"[{"Description":"","Name":"mount","Value":["/"]}]"#);
}

#[test]
fn null_and_other_forms_are_read_as_go_does() {
    for (text, path, value) in [
        (r#"{"HostConfig":{"Privileged":null}}"#, "HostConfig.Privileged", "false"),
        (r#"{"HostConfig":{"Memory":null}}"#, "HostConfig.Memory", "0"),
        (
            r#"{"HostConfig":{"LogConfig":null}}"#,
            "HostConfig.LogConfig",
            r#"{"Config":{},"Type":""}"#,
        ),
        (r#"{"HostConfig":{"PidsLimit":null}}"#, "HostConfig.PidsLimit", "null"),
        (r#"{"HostConfig":{"Binds":[null,"/a:/b"]}}"#, "HostConfig.Binds", r#"["","/a:/b"]"#),
        (
            r#"{"HostConfig":{"Sysctls":{"a":null,"b":"c"}}}"#,
            "HostConfig.Sysctls",
            r#"{"a":"","b":"c"}"#,
        ),
        (r#"{"HostConfig":{"CapAdd":"ALL"}}"#, "HostConfig.CapAdd", r#"["ALL"]"#),
        (r#"{"Cmd":"id"}"#, "Cmd", r#"["id"]"#),
        (r#"{"Entrypoint":["a",null]}"#, "Entrypoint", r#"["a",""]"#),
        (r#"{"HostConfig":{"ConsoleSize":[1]}}"#, "HostConfig.ConsoleSize", "[1,0]"),
        (r#"{"HostConfig":{"ConsoleSize":[1,2,"x"]}}"#, "HostConfig.ConsoleSize", "[1,2]"),
        (r#"{"HostConfig":{"Memory":-0}}"#, "HostConfig.Memory", "0"),
        (r#"{"ExposedPorts":{"80/tcp":{"x":1}}}"#, "ExposedPorts", r#"{"80/tcp":{"x":1}}"#),
        (r#"{"ExposedPorts":{"80/tcp":null}}"#, "ExposedPorts", r#"{"80/tcp":{}}"#),
        (
            r#"{"HostConfig":{"PortBindings":{"80/tcp":[{"hostport":"8080"}]}}}"#,
            "HostConfig.PortBindings",
            r#"{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}"#,
        ),
        (r#"{"HostConfig":{"Ulimits":[null]}}"#, "HostConfig.Ulimits", "[null]"),
        (r#"{"HostConfig":{"Runtime":null}}"#, "HostConfig.Runtime", "nothing"),
        (r#"{"HostConfig":{"mounts":null}}"#, "HostConfig.Mounts", "nothing"),
        (r#"{"StopSignal":null}"#, "StopSignal", "nothing"),
        (
            r#"{"NetworkingConfig":{"EndpointsConfig":{"n":null}}}"#,
            "NetworkingConfig.EndpointsConfig",
            r#"{"n":null}"#,
        ),
        (
            r#"{"HostConfig":{"IOMaximumIOps":18446744073709551615}}"#,
            "HostConfig.IOMaximumIOps",
            "18446744073709551615",
        ),
    ] {
        assert_eq!(at(&create(text).unwrap(), path), value, "{text}");
    }
    let secret = |data: &str| of("/secrets/create", &format!(r#"{{"data":{data}}}"#));
    assert_eq!(at(&secret("[104,105,null]").unwrap(), "Data"), "\"aGkA\"");
    assert_eq!(at(&secret("\"aGk=\"").unwrap(), "Data"), "\"aGk=\"");
    for data in ["\"a\"", "[256]", "[-1]", "[\"a\"]", "{}", "1"] {
        assert!(secret(data).is_err(), "{data}");
    }
}

#[test]
fn keys_that_are_one_field_to_the_daemon_are_refused() {
    for text in [
        r#"{"HostConfig":{"Privileged":true},"hostconfig":{}}"#,
        r#"{"HostConfig":{"Privileged":false,"PRIVILEGED":true}}"#,
        "{\"HostConfig\":{},\"Ho\u{17f}tConfig\":{}}",
        r#"{"HostConfig":{"NanoCpus":1,"NanoCPUs":2}}"#,
        r#"{"HostConfig":{"Mounts":[{"Source":"/a","source":"/b"}]}}"#,
        r#"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIP":"","HostIp":""}]}}}"#,
        r#"{"NetworkingConfig":{"EndpointsConfig":{"n":{"Links":[],"links":[]}}}}"#,
        r#"{"Newer":1,"newer":2}"#,
        r#"{"HostConfig":{"Newer":1,"NEWER":2}}"#,
        r#"{"Labels":{"a":"1","a":"1"}}"#,
        r#"{"Newer":[{"a":1,"a":2}]}"#,
    ] {
        let error = create(text).unwrap_err();
        assert!(matches!(error, BodyError::RepeatedKey(_)), "{text}: {error}");
    }
}

#[test]
fn what_the_daemon_would_not_decode_is_refused_with_its_place() {
    for (text, message) in [
        ("[]", "request body must be an object, not an array"),
        (r#"{"HostConfig":[]}"#, "has an array at `HostConfig`, which must be an object"),
        (
            r#"{"HostConfig":{"Privileged":1}}"#,
            "has 1 at `HostConfig.Privileged`, which must be a boolean",
        ),
        (r#"{"HostConfig":{"privileged":"true"}}"#, "a string at `HostConfig.Privileged`"),
        (r#"{"HostConfig":{"Memory":1e3}}"#, "has 1e3 at `HostConfig.Memory`"),
        (r#"{"HostConfig":{"Memory":1.0}}"#, "has 1.0 at"),
        (r#"{"HostConfig":{"Memory":9223372036854775808}}"#, "must be an integer of 64 bits"),
        (r#"{"HostConfig":{"BlkioWeight":65536}}"#, "must be an integer from 0 to 65535"),
        (r#"{"HostConfig":{"IOMaximumIOps":-1}}"#, "must be an integer from 0"),
        (r#"{"HostConfig":{"IOMaximumIOps":-0}}"#, "must be an integer from 0"),
        (
            r#"{"HostConfig":{"Mounts":[{},{"ReadOnly":"x"}]}}"#,
            "at `HostConfig.Mounts[1].ReadOnly`",
        ),
        (
            r#"{"HostConfig":{"Binds":"/a:/b"}}"#,
            "a string at `HostConfig.Binds`, which must be an array",
        ),
        (r#"{"HostConfig":{"Binds":[1]}}"#, "has 1 at `HostConfig.Binds[0]`"),
        (r#"{"Labels":{"a":1}}"#, "has 1 at `Labels.a`, which must be a string"),
        (r#"{"Labels":[]}"#, "an array at `Labels`"),
        (r#"{"Cmd":7}"#, "a string or an array of strings"),
        (r#"{"Cmd":["a",7]}"#, "a string or an array of strings"),
        (r#"{"ExposedPorts":{"80/tcp":[]}}"#, "must be an object"),
        (r#"{"StopTimeout":"1"}"#, "at `StopTimeout`"),
    ] {
        let error = create(text).unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
    let ratio = r#"{"UpdateConfig":{"MaxFailureRatio":1e39}}"#;
    assert!(of("/services/create", ratio).is_err());
    let ratio = r#"{"UpdateConfig":{"MaxFailureRatio":0.5}}"#;
    assert_eq!(at(&of("/services/create", ratio).unwrap(), "UpdateConfig.MaxFailureRatio"), "0.5");
}

#[test]
fn fields_of_the_host_beside_its_configuration_are_refused() {
    for text in [
        r#"{"Image":"bb","Privileged":true}"#,
        r#"{"Image":"bb","privileged":true}"#,
        r#"{"Image":"bb","Binds":["/etc:/x"]}"#,
        r#"{"Image":"bb","NetworkMode":"host","HostConfig":{}}"#,
        r#"{"Image":"bb","Cpuset":"0"}"#,
        r#"{"Image":"bb","Memory":"x"}"#,
    ] {
        let error = create(text).unwrap_err();
        assert!(matches!(error, BodyError::Lifted(_)), "{text}: {error}");
    }
    // Some clients send what asks for nothing.
    for text in [r#"{"Runtime":null}"#, r#"{"Memory":0,"Binds":[],"Privileged":false}"#] {
        assert!(create(text).is_ok(), "{text}");
    }
    assert!(of("/containers/a/exec", r#"{"Privileged":true}"#).is_ok());
}

fn many(count: usize, part: &dyn Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(",")
}

/// Bodies of about 900 KB of the shapes that cost most.
fn long_bodies() -> Vec<String> {
    vec![
        format!(r#"{{"Labels":{{"pad":"{}"}}}}"#, "a".repeat(900_000)),
        format!(r#"{{"Labels":{{{}}}}}"#, many(60_000, &|n| format!(r#""k{n}":"v""#))),
        format!(r#"{{"Env":[{}]}}"#, many(100_000, &|n| format!("\"e{n}\""))),
        format!(
            r#"{{"HostConfig":{{"mounts":[{}]}}}}"#,
            many(18_000, &|n| format!(r#"{{"type":"bind","source":"/{n}","target":"/x"}}"#))
        ),
        format!(
            r#"{{"HostConfig":{{"PortBindings":{{{}}}}}}}"#,
            many(19_000, &|n| format!(r#""{n}/tcp":[{{"hostport":"1"}}]"#))
        ),
    ]
}

#[test]
fn short_bodies_do_not_become_large_ones() {
    for (text, message) in [
        (format!("{{{}}}", many(1002, &|n| format!(r#""k{n}":1"#))), "that the API does not have"),
        (
            format!(
                r#"{{"NetworkingConfig":{{"EndpointsConfig":{{{}}}}}}}"#,
                many(2000, &|n| format!(r#""n{n}":{{}}"#))
            ),
            "left out",
        ),
        (
            format!(r#"{{"HostConfig":{{"Ulimits":[{}]}}}}"#, many(10_000, &|_| "{}".into())),
            "left out",
        ),
        (
            format!(r#"{{"HostConfig":{{"Devices":[{}]}}}}"#, many(10_000, &|_| "null".into())),
            "left out",
        ),
    ] {
        let error = create(&text).unwrap_err();
        assert!(matches!(error, BodyError::Many(_)), "{text:.60}: {error}");
        assert!(error.to_string().ends_with(message), "{error}");
    }
    let published = many(10_000, &|n| format!(r#""{n}/tcp":[{{"HostPort":"{n}"}}]"#));
    assert!(create(&format!(r#"{{"HostConfig":{{"PortBindings":{{{published}}}}}}}"#)).is_ok());
}

#[test]
fn long_bodies_are_read_soon() {
    for text in long_bodies() {
        let began = Instant::now();
        create(&text).unwrap();
        // Some milliseconds with optimizations, and a hundred times that on a busy machine without.
        assert!(began.elapsed() < Duration::from_secs(5), "{text:.60}");
        if std::env::var_os("SHOW").is_some() {
            eprintln!("{:?} {text:.60}", began.elapsed());
        }
    }
}
