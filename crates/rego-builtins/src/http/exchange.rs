//! Sends a request: follows redirects, tries again, and keeps within the time.
//!
//! Source: OPA policy reference, `http.send`; what a redirect changes of a request is what Go's
//! `net/http` changes (RFC 9110, "Redirection 3xx").
//!
//! Must not know: caches, what is made of an answer.

use std::collections::BTreeMap;
use std::time::Duration;

use rego_vm::world::{HostError, HttpRequest, HttpResponse};
use rego_vm::{Context, Halt};
use url::Url;

use super::address;
use super::error::{NetworkError, SendError, Sent};
use super::request::Request;
use crate::gofmt;

/// Most redirects that are followed. Go's number.
const REDIRECTS_MAX: usize = 10;

/// Most times a request is tried again, whatever it asks for. Ours: with the pauses between them,
/// more than an hour.
const RETRIES_MAX: u64 = 100;

/// Most bytes of an answer's body. Ours.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// The first pause between two tries, how it grows, and how long it becomes. Source: OPA.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_GROWTH: f64 = 1.6;
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// By which part a pause is longer or shorter than it would be, so that many do not try at once.
const PAUSE_JITTER: f64 = 0.2;

/// What sending a request once, along a redirect, costs in steps.
const STEPS_PER_HOP: u64 = 1000;

/// Headers that are for the first host alone, and for those below it.
const SENSITIVE: &[&str] = &[
    "Authorization",
    "Cookie",
    "Cookie2",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Www-Authenticate",
];

/// Sends a request, as often as it may be tried, with more headers than its own.
///
/// Errors: there is no answer, or its body breaks off.
pub(super) fn send(
    context: &mut Context<'_>,
    request: &Request,
    more: &[(&str, &str)],
) -> Sent<HttpResponse> {
    for tried in 0..request.retries.min(RETRIES_MAX) {
        match follow(context, request, more) {
            Err(SendError::Network(_)) => {}
            other => return other,
        }
        let pause = pause(context, tried);
        context.host().pause(pause);
        if context.host().cancelled() {
            return Err(SendError::Halt(Halt::Deadline));
        }
    }
    follow(context, request, more)
}

fn pause(context: &Context<'_>, tried: u64) -> Duration {
    if tried == 0 {
        return Duration::ZERO;
    }
    let growth = PAUSE_GROWTH.powi(i32::try_from(tried).unwrap_or(i32::MAX));
    let pause = (PAUSE_FIRST.as_secs_f64() * growth).min(PAUSE_MAX.as_secs_f64());
    let mut chance = [0; 2];
    context.host().random(&mut chance);
    let chance = f64::from(u16::from_le_bytes(chance)) / f64::from(u16::MAX);
    Duration::from_secs_f64(pause * (1.0 + PAUSE_JITTER * (chance * 2.0 - 1.0)))
}

/// The request under way, which redirects change.
struct Hop {
    method: String,
    url: Url,
    shown: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Sends a request once, and follows redirects.
fn follow(
    context: &mut Context<'_>,
    request: &Request,
    more: &[(&str, &str)],
) -> Sent<HttpResponse> {
    let mut headers = request.headers.clone();
    headers.extend(more.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())));
    let mut hop = Hop {
        method: request.method.clone(),
        url: request.url.clone(),
        shown: request.shown.clone(),
        headers,
        body: request.body.clone(),
    };
    let begun = context.host().now_ns();
    let network = |url: &str, reason: String, is_timeout| {
        let (method, url) = (request.method.clone(), url.to_string());
        SendError::Network(NetworkError { method, url, reason, is_timeout })
    };
    for followed in 0..=REDIRECTS_MAX {
        context.charge_steps(STEPS_PER_HOP)?;
        let answer = exchange(context, request, &hop, begun)
            .map_err(|error| told(error, |reason, late| network(&hop.shown, reason, late)))?;
        let location =
            answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let Some((_, location)) = location.filter(|(_, location)| !location.is_empty()) else {
            return Ok(answer);
        };
        if !request.follows || !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(answer);
        }
        if followed == REDIRECTS_MAX {
            let why = format!("stopped after {REDIRECTS_MAX} redirects");
            return Err(network(location, why, false));
        }
        hop = redirected(context, (request, hop), answer.status, location)
            .map_err(|(url, reason)| network(&url, reason, false))?;
    }
    Err(SendError::Plain(String::new())) // The loop returns at the latest in its last turn.
}

