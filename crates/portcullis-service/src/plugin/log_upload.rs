//! Uploads of decisions whose outcome the status hears of.
//!
//! Must not know: what is uploaded.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rego::Value;
use tokio::sync::Notify;

use super::status::with_entry;
use crate::decision_log::{DecisionLogger, ServiceUpload, Upload, UploadError, Uploading};

/// The code of a failed upload.
const LOG_ERROR: &str = "decision_log_error";

/// Uploads, and nudges the status after each.
pub(super) struct LogUpload {
    inner: ServiceUpload,
    failure: Mutex<Option<UploadError>>,
    nudge: Arc<Notify>,
}

impl LogUpload {
    pub(super) fn new(inner: ServiceUpload, nudge: Arc<Notify>) -> Self {
        Self { inner, failure: Mutex::new(None), nudge }
    }

    /// Returns what the status says of the log. The logger notes how an upload went only after we
    /// have told it; hence our own note.
    pub(super) fn status(&self, logger: &DecisionLogger) -> Value {
        let metrics = logger.metrics();
        let mut status = Value::object(Vec::new());
        if metrics.as_object().is_some_and(|metrics| !metrics.is_empty()) {
            status = with_entry(&status, "metrics", metrics);
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(failure) = failure else { return status };
        status = with_entry(&status, "code", Value::from(LOG_ERROR));
        if let Some(code) = failure.http_code {
            status = with_entry(&status, "http_code", Value::from(i64::from(code)));
        }
        with_entry(&status, "message", Value::from(failure.message))
    }
}

impl Upload for LogUpload {
    fn upload(&self, body: Bytes) -> Uploading<'_> {
        Box::pin(async move {
            let result = self.inner.upload(body).await;
            let failure = result.as_ref().err().cloned();
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
            self.nudge.notify_one();
            result
        })
    }
}
