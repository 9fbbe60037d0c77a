//! Each message, as it is shown.

use super::{error, load};

const SERVICE: &str = "services: {s: {url: http://s}}\n";

#[test]
fn syntax() {
    assert_eq!(error("[1]"), "opa.yaml:1:1: expected an object of options");
    let text = "{\"a\": [1}";
    assert!(error(text).starts_with("opa.yaml:1:9: "), "{}", error(text));
    let text = "services:\n  s:\n    url: \"x\n";
    assert!(error(text).starts_with("opa.yaml:"), "{}", error(text));
}

#[test]
fn all_wrong_values_at_once_with_their_lines() {
    let text = "labels:\n  a: 1\nbundles:\n  b:\n    polling:\n      min_delay_seconds: x\n    persist: no way\nservices:\n  s:\n    url: 5\n    response_header_timeout_seconds: soon\n";
    let expected = "invalid configuration\n\
        opa.yaml:2:3: `labels.a`: expected a string, found the number `1`\n    2 |   a: 1\n\
        opa.yaml:6:7: `bundles.b.polling.min_delay_seconds`: expected a whole number of seconds from 0 to 4294967295, found the string `x`\n    6 |       min_delay_seconds: x\n\
        opa.yaml:7:5: `bundles.b.persist`: expected true or false, found the string `no way`\n    7 |     persist: no way\n\
        opa.yaml:10:5: `services.s.url`: expected a string, found number\n   10 |     url: 5\n\
        opa.yaml:11:5: `services.s.response_header_timeout_seconds`: expected a whole number from 0, found string \"soon\"\n   11 |     response_header_timeout_seconds: soon";
    assert_eq!(error(text), expected);
}

#[test]
fn what_does_not_go_together() {
    let cases = [
        ("bundles: {b: {}}", "`bundles.b`: needs a service, but `services` has none"),
        (
            "bundles: {b: {service: x}}",
            "`bundles.b.service`: no service is called `x`: there is `s`",
        ),
        (
            "bundles: {b: {polling: {min_delay_seconds: 5}}}",
            "`bundles.b.polling`: `min_delay_seconds` needs `max_delay_seconds` beside it",
        ),
        (
            "bundles: {b: {polling: {max_delay_seconds: 5}}}",
            "`bundles.b.polling`: `max_delay_seconds` needs `min_delay_seconds` beside it",
        ),
        (
            "bundles: {b: {polling: {min_delay_seconds: 9, max_delay_seconds: 5}}}",
            "`bundles.b.polling`: `min_delay_seconds` 9 is more than `max_delay_seconds` 5",
        ),
        (
            "bundles: {b: {trigger: never}}",
            "`bundles.b.trigger`: expected `periodic` or `manual`, found the string `never`",
        ),
        (
            "bundles: {b: {size_limit_bytes: 0}}",
            "`bundles.b.size_limit_bytes`: expected a whole number from 1 to 9223372036854775807, found the number `0`",
        ),
        (
            "bundles: {b: {signing: {keyid: k}}}",
            "`bundles.b.signing.keyid`: no key of `keys` is called `k`: there are none",
        ),
        (
            "bundles: {b: {signing: {}}}",
            "`bundles.b.signing`: needs a key in `keys` to verify with",
        ),
        ("bundles: []", "`bundles`: expected an object, found a list"),
        ("bundle: {}", "`bundle`: needs a `name`"),
        (
            "keys: {k: {key: x, algorithm: none}}",
            "`keys.k.algorithm`: `none` is no algorithm: there are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, HS256, HS384, HS512",
        ),
        ("keys: {k: {}}", "`keys.k`: needs a `key` or a `private_key`"),
        ("discovery: {}", "`discovery`: needs a `resource`"),
        (
            "discovery: {resource: d, trigger: manual}\nstatus: {trigger: periodic}",
            "`status.trigger`: is `periodic`, but `manual` for discovery",
        ),
        (
            "decision_logs: {reporting: {max_decisions_per_second: 1, buffer_size_limit_bytes: 5}}",
            "`decision_logs.reporting.max_decisions_per_second`: cannot go with `buffer_size_limit_bytes`: give one of them",
        ),
        (
            "decision_logs: {reporting: {max_decisions_per_second: 0}}",
            "`decision_logs.reporting.max_decisions_per_second`: expected a number greater than 0, found the number `0`",
        ),
        (
            "decision_logs: {reporting: {upload_size_limit_bytes: 89}}",
            "`decision_logs.reporting.upload_size_limit_bytes`: expected a whole number from 90 to 4294967296, found the number `89`",
        ),
        (
            "decision_logs: {reporting: {buffer_type: event, buffer_size_limit_bytes: 5}}",
            "`decision_logs.reporting.buffer_size_limit_bytes`: goes with the `buffer_type` `size` only",
        ),
        (
            "decision_logs: {reporting: {buffer_size_limit_events: 5}}",
            "`decision_logs.reporting.buffer_size_limit_events`: goes with the `buffer_type` `event` only",
        ),
        (
            "decision_logs: {reporting: {spill_size_limit_bytes: 2000000}}",
            "`decision_logs.reporting.spill_size_limit_bytes`: goes with `spill_directory` only",
        ),
        (
            "decision_logs: {reporting: {spill_directory: /s, spill_size_limit_bytes: 5}}",
            "`decision_logs.reporting.spill_size_limit_bytes`: expected a whole number from 1048576, found the number `5`",
        ),
        (
            "decision_logs: {reporting: {spill_directory: /s, buffer_type: event}}",
            "`decision_logs.reporting.buffer_type`: does not go with `spill_directory`: nothing waits in memory",
        ),
        (
            "decision_logs: {plugin: p}",
            "`decision_logs.plugin`: `plugins` has none that is called `p` and takes a log",
        ),
        (
            "status: {plugin: p}",
            "`status.plugin`: no plugin called `p` takes reports of the status",
        ),
        ("plugins: {p: {}}", "`plugins.p`: no plugin is called `p`: there is `file_logger`"),
        ("plugins: {file_logger: {}}", "`plugins.file_logger`: needs a `path`"),
        ("storage: {disk: {}}", "`storage.disk`: needs a `directory`"),
        (
            "server: {encoding: {gzip: {compression_level: 5}}}",
            "`server.encoding.gzip.compression_level`: expected 0, 1 or 9, found `5`",
        ),
        (
            "server: {metrics: {prom: {http_request_duration_seconds: {buckets: [2, 1]}}}}",
            "`server.metrics.prom.http_request_duration_seconds.buckets`: expected numbers that grow from one to the next",
        ),
        (
            "caching: {inter_query_builtin_cache: {forced_eviction_threshold_percentage: 101}}",
            "`caching.inter_query_builtin_cache.forced_eviction_threshold_percentage`: expected a whole number from 0 to 100, found the number `101`",
        ),
        (
            "distributed_tracing: {type: udp}",
            "`distributed_tracing.type`: unknown type `udp`: expected `grpc`, `http` or none",
        ),
        (
            "distributed_tracing: {type: grpc, sample_percentage: 101}",
            "`distributed_tracing.sample_percentage`: must be between 0 and 100",
        ),
        (
            "distributed_tracing: {type: grpc, encryption: mtls}",
            "`distributed_tracing.tls_cert_file`: `encryption: mtls` needs this file",
        ),
        (
            "metrics_export: {type: grpc, export_interval_ms: 0}",
            "`metrics_export.export_interval_ms`: must be greater than zero",
        ),
    ];
    for (text, message) in cases {
        let without_service = message.ends_with("`services` has none");
        let text = if without_service { text.to_owned() } else { format!("{SERVICE}{text}") };
        let found = error(&text);
        let first = found.lines().nth(1).unwrap_or(&found).splitn(4, ':').nth(3);
        assert_eq!(first.map(str::trim), Some(message), "{text}\n{found}");
        assert!(found.lines().filter(|line| line.starts_with("opa.yaml")).count() == 1, "{found}");
    }
}

