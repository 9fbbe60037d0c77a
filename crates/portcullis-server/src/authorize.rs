//! Who asks, and whether they may: identity and `system.authz`.
//!
//! Fails closed: whatever is not a plain yes of the policy is a no.
//!
//! Source: OPA documentation, "Security"; `v1/server/authorizer/authorizer.go`.

use portcullis_service::decide::evaluate;
use portcullis_service::service::Service;
use portcullis_service::snapshot::Snapshot;
use rego::{QueryOptions, Value};

use crate::error::ApiError;
use crate::handler::reference::query_of_slashed;
use crate::request::{Request, document};
use crate::route::{Route, segments};
use crate::server::Authentication;

/// OPA's message for a policy that says nothing.
const MISSING: &str = "authorization policy missing or undefined";

/// OPA's message for a plain no.
const REJECTED: &str = "request rejected by administrative policy";

/// Asks the policy whether a request may go on. Keeps the body that it reads in the request.
///
/// Errors: it may not, or nobody can tell.
pub(crate) fn authorize(
    service: &Service,
    snapshot: &Snapshot,
    authentication: Authentication,
    route: Option<&Route>,
    request: &mut Request,
) -> Result<(), ApiError> {
    let shows_body = route.is_some_and(|route| route.shows_body(&request.method));
    if shows_body && request.parsed.is_none() {
        request.parsed = document(&request.body, request.is_yaml()).map_err(ApiError::invalid)?;
    }
    let input = input(authentication, request, shows_body)?;
    let decision = service.settings().default_authorization_decision.clone();
    let query = query_of_slashed(&decision);
    let prepared = snapshot.prepare(&query, &QueryOptions::default());
    let (query, _) = prepared.map_err(|_| ApiError::internal(MISSING))?;
    let host = service.host();
    let answer = evaluate(service.limits(), &host, |options| query.value(Some(&input), options))?;
    judge(answer.as_ref())
}

fn judge(answer: Option<&Value>) -> Result<(), ApiError> {
    let Some(answer) = answer else { return Err(ApiError::internal(MISSING)) };
    if answer.is_true() {
        return Ok(());
    }
    let Some(object) = answer.as_object() else { return Err(ApiError::unauthorized(REJECTED)) };
    match object.get_str("allowed") {
        Some(allowed) if allowed.is_true() => Ok(()),
        Some(_) => {
            let reason = object.get_str("reason").and_then(Value::as_str);
            Err(ApiError::unauthorized(formatted(reason.unwrap_or(REJECTED))))
        }
        None => Err(ApiError::internal("document missing or undefined")),
    }
}

/// Returns a reason as OPA sends it: taken for a format without operands.
///
/// Source: Go's `fmt`, "Format errors".
fn formatted(reason: &str) -> String {
    let mut text = String::with_capacity(reason.len());
    let mut rest = reason;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let flags = after.find(|c| !matches!(c, '+' | '-' | '#' | ' ' | '0'..='9' | '.'));
        let (verb, after) = match flags.and_then(|at| after.split_at_checked(at)) {
            Some((_, after)) => {
                let mut chars = after.chars();
                (chars.next(), chars.as_str())
            }
            None => (None, ""),
        };
        match verb {
            None => text.push_str("%!(NOVERB)"),
            Some('%') => text.push('%'),
            Some(verb) => text.push_str(&format!("%!{verb}(MISSING)")),
        }
        rest = after;
    }
    text + rest
}

fn input(
    authentication: Authentication,
    request: &Request,
    shows_body: bool,
) -> Result<Value, ApiError> {
    let path = segments(&request.path)
        .ok_or_else(|| ApiError::invalid("path cannot be decoded: `%` must begin `%XX`"))?;
    let mut params: Vec<(Value, Value)> = Vec::new();
    for (name, _) in request.params.iter() {
        let values = request.params.values(name).map(Value::from).collect();
        params.push((Value::from(name), Value::array(values)));
    }
    let mut entries = vec![
        (Value::from("path"), Value::array(path.into_iter().map(Value::from).collect())),
        (Value::from("method"), Value::from(request.method.as_str())),
        (Value::from("params"), Value::object(params)),
        (Value::from("headers"), request.canonical_headers()),
    ];
    if let Some(body) = request.parsed.as_ref().filter(|_| shows_body) {
        entries.push((Value::from("body"), body.clone()));
    }
    match authentication {
        Authentication::Off => {}
        Authentication::Token => {
            if let Some(token) = request.header("authorization").and_then(bearer) {
                entries.push((Value::from("identity"), Value::from(token)));
            }
        }
        Authentication::Tls => {
            if let Some(identity) = &request.peer.identity {
                entries.push((Value::from("identity"), Value::from(&**identity)));
            }
            if let Some(certificates) = &request.peer.certificates {
                entries.push((Value::from("client_certificates"), certificates.clone()));
            }
        }
    }
    Ok(Value::object(entries))
}

/// Returns the token of `Bearer <token>`.
fn bearer(header: &str) -> Option<&str> {
    let rest = header.strip_prefix("Bearer")?;
    let token = rest.trim_start();
    let is_one_word = !token.is_empty() && !token.contains(char::is_whitespace);
    (token.len() < rest.len() && is_one_word).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(answer: &str) -> u16 {
        let answer = Value::from_json(answer.as_bytes()).unwrap();
        judge(Some(&answer)).map_or_else(|error| error.status, |()| 200)
    }

    #[test]
    fn only_a_plain_yes_passes() {
        assert_eq!(status("true"), 200);
        assert_eq!(status(r#"{"allowed":true}"#), 200);
        for no in ["false", "1", r#""true""#, r#"{"allowed":false}"#, r#"{"allowed":1}"#, "[true]"]
        {
            assert_eq!(status(no), 401, "{no}");
        }
        assert_eq!(status(r#"{"reason":"x"}"#), 500);
        assert_eq!(judge(None).unwrap_err().status, 500);
    }

    #[test]
    fn reads_tokens() {
        assert_eq!(bearer("Bearer x"), Some("x"));
        assert_eq!(bearer("Bearer \t x"), Some("x"));
        for none in ["Bearer", "Bearer ", "bearer x", "Bearerx", "Bearer x y", "Basic x"] {
            assert_eq!(bearer(none), None, "{none}");
        }
    }
}
