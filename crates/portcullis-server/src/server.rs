//! One request from head to answer: limits, authorization, dispatch, measures, log lines.
//!
//! Must not know: sockets, what a handler does.

mod dispatch;
mod log;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Response;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use portcullis_service::service::Service;
use portcullis_service::telemetry::export::TraceExport;
use portcullis_service::telemetry::prometheus::HandlerMetrics;
use portcullis_service::telemetry::span::SpanHandle;
use rego::Value;

use self::dispatch::dispatch;
use crate::authorize::authorize;
use crate::body::{self, BodyFault};
use crate::error::ApiError;
use crate::gzip;
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::{Found, Route, find};

/// How clients say who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// They do not.
    #[default]
    Off,
    /// By a bearer token.
    Token,
    /// By a certificate.
    Tls,
}

/// How the server is set.
#[derive(Clone)]
pub struct ServerOptions {
    /// How clients say who they are.
    pub authentication: Authentication,
    /// Whether a policy decides who may do what (`system.authz`).
    pub authorization: bool,
    /// Most bytes of a body.
    pub body_bytes_max: usize,
    /// Most bytes of a body once it is unpacked.
    pub unpacked_bytes_max: usize,
    /// Smallest answer that is compressed, in bytes.
    pub gzip_bytes_min: usize,
    /// How hard it is compressed, 0 to 9.
    pub gzip_level: u32,
    /// Where spans go.
    pub traces: Option<Arc<TraceExport>>,
}

/// The other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub address: Arc<str>,
    /// The subject of its certificate, where it showed one.
    pub identity: Option<Arc<str>>,
    /// Its certificates, as policies see them.
    pub certificates: Option<Value>,
}

/// Which requests a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Health and metrics.
    Diagnostics,
}

/// Answers requests. Shared by all connections.
pub struct Server {
    service: Arc<Service>,
    options: ServerOptions,
    requests: AtomicU64,
    handlers: Vec<(&'static str, HandlerMetrics)>,
    is_slow: AtomicBool,
}

/// Bodies above this size are answered on a thread of their own, so that they delay nobody.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// Decisions that take longer than this move to threads of their own, until they are quick again.
const INLINE_TIME_MAX: Duration = Duration::from_millis(1);

/// The status that cancelled requests are counted with: there was no answer to have one.
const CLIENT_CLOSED: u16 = 499;

/// The handler of requests that no route takes.
const CATCHALL: &str = "catchall";

const HANDLERS: [&str; 11] = [
    "v0/data",
    "v1/data",
    "v1/batch/data",
    "v1/policies",
    "v1/query",
    "v1/compile",
    "v1/config",
    "v1/status",
    "index",
    "health",
    "metrics",
];

/// What is known of a request before its body is.
struct Head {
    found: Found,
    began: Instant,
    scope: Scope,
}

impl Server {
    /// Returns a server in front of a service.
    pub fn new(service: Arc<Service>, options: ServerOptions) -> Self {
        let names = HANDLERS.into_iter().chain([CATCHALL]);
        let handlers = names.map(|name| (name, service.registry().handler(name))).collect();
        let (requests, is_slow) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { service, options, requests, handlers, is_slow }
    }

    /// Returns the service behind it.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Answers a request. Always does: nothing in it may panic, and what does is an answer of 500.
    pub async fn respond(
        self: &Arc<Self>,
        request: http::Request<Incoming>,
        peer: Peer,
        scope: Scope,
    ) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if path == "*" {
            return Reply::empty(200).into_response();
        }
        let head = Head { found: find(path), began: Instant::now(), scope };
        let mut request = Request {
            method: parts.method.as_str().to_string(),
            path: path.to_string(),
            params: Params::parse(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body: Vec::new(),
            parsed: None,
            peer,
            id: self.requests.fetch_add(1, Ordering::Relaxed) + 1,
            trace: None,
        };
        let span = self.span(&head, &request);
        request.trace = span.as_ref().map(|span| (span.trace_id(), span.span_id()));
        log::received(&self.service, &request);
        let fault = match takes_body(&head.found, &request.method) {
            false => None,
            true => match body::read(body, self.options.body_bytes_max).await {
                Ok(bytes) => {
                    request.body = bytes;
                    None
                }
                Err(fault) => Some(fault),
            },
        };
        self.answer(head, request, fault, span).await.into_response()
    }

    /// Counts a request whose client went away before its answer.
    pub(crate) fn count_cancelled(&self, method: &str, path: &str) {
        let handler = handler_of(&find(path), method);
        if let Some((_, metrics)) = self.handlers.iter().find(|(name, _)| *name == handler) {
            metrics.cancelled(method, CLIENT_CLOSED);
        }
    }

    /// Answers here, or on a thread of its own where that may take long.
    async fn answer(
        self: &Arc<Self>,
        head: Head,
        request: Request,
        fault: Option<BodyFault>,
        span: Option<SpanHandle>,
    ) -> Reply {
        let is_decision = matches!(request.method.as_str(), "GET" | "POST");
        let is_big = request.body.len() > INLINE_BYTES_MAX;
        if is_decision && !is_big && !self.is_slow.load(Ordering::Relaxed) {
            let began = Instant::now();
            let reply = self.guarded(&head, request, fault, span);
            let is_slow = began.elapsed() > INLINE_TIME_MAX;
            self.is_slow.store(is_slow, Ordering::Relaxed);
            return reply;
        }
        let server = Arc::clone(self);
        let work = move || {
            let began = Instant::now();
            let reply = server.guarded(&head, request, fault, span);
            if is_decision && !is_big {
                server.is_slow.store(began.elapsed() > INLINE_TIME_MAX, Ordering::Relaxed);
            }
            reply
        };
        let joined = tokio::task::spawn_blocking(work).await;
        joined.unwrap_or_else(|_| Reply::error(ApiError::internal("internal error")))
    }

