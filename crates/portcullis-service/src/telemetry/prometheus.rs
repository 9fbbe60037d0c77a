//! The metrics of the process under OPA's names, as Prometheus reads them.
//!
//! Series are bounded: label values come from short lists, or are counted (`status_metrics.rs`).
//! Must not know: HTTP beyond a method's name and a status code, what a bundle is.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus::proto::MetricFamily;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, TextEncoder,
};

use super::TelemetryError;
use super::process::ProcessCollector;
use super::status_metrics::StatusMetrics;

/// The default of `server.metrics.prom.http_request_duration_seconds.buckets`, in seconds.
pub const HTTP_BUCKETS: [f64; 10] = [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 0.01, 0.1, 1.0];

/// Most buckets of a histogram.
pub const BUCKETS_MAX: usize = 256;

/// What a [`Registry`] holds.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// Upper bounds of the buckets of request durations, in seconds, increasing.
    pub http_buckets: Vec<f64>,
    /// With `status.prometheus`: the metrics of bundles and plugins.
    pub status: Option<StatusOptions>,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { http_buckets: HTTP_BUCKETS.to_vec(), status: None }
    }
}

/// Options of the metrics that `status.prometheus` turns on.
#[derive(Clone, Debug)]
pub struct StatusOptions {
    /// The version that `opa_info` names.
    pub version: String,
    /// `status.prometheus_config.collectors.bundle_loading_duration_ns.buckets`, in nanoseconds,
    /// increasing; empty means OPA's own.
    pub bundle_buckets: Vec<f64>,
}

/// Counts of the decision log that Prometheus can see, under the names its status uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionLogCount {
    /// `decision_logs_dropped_rate_limit_exceeded`.
    RateLimit,
    /// `decision_logs_dropped_buffer_size_limit_exceeded`.
    BufferEvents,
    /// `decision_logs_dropped_buffer_size_limit_bytes_exceeded`.
    BufferBytes,
    /// `decision_logs_nd_builtin_cache_dropped`.
    NdBuiltinCache,
    /// `decision_logs_encoding_failure`.
    Encoding,
    /// `decision_logs_masking_failure`: logged without input and result (OPA has no such count).
    Masking,
}

const DECISION_LOG_COUNTS: [(&str, &str); 6] = [
    (
        "decision_logs_dropped_rate_limit_exceeded",
        "Decisions not logged: more than the configured rate.",
    ),
    (
        "decision_logs_dropped_buffer_size_limit_exceeded",
        "Decisions not logged: the buffer held too many events.",
    ),
    (
        "decision_logs_dropped_buffer_size_limit_bytes_exceeded",
        "Decisions not logged: the buffer held too many bytes.",
    ),
    (
        "decision_logs_nd_builtin_cache_dropped",
        "Decisions logged without results of nondeterministic builtins.",
    ),
    ("decision_logs_encoding_failure", "Decisions not logged: they could not be encoded."),
    ("decision_logs_masking_failure", "Decisions logged without input and result: masking failed."),
];

/// Every metric of the process.
pub struct Registry {
    registry: prometheus::Registry,
    durations: HistogramVec,
    cancellations: IntCounterVec,
    decision_log: Vec<IntCounter>,
    status: Option<StatusMetrics>,
}

impl Registry {
    /// Makes the metrics; those without labels are there from the beginning, at 0.
    ///
    /// Errors: [`TelemetryError::Metric`], for buckets that are none, too many, or do not increase.
    pub fn new(options: &RegistryOptions) -> Result<Registry, TelemetryError> {
        check_buckets("http_request_duration_seconds", &options.http_buckets)?;
        let registry = prometheus::Registry::new();
        let labels = ["code", "handler", "method"];
        let name = "http_request_duration_seconds";
        let histogram = HistogramOpts::new(name, "A histogram of duration for requests.")
            .buckets(options.http_buckets.clone());
        let durations = register(&registry, HistogramVec::new(histogram, &labels))?;
        let cancelled = Opts::new("http_request_cancellations", "A count of cancelled requests.");
        let cancellations = register(&registry, IntCounterVec::new(cancelled, &labels))?;
        let process = ProcessCollector::new().map_err(metric_error)?;
        registry.register(Box::new(process)).map_err(metric_error)?;
        let decision_log = DECISION_LOG_COUNTS
            .iter()
            .map(|(name, help)| register(&registry, IntCounter::new(*name, *help)))
            .collect::<Result<_, _>>()?;
        let status =
            options.status.as_ref().map(|o| StatusMetrics::register(&registry, o)).transpose()?;
        Ok(Self { registry, durations, cancellations, decision_log, status })
    }

