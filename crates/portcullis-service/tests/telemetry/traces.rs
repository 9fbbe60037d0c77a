//! Spans at the collector. Must not know: how they get there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use portcullis_service::telemetry::export::{SHUTDOWN_TIMEOUT, TraceExport};
use portcullis_service::telemetry::options::DistributedTracingConfig;
use portcullis_service::telemetry::span::{ATTRIBUTES_MAX, SpanKind};
use serde_json::{Value as Json, json};

use crate::certificates::Certificates;
use crate::collector::{Collector, Received};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn exporter(address: &str, more: Json) -> TraceExport {
    let mut config =
        json!({"address": address, "batch_span_processor_options": {"batch_timeout_ms": 10}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config: DistributedTracingConfig = serde_json::from_value(config).unwrap();
    TraceExport::start(&config).unwrap().unwrap()
}

fn spans(received: &Received) -> (Vec<KeyValue>, Vec<Span>) {
    let mut message: ExportTraceServiceRequest = received.message();
    let mut resource = message.resource_spans.remove(0);
    (resource.resource.unwrap().attributes, resource.scope_spans.remove(0).spans)
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|a| a.key == key)?.value.clone()?.value?;
    match value {
        Value::StringValue(text) => Some(text),
        other => Some(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_span_arrives_with_all_that_is_told_about_it() {
    for (protocol, path, content) in [
        ("http", "/v1/traces", "application/x-protobuf"),
        ("grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "application/grpc"),
    ] {
        let collector = Collector::start(&[], None);
        let export = exporter(
            &collector.address.to_string(),
            json!({
                "type": protocol,
                "service_name": "gate",
                "resource": {"service_version": "1.2", "deployment_environment": "lab"},
                "headers": {"X-Key": "secret"},
            }),
        );
        let mut span = export.span("v1/data", Some(PARENT), &[("http.method", "GET".into())]);
        span.set_attribute("opa.decision_id", "4711");
        span.set_attribute("http.status_code", 500);
        span.set_error("it broke");
        let child = span.child("http.send", SpanKind::Client);
        assert_eq!(child.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(child.traceparent(), format!("00-{}-{}-01", child.trace_id(), child.span_id()));
        let ids = (span.span_id(), child.span_id());
        drop(child);
        drop(span);
        let received = collector.next();
        assert_eq!(
            (received.path.as_str(), &received.headers["x-key"]),
            (path, &"secret".parse().unwrap())
        );
        assert_eq!(received.headers["content-type"], content);
        let (resource, mut spans) = spans(&received);
        if spans.len() == 1 {
            spans.extend(self::spans(&collector.next()).1);
        }
        assert_eq!(text(&resource, "service.name").as_deref(), Some("gate"));
        assert_eq!(text(&resource, "service.version").as_deref(), Some("1.2"));
        assert_eq!(text(&resource, "deployment.environment").as_deref(), Some("lab"));
        assert_eq!(text(&resource, "service.namespace"), None);
        let [child, span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((hex(&span.span_id), hex(&child.span_id)), ids);
        assert_eq!(hex(&span.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(hex(&span.parent_span_id), "00f067aa0ba902b7");
        assert_eq!(child.parent_span_id, span.span_id);
        assert_eq!((span.kind, child.kind, span.flags, child.flags), (2, 3, 0x301, 0x101));
        assert_eq!((span.name.as_str(), child.name.as_str()), ("v1/data", "http.send"));
        assert_eq!(text(&span.attributes, "http.method").as_deref(), Some("GET"));
        assert_eq!(text(&span.attributes, "opa.decision_id").as_deref(), Some("4711"));
        assert_eq!(text(&span.attributes, "http.status_code").as_deref(), Some("IntValue(500)"));
        assert_eq!(
            span.status.as_ref().map(|s| (s.code, s.message.as_str())),
            Some((2, "it broke"))
        );
        assert!(span.start_time_unix_nano <= child.start_time_unix_nano);
        assert!(span.end_time_unix_nano >= child.end_time_unix_nano);
    }
}

#[test]
fn the_way_is_protected_as_configured() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificates::make(folder.path());
    let trusted = json!({"tls_ca_cert_file": made.ca});
    let both = json!({"tls_ca_cert_file": made.ca, "tls_cert_file": made.cert, "tls_private_key_file": made.key});
    let insecure = json!({"allow_insecure_tls": true});
    for (encryption, acceptor, files, arrives) in [
        ("tls", &made.tls, &trusted, true),
        ("tls", &made.tls, &insecure, true),
        ("tls", &made.tls, &json!({}), false), // the system does not know this authority
        ("tls", &made.mtls, &trusted, false),
        ("mtls", &made.mtls, &both, true),
        ("off", &made.tls, &json!({}), false),
    ] {
        for protocol in ["http", "grpc"] {
            let collector = Collector::start(&[], Some(acceptor.clone()));
            let timeout = if arrives { 20_000 } else { 100 };
            let mut more = json!({"type": protocol, "encryption": encryption,
                "batch_span_processor_options": {"batch_timeout_ms": 10, "export_timeout_ms": timeout}});
            more.as_object_mut().unwrap().extend(files.as_object().unwrap().clone());
            let export = exporter(&collector.address.to_string(), more);
            drop(export.span("x", None, &[]));
            if arrives {
                collector.next();
                continue;
            }
            let start = Instant::now();
            while export.dropped() == 0 {
                assert!(start.elapsed() < crate::collector::PATIENCE);
                std::thread::sleep(Duration::from_millis(5));
            }
            assert!(collector.requests.try_recv().is_err(), "{encryption} {protocol} {files}");
        }
    }
}

#[test]
fn the_caller_decides_what_is_sampled_and_else_the_percentage() {
    let collector = Collector::start(&[], None);
    let address = collector.address.to_string();
    let export = exporter(&address, json!({"type": "http", "sample_percentage": 0}));
    let none = export.span("none", None, &[]);
    assert!(!none.is_sampled() && none.trace_id().len() == 32 && none.span_id().len() == 16);
    assert!(none.traceparent().ends_with("-00"));
    drop(none);
    drop(export.span("off", Some(&PARENT.replace("-01", "-00")), &[]));
    drop(export.span("malformed", Some("00-x"), &[]));
    drop(export.span("on", Some(PARENT), &[]));
    export.shutdown();
    let (_, spans) = spans(&collector.next());
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["on"]);
    assert!(collector.requests.try_recv().is_err());
}

#[test]
fn the_end_sends_what_waits_and_later_spans_are_dropped() {
    let collector = Collector::start(&[], None);
    let more =
        json!({"type": "http", "batch_span_processor_options": {"max_export_batch_size": 2}});
    let export = exporter(&collector.address.to_string(), more);
    (0..5).for_each(|_| drop(export.span("x", None, &[])));
    let late = export.span("late", None, &[]);
    export.shutdown();
    let sizes: Vec<_> = (0..3).map(|_| spans(&collector.next()).1.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(export.dropped(), 0);
    drop(late);
    assert_eq!(export.dropped(), 1);
    export.shutdown();
}

#[test]
fn tries_again_only_where_it_may_help() {
    for (protocol, answers, attempts, dropped) in [
        ("http", &[(503, 0), (200, 0)][..], 2, 0),
        ("http", &[(400, 0)], 1, 1),
        ("grpc", &[(200, 14), (200, 0)], 2, 0),
        ("grpc", &[(200, 3)], 1, 1),
        ("grpc", &[(404, 0)], 1, 1),
    ] {
        let collector = Collector::start(answers, None);
        let export = exporter(&collector.address.to_string(), json!({"type": protocol}));
        drop(export.span("x", None, &[]));
        (0..attempts).for_each(|_| drop(collector.next()));
        export.shutdown();
        assert_eq!(export.dropped(), dropped, "{protocol} {answers:?}");
        assert!(collector.requests.try_recv().is_err());
    }
}

#[test]
fn a_collector_that_is_away_or_stuck_stops_nobody() {
    let stuck = TcpListener::bind("127.0.0.1:0").unwrap(); // accepts, never answers
    let away = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [stuck.local_addr().unwrap(), away.local_addr().unwrap()];
    drop(away);
    let cases = addresses.iter().flat_map(|address| [(address, "http"), (address, "grpc")]);
    std::thread::scope(|scope| {
        for (address, protocol) in cases {
            scope.spawn(move || stops_nobody(&address.to_string(), protocol));
        }
    });
}

fn stops_nobody(address: &str, protocol: &str) {
    let options = json!({"max_queue_size": 8, "max_export_batch_size": 4, "batch_timeout_ms": 1,
        "export_timeout_ms": 100});
    let more = json!({"type": protocol, "batch_span_processor_options": options});
    let export = exporter(address, more);
    let start = Instant::now();
    (0..10_000).for_each(|_| drop(export.span("x", None, &[])));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(export.dropped() > 9_000, "{}", export.dropped());
    let start = Instant::now();
    drop(export);
    assert!(start.elapsed() < SHUTDOWN_TIMEOUT + Duration::from_secs(1));
}

#[test]
fn what_is_told_about_a_span_is_bounded() {
    let collector = Collector::start(&[], None);
    let export = exporter(&collector.address.to_string(), json!({"type": "http"}));
    let mut span = export.span(&"é".repeat(10_000), None, &[]);
    for n in 0..ATTRIBUTES_MAX + 5 {
        let key: &'static str = Box::leak(format!("k{n}").into_boxed_str());
        span.set_attribute(key, "x".repeat(10_000).as_str());
    }
    span.set_attribute("k0", true);
    drop(span);
    let (_, spans) = spans(&collector.next());
    assert_eq!(spans[0].name.len(), 1024);
    assert_eq!(spans[0].attributes.len(), ATTRIBUTES_MAX);
    assert_eq!(spans[0].dropped_attributes_count, 5);
    assert_eq!(text(&spans[0].attributes, "k0").as_deref(), Some("BoolValue(true)"));
    assert_eq!(text(&spans[0].attributes, "k1").unwrap().len(), 1024);
}
