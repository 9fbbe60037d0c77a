//! What the status says of one bundle.
//!
//! Must not know: who reads it, how a bundle is fetched.
//!
//! Source: OPA documentation, "Status"; OPA `v1/plugins/bundle/status.go`.

use std::time::SystemTime;

use rego::{Number, Value};

use super::error::Failure;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::status_metrics::BundleReport;
use crate::timestamp::rfc3339_nanos;

/// The code of every failure of a bundle.
const BUNDLE_ERROR: &str = "bundle_error";

/// What OPA shows for a moment that has not come.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// What has become of one bundle.
#[derive(Clone, Debug, Default)]
pub(super) struct BundleStatus {
    pub(super) name: String,
    /// The revision that decides now; empty where there is none.
    pub(super) active_revision: String,
    pub(super) last_activation: Option<SystemTime>,
    pub(super) last_download: Option<SystemTime>,
    pub(super) last_successful_request: Option<SystemTime>,
    pub(super) last_request: Option<SystemTime>,
    /// `snapshot` or `delta`, once there was one.
    pub(super) kind: Option<&'static str>,
    /// Bytes that were downloaded; 0 for one that was not.
    pub(super) size: u64,
    /// Why the last attempt failed.
    pub(super) failure: Option<Failure>,
    /// What is to be said although nothing failed.
    pub(super) note: Option<String>,
    /// How long the last attempt took.
    pub(super) metrics: Metrics,
}

impl BundleStatus {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_string(), ..Self::default() }
    }

    /// Returns it as the status has it.
    pub(super) fn to_value(&self) -> Value {
        let moment = |at: Option<SystemTime>| {
            Value::from(at.map_or_else(|| NEVER.to_string(), rfc3339_nanos))
        };
        let mut entries = vec![
            ("name", Value::from(self.name.as_str())),
            ("last_successful_activation", moment(self.last_activation)),
            ("last_successful_download", moment(self.last_download)),
            ("last_successful_request", moment(self.last_successful_request)),
            ("last_request", moment(self.last_request)),
        ];
        if !self.active_revision.is_empty() {
            entries.push(("active_revision", Value::from(self.active_revision.as_str())));
        }
        entries.extend(self.kind.map(|kind| ("type", Value::from(kind))));
        if self.size > 0 {
            entries.push(("size", Value::from(Number::from(self.size))));
        }
        let message = match &self.failure {
            Some(failure) => Some(failure.message.as_str()),
            None => self.note.as_deref(),
        };
        entries.extend(message.map(|message| ("message", Value::from(message))));
        if let Some(failure) = &self.failure {
            entries.push(("code", Value::from(BUNDLE_ERROR)));
            if !failure.errors.is_empty() {
                entries.push(("errors", Value::array(failure.errors.clone())));
            }
            let code = failure.http_code.map(|code| Value::from(i64::from(code)));
            entries.extend(code.map(|code| ("http_code", code)));
        }
        if !self.metrics.is_empty() {
            entries.push(("metrics", self.metrics.to_value()));
        }
        Value::object(entries.into_iter().map(|(k, v)| (Value::from(k), v)).collect())
    }

    /// Returns it as Prometheus counts it.
    pub(super) fn report(&self) -> BundleReport<'_> {
        BundleReport {
            name: &self.name,
            active_revision: &self.active_revision,
            failure: self.failure.as_ref().map(|f| (BUNDLE_ERROR, f.message.as_str())),
            last_request: self.last_request,
            last_successful_request: self.last_successful_request,
            last_successful_download: self.last_download,
            last_successful_activation: self.last_activation,
            metrics: Some(&self.metrics),
        }
    }
}
