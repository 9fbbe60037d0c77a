//! What `status.prometheus` adds to the metrics: bundles, plugins, the version.
//!
//! Names of bundles and messages come from outside, so each is counted before it becomes a series;
//! series of what is gone are removed. Must not know: how a bundle is fetched or loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts};

use super::TelemetryError;
use super::metrics::Metrics;
use super::prometheus::{StatusOptions, check_buckets, metric_error, register};

/// Most bundles, and most plugins, with series of their own; later ones are `other`.
pub const NAMES_MAX: usize = 1000;

/// Most different failures of one bundle with series of their own; later ones are `other`.
pub const FAILURES_MAX: usize = 16;

/// Most bytes of a label.
pub const LABEL_BYTES_MAX: usize = 256;

/// Timers of a bundle's activation that become stages of `bundle_loading_duration_ns`.
const STAGES: [&str; 5] = [
    "bundle_request",
    "rego_data_parse",
    "rego_module_parse",
    "rego_module_compile",
    "rego_load_bundles",
];

const OTHER: &str = "other";

/// What happened to a bundle since it was last reported.
#[derive(Clone, Copy, Debug)]
pub struct BundleReport<'a> {
    /// Its name in the configuration.
    pub name: &'a str,
    /// The revision that decides now; empty if there is none.
    pub active_revision: &'a str,
    /// Code and message of the failure, if the last attempt failed.
    pub failure: Option<(&'a str, &'a str)>,
    /// When the service was asked last.
    pub last_request: Option<SystemTime>,
    /// When the service answered last.
    pub last_successful_request: Option<SystemTime>,
    /// When a bundle was downloaded last.
    pub last_successful_download: Option<SystemTime>,
    /// When a bundle was activated last.
    pub last_successful_activation: Option<SystemTime>,
    /// The times of this attempt.
    pub metrics: Option<&'a Metrics>,
}

/// The metrics of bundles and plugins.
pub struct StatusMetrics {
    plugins: GaugeVec,
    loaded: IntCounterVec,
    failed: IntCounterVec,
    last_request: GaugeVec,
    activation: GaugeVec,
    download: GaugeVec,
    successful_request: GaugeVec,
    durations: HistogramVec,
    seen: Mutex<Seen>,
}

/// Which series there are.
#[derive(Default)]
struct Seen {
    bundles: BTreeMap<String, SeenBundle>,
    plugins: BTreeMap<String, String>,
}

#[derive(Default)]
struct SeenBundle {
    revision: Option<String>,
    failures: BTreeSet<(String, String)>,
}

impl StatusMetrics {
    /// Makes the metrics in a registry; `opa_info` is set at once.
    pub(super) fn register(
        registry: &prometheus::Registry,
        options: &StatusOptions,
    ) -> Result<Self, TelemetryError> {
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            register(registry, GaugeVec::new(Opts::new(name, help), labels))
        };
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register(registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let info = gauge("opa_info", "Information about the OPA environment.", &["version"])?;
        let series = info.get_metric_with_label_values(&[clipped(&options.version)]);
        series.map_err(metric_error)?.set(1.0);
        let name = "bundle_loading_duration_ns";
        let buckets = match options.bundle_buckets.as_slice() {
            [] => (0..20).map(|n| 1000.0 * f64::from(1_u32 << n)).collect(),
            own => own.to_vec(),
        };
        check_buckets(name, &buckets)?;
        let histogram = HistogramOpts::new(name, "A histogram of duration for bundle loading.")
            .buckets(buckets);
        Ok(Self {
            plugins: gauge(
                "plugin_status_gauge",
                "Gauge for the plugin by status.",
                &["name", "status"],
            )?,
            loaded: counter("bundle_loaded_counter", "Counter for the bundle loaded.", &["name"])?,
            failed: counter(
                "bundle_failed_load_counter",
                "Counter for the failed bundle load.",
                &["name", "code", "message"],
            )?,
            last_request: gauge(
                "last_bundle_request",
                "Gauge for the last bundle request, in nanoseconds since the epoch.",
                &["name"],
            )?,
            activation: gauge(
                "last_success_bundle_activation",
                "Gauge for the last success bundle activation, in nanoseconds since the epoch.",
                &["name", "active_revision"],
            )?,
            download: gauge(
                "last_success_bundle_download",
                "Gauge for the last success bundle download, in nanoseconds since the epoch.",
                &["name"],
            )?,
            successful_request: gauge(
                "last_success_bundle_request",
                "Gauge for the last success bundle request, in nanoseconds since the epoch.",
                &["name"],
            )?,
            durations: register(registry, HistogramVec::new(histogram, &["name", "stage"]))?,
            seen: Mutex::default(),
        })
    }

