//! What Prometheus reads. Must not know: how it is kept.

use std::time::{Duration, UNIX_EPOCH};

use portcullis_service::telemetry::metrics::Metrics;
use portcullis_service::telemetry::prometheus::{
    DecisionLogCount, Registry, RegistryOptions, StatusOptions,
};
use portcullis_service::telemetry::status_metrics::{BundleReport, FAILURES_MAX, NAMES_MAX};

fn with_status() -> Registry {
    let status = StatusOptions { version: "1.7.1".to_string(), bundle_buckets: Vec::new() };
    let options = RegistryOptions { status: Some(status), ..RegistryOptions::default() };
    Registry::new(&options).unwrap()
}

fn report<'a>(name: &'a str, revision: &'a str, metrics: &'a Metrics) -> BundleReport<'a> {
    let time = Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    BundleReport {
        name,
        active_revision: revision,
        failure: None,
        last_request: time,
        last_successful_request: time,
        last_successful_download: time,
        last_successful_activation: time,
        metrics: Some(metrics),
    }
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|l| l == line)
}

/// Counts the series of a metric.
fn series(text: &str, name: &str) -> usize {
    text.lines().filter(|line| line.starts_with(&format!("{name}{{"))).count()
}

#[test]
fn requests_are_counted_by_code_handler_and_method() {
    let registry = Registry::new(&RegistryOptions::default()).unwrap();
    let data = registry.handler("v1/data");
    data.observe("GET", 200, Duration::from_micros(7));
    data.observe("get", 200, Duration::from_secs(3));
    data.observe("BREW", 418, Duration::ZERO);
    data.observe("POST", 999, Duration::ZERO);
    data.cancelled("POST", 200);
    registry.handler("health").observe("HEAD", 500, Duration::ZERO);
    let text = registry.gather_text();
    let name = "http_request_duration_seconds";
    for line in [
        "# HELP http_request_duration_seconds A histogram of duration for requests.",
        "# TYPE http_request_duration_seconds histogram",
        r#"http_request_duration_seconds_bucket{code="200",handler="v1/data",method="get",le="0.000005"} 0"#,
        r#"http_request_duration_seconds_bucket{code="200",handler="v1/data",method="get",le="0.00001"} 1"#,
        r#"http_request_duration_seconds_bucket{code="200",handler="v1/data",method="get",le="+Inf"} 2"#,
        r#"http_request_duration_seconds_count{code="418",handler="v1/data",method="unknown"} 1"#,
        r#"http_request_duration_seconds_count{code="unknown",handler="v1/data",method="post"} 1"#,
        r#"http_request_duration_seconds_count{code="500",handler="health",method="head"} 1"#,
        r#"http_request_cancellations{code="200",handler="v1/data",method="post"} 1"#,
    ] {
        assert!(has(&text, line), "{line}\n{text}");
    }
    assert_eq!(series(&text, &format!("{name}_count")), 4);
}

#[test]
fn the_process_is_told_about() {
    let registry = Registry::new(&RegistryOptions::default()).unwrap();
    registry.decision_log(DecisionLogCount::RateLimit).unwrap().inc();
    registry.decision_log(DecisionLogCount::Masking).unwrap().inc_by(2);
    let text = registry.gather_text();
    for name in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
        "process_open_fds",
        "go_goroutines",
        "go_threads",
        "go_memstats_alloc_bytes",
    ] {
        let value = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap();
        assert!(value.parse::<f64>().unwrap() >= 0.0, "{name} {value}");
    }
    assert_eq!(series(&text, "go_info"), 1);
    assert!(has(&text, "decision_logs_dropped_rate_limit_exceeded 1"), "{text}");
    assert!(has(&text, "decision_logs_masking_failure 2"), "{text}");
    assert!(!text.contains("opa_info") && registry.status().is_none());
}

