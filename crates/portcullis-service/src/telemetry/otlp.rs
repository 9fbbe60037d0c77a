//! OTLP messages: spans and Prometheus' families as the collector reads them.
//!
//! Pure. Must not know: sockets, when messages are sent.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, status};
use prometheus::proto::{MetricFamily, MetricType};

use super::options::ResourceConfig;
use super::span::{AttributeValue, SpanData};

/// Returns who we are, for the collector.
pub(super) fn resource(service_name: &str, more: &ResourceConfig) -> Resource {
    let attributes = [
        ("service.name", service_name),
        ("service.version", &more.service_version),
        ("service.instance.id", &more.service_instance_id),
        ("service.namespace", &more.service_namespace),
        ("deployment.environment", &more.deployment_environment),
        ("deployment.environment.name", &more.deployment_environment),
    ];
    let attributes = attributes
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| attribute(key, &AttributeValue::Text(value.to_string())))
        .collect();
    Resource { attributes, ..Resource::default() }
}

/// Puts spans into one message.
pub(super) fn trace_message(resource: &Resource, spans: &[SpanData]) -> ExportTraceServiceRequest {
    let spans = spans.iter().map(span).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

fn span(data: &SpanData) -> Span {
    const HAS_IS_REMOTE: u32 = 0x100; // the flags of a span's protobuf message
    const IS_REMOTE: u32 = 0x200;
    let flags = HAS_IS_REMOTE | if data.is_parent_remote { IS_REMOTE } else { 0 };
    Span {
        trace_id: data.trace_id.to_be_bytes().to_vec(),
        span_id: data.span_id.to_be_bytes().to_vec(),
        parent_span_id: data.parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        flags: flags | 1, // only sampled spans are sent
        name: data.name.clone(),
        kind: data.kind as i32,
        start_time_unix_nano: nanoseconds(data.start),
        end_time_unix_nano: nanoseconds(data.start + data.duration),
        attributes: data.attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        dropped_attributes_count: data.dropped_attributes,
        status: data.error.as_ref().map(|message| Status {
            message: message.clone(),
            code: status::StatusCode::Error as i32,
        }),
        ..Span::default()
    }
}

/// Puts every series into one message; counts are since `start`.
///
/// Source: the specification of OpenTelemetry, "Prometheus and OpenMetrics Compatibility".
pub(super) fn metrics_message(
    resource: &Resource,
    families: &[MetricFamily],
    start: SystemTime,
) -> ExportMetricsServiceRequest {
    let times = Times { start: nanoseconds(start), now: nanoseconds(SystemTime::now()) };
    let metrics = families.iter().filter_map(|family| metric(family, &times)).collect();
    let scope_metrics =
        vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource.clone()),
            scope_metrics,
            ..ResourceMetrics::default()
        }],
    }
}

/// Nanoseconds since the epoch.
struct Times {
    start: u64,
    now: u64,
}

/// Returns a family as a metric; the registry makes no summary, so there is none here.
fn metric(family: &MetricFamily, times: &Times) -> Option<Metric> {
    const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;
    let series = family.get_metric().iter();
    let data = match family.get_field_type() {
        MetricType::COUNTER => metric::Data::Sum(Sum {
            data_points: series.map(|m| number(m, m.get_counter().get_value(), times)).collect(),
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        }),
        MetricType::GAUGE => metric::Data::Gauge(Gauge {
            data_points: series.map(|m| number(m, m.get_gauge().get_value(), times)).collect(),
        }),
        MetricType::HISTOGRAM => metric::Data::Histogram(Histogram {
            data_points: series.map(|m| histogram(m, times)).collect(),
            aggregation_temporality: CUMULATIVE,
        }),
        MetricType::SUMMARY | MetricType::UNTYPED => return None,
    };
    Some(Metric {
        name: family.name().to_string(),
        description: family.help().to_string(),
        data: Some(data),
        ..Metric::default()
    })
}

fn number(series: &prometheus::proto::Metric, value: f64, times: &Times) -> NumberDataPoint {
    NumberDataPoint {
        attributes: labels(series),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn histogram(series: &prometheus::proto::Metric, times: &Times) -> HistogramDataPoint {
    let histogram = series.get_histogram();
    let mut bounds = Vec::new();
    let mut counts = Vec::new();
    let mut below = 0;
    // Prometheus counts what is below a bound, OpenTelemetry what is between two.
    for bucket in histogram.get_bucket() {
        if bucket.upper_bound().is_finite() {
            bounds.push(bucket.upper_bound());
            counts.push(bucket.cumulative_count().saturating_sub(below));
            below = bucket.cumulative_count();
        }
    }
    counts.push(histogram.get_sample_count().saturating_sub(below));
    HistogramDataPoint {
        attributes: labels(series),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: histogram.get_sample_count(),
        sum: Some(histogram.get_sample_sum()),
        bucket_counts: counts,
        explicit_bounds: bounds,
        ..HistogramDataPoint::default()
    }
}

fn labels(series: &prometheus::proto::Metric) -> Vec<KeyValue> {
    let pairs = series.get_label().iter();
    pairs.map(|l| attribute(l.name(), &AttributeValue::Text(l.value().to_string()))).collect()
}

fn attribute(key: &str, value: &AttributeValue) -> KeyValue {
    let value = match value {
        AttributeValue::Text(text) => any_value::Value::StringValue(text.clone()),
        AttributeValue::Int(int) => any_value::Value::IntValue(*int),
        AttributeValue::Bool(bool) => any_value::Value::BoolValue(*bool),
    };
    KeyValue {
        key: key.to_string(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "portcullis".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        ..InstrumentationScope::default()
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