/// Sends a request once, in what is left of its time.
fn exchange(
    context: &Context<'_>,
    request: &Request,
    hop: &Hop,
    begun: i64,
) -> Result<HttpResponse, HostError> {
    let spent = context.host().now_ns().saturating_sub(begun);
    let spent = Duration::from_nanos(u64::try_from(spent).unwrap_or(0));
    let timeout = request.timeout.map(|timeout| timeout.saturating_sub(spent));
    if timeout.is_some_and(|left| left.is_zero()) {
        return Err(HostError::Timeout("exceeded while awaiting headers"));
    }
    context.host().http(&HttpRequest {
        method: hop.method.clone(),
        url: hop.url.to_string(),
        headers: hop.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: hop.body.clone(),
        tls: request.tls.clone(),
        socket: request.socket.clone(),
        timeout,
        body_bytes_max: BODY_BYTES_MAX,
    })
}

fn told(error: HostError, network: impl Fn(String, bool) -> SendError) -> SendError {
    match error {
        HostError::Unavailable => {
            SendError::Failed("HTTP requests are not available here".to_string())
        }
        HostError::Cancelled => SendError::Halt(Halt::Deadline),
        HostError::Setting(why) | HostError::Body(why) => SendError::Failed(why),
        HostError::Timeout(_) => network(error.to_string(), true),
        HostError::Failed(why) => network(why, false),
    }
}

/// Returns what a redirect makes of a request.
///
/// Errors: the address, and why nothing goes there.
fn redirected(
    context: &Context<'_>,
    (request, from): (&Request, Hop),
    status: u16,
    location: &str,
) -> Result<Hop, (String, String)> {
    let url = from.url.join(location).map_err(|error| {
        let quoted = gofmt::quote(location);
        (from.shown.clone(), format!("failed to parse Location header {quoted}: {error}"))
    })?;
    address::check(context, &url).map_err(|why| (location.to_string(), why))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = gofmt::quote(url.scheme());
        return Err((url.to_string(), format!("unsupported protocol scheme {scheme}")));
    }
    let Hop { mut method, mut headers, mut body, .. } = from;
    if matches!(status, 301..=303) {
        body.clear();
        if method != "HEAD" {
            method = "GET".to_string();
        }
    }
    // A name given for the first host is none of another one.
    if Url::parse(location).is_ok() || location.starts_with("//") {
        headers.remove("Host");
    }
    if !is_within(&request.url, &url) {
        headers.retain(|name, _| !SENSITIVE.contains(&name.as_str()));
    }
    if !request.headers.contains_key("Referer") {
        headers.remove("Referer");
        if !(from.url.scheme() == "https" && url.scheme() == "http") {
            headers.insert("Referer".to_string(), without_user(&from.url));
        }
    }
    let shown = address::without_password(&url);
    Ok(Hop { method, url, shown, headers, body })
}

/// Whether a URL is of the same host, or of one below it.
fn is_within(first: &Url, now: &Url) -> bool {
    let (Some(first), Some(now)) = (first.host_str(), now.host_str()) else { return false };
    let below = now.strip_suffix(first).is_some_and(|rest| rest.ends_with('.'));
    now == first || (below && first.contains(|c: char| c.is_ascii_alphabetic()))
}

fn without_user(url: &Url) -> String {
    let mut url = url.clone();
    // An address without a host has no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.to_string()
}