#[test]
fn bundles_and_plugins_have_opas_names() {
    let registry = with_status();
    let status = registry.status().unwrap();
    let mut metrics = Metrics::new();
    metrics.timer("rego_load_bundles").record(Duration::from_nanos(1500));
    metrics.timer("server_handler").record(Duration::from_nanos(1));
    status.bundle(&report("b", "one", &metrics));
    status.bundle(&report("b", "two", &metrics));
    status.bundle(&BundleReport {
        failure: Some(("bundle_error", "status 404")),
        last_successful_activation: None,
        ..report("b", "two", &metrics)
    });
    status.plugin("bundle", "NOT_READY");
    status.plugin("bundle", "OK");
    let text = registry.gather_text();
    for line in [
        r#"opa_info{version="1.7.1"} 1"#,
        r#"plugin_status_gauge{name="bundle",status="OK"} 1"#,
        r#"bundle_loaded_counter{name="b"} 2"#,
        r#"bundle_failed_load_counter{code="bundle_error",message="status 404",name="b"} 1"#,
        r#"last_bundle_request{name="b"} 1700000000000000000"#,
        r#"last_success_bundle_activation{active_revision="two",name="b"} 1700000000000000000"#,
        r#"last_success_bundle_download{name="b"} 1700000000000000000"#,
        r#"last_success_bundle_request{name="b"} 1700000000000000000"#,
        r#"bundle_loading_duration_ns_bucket{name="b",stage="timer_rego_load_bundles_ns",le="1000"} 0"#,
        r#"bundle_loading_duration_ns_bucket{name="b",stage="timer_rego_load_bundles_ns",le="2000"} 3"#,
        r#"bundle_loading_duration_ns_bucket{name="b",stage="timer_rego_load_bundles_ns",le="524288000"} 3"#,
    ] {
        assert!(has(&text, line), "{line}\n{text}");
    }
    for name in ["plugin_status_gauge", "last_success_bundle_activation"] {
        assert_eq!(series(&text, name), 1, "{text}");
    }
    assert_eq!(series(&text, "bundle_loading_duration_ns_count"), 1);
    status.forget_bundle("b");
    let text = registry.gather_text();
    assert!(!text.contains(r#"name="b""#), "{text}");
}

#[test]
fn series_are_bounded() {
    let registry = with_status();
    let status = registry.status().unwrap();
    let metrics = Metrics::new();
    for n in 0..NAMES_MAX + 50 {
        status.bundle(&report(&format!("b{n}"), &format!("r{n}"), &metrics));
        status.plugin(&format!("p{n}"), "OK");
        let message = format!("failure {n}: {}", "é".repeat(1000));
        let failure = Some(("bundle_error", message.as_str()));
        status.bundle(&BundleReport { failure, ..report("b0", "r0", &metrics) });
    }
    let text = registry.gather_text();
    assert_eq!(series(&text, "bundle_loaded_counter"), NAMES_MAX + 1);
    assert_eq!(series(&text, "last_success_bundle_activation"), NAMES_MAX + 1);
    assert_eq!(series(&text, "plugin_status_gauge"), NAMES_MAX + 1);
    assert_eq!(series(&text, "bundle_failed_load_counter"), FAILURES_MAX + 1);
    assert!(text.lines().all(|line| line.len() < 600));
}

#[test]
fn buckets_must_increase() {
    for (buckets, is_good) in [
        (vec![], false),
        (vec![1.0], true),
        (vec![1.0, 2.0], true),
        (vec![2.0, 1.0], false),
        (vec![1.0, 1.0], false),
        (vec![f64::NAN], false),
        (vec![1.0, f64::INFINITY], false),
        ((0..1000).map(f64::from).collect(), false),
    ] {
        let options = RegistryOptions { http_buckets: buckets.clone(), status: None };
        assert_eq!(Registry::new(&options).is_ok(), is_good, "{buckets:?}");
        let status = StatusOptions { version: String::new(), bundle_buckets: buckets.clone() };
        let options = RegistryOptions { status: Some(status), ..RegistryOptions::default() };
        assert_eq!(Registry::new(&options).is_ok(), is_good || buckets.is_empty(), "{buckets:?}");
    }
}