#[test]
fn services() {
    let cases = [
        ("services: {s: {}}", "`services.s`: needs a `url`"),
        ("services: [{url: x}]", "`services[0]`: a service in a list needs a `name`"),
        (
            "services: [{name: s, url: x}, {name: s, url: x}]",
            "`services[1]`: a service before is called `s` too",
        ),
        (
            "services: {s: {url: x, credentials: {bearer: {token: a}, plugin: b}}}",
            "`services.s.credentials`: at most one kind can be given, found bearer, plugin",
        ),
        (
            "services: {s: {url: x, credentials: {plugin: b}}}",
            "`services.s.credentials.plugin`: there is no plugin for credentials",
        ),
        (
            "services: {s: {url: x, credentials: {oauth2: {signing_key: k}}}}",
            "`services.s.credentials.oauth2.signing_key`: no key of `keys` is called `k`",
        ),
    ];
    for (text, message) in cases {
        let found = error(text);
        assert!(found.contains(message), "{text}\n{found}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let texts = [
        "{\"services\": {\"s\": {\"url\": 5, \"credentials\": {\"bearer\": {\"token\": \"hunter2\"}}}}}",
        "services: {s: {url: x, credentials: {bearer: {token: [hunter2]}}}}",
        "services: {s: {url: x, headers: {A: [hunter2]}}}",
        "keys:\n  k: {key: hunter2, algorithm: 5}",
        "keys:\n  k:\n    key: [hunter2]",
        "services:\n  s: {url: x, credentials: {bearer: {token: hunter2\n",
    ];
    for text in texts {
        let found = error(text);
        assert!(!found.contains("no error") && !found.contains("hunter2"), "{text}\n{found}");
    }
}

#[test]
fn unknown_options_are_warned_of() {
    let text = "services:\n  s:\n    url: http://s\n    credentails: {}\nbundles:\n  b:\n    resorce: x\n    polling: {zzz: 1}\nwhat: 1\ncaching: {x: 1, inter_query_builtin_value_cache: {max_num_entries: 5}}\n";
    let expected = [
        "unknown configuration option \"services.s.credentails\" encountered (opa.yaml:4)",
        "unknown configuration option \"bundles.b.polling.zzz\" encountered (opa.yaml:8)",
        "unknown configuration option \"bundles.b.resorce\" encountered; did you mean `resource`? (opa.yaml:7)",
        "`max_num_entries` has no effect: patterns of `regex.*` and `glob.*` are kept in memories of 256 each (opa.yaml:10)",
        "unknown configuration option \"caching.x\" encountered (opa.yaml:10)",
        "unknown configuration option \"what\" encountered (opa.yaml:9)",
    ];
    assert_eq!(load(text).unwrap().warnings, expected);
}
