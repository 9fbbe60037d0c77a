//! What is read, defaults, and what may be shown of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use portcullis_service::config::{
    CacheLimit, Config, LogBuffer, Polling, Trigger, active_document, substitute,
};
use serde_json::json;

use super::load;

#[test]
fn nothing_is_all_defaults() {
    for text in ["", "{}", "# only a comment\n", "status:\nbundles:\n", "{\t\"labels\":\t{} }"] {
        let loaded = load(text).unwrap();
        let config = loaded.config;
        assert_eq!(loaded.warnings, [""; 0], "{text}");
        assert_eq!(config.default_decision, "/system/main");
        assert_eq!(config.default_authorization_decision, "/system/authz/allow");
        assert_eq!(config.persistence_directory(Path::new("/w")), Path::new("/w/.opa"));
        assert!(!config.nd_builtin_cache && config.bundles.is_empty());
        assert!(config.status.is_none() && config.decision_logs.is_none());
        assert_eq!(config.server.body_max_bytes, 268_435_456);
        assert_eq!(config.server.gzip_body_max_bytes, 536_870_912);
        assert_eq!((config.server.gzip_min_bytes, config.server.gzip_level), (1024, 9));
        assert_eq!(config.server.duration_buckets.len(), 10);
        let values = config.caching.value_cache;
        assert_eq!(values.named("graphql"), CacheLimit::Entries(10));
        assert_eq!(values.named("io_jwt"), CacheLimit::Off);
    }
}

#[test]
fn plugins_use_the_first_service() {
    let texts = [
        "services: {z: {url: http://z}, a: {url: http://a}}\nbundles: {b: {}}\ndecision_logs: {}\nstatus: {}",
        "services: [{name: z, url: http://z}, {name: a, url: http://a}]\nbundles: {b:}\ndecision_logs: {resource: }\nstatus: {}",
    ];
    for text in texts {
        let config = load(text).unwrap().config;
        assert_eq!(config.default_service.as_deref(), Some("z"));
        let bundle = &config.bundles["b"];
        assert_eq!(bundle.service.as_deref(), Some("z"));
        assert_eq!(bundle.resource, "bundles/b");
        assert_eq!(bundle.size_limit_bytes, 1 << 30);
        let (min, max) = (Duration::from_secs(60), Duration::from_secs(120));
        assert_eq!(bundle.polling, Polling { min, max, long_poll: None });
        let logs = config.decision_logs.unwrap();
        assert_eq!(logs.service.as_deref(), Some("z"));
        assert_eq!(logs.resource, "/logs");
        assert_eq!(logs.reporting.buffer, LogBuffer::Size { limit_bytes: None });
        assert_eq!(logs.reporting.min_delay, Duration::from_secs(300));
        assert_eq!(config.status.unwrap().service.as_deref(), Some("z"));
    }
}

#[test]
fn a_console_takes_the_place_of_the_default_service() {
    let text = "services: {s: {url: http://s}}\ndecision_logs: {console: true, nd_builtin_cache: true}\nstatus: {prometheus: true}";
    let config = load(text).unwrap().config;
    assert_eq!(config.decision_logs.unwrap().service, None);
    assert_eq!(config.status.unwrap().service, None);
    assert!(config.nd_builtin_cache);
    let loaded = load("decision_logs: {}\nstatus: {}").unwrap();
    assert!(loaded.config.decision_logs.is_none() && loaded.config.status.is_none());
    let expected = [
        "decisions are not logged: no service, plugin or console (opa.yaml:1)",
        "the status is not reported: no service, console or prometheus (opa.yaml:2)",
    ];
    assert_eq!(loaded.warnings, expected);
}

#[test]
fn deprecated_forms_are_folded() {
    let text = "services: {s: {url: http://s}}\nbundle: {name: a/b}\ndiscovery: {name: d, prefix: /p/}\ndecision_logs: {partition_name: x}";
    let loaded = load(text).unwrap();
    assert_eq!(loaded.config.bundles["a/b"].resource, "bundles/a/b");
    assert_eq!(loaded.config.discovery.unwrap().resource, "p/d");
    assert_eq!(loaded.config.decision_logs.unwrap().resource, "/logs/x");
    assert_eq!(loaded.warnings.len(), 3);
}

