//! The status plugin: what all plugins say of themselves, on the console, at a service, and for
//! whoever asks.
//!
//! Must not know: what plugins do, HTTP.
//!
//! Source: OPA documentation, "Status"; OPA `v1/plugins/status/plugin.go`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rego::Value;
use tokio::sync::Notify;

use super::bundle_status::BundleStatus;
use super::log_upload::LogUpload;
use super::status_upload::StatusUpload;
use crate::config::{StatusConfig, Trigger};
use crate::console::Level;
use crate::decision_log::Count;
use crate::plugin_state::{PluginState, PluginStates};
use crate::service::Service;
use crate::telemetry::prometheus::DecisionLogCount;
use crate::telemetry::status_metrics::StatusMetrics;

/// The plugin's name.
pub(super) const STATUS: &str = "status";

/// The message of a status on the console.
const CONSOLE_MESSAGE: &str = "Status Log";

/// What tells such a line from others.
const CONSOLE_TYPE: &str = "openpolicyagent.org/status";

/// The counts of the decision log that Prometheus sees.
const SEEN_COUNTS: [(DecisionLogCount, Count); 6] = [
    (DecisionLogCount::RateLimit, Count::RateLimit),
    (DecisionLogCount::BufferEvents, Count::BufferEvents),
    (DecisionLogCount::BufferBytes, Count::BufferBytes),
    (DecisionLogCount::NdBuiltinCache, Count::NdBuiltinCache),
    (DecisionLogCount::Encoding, Count::Encoding),
    (DecisionLogCount::Masking, Count::Masking),
];

/// Collects the status and reports each change.
pub(super) struct Board {
    service: Arc<Service>,
    kept: Mutex<Kept>,
    /// Something that has no other way to tell has changed.
    pub(super) nudge: Arc<Notify>,
}

#[derive(Default)]
struct Kept {
    config: Option<StatusConfig>,
    upload: Option<Arc<StatusUpload>>,
    bundles: BTreeMap<String, BundleStatus>,
    discovery: Option<BundleStatus>,
    log_upload: Option<Arc<LogUpload>>,
    /// What was reported last.
    last: Option<Value>,
}

impl Board {
    pub(super) fn new(service: Arc<Service>) -> Self {
        Self { service, kept: Mutex::default(), nudge: Arc::new(Notify::new()) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts reporting, ends it, or reports elsewhere.
    pub(super) fn configure(
        &self,
        config: Option<StatusConfig>,
        upload: Option<Arc<StatusUpload>>,
    ) {
        let mut kept = self.kept();
        let plugins = self.service.plugins();
        if config.is_some() {
            plugins.set(STATUS, PluginState::Ok, "");
        } else {
            plugins.remove(STATUS);
        }
        if kept.config != config {
            kept.last = None;
        }
        kept.config = config;
        kept.upload = upload;
    }

    /// Says whose uploads of decisions are part of the status.
    pub(super) fn set_log_upload(&self, upload: Option<Arc<LogUpload>>) {
        self.kept().log_upload = upload;
    }

    /// Notes what has become of a bundle. [`Board::report`] tells it.
    pub(super) fn set_bundle(&self, status: &BundleStatus) {
        self.kept().bundles.insert(status.name.clone(), status.clone());
    }

    /// Counts what has become of a bundle, for Prometheus.
    pub(super) fn count_bundle(&self, status: &BundleStatus) {
        if let Some(metrics) = self.metrics() {
            metrics.bundle(&status.report());
        }
    }

    /// Forgets a bundle that is no longer configured.
    pub(super) fn remove_bundle(&self, name: &str) {
        self.kept().bundles.remove(name);
        if let Some(metrics) = self.metrics() {
            metrics.forget_bundle(name);
        }
    }

    /// Notes what has become of discovery.
    pub(super) fn set_discovery(&self, status: &BundleStatus) {
        self.kept().discovery = Some(status.clone());
    }

    fn metrics(&self) -> Option<&StatusMetrics> {
        self.service.registry().status()
    }

    /// Reports the status where it has changed.
    pub(super) fn report(&self) {
        self.tell(false);
    }

    /// Reports the status whether it has changed or not, also where only this sets it off.
    pub(super) fn report_now(&self) {
        self.tell(true);
    }

    /// Hands the counts of the decision log to Prometheus.
    fn sync_counts(&self) {
        let Some(logger) = self.service.logger() else { return };
        for (seen, count) in SEEN_COUNTS {
            if let Some(counter) = self.service.registry().decision_log(seen) {
                // A logger that began anew counts from 0: what was counted stays.
                counter.inc_by(logger.counters().get(count).saturating_sub(counter.get()));
            }
        }
    }

    fn tell(&self, is_trigger: bool) {
        self.sync_counts();
        let mut kept = self.kept();
        if let Some(metrics) = self.metrics() {
            for (name, (state, _)) in self.service.plugins().all() {
                metrics.plugin(name, state.name());
            }
        }
        if kept.config.is_none() {
            self.service.set_status(None);
            return;
        }
        let document = self.document(&kept);
        if !is_trigger && kept.last.as_ref() == Some(&document) {
            return;
        }
        kept.last = Some(document.clone());
        self.service.set_status(Some(document.clone()));
        let Some(config) = &kept.config else { return };
        if config.trigger == Trigger::Manual && !is_trigger {
            return;
        }
        if config.console {
            let line = with_entry(&document, "type", Value::from(CONSOLE_TYPE));
            self.service.console().write(Level::Info, CONSOLE_MESSAGE, &line);
        }
        if let Some(upload) = &kept.upload {
            upload.push(document);
        }
    }

    fn document(&self, kept: &Kept) -> Value {
        let settings = self.service.settings();
        let labels = settings.labels.iter();
        let labels = labels.map(|(k, v)| (Value::from(k.as_str()), Value::from(v.as_str())));
        let mut entries = vec![
            ("labels", Value::object(labels.collect())),
            ("plugins", self.service.plugins().to_value()),
        ];
        if !kept.bundles.is_empty() {
            let bundles = kept.bundles.iter();
            let bundles = bundles.map(|(name, it)| (Value::from(name.as_str()), it.to_value()));
            entries.push(("bundles", Value::object(bundles.collect())));
        }
        entries.extend(kept.discovery.as_ref().map(|it| ("discovery", it.to_value())));
        if let (Some(upload), Some(logger)) = (&kept.log_upload, self.service.logger()) {
            let status = upload.status(&logger);
            if status.as_object().is_some_and(|status| !status.is_empty()) {
                entries.push(("decision_logs", status));
            }
        }
        Value::object(entries.into_iter().map(|(k, v)| (Value::from(k), v)).collect())
    }
}

/// How often counts of the decision log are handed to Prometheus.
const COUNTS_INTERVAL: Duration = Duration::from_secs(5);

/// Reports whenever a plugin's state changes or somebody nudges, for ever.
pub(super) async fn watch(board: Arc<Board>, states: Arc<PluginStates>) {
    let mut changes = states.changes();
    let mut interval = tokio::time::interval(COUNTS_INTERVAL);
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = board.nudge.notified() => {}
            _ = interval.tick() => {
                board.sync_counts();
                continue;
            }
        }
        board.report();
    }
}

/// Returns an object with one entry more.
pub(super) fn with_entry(object: &Value, key: &str, value: Value) -> Value {
    let entries = object.as_object().into_iter().flat_map(|object| object.iter());
    let entries = entries.map(|(key, value)| (key.clone(), value.clone()));
    Value::object(entries.chain([(Value::from(key), value)]).collect())
}