    fn guarded(
        &self,
        head: &Head,
        mut request: Request,
        fault: Option<BodyFault>,
        span: Option<SpanHandle>,
    ) -> Reply {
        let answer = catch_unwind(AssertUnwindSafe(|| self.reply(head, &mut request, fault)));
        let reply = answer.unwrap_or_else(|_| {
            tracing::error!(path = request.path, "a request panicked");
            Reply::error(ApiError::internal("internal error: the request panicked"))
        });
        self.finish(head, &request, &reply, span);
        reply
    }

    fn reply(&self, head: &Head, request: &mut Request, fault: Option<BodyFault>) -> Reply {
        let route = match &head.found {
            Found::Route(route) => Some(route),
            Found::Malformed => return Reply::text(400, crate::reply::TEXT, "400 Bad Request"),
            _ => None,
        };
        if fault == Some(BodyFault::Announced) {
            return ApiError::invalid("request body too large").into();
        }
        let varies = varies(&request.path, &request.method);
        let reply = self.permitted(head, route, request, fault);
        let reply = reply.unwrap_or_else(Reply::error);
        let reply = Reply { varies, ..reply };
        let accepts = request.header("accept-encoding").is_some_and(gzip::is_accepted);
        if varies && accepts {
            return gzip::compress(reply, self.options.gzip_bytes_min, self.options.gzip_level);
        }
        reply
    }

    fn permitted(
        &self,
        head: &Head,
        route: Option<&Route>,
        request: &mut Request,
        fault: Option<BodyFault>,
    ) -> Result<Reply, ApiError> {
        if let Some(fault) = fault {
            return Err(ApiError::invalid(fault_message(route, &request.method, fault)));
        }
        let takes_gzip = route.is_some_and(|route| route.shows_body(&request.method));
        let is_gzip = request.header("content-encoding").is_some_and(|e| e.contains("gzip"));
        if takes_gzip && is_gzip {
            let unpacked = body::unpack(&request.body, self.options.unpacked_bytes_max);
            request.body = unpacked.map_err(|what| match route {
                Some(Route::Compile) => ApiError::invalid("could not decompress the body"),
                _ => ApiError::invalid(format!("could not decompress the body: {what}")),
            })?;
        }
        if self.options.authorization {
            let snapshot = self.service.store().snapshot();
            let authentication = self.options.authentication;
            authorize(&self.service, &snapshot, authentication, route, request)?;
        }
        dispatch(&self.service, head.scope, &head.found, request)
    }

    fn span(&self, head: &Head, request: &Request) -> Option<SpanHandle> {
        let traces = self.options.traces.as_ref()?;
        let handler = handler_of(&head.found, &request.method);
        Some(traces.span(handler, request.header("traceparent"), &[]))
    }

    fn finish(&self, head: &Head, request: &Request, reply: &Reply, span: Option<SpanHandle>) {
        let handler = handler_of(&head.found, &request.method);
        let elapsed = head.began.elapsed();
        if let Some((_, metrics)) = self.handlers.iter().find(|(name, _)| *name == handler) {
            metrics.observe(&request.method, reply.status, elapsed);
        }
        if let Some(mut span) = span {
            span.set_attribute("http.request.method", request.method.as_str());
            span.set_attribute("http.response.status_code", i64::from(reply.status));
            span.set_attribute("url.path", request.path.as_str());
            if reply.status >= 500 {
                let message = reply.error.as_ref().map(|error| error.message.as_str());
                span.set_error(message.unwrap_or("internal error"));
            }
        }
        log::sent(&self.service, request, reply, elapsed);
    }
}

/// Returns the name that metrics and traces know a request by.
fn handler_of(found: &Found, method: &str) -> &'static str {
    match found {
        Found::Route(route) if route.methods().contains(&method) => route.handler(),
        Found::Route(route) if route.allow().is_some() => route.handler(),
        _ => CATCHALL,
    }
}

/// Whether answers to a target may be compressed, and so vary by what the client accepts.
fn varies(path: &str, method: &str) -> bool {
    let is_data = path.starts_with("/v1/data") || path.starts_with("/v0/data");
    let takes_input = path.starts_with("/v1/compile") || path.starts_with("/v1/batch/data");
    (is_data && matches!(method, "GET" | "POST")) || (takes_input && method == "POST")
}

/// Whether the body of a request is read.
fn takes_body(found: &Found, method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH") && matches!(found, Found::Route(_))
}

/// Returns what is told of a body that did not come as it should, as the handler would word it.
fn fault_message(route: Option<&Route>, method: &str, fault: BodyFault) -> String {
    let what = match fault {
        BodyFault::Announced => "request body too large",
        BodyFault::TooLarge => "http: request body too large",
        BodyFault::TooSlow => "request body took too long",
        BodyFault::Broken => "unexpected EOF",
    };
    match route {
        Some(Route::Data(_) | Route::Batch(_)) if method == "POST" => {
            format!("body contains malformed input document: {what}")
        }
        Some(Route::DataV0(_) | Route::Index) => format!(
            "unexpected parse error for input: body contains malformed input document: {what}"
        ),
        Some(Route::Query) => format!("error(s) occurred while decoding request: {what}"),
        _ => what.to_string(),
    }
}