#[test]
fn discovery_hands_its_trigger_down() {
    let text = "services: {s: {url: http://s}}\ndiscovery: {resource: d, trigger: manual}\nbundles: {b: {}}\nstatus: {}\ndecision_logs: {}";
    let config = load(text).unwrap().config;
    assert_eq!(config.bundles["b"].trigger, Trigger::Manual);
    assert_eq!(config.status.unwrap().trigger, Trigger::Manual);
    assert_eq!(config.decision_logs.unwrap().reporting.trigger, Trigger::Manual);
}

#[test]
fn the_rest_is_read() {
    let text = "
plugins: {file_logger: {path: /l, max_size_mb: 5, compress: true, level: error}}
decision_logs:
  plugin: file_logger
  mask_decision: /m
  request_context: {http: {headers: [A]}}
  reporting: {buffer_type: event, max_decisions_per_second: 0.5, min_delay_seconds: 1, max_delay_seconds: 2, trigger: immediate}
server: {logger_plugin: file_logger}
storage: {disk: {directory: /d, auto_create: true, partitions: [/a/*]}}
caching: {inter_query_builtin_value_cache: {named: {io_jwt: {max_num_entries: 0}, graphql: {disabled: true}}}}
distributed_tracing: {type: grpc}
metrics_export: {type: ''}
bundles: {f: {resource: 'file:///x', polling: {long_polling_timeout_seconds: 10}}}
";
    let loaded = load(text).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let config = loaded.config;
    let logs = config.decision_logs.unwrap();
    assert_eq!(logs.plugin.as_deref(), Some("file_logger"));
    assert_eq!(
        (logs.mask_decision.as_str(), logs.drop_decision.as_str()),
        ("/m", "/system/log/drop")
    );
    assert_eq!(logs.request_headers, ["A"]);
    assert_eq!(logs.reporting.buffer, LogBuffer::Events { limit: 10_000 });
    assert_eq!(logs.reporting.max_decisions_per_second, Some(0.5));
    assert_eq!(logs.reporting.trigger, Trigger::Immediate);
    assert!(config.storage.unwrap().auto_create);
    assert_eq!(config.caching.value_cache.named("io_jwt"), CacheLimit::Unlimited);
    assert_eq!(config.caching.value_cache.named("graphql"), CacheLimit::Off);
    assert!(config.distributed_tracing.is_some() && config.metrics_export.is_none());
    assert_eq!(config.bundles["f"].polling.long_poll, Some(Duration::from_secs(10)));
    assert_eq!(config.bundles["f"].service, None);
}

#[test]
fn shown_without_secrets() {
    let labels = BTreeMap::from([("id".to_owned(), "i".to_owned())]);
    let shown = active_document(&json!({}), &labels);
    let expected = r#"{"default_authorization_decision":"/system/authz/allow","default_decision":"/system/main","labels":{"id":"i"}}"#;
    assert_eq!(shown.to_string(), expected);
    for services in [json!({"s": {"url": "u"}}), json!([{"name": "s", "url": "u"}])] {
        let mut secret = services.clone();
        let service = if secret.is_array() { &mut secret[0] } else { &mut secret["s"] };
        service["credentials"] = json!({"bearer": {"token": "S"}});
        let keys = json!({"k": {"key": "S", "private_key": "S", "scope": "r"}});
        let document = json!({"services": secret, "keys": keys, "default_decision": "a/b"});
        let shown = active_document(&document, &labels);
        assert_eq!(shown["services"], services);
        assert_eq!(shown["keys"], json!({"k": {"scope": "r"}}));
        assert_eq!(shown["default_decision"], "a/b");
    }
}

#[test]
fn a_document_is_read_like_a_text() {
    let mut document = json!({"labels": {"a": "${TOKEN}"}});
    substitute(&mut document, &super::env).unwrap();
    assert_eq!(Config::from_value(document).unwrap().config.labels["a"], "s3cr3t");
    let error = Config::from_value(json!({"labels": 5})).unwrap_err().to_string();
    let expected =
        "invalid configuration\n`labels`: expected an object of strings, found the number `5`";
    assert_eq!(error, expected);
    let mut deep = json!(1);
    (0..70).for_each(|_| deep = json!([deep.take()]));
    let error = Config::from_value(json!({"a": deep})).unwrap_err().to_string();
    assert_eq!(error, "invalid configuration\nnested deeper than 64 levels");
}