    /// Notes the state of a plugin; there is one series a plugin, with the value 1.
    pub fn plugin(&self, name: &str, status: &str) {
        let mut seen = self.seen();
        let name = bounded(&seen.plugins, name);
        let status = clipped(status).to_string();
        let before = seen.plugins.insert(name.clone(), status.clone());
        if let Some(before) = before.filter(|before| *before != status) {
            remove(&self.plugins, &[name.as_str(), before.as_str()]);
        }
        set(&self.plugins, &[name.as_str(), status.as_str()], 1.0);
    }

    /// Notes what happened to a bundle: one attempt to load it, which failed or not.
    pub fn bundle(&self, report: &BundleReport<'_>) {
        let mut seen = self.seen();
        let name = bounded(&seen.bundles, report.name);
        let bundle = seen.bundles.entry(name.clone()).or_default();
        match report.failure {
            Some((code, message)) => {
                let (code, message) = bounded_failure(&mut bundle.failures, code, message);
                count(&self.failed, &[name.as_str(), code.as_str(), message.as_str()]);
            }
            None => count(&self.loaded, &[name.as_str()]),
        }
        let revision = clipped(report.active_revision);
        if let Some(before) = bundle.revision.take_if(|before| before != revision) {
            remove(&self.activation, &[name.as_str(), before.as_str()]);
        }
        if let Some(time) = report.last_successful_activation {
            set(&self.activation, &[name.as_str(), revision], nanoseconds(time));
            bundle.revision = Some(revision.to_string());
        }
        for (gauge, time) in [
            (&self.last_request, report.last_request),
            (&self.successful_request, report.last_successful_request),
            (&self.download, report.last_successful_download),
        ] {
            if let Some(time) = time {
                set(gauge, &[name.as_str()], nanoseconds(time));
            }
        }
        for (timer, ns) in report.metrics.into_iter().flat_map(Metrics::timers) {
            if STAGES.contains(&timer) {
                let labels = [name.clone(), format!("timer_{timer}_ns")];
                if let Ok(series) = self.durations.get_metric_with_label_values(&labels) {
                    series.observe(ns as f64);
                }
            }
        }
    }

    /// Forgets a bundle that the configuration does not name any more.
    pub fn forget_bundle(&self, name: &str) {
        let mut seen = self.seen();
        let name = clipped(name);
        let Some(bundle) = seen.bundles.remove(name) else { return };
        remove(&self.loaded, &[name]);
        for (code, message) in &bundle.failures {
            remove(&self.failed, &[name, code, message]);
        }
        if let Some(revision) = &bundle.revision {
            remove(&self.activation, &[name, revision]);
        }
        for gauge in [&self.last_request, &self.successful_request, &self.download] {
            remove(gauge, &[name]);
        }
        for stage in STAGES {
            remove(&self.durations, &[name, &format!("timer_{stage}_ns")]);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the name as a label: itself while there is room for it, else [`OTHER`].
fn bounded<T>(seen: &BTreeMap<String, T>, name: &str) -> String {
    let name = clipped(name);
    let is_kept = seen.contains_key(name) || seen.len() < NAMES_MAX;
    if is_kept { name.to_string() } else { OTHER.to_string() }
}

/// Returns the labels of a failure, which a bounded number of series remembers.
fn bounded_failure(
    seen: &mut BTreeSet<(String, String)>,
    code: &str,
    message: &str,
) -> (String, String) {
    let failure = (clipped(code).to_string(), clipped(message).to_string());
    let is_kept = seen.contains(&failure) || seen.len() < FAILURES_MAX;
    let failure = if is_kept { failure } else { (OTHER.to_string(), OTHER.to_string()) };
    seen.insert(failure.clone());
    failure
}

/// Returns the beginning of a text, at most as long as a label may be.
fn clipped(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LABEL_BYTES_MAX)).unwrap_or(text)
}

fn nanoseconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_nanos() as f64)
}

fn set(gauges: &GaugeVec, labels: &[&str], value: f64) {
    if let Ok(series) = gauges.get_metric_with_label_values(labels) {
        series.set(value);
    }
}

fn count(counters: &IntCounterVec, labels: &[&str]) {
    if let Ok(series) = counters.get_metric_with_label_values(labels) {
        series.inc();
    }
}

/// Removes a series; that there is none is as good.
fn remove<T: MetricVecBuilder>(series: &MetricVec<T>, labels: &[&str])
where
    T::M: Collector,
{
    let _ = series.remove_label_values(labels);
}
