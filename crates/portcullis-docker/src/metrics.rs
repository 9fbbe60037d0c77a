//! What the gate counts, as Prometheus reads it.
//!
//! Series are bounded: actions come from the table of Docker's API, everything else from lists of
//! ours. Must not know: sockets, policies.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_service::files::Reload;
use portcullis_service::telemetry::prometheus::{Registry as ProcessRegistry, RegistryOptions};
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::engine::Engine;
use crate::run::RunError;
use crate::verdict::Verdict;

/// Upper bounds of the buckets of decisions' durations, in seconds.
pub const BUCKETS: [f64; 16] = [
    5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// What is in force, as `/metrics` and `/health` tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyState {
    /// Why no policy may be used, if so.
    pub unavailable: Option<String>,
    /// How many policies came before this one, from 1.
    pub revision: u64,
    /// The SHA-256 of the policy's texts.
    pub config_hash: String,
    /// The bundles, each with its revision.
    pub bundles: Vec<(String, String)>,
    /// How many decisions the log of lines has written, and how many it had to drop.
    pub log: Option<(u64, u64)>,
}

/// The metrics of a gate.
pub struct GateMetrics {
    registry: Registry,
    /// The process, and the plugins of a configuration.
    process: Arc<ProcessRegistry>,
    decisions: IntCounterVec,
    duration: Histogram,
    responses: IntCounterVec,
    incomplete: IntCounterVec,
    dry_run_denials: IntCounterVec,
    reloads: IntCounterVec,
    in_force: IntGauge,
    policy: IntGaugeVec,
    bundles: IntGaugeVec,
    log: IntCounterVec,
    engine: IntGaugeVec,
    engine_warnings: IntGaugeVec,
    /// Held while series that name a state are replaced and read.
    gathering: Mutex<()>,
}

/// A metric of this name, with what it tells.
fn opts(name: &str, help: &str) -> Opts {
    Opts::new(format!("portcullis_docker_{name}"), help)
}

impl GateMetrics {
    /// Returns metrics at 0. `process` holds what is shown beside them: what the system knows of
    /// this process, and of the plugins of a configuration.
    ///
    /// Errors: none with the names below; they are checked as any other.
    pub fn new(process: Arc<ProcessRegistry>, is_dry_run: bool) -> Result<Self, RunError> {
        let registry = Registry::new();
        let made = Maker(&registry);
        let durations = HistogramOpts::from(opts(
            "decision_duration_seconds",
            "How long decisions about requests take, from bytes to answer.",
        ));
        let histogram = Histogram::with_opts(durations.buckets(BUCKETS.to_vec()));
        let this = Self {
            decisions: made.counters(
                ("decisions_total", "Decisions about requests; as they would be, in a dry run."),
                &["action", "result"],
            )?,
            duration: made.register(histogram)?,
            responses: made
                .counters(("responses_total", "Decisions about responses."), &["result"])?,
            incomplete: made.counters(
                ("incomplete_total", "Calls refused since they cannot be seen whole, by cause."),
                &["cause"],
            )?,
            dry_run_denials: made.counters(
                ("dry_run_denials_total", "Refusals that a dry run did not carry out."),
                &["action"],
            )?,
            reloads: made.counters(("reloads_total", "Reloads of the policy."), &["result"])?,
            in_force: made.register(IntGauge::with_opts(opts(
                "policy_in_force",
                "1 where a policy decides, 0 where every request is refused without one.",
            )))?,
            policy: made
                .gauges(("policy_info", "The policy in force."), &["config_hash", "revision"])?,
            bundles: made
                .gauges(("bundle_info", "The bundles in force."), &["bundle", "revision"])?,
            log: made.counters(
                ("decision_log_events_total", "Events of the log of lines, by outcome."),
                &["outcome"],
            )?,
            engine: made.gauges(("engine_info", "The engine that asks."), &["version"])?,
            engine_warnings: made.gauges(
                ("engine_warning", "What is known to be wrong with the engine's version."),
                &["hole"],
            )?,
            process,
            gathering: Mutex::default(),
            registry: registry.clone(),
        };
        let build = made.gauges(("build_info", "The program that decides."), &["version"])?;
        set(&build, &[env!("CARGO_PKG_VERSION")], 1);
        let dry_run = opts("dry_run", "1 where nothing is refused.");
        made.register(IntGauge::with_opts(dry_run))?.set(i64::from(is_dry_run));
        for result in ["activated", "unchanged", "rejected", "missing"] {
            // There from the beginning, so that the first one shows as a change.
            drop(this.reloads.get_metric_with_label_values(&[result]));
        }
        Ok(this)
    }

    /// Returns metrics of a gate whose policy comes from files.
    ///
    /// Errors: as [`GateMetrics::new`].
    pub fn of_process(is_dry_run: bool) -> Result<Self, RunError> {
        let process = ProcessRegistry::new(&RegistryOptions::default());
        Self::new(Arc::new(process.map_err(RunError::Metrics)?), is_dry_run)
    }

