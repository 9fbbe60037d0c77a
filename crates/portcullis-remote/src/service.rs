//! A service: an address, whom to trust, who we are, and requests to it.
//!
//! Redirects are followed here and not by the HTTP client, because only here is it known which
//! headers are for the service alone, and that a signature covers the address.
//!
//! Must not know: what is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;

use crate::config::{KeyConfig, ServiceConfig, ServiceKind};
use crate::credentials::{Credentials, Setting};
use crate::outgoing::{Outgoing, host_of, parse_header, parse_url};
use crate::response::{BODY_SILENCE_MAX, Response};
use crate::tls::{self, Trust};
use crate::transport::{Transport, send};
use crate::{ClientOptions, RemoteError, oci_auth};

/// Most redirects of one request.
pub const REDIRECTS_MAX: usize = 10;

/// Longest wait for an answer that is long in coming by agreement.
pub const LONG_POLL_MAX: Duration = Duration::from_secs(24 * 3600);

/// Slowest upload that is waited for, in bytes a second.
const UPLOAD_RATE_MIN: u64 = 64 << 10;

/// A request to a service.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// What is appended to the service's address, with one slash between them. It may have a query.
    pub path: String,
    /// Headers of this request; those of the service come first, these replace them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
    /// Whether the service may be long in answering: its limit on that does not count then.
    pub long_poll: bool,
    /// Longest silence in the middle of the answer's body. None: [`BODY_SILENCE_MAX`].
    pub read_timeout: Option<Duration>,
}

impl Request {
    /// A request without a body.
    pub fn get(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// A request with a body of JSON.
    pub fn post_json(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        let (path, body) = (path.into(), Some(body.into()));
        Self { method: Method::POST, path, headers, body, ..Self::default() }
    }
}

/// A service that requests can be sent to, from many tasks at once.
pub struct Service {
    name: String,
    pub(crate) kind: ServiceKind,
    pub(crate) url: Url,
    headers: HeaderMap,
    header_timeout: Duration,
    client: reqwest::Client,
    credentials: Credentials,
    pub(crate) transport: Transport,
    pub(crate) tokens: oci_auth::Tokens,
}

impl std::fmt::Debug for Service {
    /// Shows no address, header or credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Service {
    /// Sets a service up. Reads files of certificates and keys, connects to nothing.
    ///
    /// Errors: [`RemoteError::Config`] names the key that is wrong; [`RemoteError::Credentials`]
    /// names the file that cannot be read.
    pub fn new(
        name: &str,
        config: &ServiceConfig,
        keys: &BTreeMap<String, KeyConfig>,
        options: &ClientOptions,
    ) -> Result<Self, RemoteError> {
        let key = format!("services.{name}");
        let url = parse_url(&format!("{key}.url"), &config.url)?;
        let headers_key = format!("{key}.headers");
        let headers = config.headers.iter();
        let headers = headers.map(|(name, value)| parse_header(&headers_key, name, value));
        let trust = Trust::read(&key, config)?;
        let setting = Setting { service: &key, keys, options, trust: &trust, kind: config.kind };
        let header_timeout = match config.response_header_timeout_seconds {
            0 => LONG_POLL_MAX,
            seconds => LONG_POLL_MAX.min(Duration::from_secs(seconds)),
        };
        Ok(Self {
            name: name.to_string(),
            kind: config.kind,
            url,
            headers: headers.collect::<Result<_, _>>()?,
            header_timeout,
            credentials: Credentials::new(&config.credentials, &setting)?,
            client: tls::client(options, &trust, None)?,
            transport: Transport::new(options.clone(), &trust),
            tokens: oci_auth::Tokens::default(),
        })
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the service speaks.
    pub fn kind(&self) -> ServiceKind {
        self.kind
    }

    /// Returns true when requests carry what may be secret.
    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.is_some() || !self.headers.is_empty()
    }

    /// Sends a request and waits for the head of the answer, whatever its status. Up to
    /// [`REDIRECTS_MAX`] redirects are followed; credentials and the service's own headers stay
    /// behind where one leads to another host.
    ///
    /// Errors: no answer, in one of the ways of [`RemoteError`]; a status is none of them.
    pub async fn request(&self, request: Request) -> Result<Response, RemoteError> {
        let url = self.join(&request.path)?;
        self.request_url(request, url).await
    }

