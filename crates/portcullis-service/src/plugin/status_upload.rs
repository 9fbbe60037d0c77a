//! Status reports on their way to a service: a short queue and a task, so that a slow service is
//! in nobody's way.
//!
//! Must not know: what a report says.
//!
//! Source: OPA documentation, "Status"; the shape of `metrics.prometheus` is that of Prometheus'
//! client for Go as JSON.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_remote::{Request, Service as RemoteService};
use rego::Value;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::error::Failure;
use super::fetch::{answered, failed};
use super::prometheus_json::families;
use super::status::with_entry;
use crate::console::{Console, Level};
use crate::telemetry::prometheus::Registry;

/// Most reports that wait; the oldest gives way.
pub const STATUS_REPORTS_MAX: usize = 64;

/// Most bytes of an answer that are read, which nobody looks at.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Longest wait for more of them.
const ANSWER_SILENCE_MAX: Duration = Duration::from_secs(2);

/// Where reports go.
pub(super) struct Target {
    pub(super) service: Arc<RemoteService>,
    /// `/status`, or with the partition after it.
    pub(super) path: String,
    pub(super) registry: Arc<Registry>,
    pub(super) console: Console,
}

/// Posts reports one after the other.
pub(super) struct StatusUpload {
    service: Arc<RemoteService>,
    path: String,
    waiting: Arc<Waiting>,
    task: JoinHandle<()>,
}

struct Waiting {
    reports: Mutex<VecDeque<Value>>,
    more: Notify,
    /// How many reports are waiting or under way.
    pending: watch::Sender<usize>,
}

impl StatusUpload {
    /// Starts the task on the current runtime.
    pub(super) fn start(target: Target) -> Self {
        let pending = watch::Sender::new(0);
        let waiting = Arc::new(Waiting { reports: Mutex::default(), more: Notify::new(), pending });
        let (service, path) = (Arc::clone(&target.service), target.path.clone());
        let task = tokio::spawn(run(target, Arc::clone(&waiting)));
        Self { service, path, waiting, task }
    }

    /// Whether it posts to the same place.
    pub(super) fn goes_to(&self, target: &Target) -> bool {
        Arc::ptr_eq(&self.service, &target.service) && self.path == target.path
    }

    /// Puts a report into the queue. Never waits.
    pub(super) fn push(&self, report: Value) {
        let mut reports = self.waiting.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if reports.len() >= STATUS_REPORTS_MAX {
            reports.pop_front();
        } else {
            self.waiting.pending.send_modify(|count| *count += 1);
        }
        reports.push_back(report);
        self.waiting.more.notify_one();
    }

    /// Returns when all reports have been posted or have failed.
    pub(super) async fn drained(&self) {
        let mut pending = self.waiting.pending.subscribe();
        // The sender lives as long as we do.
        let _ = pending.wait_for(|count| *count == 0).await;
    }
}

impl Drop for StatusUpload {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(target: Target, waiting: Arc<Waiting>) {
    loop {
        let report = waiting.reports.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(report) = report else {
            waiting.more.notified().await;
            continue;
        };
        if let Err(failure) = target.post(&report).await {
            let fields = Value::object_from_strs([("plugin", Value::from("status"))]);
            let message = format!("Status update failed: {failure}");
            target.console.line(Level::Error, &message, &fields);
        }
        waiting.pending.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Target {
    async fn post(&self, report: &Value) -> Result<(), Failure> {
        let families = families(&self.registry.gather());
        let metrics = Value::object_from_strs([("prometheus", families)]);
        let body = with_entry(report, "metrics", metrics).to_json();
        let mut request = Request::post_json(self.path.as_str(), body);
        request.read_timeout = Some(ANSWER_SILENCE_MAX);
        let response = self.service.request(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(answered(status.as_u16()));
        }
        drop(response.body_bounded(ANSWER_BYTES_MAX).await);
        Ok(())
    }
}