    /// Returns the metrics of one handler, named as OPA names it, for example `v1/data`. Made once
    /// and kept: it remembers its series, so that observing looks nothing up.
    pub fn handler(&self, name: &'static str) -> HandlerMetrics {
        HandlerMetrics {
            name,
            durations: self.durations.clone(),
            cancellations: self.cancellations.clone(),
            known: Default::default(),
        }
    }

    /// Returns a count of the decision log.
    pub fn decision_log(&self, count: DecisionLogCount) -> Option<&IntCounter> {
        self.decision_log.get(count as usize)
    }

    /// Returns the metrics of bundles and plugins, if they were asked for.
    pub fn status(&self) -> Option<&StatusMetrics> {
        self.status.as_ref()
    }

    /// Returns every series as it is now.
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    /// Returns every series as Prometheus' text, the answer of `/metrics`; its type is
    /// `text/plain; version=0.0.4; charset=utf-8`.
    pub fn gather_text(&self) -> String {
        let mut text = String::new();
        // A family that cannot be written (there is none) must not cost the others.
        for family in self.gather() {
            let _ = TextEncoder::new().encode_utf8(&[family], &mut text);
        }
        text
    }
}

/// Methods that keep their name as a label.
const METHODS: [&str; 9] =
    ["get", "post", "put", "patch", "delete", "head", "options", "connect", "trace"];

/// The label of every other method, as Prometheus' own instrumentation has it.
const METHOD_UNKNOWN: &str = "unknown";

/// Status codes whose series are remembered.
const CODES: [u16; 14] = [200, 201, 204, 301, 304, 307, 400, 401, 403, 404, 405, 409, 413, 500];

/// The metrics of one handler.
pub struct HandlerMetrics {
    name: &'static str,
    durations: HistogramVec,
    cancellations: IntCounterVec,
    known: [[OnceLock<Histogram>; CODES.len()]; METHODS.len()],
}

impl HandlerMetrics {
    /// Counts a request that was answered with a status code, and how long it took.
    pub fn observe(&self, method: &str, code: u16, duration: Duration) {
        let place = METHODS.iter().position(|known| known.eq_ignore_ascii_case(method));
        let code_place = CODES.iter().position(|known| *known == code);
        let cell = place.and_then(|m| self.known.get(m)).zip(code_place);
        match cell.and_then(|(codes, at)| codes.get(at)) {
            Some(cell) => match cell.get() {
                Some(series) => series.observe(duration.as_secs_f64()),
                None => {
                    if let Some(series) = self.series(method, code) {
                        cell.get_or_init(|| series).observe(duration.as_secs_f64());
                    }
                }
            },
            None => {
                if let Some(series) = self.series(method, code) {
                    series.observe(duration.as_secs_f64());
                }
            }
        }
    }

    /// Counts a request whose client went away before its answer.
    pub fn cancelled(&self, method: &str, code: u16) {
        let labels = [code_label(code), self.name.to_string(), method_label(method).to_string()];
        if let Ok(series) = self.cancellations.get_metric_with_label_values(&labels) {
            series.inc();
        }
    }

    fn series(&self, method: &str, code: u16) -> Option<Histogram> {
        let code = code_label(code);
        let labels = [code.as_str(), self.name, method_label(method)];
        self.durations.get_metric_with_label_values(&labels).ok()
    }
}

fn method_label(method: &str) -> &'static str {
    METHODS.iter().find(|known| known.eq_ignore_ascii_case(method)).unwrap_or(&METHOD_UNKNOWN)
}

fn code_label(code: u16) -> String {
    if (100..600).contains(&code) { code.to_string() } else { "unknown".to_string() }
}

/// Puts a metric into a registry and returns it.
pub(super) fn register<M: prometheus::core::Collector + Clone + 'static>(
    registry: &prometheus::Registry,
    metric: prometheus::Result<M>,
) -> Result<M, TelemetryError> {
    let metric = metric.map_err(metric_error)?;
    registry.register(Box::new(metric.clone())).map_err(metric_error)?;
    Ok(metric)
}

/// Says whether these can be the upper bounds of a histogram's buckets.
pub(super) fn check_buckets(name: &str, buckets: &[f64]) -> Result<(), TelemetryError> {
    let increasing = buckets.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
    let reason = if buckets.is_empty() {
        "no buckets"
    } else if buckets.len() > BUCKETS_MAX {
        "too many buckets"
    } else if !increasing || !buckets.iter().all(|bound| bound.is_finite()) {
        "buckets must be finite and increase"
    } else {
        return Ok(());
    };
    Err(TelemetryError::Metric(format!("`{name}`: {reason}")))
}

pub(super) fn metric_error(error: prometheus::Error) -> TelemetryError {
    TelemetryError::Metric(error.to_string())
}
