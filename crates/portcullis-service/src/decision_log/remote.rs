//! Uploads to a service of the configuration.
//!
//! Must not know: what a chunk holds, when it is uploaded.
//!
//! Source: OPA documentation, "Decision Logs": `POST <service>/<resource>`; any 2xx is success.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderValue, StatusCode};
use portcullis_remote::{RemoteError, Request, Service};

use super::error::UploadError;
use super::upload::{Upload, Uploading};

/// Most bytes of an answer that are read, which nobody looks at: so that the connection can be used
/// again.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Longest wait for more of them.
const ANSWER_SILENCE_MAX: Duration = Duration::from_secs(2);

/// Uploads chunks to a service.
pub struct ServiceUpload {
    service: Arc<Service>,
    resource: String,
}

impl ServiceUpload {
    /// Returns what uploads to `resource`, a path below the service's address.
    pub fn new(service: Arc<Service>, resource: impl Into<String>) -> Self {
        Self { service, resource: resource.into() }
    }

    async fn send(&self, body: Bytes) -> Result<(), UploadError> {
        let mut request = Request::post_json(self.resource.as_str(), body);
        request.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        request.read_timeout = Some(ANSWER_SILENCE_MAX);
        let response = self.service.request(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(answered(status));
        }
        // It has been accepted, whatever else is said about it.
        drop(response.body_bounded(ANSWER_BYTES_MAX).await);
        Ok(())
    }
}

impl Upload for ServiceUpload {
    fn upload(&self, body: Bytes) -> Uploading<'_> {
        Box::pin(self.send(body))
    }
}

fn answered(status: StatusCode) -> UploadError {
    let text = status.canonical_reason().unwrap_or_default();
    let message = format!("log upload failed, server replied with HTTP {} {text}", status.as_u16());
    UploadError { message: message.trim_end().to_string(), http_code: Some(status.as_u16()) }
}

fn failed(error: &RemoteError) -> UploadError {
    match error {
        RemoteError::Status { status, .. } => match StatusCode::from_u16(*status) {
            Ok(status) => answered(status),
            Err(_) => UploadError { message: error.to_string(), http_code: Some(*status) },
        },
        _ => UploadError { message: format!("log upload failed: {error}"), http_code: None },
    }
}
