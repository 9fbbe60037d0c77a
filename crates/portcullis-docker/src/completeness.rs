//! Whether a policy sees all that the daemon will act on; a request of which it does not is refused.
//!
//! The daemon shows a body only where its first `Content-Type` is JSON's and it is not too long, and
//! of headers that come twice the last; it reads a form in any other body in place of the query.
//! Pure. Must not know: policies, what the fields of a body mean.
//!
//! Source: moby `pkg/authorization/authz.go`, functions `AuthZRequest` and `sendBody`; Go
//! `net/http`, `Request.ParseForm`; `docs/docker.md` has the rules in words.

use std::fmt;

use rego::Value;

use crate::api::{self, Body, Found, Route};
use crate::body::{self, BodyError};
use crate::canonical::canonical;
use crate::uri::{self, QueryFault, Target, UriError};
use crate::wire::AuthzRequest;

/// Which requests without a route are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum UnknownRoutes {
    /// All requests to endpoints that are not known
    All,
    /// All but those that only ask: GET, HEAD and OPTIONS
    #[default]
    Writes,
    /// None; the policy sees the action `unknown`
    None,
}

/// Why a request cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The target is none.
    Target,
    /// The path has a slash that is encoded.
    EncodedSlash,
    /// The query has parts that are read in more than one way.
    Query,
    /// No endpoint is known for it.
    UnknownRoute,
    /// The body is a form, which no plugin sees.
    Form,
    /// The length that is announced is no number.
    ContentLength,
    /// There is a body and the daemon does not show it.
    Withheld,
    /// There is no body where one is needed.
    Missing,
    /// There may be a body where none belongs.
    Unexpected,
    /// The body is not JSON.
    BodySyntax,
    /// A key of the body comes twice to the daemon.
    BodyRepeated,
    /// A value of the body is not of the type that the API says.
    BodyType,
    /// The body has fields of `HostConfig` beside it.
    BodyDeprecated,
    /// The body has too many parts.
    BodySize,
}

impl Cause {
    /// All causes, in the order of their names.
    pub const ALL: [Self; 14] = [
        Self::BodyDeprecated,
        Self::BodyRepeated,
        Self::BodySize,
        Self::BodySyntax,
        Self::BodyType,
        Self::ContentLength,
        Self::EncodedSlash,
        Self::Form,
        Self::Missing,
        Self::Query,
        Self::Target,
        Self::Unexpected,
        Self::UnknownRoute,
        Self::Withheld,
    ];

    /// Returns the name for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::EncodedSlash => "encoded_slash",
            Self::Query => "query",
            Self::UnknownRoute => "unknown_route",
            Self::Form => "form",
            Self::ContentLength => "content_length",
            Self::Withheld => "withheld",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::BodySyntax => "body_syntax",
            Self::BodyRepeated => "body_repeated",
            Self::BodyType => "body_type",
            Self::BodyDeprecated => "body_deprecated",
            Self::BodySize => "body_size",
        }
    }
}

/// A request that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, in a word.
    pub cause: Cause,
    /// Why, for whoever asked.
    pub message: String,
}

impl Refusal {
    fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<UriError> for Refusal {
    fn from(error: UriError) -> Self {
        Self::new(Cause::Target, error.to_string())
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let cause = match error {
            BodyError::Json(_) | BodyError::Depth => Cause::BodySyntax,
            BodyError::RepeatedKey(_) => Cause::BodyRepeated,
            BodyError::Kind { .. } => Cause::BodyType,
            BodyError::Lifted(_) => Cause::BodyDeprecated,
            BodyError::Many(_) => Cause::BodySize,
        };
        Self::new(cause, error.to_string())
    }
}

/// A request of which everything is known that the daemon acts on, but for streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The target, taken apart.
    pub target: Target,
    /// The endpoint, where one is known.
    pub route: Option<&'static Route>,
    /// The body as the endpoint's decoder takes it; null without one.
    pub body: Value,
}

impl Whole {
    /// Returns what is asked for.
    pub fn found(&self) -> Found<'_> {
        Found { version: api::version(&self.target.path), route: self.route }
    }

    /// Returns the action, as policies see it.
    pub fn action(&self) -> &'static str {
        self.found().action(&self.target.query)
    }
}

/// Reads a request whole.
///
/// Errors: one that the daemon could act on otherwise than a policy sees.
pub fn read(request: &AuthzRequest, unknown: UnknownRoutes) -> Result<Whole, Refusal> {
    let target = uri::parse(&request.uri)?;
    let found = api::find(&request.method, &target.path);
    let asked = Asked { request, target: &target, found };
    check_target(&asked, unknown)?;
    if is_read_for_forms(&request.method) {
        check_body(&asked)?;
    }
    let body = body::parse(&request.body)?;
    let body = match found.route.map(|route| &route.body) {
        Some(Body::Json { shape, .. }) if !request.body.is_empty() => canonical(&body, shape)?,
        _ => body,
    };
    let route = found.route;
    Ok(Whole { target, route, body })
}

struct Asked<'a> {
    request: &'a AuthzRequest,
    target: &'a Target,
    found: Found<'a>,
}

impl Asked<'_> {
    fn action(&self) -> &'static str {
        self.found.action(&self.target.query)
    }

    /// Whether only information is asked for, going by the method.
    fn only_asks(&self) -> bool {
        matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Returns the values of a header, however it is spelled.
    fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.request.headers.as_deref().unwrap_or_default();
        let of_name = headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str())
    }

    /// Returns the first value that the query has of a name.
    fn query(&self, name: &str) -> &str {
        let pair = self.target.query.iter().find(|(key, _)| key == name);
        pair.map_or("", |(_, value)| value.as_str())
    }
}

