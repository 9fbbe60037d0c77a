//! One request and its answer: sent, awaited, read within its bounds, unpacked.
//!
//! Must not know: whom to trust, where to connect to.

use std::time::Duration;

use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue,
    RANGE, USER_AGENT,
};
use hyper::ext::ReasonPhrase;
use rego::world::{HostError, HttpRequest, HttpResponse};
use reqwest::{Client, Method, Request, Response};
use tokio::time::{Instant, timeout_at};

use super::client::Ready;
use super::encoding::{gunzip, too_large};
use super::failure;

/// Most bytes set aside because a peer announced them.
const ANNOUNCED_BYTES_TRUSTED: u64 = 1 << 20;

/// A request that is ready to be sent.
pub(super) struct Exchange {
    client: Client,
    request: Request,
    /// Whether we, and not the request, asked for a packed body.
    unpacks: bool,
    body_bytes_max: u64,
    peer: failure::Peer,
}

impl Exchange {
    /// Puts a request together.
    ///
    /// Errors: a method or a header that cannot be sent.
    pub(super) fn new(ready: &Ready, asked: &HttpRequest) -> Result<Self, HostError> {
        let wrong = |what: &str, name: &str| HostError::Failed(format!("invalid {what} `{name}`"));
        let method = Method::from_bytes(asked.method.as_bytes());
        let method = method.map_err(|_| wrong("method", &asked.method))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &asked.headers {
            let value = HeaderValue::from_bytes(value.as_bytes());
            match (name.parse::<HeaderName>(), value) {
                (Ok(name), Ok(value)) => headers.append(name, value),
                _ => return Err(wrong("header", name)),
            };
        }
        if let Some(host) = ready.host.as_ref().filter(|_| !headers.contains_key(HOST)) {
            let host = HeaderValue::from_str(host).map_err(|_| wrong("host", host))?;
            headers.insert(HOST, host);
        }
        // As Go: a part of a body, or a body of which only the head is wanted, comes as it is.
        let unpacks = method != Method::HEAD
            && !headers.contains_key(ACCEPT_ENCODING)
            && !headers.contains_key(RANGE);
        if unpacks {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let has_body = !asked.body.is_empty();
        if !has_body && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // A body is expected of these, so that there is none is said, as Go does.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut request = ready.client.request(method, ready.url.clone()).headers(headers);
        if has_body {
            request = request.body(asked.body.clone());
        }
        let request = request.build().map_err(|error| HostError::Failed(error.to_string()))?;
        Ok(Self {
            client: ready.client.clone(),
            request,
            unpacks,
            body_bytes_max: asked.body_bytes_max,
            peer: failure::Peer::of(asked),
        })
    }

    /// Sets the `User-Agent`, unless the request did.
    pub(super) fn name_agent(&mut self, user_agent: &str) {
        let headers = self.request.headers_mut();
        if !headers.contains_key(USER_AGENT)
            && let Ok(value) = HeaderValue::from_str(user_agent)
        {
            headers.insert(USER_AGENT, value);
        }
    }

    /// Sends it and reads the answer.
    ///
    /// Errors: there is none, or not in time, or it breaks off.
    pub(super) async fn run(self, timeout: Duration) -> Result<HttpResponse, HostError> {
        let deadline = Instant::now() + timeout;
        let sent = timeout_at(deadline, self.client.execute(self.request)).await;
        let sent = sent.map_err(|_| HostError::Timeout("exceeded while awaiting headers"))?;
        let mut response = sent.map_err(|error| self.peer.failure(&error))?;
        let mut answer = HttpResponse {
            status: response.status().as_u16(),
            reason: reason(&response),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let read = timeout_at(deadline, body(&mut response, self.body_bytes_max)).await;
        answer.body = read.map_err(|_| {
            let why = "context deadline exceeded (Client.Timeout or context cancellation while \
                       reading body)";
            HostError::Body(why.to_string())
        })??;
        let headers = response.headers_mut();
        let is_packed = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        if self.unpacks && is_packed && !answer.body.is_empty() {
            answer.body = gunzip(&answer.body, self.body_bytes_max).map_err(HostError::Body)?;
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        answer.headers = headers.collect();
        Ok(answer)
    }
}

/// Returns what the peer calls the status; HTTP/2 has no words for it, so they are the usual ones.
fn reason(response: &Response) -> String {
    let own = response.extensions().get::<ReasonPhrase>();
    let own = own.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
    let usual = || response.status().canonical_reason().unwrap_or_default().to_string();
    own.unwrap_or_else(usual)
}

async fn body(response: &mut Response, bytes_max: u64) -> Result<Vec<u8>, HostError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > bytes_max {
        return Err(HostError::Body(too_large(bytes_max)));
    }
    let reserved = usize::try_from(announced.min(ANNOUNCED_BYTES_TRUSTED)).unwrap_or(0);
    let mut body = Vec::with_capacity(reserved);
    let broken = |_| HostError::Body("unexpected EOF".to_string());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if (body.len() + chunk.len()) as u64 > bytes_max {
            return Err(HostError::Body(too_large(bytes_max)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
