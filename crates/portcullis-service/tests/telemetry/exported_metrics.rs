//! Metrics at the collector. Must not know: how they get there.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point::Value};
use portcullis_service::telemetry::export::MetricsExport;
use portcullis_service::telemetry::options::MetricsExportConfig;
use portcullis_service::telemetry::prometheus::{DecisionLogCount, Registry, RegistryOptions};
use serde_json::json;

use crate::collector::{Collector, Received};

fn start(collector: &Collector, kind: &str, interval_ms: u64) -> (Arc<Registry>, MetricsExport) {
    let config = json!({"type": kind, "address": collector.address.to_string(),
        "export_interval_ms": interval_ms});
    let config: MetricsExportConfig = serde_json::from_value(config).unwrap();
    let options = RegistryOptions { http_buckets: vec![0.5, 2.0], status: None };
    let registry = Arc::new(Registry::new(&options).unwrap());
    let export = MetricsExport::start(&config, Arc::clone(&registry)).unwrap().unwrap();
    (registry, export)
}

fn metrics(received: &Received) -> Vec<Metric> {
    let mut message: ExportMetricsServiceRequest = received.message();
    message.resource_metrics.remove(0).scope_metrics.remove(0).metrics
}

fn data(metrics: &[Metric], name: &str) -> Data {
    metrics.iter().find(|m| m.name == name).and_then(|m| m.data.clone()).unwrap()
}

#[test]
fn the_end_pushes_every_family() {
    for (kind, path) in [
        ("otlp/http", "/v1/metrics"),
        ("otlp/grpc", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    ] {
        let collector = Collector::start(&[], None);
        let (registry, export) = start(&collector, kind, 60_000);
        let handler = registry.handler("v1/data");
        for seconds in [0.1, 0.2, 1.0, 5.0] {
            handler.observe("POST", 200, Duration::from_secs_f64(seconds));
        }
        registry.decision_log(DecisionLogCount::Encoding).unwrap().inc_by(3);
        export.shutdown();
        let received = collector.next();
        assert_eq!(received.path, path);
        let metrics = metrics(&received);
        let Data::Histogram(h) = data(&metrics, "http_request_duration_seconds") else { panic!() };
        let point = &h.data_points[0];
        assert_eq!((h.aggregation_temporality, point.count), (2, 4));
        assert_eq!(
            (&point.explicit_bounds, &point.bucket_counts),
            (&vec![0.5, 2.0], &vec![2, 1, 1])
        );
        assert_eq!(point.sum, Some(6.3));
        let labels: Vec<_> = point.attributes.iter().map(|a| a.key.as_str()).collect();
        assert_eq!(labels, ["code", "handler", "method"]);
        let Data::Sum(sum) = data(&metrics, "decision_logs_encoding_failure") else { panic!() };
        assert_eq!((sum.is_monotonic, sum.aggregation_temporality), (true, 2));
        assert_eq!(sum.data_points[0].value, Some(Value::AsDouble(3.0)));
        assert!(sum.data_points[0].start_time_unix_nano > 0);
        let Data::Gauge(gauge) = data(&metrics, "process_resident_memory_bytes") else { panic!() };
        assert!(matches!(gauge.data_points[0].value, Some(Value::AsDouble(bytes)) if bytes > 1e5));
    }
}

#[test]
fn pushes_again_and_again_whatever_the_collector_says() {
    let collector = Collector::start(&[(500, 0), (400, 0), (200, 0)], None);
    let (_registry, export) = start(&collector, "http", 5);
    for _ in 0..4 {
        assert!(!metrics(&collector.next()).is_empty());
    }
    drop(export);
}