    /// Returns the service's address and the path.
    fn join(&self, path: &str) -> Result<Url, RemoteError> {
        let base = self.url.as_str().trim_end_matches('/');
        let joined = Url::parse(&format!("{base}/{}", path.trim_start_matches('/')));
        // No `..` or `//` in a path may lead a request away from the service.
        let joined = joined.ok().filter(|url| is_same_host(&self.url, url));
        joined.ok_or_else(|| {
            RemoteError::Config(format!("`{path}` is no path of the service `{}`", self.name))
        })
    }

    /// As [`Service::request`], with a whole address instead of the request's path.
    pub(crate) async fn request_url(
        &self,
        request: Request,
        url: Url,
    ) -> Result<Response, RemoteError> {
        let silence = request.read_timeout.unwrap_or(BODY_SILENCE_MAX);
        let mut hop = Hop { url, request, is_ours: true };
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send_hop(&hop).await?;
            let Some(location) = redirect_target(&response, &hop.url)? else {
                return Ok(response.with_silence(silence));
            };
            hop = hop.follow(location, response.status())?;
        }
        Err(RemoteError::Redirect(format!("more than {REDIRECTS_MAX} redirects")))
    }

    async fn send_hop(&self, hop: &Hop) -> Result<Response, RemoteError> {
        let request = &hop.request;
        let mut outgoing = Outgoing::new(request.method.clone(), hop.url.clone());
        outgoing.body = request.body.clone();
        let mut client = None;
        if hop.is_ours {
            outgoing.headers = self.headers.clone();
        }
        for name in request.headers.keys() {
            outgoing.headers.remove(name);
        }
        for (name, value) in &request.headers {
            outgoing.headers.append(name, value.clone());
        }
        // Who puts an `Authorization` into a request has one that matters more than ours.
        if hop.is_ours && !request.headers.contains_key(AUTHORIZATION) {
            client = self.credentials.apply(&self.transport, &mut outgoing).await?;
        }
        let wait = self.wait(request);
        send(client.as_ref().unwrap_or(&self.client), outgoing, wait).await
    }

    /// How long the answer may take to begin: a body needs time to be sent before.
    fn wait(&self, request: &Request) -> Duration {
        if request.long_poll {
            return LONG_POLL_MAX;
        }
        let bytes = request.body.as_ref().map_or(0, |body| body.len() as u64);
        self.header_timeout + Duration::from_secs(bytes / UPLOAD_RATE_MIN)
    }
}

/// One step on the way of a request.
struct Hop {
    url: Url,
    request: Request,
    /// Whether every step so far went to the host the request was for.
    is_ours: bool,
}

impl Hop {
    /// The next step, as RFC 9110 (15.4) and browsers have it.
    fn follow(self, location: Url, status: StatusCode) -> Result<Self, RemoteError> {
        let Self { url, mut request, is_ours } = self;
        if url.scheme() == "https" && location.scheme() != "https" {
            let host = host_of(&url);
            return Err(RemoteError::Redirect(format!("`{host}` redirects away from https")));
        }
        let is_ours = is_ours && is_same_host(&url, &location);
        if !is_ours {
            request.headers.remove(AUTHORIZATION);
            request.headers.remove(COOKIE);
        }
        let keeps =
            matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if !keeps && request.method != Method::HEAD {
            request.method = Method::GET;
            request.body = None;
            request.headers.remove(CONTENT_TYPE);
            request.headers.remove(CONTENT_LENGTH);
        }
        Ok(Self { url: location, request, is_ours })
    }
}

/// Returns where the answer sends us. None: it does not.
///
/// Errors: it does, but not to an http or https address.
fn redirect_target(response: &Response, from: &Url) -> Result<Option<Url>, RemoteError> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.headers().get(LOCATION).filter(|_| is_redirect) else {
        return Ok(None);
    };
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    match target.filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(target) => Ok(Some(target)),
        None => {
            let host = host_of(from);
            Err(RemoteError::Redirect(format!("`{host}` redirects to no usable address")))
        }
    }
}

/// Returns true for the same host and port, and for the usual step from http to https on it.
pub(crate) fn is_same_host(from: &Url, to: &Url) -> bool {
    let port = |url: &Url| url.port_or_known_default();
    let is_upgrade = from.scheme() == "http"
        && to.scheme() == "https"
        && (from.port(), to.port()) == (None, None);
    let is_same = from.scheme() == to.scheme() && port(from) == port(to);
    from.host_str() == to.host_str() && (is_same || is_upgrade)
}