/// Whether Go looks for a form in the body.
fn is_read_for_forms(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS")
}

fn check_target(asked: &Asked<'_>, unknown: UnknownRoutes) -> Result<(), Refusal> {
    if asked.target.has_encoded_slash && !is_image_asked_for(asked) {
        return Err(Refusal::new(
            Cause::EncodedSlash,
            "request target has an encoded slash (%2F) in its path",
        ));
    }
    if let Some(fault) = asked.target.query_fault {
        let message = match fault {
            QueryFault::Semicolon => "request target has a semicolon in its query",
            QueryFault::Escape => "request target has an invalid percent escape in its query",
        };
        return Err(Refusal::new(Cause::Query, message));
    }
    let is_refused = match unknown {
        UnknownRoutes::All => true,
        UnknownRoutes::Writes => !asked.only_asks(),
        UnknownRoutes::None => false,
    };
    if asked.found.route.is_none() && is_refused {
        let method = body::shown(&asked.request.method);
        return Err(Refusal::new(
            Cause::UnknownRoute,
            format!("no endpoint of Docker's API is known for this {method} request"),
        ));
    }
    Ok(())
}

/// Whether information about an image is asked for, whose name some clients encode as one segment.
/// The daemon takes it apart as if it were not, and so does the input.
fn is_image_asked_for(asked: &Asked<'_>) -> bool {
    matches!(asked.action(), "image_inspect" | "image_history" | "distribution_inspect")
}

/// Checks that the body is shown, or that there is none, or that it cannot matter.
fn check_body(asked: &Asked<'_>) -> Result<(), Refusal> {
    if asked.header("Content-Type").any(is_form) {
        return Err(Refusal::new(
            Cause::Form,
            "request has a form as its body, which overrides its query and which the daemon shows \
             to no plugin",
        ));
    }
    let length = content_length(asked)?;
    let body = &asked.request.body;
    if !body.is_empty() {
        return check_shown(asked, body);
    }
    match asked.found.route.map(|route| &route.body) {
        Some(Body::Json { needed, .. }) => check_withheld(asked, length, *needed),
        Some(Body::Stream) if is_streamed(asked) => Ok(()),
        Some(Body::None | Body::Stream) => check_none(asked, length),
        None => Ok(()),
    }
}

/// Checks a body that is shown: then it is JSON to the daemon, and no form.
fn check_shown(asked: &Asked<'_>, body: &[u8]) -> Result<(), Refusal> {
    let says_nothing = matches!(body.trim_ascii(), b"{}" | b"null");
    if asked.action() == "container_start" && !says_nothing {
        return Err(Refusal::new(
            Cause::Unexpected,
            "request to start a container has a body, which old engines read as its HostConfig",
        ));
    }
    Ok(())
}

fn check_withheld(asked: &Asked<'_>, length: Option<u64>, needed: bool) -> Result<(), Refusal> {
    // The daemon never shows the body of a login on this path; a versioned one has it.
    if asked.target.path == "/auth" {
        return Ok(());
    }
    let has_type = asked.header("Content-Type").next().is_some();
    match length {
        Some(0) if !needed => Ok(()),
        Some(0) => Err(Refusal::new(Cause::Missing, "request has no body, and needs one")),
        Some(_) => Err(Refusal::new(
            Cause::Withheld,
            "request has a body that the daemon does not show (it is not JSON, or too long)",
        )),
        None if !needed && !has_type => Ok(()),
        None => Err(Refusal::new(
            Cause::Withheld,
            "request has no body that the daemon shows, and none or one of unknown length",
        )),
    }
}

/// Whether the endpoint reads a stream for what this request asks.
fn is_streamed(asked: &Asked<'_>) -> bool {
    match asked.action() {
        "image_pull" => false,
        "image_import" => asked.query("fromSrc") == "-",
        "image_build" => asked.query("remote").is_empty(),
        _ => true,
    }
}

/// Checks that there is no body where none belongs. One without a type is no form, and of unknown
/// length it may be none at all: some clients send no length with nothing.
fn check_none(asked: &Asked<'_>, length: Option<u64>) -> Result<(), Refusal> {
    let has_type = asked.header("Content-Type").next().is_some();
    match length {
        Some(0) => Ok(()),
        None if !has_type => Ok(()),
        _ => Err(Refusal::new(
            Cause::Unexpected,
            "request has a body that the daemon does not show, to an endpoint that takes none",
        )),
    }
}

/// Whether a `Content-Type` is one that Go takes for a form.
fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    ["application/x-www-form-urlencoded", "multipart/form-data"]
        .iter()
        .any(|form| kind.eq_ignore_ascii_case(form))
}

/// Returns the length that is announced, in bytes; nothing where none is, as with chunks.
fn content_length(asked: &Asked<'_>) -> Result<Option<u64>, Refusal> {
    let mut lengths = asked.header("Content-Length");
    let Some(length) = lengths.next() else { return Ok(None) };
    let is_plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = length.parse().ok().filter(|_| is_plain && lengths.next().is_none());
    let wrong = || Refusal::new(Cause::ContentLength, "request announces no length but other text");
    parsed.map(Some).ok_or_else(wrong)
}
