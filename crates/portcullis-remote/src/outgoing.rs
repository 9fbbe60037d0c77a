//! A request while it is put together: what credentials look at and add to.
//!
//! Must not know: connections.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::Url;

use crate::{RemoteError, Secret};

/// A request that is ready to be signed and sent.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

impl Outgoing {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    /// A form to be posted, as token endpoints take it.
    pub(crate) fn form<'a>(url: Url, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut scratch = url.clone();
        scratch.query_pairs_mut().clear().extend_pairs(pairs);
        let body = Bytes::from(scratch.query().unwrap_or_default().to_string());
        let mut outgoing = Self::new(Method::POST, url);
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        outgoing.headers.insert(CONTENT_TYPE, form);
        outgoing.body = Some(body);
        outgoing
    }

    /// A JSON document to be posted.
    pub(crate) fn json(url: Url, body: &serde_json::Value, content_type: &'static str) -> Self {
        let mut outgoing = Self::new(Method::POST, url);
        outgoing.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        outgoing.body = Some(Bytes::from(body.to_string()));
        outgoing
    }

    /// Sets `Authorization`.
    ///
    /// Errors: the token holds bytes that no header may hold.
    pub(crate) fn authorize(&mut self, scheme: &str, token: &str) -> Result<(), RemoteError> {
        let value = sensitive(&format!("{scheme} {token}")).ok_or_else(|| {
            RemoteError::Credentials("a token holds characters no header may hold".to_string())
        })?;
        self.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Sets `Authorization` to a user name and a password (RFC 7617).
    pub(crate) fn authorize_basic(
        &mut self,
        user: &str,
        password: &str,
    ) -> Result<(), RemoteError> {
        self.authorize("Basic", &STANDARD.encode(format!("{user}:{password}")))
    }

    /// Names the operation of one of AWS's JSON services.
    pub(crate) fn target(&mut self, operation: &'static str) {
        self.headers.insert("x-amz-target", HeaderValue::from_static(operation));
    }

    /// Sets a header whose value is a secret.
    ///
    /// Errors: name or value are no header; `key` is said to be at fault.
    pub(crate) fn header(
        &mut self,
        key: &str,
        name: &str,
        value: &Secret,
    ) -> Result<(), RemoteError> {
        let (name, value) = parse_header(key, name, value)?;
        self.headers.insert(name, value);
        Ok(())
    }
}

/// Returns a header of the configuration.
///
/// Errors: name or value are no header; `key` is said to be at fault.
pub(crate) fn parse_header(
    key: &str,
    name: &str,
    value: &Secret,
) -> Result<(HeaderName, HeaderValue), RemoteError> {
    let parsed: Result<HeaderName, _> = name.parse();
    match (parsed, sensitive(value.expose())) {
        (Ok(name), Some(value)) => Ok((name, value)),
        _ => Err(RemoteError::Config(format!("`{key}`: `{name}` is not a valid header"))),
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns the host and port of an address, and nothing else of it: the rest may hold secrets.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"))
}

/// Parses an address of the configuration.
///
/// Errors: it is no http or https address; `key` is said to be at fault, the address is not shown.
pub(crate) fn parse_url(key: &str, text: &str) -> Result<Url, RemoteError> {
    let fail = |reason: &str| RemoteError::Config(format!("`{key}`: not a usable URL: {reason}"));
    if text.is_empty() {
        return Err(fail("it is empty"));
    }
    let url = Url::parse(text).map_err(|error| fail(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fail("it must begin with `http://` or `https://` and name a host"));
    }
    Ok(url)
}
