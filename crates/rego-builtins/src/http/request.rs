//! A request as a policy writes it, read and checked: what is sent at first, and how to go on.
//!
//! Source: OPA policy reference, "HTTP", `http.send`.
//!
//! Must not know: answers, caches.

use std::collections::BTreeMap;
use std::time::Duration;

use rego_value::{ObjectRef, Value};
use rego_vm::Context;
use rego_vm::world::HttpTls;
use url::Url;

use super::error::{NetworkError, SendError, Sent};
use super::{address, fields, tls};
use crate::{charge, duration, gofmt};

/// How long a request may take unless it says otherwise. Source: OPA.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// The variable that may say otherwise for all requests. Source: OPA.
const TIMEOUT_VARIABLE: &str = "HTTP_SEND_TIMEOUT";

/// A request that can be sent.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: Url,
    /// The address as it was written, without a password, for messages.
    pub(super) shown: String,
    /// The socket that stands for the host.
    pub(super) socket: Option<String>,
    /// Headers by their names in Go's case; without those that belong to the framing of a message.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    pub(super) tls: HttpTls,
    /// Whether redirects are followed.
    pub(super) follows: bool,
    /// Of the whole exchange, redirects included; none: only that of evaluation.
    pub(super) timeout: Option<Duration>,
    /// How often to try again.
    pub(super) retries: u64,
}

impl Request {
    /// Reads a request whose keys have been checked.
    ///
    /// Errors: a value of the wrong kind, a host that is not allowed, a certificate or key that
    /// cannot be read.
    pub(super) fn read(context: &mut Context<'_>, object: ObjectRef<'_>) -> Sent<Self> {
        let body = body(context, object)?;
        let follows = fields::switch(object, "enable_redirect")?.unwrap_or(false);
        let headers = headers(object)?;
        let method = fields::text(object, "method")?.unwrap_or_default().to_uppercase();
        let raw_body = fields::text(object, "raw_body")?;
        let timeout = timeout(context, object)?;
        let server_name = fields::text(object, "tls_server_name")?;
        let written = fields::text(object, "url")?.unwrap_or_default();
        address::check_host(context, &written)?;
        let mut tls = tls::read(context, object)?;
        tls.server_name = server_name.filter(|name| !name.is_empty());
        if !method.bytes().all(is_token) {
            let why = format!("net/http: invalid method {}", gofmt::quote(&method));
            return Err(SendError::Failed(why));
        }
        let headers = texts_of(headers)?;
        if tls.server_name.is_none() {
            tls.server_name = headers.get("Host").map(|host| address::name_of(host).to_string());
        }
        let method = if method.is_empty() { "GET".to_string() } else { method };
        let retries = fields::retries(object)?;
        let target = address::target(&method, &written)?;
        Ok(Self {
            headers: checked(headers, &method, &target.shown)?,
            method,
            url: target.url,
            shown: target.shown,
            socket: target.socket,
            body: raw_body.map(String::into_bytes).or(body).unwrap_or_default(),
            tls,
            follows,
            timeout,
            retries,
        })
    }
}

fn body(context: &mut Context<'_>, object: ObjectRef<'_>) -> Sent<Option<Vec<u8>>> {
    let Some(body) = object.get_str("body") else { return Ok(None) };
    charge::text_of(context, body)?;
    Ok(Some(body.to_json().into_bytes()))
}

/// Returns the headers as they are written, by their names in Go's case.
fn headers(object: ObjectRef<'_>) -> Sent<BTreeMap<String, Value>> {
    let Some(headers) = object.get_str("headers") else { return Ok(BTreeMap::new()) };
    let wrong = || SendError::Failed("invalid type for headers key".to_string());
    let headers = headers.as_object().ok_or_else(wrong)?;
    Ok(headers
        .iter()
        .map(|(name, value)| (canonical(&name.to_json_key()), value.clone()))
        .collect())
}

fn texts_of(headers: BTreeMap<String, Value>) -> Sent<BTreeMap<String, String>> {
    let text = |(name, value): (String, Value)| match value.as_str() {
        Some(text) => Ok((name, text.to_string())),
        None => {
            let shown = gofmt::quote(&value.to_rego());
            Err(SendError::Failed(format!("invalid type for headers value {shown}")))
        }
    };
    headers.into_iter().map(text).collect()
}

/// Headers of the framing, which a message has anyway, as it must be. Go leaves them out, too.
const FRAMING: &[&str] = &["Content-Length", "Trailer", "Transfer-Encoding"];

/// Leaves out what belongs to the framing.
///
/// Errors: a name or a value that no message can hold.
fn checked(
    mut headers: BTreeMap<String, String>,
    method: &str,
    url: &str,
) -> Sent<BTreeMap<String, String>> {
    let wrong = |why: String| {
        let (method, url) = (method.to_string(), url.to_string());
        SendError::Network(NetworkError { method, url, reason: why, is_timeout: false })
    };
    for (name, value) in &headers {
        if name.is_empty() || !name.bytes().all(is_token) {
            let name = gofmt::quote(name);
            return Err(wrong(format!("net/http: invalid header field name {name}")));
        }
        if value.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            let name = gofmt::quote(name);
            return Err(wrong(format!("net/http: invalid header field value for {name}")));
        }
    }
    headers.retain(|name, _| !FRAMING.contains(&name.as_str()));
    Ok(headers)
}

/// Returns the name of a header in Go's case: `x-a` is `X-A`. What is no name stays as it is.
fn canonical(name: &str) -> String {
    if !name.bytes().all(is_token) {
        return name.to_string();
    }
    let mut begins = true;
    let letter = |c: char| {
        let cased = if begins { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        begins = c == '-';
        cased
    };
    name.chars().map(letter).collect()
}

/// Whether a byte may be part of a method or of the name of a header (RFC 9110, "token").
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns how long the request may take; a number, also as text, is of nanoseconds.
fn timeout(context: &Context<'_>, object: ObjectRef<'_>) -> Sent<Option<Duration>> {
    let Some(value) = object.get_str("timeout") else {
        let set = context.host().variable(TIMEOUT_VARIABLE);
        let set = set.and_then(|text| duration::parse_ns(&text).ok());
        return Ok(set.map_or(Some(TIMEOUT_DEFAULT), positive));
    };
    let shown = value.to_rego();
    if let Some(text) = value.as_str() {
        let plain = text.parse::<i64>().ok().map(Ok);
        let ns = plain.unwrap_or_else(|| duration::parse_ns(text));
        let wrong = |why| SendError::Failed(format!("invalid timeout value {shown}: {why}"));
        return ns.map(positive).map_err(wrong);
    }
    if value.as_number().is_none() {
        let kind = value.type_name();
        let why = format!("operand 1 'timeout' must be one of {{string, number}} but got {kind}");
        return Err(SendError::Operand(why));
    }
    let wrong =
        |_| SendError::Failed(format!("invalid timeout number value {shown}, must be int64"));
    shown.parse::<i64>().map(positive).map_err(wrong)
}

/// Go takes a time that is not positive as none.
fn positive(ns: i64) -> Option<Duration> {
    u64::try_from(ns).ok().filter(|ns| *ns > 0).map(Duration::from_nanos)
}
