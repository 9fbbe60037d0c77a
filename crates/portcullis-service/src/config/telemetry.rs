//! `distributed_tracing` and `metrics_export`: what the exporters take, with places for their
//! complaints.
//!
//! Must not know: how traces and metrics are sent.

use super::read::{Section, typed};
use crate::telemetry::TelemetryError;
use crate::telemetry::options::{DistributedTracingConfig, ExportType, MetricsExportConfig};

const TRACING: &str = "distributed_tracing";
const METRICS: &str = "metrics_export";

/// Reads `distributed_tracing`. None where its `type` leaves it off.
pub(super) fn tracing(top: &Section<'_>) -> Option<DistributedTracingConfig> {
    let value = top.value(TRACING)?;
    let config: DistributedTracingConfig = typed(value, &top.path(TRACING), top.report());
    check(top, config.check());
    let batch = &config.batch_span_processor_options;
    if batch.max_export_batch_size > batch.max_queue_size {
        let (size, queue) = (batch.max_export_batch_size, batch.max_queue_size);
        let path = top.path(TRACING).key("batch_span_processor_options");
        let message =
            format!("`max_export_batch_size` {size} is more than `max_queue_size` {queue}");
        top.report().unfit(path, message);
    }
    is_on(top, TRACING, config.export_type).then_some(config)
}

/// Reads `metrics_export`. None where its `type` leaves it off.
pub(super) fn metrics(top: &Section<'_>) -> Option<MetricsExportConfig> {
    let value = top.value(METRICS)?;
    let config: MetricsExportConfig = typed(value, &top.path(METRICS), top.report());
    check(top, config.check());
    is_on(top, METRICS, config.export_type).then_some(config)
}

fn is_on(top: &Section<'_>, section: &'static str, kind: ExportType) -> bool {
    // An empty type says so on purpose.
    if top.value(section).and_then(|value| value.get("type")).is_none() {
        top.warn(section, format!("`{section}` is off: it has no `type`"));
    }
    kind.0.is_some()
}

fn check(top: &Section<'_>, checked: Result<(), TelemetryError>) {
    let Err(error) = checked else { return };
    match &error {
        TelemetryError::Option { key, reason } => {
            let mut steps = key.split('.');
            let path = top.path(steps.next().unwrap_or_default());
            let path = steps.fold(path, |path, step| path.key(step));
            top.report().unfit(path, reason.clone());
        }
        error => top.unfit_whole(error.to_string()),
    }
}