    /// Counts a decision about a request, and how long it took.
    pub fn decided(&self, action: &str, verdict: &Verdict, duration: Duration) {
        count(&self.decisions, &[action, result(verdict)]);
        self.duration.observe(duration.as_secs_f64());
    }

    /// Counts a decision about a response.
    pub fn responded(&self, verdict: &Verdict) {
        count(&self.responses, &[result(verdict)]);
    }

    /// Counts a call that could not be read: why, of a short list.
    pub fn unread(&self, cause: &'static str) {
        count(&self.incomplete, &[cause]);
    }

    /// Counts a refusal that a dry run does not carry out.
    pub fn not_refused(&self, action: &str) {
        count(&self.dry_run_denials, &[action]);
    }

    /// Counts a reload of files.
    pub fn reloaded(&self, reload: &Reload) {
        let result = match reload {
            Reload::Activated(_) => "activated",
            Reload::Unchanged => "unchanged",
            Reload::Rejected(_) => "rejected",
            Reload::Missing(_) => "missing",
        };
        count(&self.reloads, &[result]);
    }

    /// Tells which engine asks, and what is known to be wrong with it.
    pub fn engine(&self, engine: &Engine) {
        let _one_at_a_time = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        self.engine.reset();
        set(&self.engine, &[&engine.version], 1);
        self.engine_warnings.reset();
        engine.holes.iter().for_each(|hole| set(&self.engine_warnings, &[hole.name], 1));
    }

    /// Counts bundles that were loaded, or could not be, as reloads.
    fn count_bundles(&self) {
        for family in self.process.gather() {
            let known = BUNDLE_COUNTS.iter().find(|(name, _)| *name == family.name());
            if let Some((_, result)) = known {
                let metrics = family.get_metric().iter();
                let total: f64 = metrics.map(|metric| metric.get_counter().get_value()).sum();
                set_counter(&self.reloads, result, total as u64);
            }
        }
    }

    /// Returns every series as Prometheus' text.
    pub fn gather_text(&self, state: &PolicyState) -> String {
        let one_at_a_time = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        self.in_force.set(i64::from(state.unavailable.is_none()));
        self.policy.reset();
        set(&self.policy, &[&state.config_hash, &state.revision.to_string()], 1);
        self.bundles.reset();
        state.bundles.iter().for_each(|(name, revision)| set(&self.bundles, &[name, revision], 1));
        if let Some((written, dropped)) = state.log {
            set_counter(&self.log, "written", written);
            set_counter(&self.log, "dropped", dropped);
        }
        self.count_bundles();
        let families = self.registry.gather();
        drop(one_at_a_time);
        let mut text = self.process.gather_text();
        // A family that cannot be written (there is none) must not cost the others.
        let _ = TextEncoder::new().encode_utf8(&families, &mut text);
        text
    }
}

/// What the metrics of bundles are called, and which result of a reload they count.
const BUNDLE_COUNTS: [(&str, &str); 2] =
    [("bundle_loaded_counter", "activated"), ("bundle_failed_load_counter", "rejected")];

fn result(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny(_) => "deny",
        Verdict::Error(_) => "error",
    }
}

fn count(counters: &IntCounterVec, labels: &[&str]) {
    if let Ok(counter) = counters.get_metric_with_label_values(labels) {
        counter.inc();
    }
}

/// Makes a series say what somebody else has counted.
fn set_counter(counters: &IntCounterVec, label: &str, total: u64) {
    if let Ok(counter) = counters.get_metric_with_label_values(&[label]) {
        counter.reset();
        counter.inc_by(total);
    }
}

fn set(gauges: &IntGaugeVec, labels: &[&str], value: i64) {
    if let Ok(gauge) = gauges.get_metric_with_label_values(labels) {
        gauge.set(value);
    }
}

/// Makes metrics and registers them.
struct Maker<'r>(&'r Registry);

impl Maker<'_> {
    fn register<M: Collector + Clone + 'static>(
        &self,
        metric: prometheus::Result<M>,
    ) -> Result<M, RunError> {
        let metric = metric.map_err(error)?;
        self.0.register(Box::new(metric.clone())).map_err(error)?;
        Ok(metric)
    }

    fn counters(&self, of: (&str, &str), labels: &[&str]) -> Result<IntCounterVec, RunError> {
        self.register(IntCounterVec::new(opts(of.0, of.1), labels))
    }

    fn gauges(&self, of: (&str, &str), labels: &[&str]) -> Result<IntGaugeVec, RunError> {
        self.register(IntGaugeVec::new(opts(of.0, of.1), labels))
    }
}

fn error(error: prometheus::Error) -> RunError {
    RunError::Metrics(portcullis_service::telemetry::TelemetryError::Metric(error.to_string()))
}
