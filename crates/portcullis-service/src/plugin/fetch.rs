//! One look at where a bundle comes from: is there another one, and if so its bytes.
//!
//! Must not know: what is in a bundle, when to look.
//!
//! Source: OPA documentation, "Bundles", "Bundle Service API" and "HTTP Long Polling".

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use portcullis_bundle::TOTAL_BYTES_MAX;
use portcullis_remote::{
    OciOutcome, OciRequest, RemoteError, Request, Response, Service, ServiceKind,
};

use super::error::Failure;

/// The type of an answer by which a server says that it knows long polls.
const BUNDLE_TYPE: &str = "application/vnd.openpolicyagent.bundles";

/// How much longer than agreed a server may hold a poll back. Ours: OPA waits for ever.
const LONG_POLL_GRACE: Duration = Duration::from_secs(60);

/// A compressed bundle is not larger than so many of the largest files it may hold. Ours.
const LARGEST_FILES: u64 = 64;

/// Where no smaller file limit forbids it, a bundle may always have this many bytes.
const DOWNLOAD_BYTES_MIN: u64 = 16 << 20;

/// Longest etag that is kept, in bytes.
const ETAG_BYTES_MAX: usize = 4096;

/// Where a bundle comes from.
#[derive(Clone)]
pub(super) struct Fetch {
    pub(super) service: Arc<Service>,
    pub(super) resource: String,
    /// How long the server may hold a poll back, where it is asked to.
    pub(super) long_poll: Option<Duration>,
    /// Most bytes of a file of the bundle.
    pub(super) file_bytes_max: u64,
}

/// What a look found.
pub(super) struct Fetched {
    pub(super) content: Content,
    /// Whether the server holds the next poll back.
    pub(super) long_poll: bool,
}

/// Whether there is a bundle.
pub(super) enum Content {
    /// It is the one of the etag that was sent.
    NotModified,
    /// The server has none.
    Empty,
    /// This one.
    Bundle {
        /// As it was sent.
        bytes: Bytes,
        /// What the server calls it; empty where it does not say.
        etag: String,
    },
}

impl Fetch {
    /// Looks whether there is another bundle than the one of `etag` (empty: there is none yet).
    /// With `long_poll` the server is asked to wait until there is.
    ///
    /// Errors: no usable answer.
    pub(super) async fn look(&self, etag: &str, long_poll: bool) -> Result<Fetched, Failure> {
        if self.service.kind() == ServiceKind::Oci {
            return self.look_oci(etag).await;
        }
        self.exchange(etag, self.long_poll.filter(|_| long_poll)).await
    }

    async fn exchange(&self, etag: &str, wait: Option<Duration>) -> Result<Fetched, Failure> {
        let mut request = Request::get(self.resource.as_str());
        if let Some(etag) = HeaderValue::from_str(etag).ok().filter(|etag| !etag.is_empty()) {
            request.headers.insert(IF_NONE_MATCH, etag);
        }
        let wait_text = wait.map(|wait| format!(";wait={}", wait.as_secs()));
        let prefer = format!("modes=snapshot,delta{}", wait_text.unwrap_or_default());
        if let Ok(prefer) = HeaderValue::from_str(&prefer) {
            request.headers.insert("prefer", prefer);
        }
        request.long_poll = wait.is_some();
        let response = self.head(request, wait).await?;
        let knows = response.header("content-type").is_some_and(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(BUNDLE_TYPE))
        });
        let long_poll = self.long_poll.is_some() && knows;
        let content = match response.status() {
            StatusCode::OK => self.read(response).await?,
            StatusCode::NOT_MODIFIED => Content::NotModified,
            status => return Err(answered(status.as_u16())),
        };
        Ok(Fetched { content, long_poll })
    }

    /// Waits until an answer begins. Its body may take as long as it goes on.
    async fn head(&self, request: Request, wait: Option<Duration>) -> Result<Response, Failure> {
        let answer = self.service.request(request);
        let answer = match wait.map(|wait| wait.saturating_add(LONG_POLL_GRACE)) {
            None => answer.await,
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| {
                Failure::new(format!("request failed: no answer in {} s", limit.as_secs()))
            })?,
        };
        answer.map_err(|error| failed(&error))
    }

    async fn read(&self, response: Response) -> Result<Content, Failure> {
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.filter(|etag| etag.len() <= ETAG_BYTES_MAX).unwrap_or_default().to_string();
        let bytes = response.body_bounded(self.bytes_max()).await.map_err(|e| failed(&e))?;
        Ok(if bytes.is_empty() { Content::Empty } else { Content::Bundle { bytes, etag } })
    }

    async fn look_oci(&self, etag: &str) -> Result<Fetched, Failure> {
        let request = OciRequest {
            resource: &self.resource,
            known_digest: Some(etag).filter(|etag| !etag.is_empty()),
            max_bytes: self.bytes_max(),
        };
        let content = match self.service.fetch_oci(&request).await.map_err(|e| failed(&e))? {
            OciOutcome::Unchanged => Content::NotModified,
            OciOutcome::Layer { digest, bytes } => Content::Bundle { bytes, etag: digest },
        };
        Ok(Fetched { content, long_poll: false })
    }

    fn bytes_max(&self) -> u64 {
        bytes_max(self.file_bytes_max)
    }
}

/// Returns how many bytes a compressed bundle may have whose files may have so many each.
pub(super) fn bytes_max(file_bytes_max: u64) -> u64 {
    file_bytes_max.saturating_mul(LARGEST_FILES).clamp(DOWNLOAD_BYTES_MIN, TOTAL_BYTES_MAX)
}

/// Returns OPA's words for an answer that is not what was asked for.
pub(super) fn answered(status: u16) -> Failure {
    let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let text = known.map_or_else(|| status.to_string(), str::to_string);
    let failure = Failure::new(format!("server replied with {text}"));
    Failure { http_code: Some(status), ..failure }
}

/// Returns what a request that failed is told as.
pub(super) fn failed(error: &RemoteError) -> Failure {
    match error {
        RemoteError::Status { status, .. } => answered(*status),
        error => Failure::new(format!("request failed: {error}")),
    }
}
