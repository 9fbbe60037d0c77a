//! An answer: its head, and a body that is read only as far as it may go.
//!
//! Must not know: what was asked.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use crate::{RemoteError, error};

/// Longest silence in the middle of a body, unless the request says otherwise.
pub const BODY_SILENCE_MAX: Duration = Duration::from_secs(60);

/// Most bytes set aside because a peer announced them.
const ANNOUNCED_BYTES_TRUSTED: u64 = 1 << 20;

/// The answer of a service. Its body is not read yet.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
    host: String,
    silence: Duration,
}

impl Response {
    pub(crate) fn new(inner: reqwest::Response, host: String) -> Self {
        Self { inner, host, silence: BODY_SILENCE_MAX }
    }

    pub(crate) fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Returns the status, whatever it is.
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// Returns the first value of a header. None: there is none, or it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Returns the host that answered, which a redirect may have changed.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Reads the body, as it was sent: no encoding is undone.
    ///
    /// Errors: more than `max_bytes`; it broke off (fewer bytes than announced, a chunk cut
    /// short); nothing came for the longest silence that was agreed on.
    pub async fn body_bounded(mut self, max_bytes: u64) -> Result<Bytes, RemoteError> {
        let too_large = RemoteError::TooLarge { max: max_bytes };
        let announced = self.inner.content_length().unwrap_or(0);
        if announced > max_bytes {
            return Err(too_large);
        }
        let reserved = announced.min(ANNOUNCED_BYTES_TRUSTED);
        let mut body = BytesMut::with_capacity(usize::try_from(reserved).unwrap_or(0));
        while let Some(chunk) = self.chunk(body.len() as u64).await? {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    async fn chunk(&mut self, received: u64) -> Result<Option<Bytes>, RemoteError> {
        let (host, after) = (self.host.clone(), self.silence);
        match tokio::time::timeout(after, self.inner.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Err(_) => Err(RemoteError::Timeout { host, after }),
            Ok(Err(error)) => Err(match error::from_reqwest(&error, &host, after) {
                timeout @ RemoteError::Timeout { .. } => timeout,
                _ => RemoteError::Truncated { received },
            }),
        }
    }
}
