//! Where a request goes: addresses, sockets, and whether the host may be talked to.
//!
//! The host that is checked is the one that a connection is made to, read by the same parser: an
//! address that two parsers read in two ways must not get past the check.
//!
//! Must not know: what is sent.

use rego_vm::Context;
use url::{ParseError, Url, form_urlencoded};

use super::error::{NetworkError, SendError, Sent};
use crate::gofmt;

/// Where a request goes.
pub(super) struct Target {
    pub(super) url: Url,
    /// As it was written, without a password.
    pub(super) shown: String,
    pub(super) socket: Option<String>,
}

/// Checks that the capabilities of the policy allow the host of an address.
pub(super) fn check_host(context: &Context<'_>, written: &str) -> Sent<()> {
    match Url::parse(written) {
        Ok(url) => check(context, &url).map_err(SendError::Failed),
        // Nothing is connected to then; the error comes where the address is used.
        Err(_) => Ok(()),
    }
}

/// Whether the capabilities allow the host of a URL.
///
/// Errors: they do not; in OPA's words.
pub(super) fn check(context: &Context<'_>, url: &Url) -> Result<(), String> {
    let host = url.host_str().unwrap_or_default();
    match context.allows_host(host) {
        true => Ok(()),
        false => Err(format!("unallowed host: {host}")),
    }
}

/// Returns where a request goes. `unix://host/path?socket=%2Fa.sock` goes to a socket of the file
/// system, with the rest of the query.
///
/// Errors: no address, or one that is not of HTTP.
pub(super) fn target(method: &str, written: &str) -> Sent<Target> {
    let network = |shown: String, reason: &str| {
        let (method, reason) = (method.to_string(), reason.to_string());
        SendError::Network(NetworkError { method, url: shown, reason, is_timeout: false })
    };
    let unsupported = |shown: String, scheme: &str| {
        network(shown, &format!("unsupported protocol scheme {}", gofmt::quote(scheme)))
    };
    let url = match Url::parse(written) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Err(unsupported(written.to_string(), ""));
        }
        Err(ParseError::EmptyHost) => {
            return Err(network(written.to_string(), "http: no Host in request URL"));
        }
        Err(error) => {
            let why = format!("parse {}: {error}", gofmt::quote(written));
            return Err(SendError::Failed(why));
        }
    };
    let shown = shown(&url, written);
    let (url, socket) = match url.scheme() {
        "http" | "https" => (url, None),
        "unix" if url.query().is_some_and(|query| !query.is_empty()) => through_socket(&url)?,
        other => return Err(unsupported(shown, other)),
    };
    let shown = if socket.is_some() { url.to_string() } else { shown };
    Ok(Target { url, shown, socket })
}

/// Returns the text of an address without its password.
fn shown(url: &Url, written: &str) -> String {
    if url.password().is_none() {
        return written.to_string();
    }
    without_password(url)
}

/// Returns an address without its password, as Go shows it.
pub(super) fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // An address without a host has no password either.
        let _ = url.set_password(Some("***"));
    }
    url.to_string()
}

/// Only the first `socket` counts; none is sent on.
fn through_socket(url: &Url) -> Sent<(Url, Option<String>)> {
    let (mut socket, mut rest) = (None, Vec::new());
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "socket" => socket = socket.or(Some(value.into_owned())),
            _ => rest.push((key.into_owned(), value.into_owned())),
        }
    }
    rest.sort_by(|(a, _), (b, _)| a.cmp(b));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
    let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    let http = format!("http://{host}{port}{}{mark}{query}", url.path());
    let wrong = |error| SendError::Failed(format!("parse {}: {error}", gofmt::quote(&http)));
    Ok((Url::parse(&http).map_err(wrong)?, Some(socket.unwrap_or_default())))
}

/// Returns the name of a host that may be followed by a port.
pub(super) fn name_of(host: &str) -> &str {
    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
        return inside;
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}
