//! Prometheus' metrics as JSON, as the status carries them.
//!
//! Must not know: who sends it.
//!
//! Source: OPA documentation, "Status": `metrics.prometheus` has the fields of Prometheus' protocol
//! buffers, its types as numbers.

use prometheus::proto::{Histogram, Metric, MetricFamily, MetricType};
use rego::{Number, Value};

/// Returns all families by name.
pub(super) fn families(families: &[MetricFamily]) -> Value {
    let entries = families.iter().map(|family| (Value::from(family.name()), document(family)));
    Value::object(entries.collect())
}

fn document(family: &MetricFamily) -> Value {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => 0,
        MetricType::GAUGE => 1,
        MetricType::SUMMARY => 2,
        MetricType::UNTYPED => 3,
        MetricType::HISTOGRAM => 4,
    };
    let series = family.get_metric().iter().map(|metric| one(metric, family.get_field_type()));
    Value::object_from_strs([
        ("name", Value::from(family.name())),
        ("help", Value::from(family.help())),
        ("type", Value::from(kind)),
        ("metric", Value::array(series.collect())),
    ])
}

fn one(metric: &Metric, kind: MetricType) -> Value {
    let mut entries = Vec::new();
    let labels = metric.get_label().iter().map(|label| {
        Value::object_from_strs([
            ("name", Value::from(label.name())),
            ("value", Value::from(label.value())),
        ])
    });
    let labels: Vec<_> = labels.collect();
    if !labels.is_empty() {
        entries.push((Value::from("label"), Value::array(labels)));
    }
    let single = |value: f64| Value::object_from_strs([("value", number(value))]);
    let value = match kind {
        MetricType::COUNTER => Some(("counter", single(metric.get_counter().get_value()))),
        MetricType::GAUGE => Some(("gauge", single(metric.get_gauge().get_value()))),
        MetricType::HISTOGRAM => Some(("histogram", histogram(metric.get_histogram()))),
        // There are none of these.
        MetricType::SUMMARY | MetricType::UNTYPED => None,
    };
    entries.extend(value.map(|(key, value)| (Value::from(key), value)));
    Value::object(entries)
}

fn histogram(histogram: &Histogram) -> Value {
    // The last bucket, without a bound, is the count itself.
    let bounded = histogram.get_bucket().iter().filter(|b| b.upper_bound().is_finite());
    let buckets = bounded.map(|bucket| {
        Value::object_from_strs([
            ("cumulative_count", Value::from(Number::from(bucket.cumulative_count()))),
            ("upper_bound", number(bucket.upper_bound())),
        ])
    });
    Value::object_from_strs([
        ("sample_count", Value::from(Number::from(histogram.get_sample_count()))),
        ("sample_sum", number(histogram.get_sample_sum())),
        ("bucket", Value::array(buckets.collect())),
    ])
}

/// Returns a number; JSON has none for what is not finite.
fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::NULL, Value::from)
}
