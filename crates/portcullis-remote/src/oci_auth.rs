//! How a registry lets us in: what it asks for, and tokens it gave us.
//!
//! Behaviour after the token authentication of the distribution project.
//!
//! Must not know: manifests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};
use reqwest::Url;
use serde::Deserialize;

use crate::cached::in_seconds;
use crate::oci_reference::Reference;
use crate::outgoing::host_of;
use crate::response::Response;
use crate::service::{Request, Service};
use crate::transport::TOKEN_BYTES_MAX;
use crate::{RemoteError, Secret};

/// A token with less life than this is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);

/// The life of a token of which nothing is said, as the specification has it.
const TOKEN_LIFE_SECONDS: u64 = 60;

/// Most tokens that are kept: one a repository of a registry.
const TOKENS_MAX: usize = 64;

/// Tokens by registry and repository: none may reach another registry than its own.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<String, (HeaderValue, SystemTime)>>);

impl Tokens {
    fn get(&self, place: &str) -> Option<HeaderValue> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, expiry) = tokens.get(place)?;
        (*expiry > SystemTime::now() + TOKEN_MARGIN).then(|| value.clone())
    }

    fn forget(&self, place: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }

    fn keep(&self, place: &str, value: HeaderValue, seconds: u64) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(place.to_string(), (value, in_seconds(seconds)));
    }
}

/// What a registry asks for before it lets us in.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<Secret>,
    access_token: Option<Secret>,
    expires_in: Option<u64>,
}

/// Gets the token that the refusal asks for, and keeps it. Returns false where it asks for none.
///
/// Errors: it asks for one that we are not given.
pub(crate) async fn answer_challenge(
    service: &Service,
    refusal: &Response,
    reference: &Reference,
) -> Result<bool, RemoteError> {
    let repository = &reference.repository;
    service.tokens.forget(&reference.place());
    let header = refusal.header("www-authenticate").unwrap_or_default();
    let Some(challenge) = parse_challenge(header) else {
        return Ok(false);
    };
    let url = token_url(service, &challenge, repository)?;
    let host = host_of(&url);
    // With the service's credentials, if it has any: they are what a token is given for.
    let request = Request { method: Method::GET, ..Request::default() };
    let response = service.request_url(request, url).await?;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        let text = format!("`{host}` gives no token for `{repository}`: status {status}");
        return Err(RemoteError::Credentials(text));
    }
    let body = response.body_bounded(TOKEN_BYTES_MAX).await?;
    let broken = || RemoteError::Credentials(format!("the token of `{host}` is broken"));
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| broken())?;
    let token = answer.token.or(answer.access_token).ok_or_else(broken)?;
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    let mut value = value.map_err(|_| broken())?;
    value.set_sensitive(true);
    let seconds = answer.expires_in.unwrap_or(TOKEN_LIFE_SECONDS);
    service.tokens.keep(&reference.place(), value, seconds);
    Ok(true)
}

/// Returns where tokens are given out. A registry may send us anywhere, but not from https to http.
fn token_url(
    service: &Service,
    challenge: &Challenge,
    repository: &str,
) -> Result<Url, RemoteError> {
    let refuse = || {
        let host = host_of(&service.url);
        RemoteError::Credentials(format!("`{host}` names no usable place for tokens"))
    };
    let mut url = Url::parse(&challenge.realm).map_err(|_| refuse())?;
    let is_plain = url.scheme() == "http" && service.url.scheme() == "http";
    if url.scheme() != "https" && !is_plain {
        return Err(refuse());
    }
    let scope = format!("repository:{repository}:pull");
    let mut pairs = vec![("scope", challenge.scope.as_deref().unwrap_or(&scope))];
    pairs.extend(challenge.service.as_deref().map(|service| ("service", service)));
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url)
}

/// Longest challenge that is looked at, in bytes.
const CHALLENGE_BYTES_MAX: usize = 4096;

/// Reads `Bearer realm="…",service="…",scope="…"`. None: it is another challenge.
fn parse_challenge(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") || header.len() > CHALLENGE_BYTES_MAX {
        return None;
    }
    let mut fields = BTreeMap::new();
    let mut rest = rest.trim();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at_checked(after.find(',').unwrap_or(after.len()))?,
        };
        fields.insert(name.trim().to_ascii_lowercase(), value.to_string());
        rest = after.trim_start_matches([',', ' ']);
    }
    let realm = fields.remove("realm")?;
    Some(Challenge { realm, service: fields.remove("service"), scope: fields.remove("scope") })
}

/// Returns a request with a kept token, if there is one; the service's credentials go with it
/// otherwise.
pub(crate) fn with_token(
    service: &Service,
    mut request: Request,
    reference: &Reference,
) -> Request {
    if let Some(token) = service.tokens.get(&reference.place()) {
        request.headers.insert(AUTHORIZATION, token);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges() {
        let found = parse_challenge("Bearer realm=\"https://a/t\",service=b, scope=\"c:d,e\"");
        let found = found.unwrap();
        assert_eq!(found.realm, "https://a/t");
        assert_eq!((found.service.as_deref(), found.scope.as_deref()), (Some("b"), Some("c:d,e")));
        for bad in ["", "Basic realm=\"a\"", "Bearer", "Bearer realm=\"a", "Bearer x=1"] {
            assert_eq!(parse_challenge(bad), None, "{bad}");
        }
    }
}
