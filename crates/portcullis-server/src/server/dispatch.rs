//! From a route and a method to the handler.

use portcullis_service::service::Service;

use super::Scope;
use crate::error::ApiError;
use crate::handler::{batch, compile, data, documents, health, policies, query, state};
use crate::page;
use crate::reply::{HTML, Reply, TEXT};
use crate::request::Request;
use crate::route::{Found, Route};

/// Answers a request that may go on.
///
/// Errors: what the handler says.
pub(super) fn dispatch(
    service: &Service,
    scope: Scope,
    found: &Found,
    request: &Request,
) -> Result<Reply, ApiError> {
    match found {
        Found::Route(route) if scope == Scope::Diagnostics && !is_diagnostic(route) => {
            Ok(nothing())
        }
        Found::Route(route) if !route.methods().contains(&request.method.as_str()) => {
            Ok(refused_method(route, request))
        }
        Found::Route(route) => handle(service, route, request),
        Found::Redirect(status, path) => Ok(redirect(*status, path, request)),
        Found::Nothing | Found::Malformed => Ok(nothing()),
    }
}

fn is_diagnostic(route: &Route) -> bool {
    matches!(route, Route::Health | Route::HealthPolicy(_) | Route::Metrics | Route::AllocBytes)
}

fn handle(service: &Service, route: &Route, request: &Request) -> Result<Reply, ApiError> {
    let method = request.method.as_str();
    match (route, method) {
        (Route::Index, "GET") => Ok(Reply::text(200, HTML, page::index(service.identity()))),
        (Route::Index, _) => data::read_default(service, request),
        (Route::DataV0(path), _) => data::read_v0(service, request, path),
        (Route::Data(path), "GET" | "POST") => data::read(service, request, path),
        (Route::Data(path), "PUT") => documents::put(service, request, path),
        (Route::Data(path), "PATCH") => documents::patch(service, request, path),
        (Route::Data(path), _) => documents::delete(service, request, path),
        (Route::Batch(path), _) => batch::post(service, request, path),
        (Route::Policies, _) => Ok(policies::list(service, request)),
        (Route::Policy(id), "GET") => policies::get(service, request, id),
        (Route::Policy(id), "PUT") => policies::put(service, request, id),
        (Route::Policy(id), _) => policies::delete(service, request, id),
        (Route::Query, "GET") => query::get(service, request),
        (Route::Query, _) => query::post(service, request),
        (Route::Compile, _) => compile::post(service, request),
        (Route::Config, _) => Ok(state::config(service, request)),
        (Route::Status, _) => state::status(service, request),
        (Route::Health, _) => Ok(health::get(service, request)),
        (Route::HealthPolicy(path), _) => health::get_policy(service, path),
        (Route::Metrics, _) => Ok(state::metrics(service)),
        (Route::AllocBytes, _) => Ok(state::alloc_bytes(service)),
    }
}

/// Some routes say what they take, others send nothing, as in OPA.
fn refused_method(route: &Route, request: &Request) -> Reply {
    match route.allow() {
        // Where GET is taken, HEAD gets as far as the handler, which refuses it without a word.
        Some(allow) if request.method != "HEAD" || !allow.contains("HEAD") => {
            Reply { allow: Some(allow), ..Reply::text(405, TEXT, "Method Not Allowed\n") }
        }
        _ => Reply::empty(405),
    }
}

fn nothing() -> Reply {
    Reply::text(404, TEXT, "404 page not found\n")
}

fn redirect(status: u16, path: &str, request: &Request) -> Reply {
    let reply = match request.method.as_str() {
        "GET" | "HEAD" => {
            let word = if status == 301 { "Moved Permanently" } else { "Temporary Redirect" };
            let shown = path.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;");
            Reply::text(status, HTML, format!("<a href=\"{shown}\">{word}</a>.\n\n"))
        }
        _ => Reply::empty(status),
    };
    Reply { location: Some(path.to_string()), ..reply }
}
