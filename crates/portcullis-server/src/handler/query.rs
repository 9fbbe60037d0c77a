//! The Query API: queries that clients write.
//!
//! Source: OPA documentation, "Query API"; `v1/server/server.go` (`v1QueryGet`, `v1QueryPost`).

use portcullis_service::service::Service;
use rego::{ResultSet, Value};

use super::decision::Decision;
use super::explain::Explanation;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// Answers `GET /v1/query`.
pub(crate) fn get(service: &Service, request: &Request) -> Result<Reply, ApiError> {
    let query = request.params.first("q").filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| ApiError::invalid("missing parameter 'q'"))?;
    answer(service, request, query, None)
}

/// Answers `POST /v1/query`.
pub(crate) fn post(service: &Service, request: &Request) -> Result<Reply, ApiError> {
    let body = object_of(request)?;
    let query = match body.get_path(&["query"]) {
        None => "",
        Some(query) => query.as_str().ok_or_else(|| {
            let kind = query.type_name();
            undecodable(&format!("json: cannot unmarshal {kind} into a string, `query`"))
        })?,
    };
    let input = body.get_path(&["input"]).filter(|input| **input != Value::NULL);
    answer(service, request, query, input)
}

/// Returns the object in the body of a request.
///
/// Errors: it is none.
pub(super) fn object_of(request: &Request) -> Result<Value, ApiError> {
    let body = request.json().map_err(|error| undecodable(&error.message))?;
    if body.as_object().is_some() {
        return Ok(body);
    }
    let kind = body.type_name();
    Err(undecodable(&format!("json: cannot unmarshal {kind} into an object with `query`")))
}

/// Returns the error of a body that is not what it must be.
pub(super) fn undecodable(what: &str) -> ApiError {
    ApiError::invalid(format!("error(s) occurred while decoding request: {what}"))
}

fn answer(
    service: &Service,
    request: &Request,
    query: &str,
    input: Option<&Value>,
) -> Result<Reply, ApiError> {
    if query.trim().is_empty() {
        return Err(ApiError::internal("cannot evaluate empty query"));
    }
    let mut decision = Decision::begin(service)?;
    decision.about.query = Some(query.to_string());
    decision.about.input = input.cloned();
    decision.explanation = Explanation::of(request);
    let solutions = decision.solutions(query, input);
    decision.finish();
    let rows = match solutions {
        Ok(solutions) => rows(&solutions),
        Err(mut error) => {
            add_wildcards(&mut error);
            if error.status >= 500 {
                decision.log(request, Err(&error));
            }
            return Err(error);
        }
    };
    let mut entries = Vec::new();
    if request.params.is_on("metrics") || request.params.is_on("instrument") {
        entries.push((Value::from("metrics"), decision.metrics.to_value()));
    }
    let explanation = decision.explanation.take();
    let explanation = explanation.and_then(|e| e.into_value(!rows.is_empty(), None));
    entries.extend(explanation.map(|value| (Value::from("explanation"), value)));
    let logged = if rows.is_empty() { Value::NULL } else { Value::array(rows.clone()) };
    if !rows.is_empty() {
        entries.push((Value::from("result"), Value::array(rows)));
    }
    decision.log(request, Ok(Some(logged)));
    Ok(Reply::json(200, &Value::object(entries), request.pretty()))
}

/// OPA captures the value of each statement in a variable of its own, and so tells of that one, too,
/// where a statement is unsafe.
fn add_wildcards(error: &mut ApiError) {
    let unsafe_var = |error: &&Value| {
        error.get_path(&["code"]).and_then(Value::as_str) == Some("rego_unsafe_var_error")
    };
    let found: Vec<Value> = error.errors.iter().filter(unsafe_var).cloned().collect();
    error.errors.extend(found.iter().map(|one| {
        let location = one.get_path(&["location"]).cloned().unwrap_or(Value::NULL);
        Value::object_from_strs([
            ("code", Value::from("rego_unsafe_var_error")),
            ("location", location),
            ("message", Value::from("var _ is unsafe")),
        ])
    }));
}

/// Returns the named variables of each solution.
fn rows(solutions: &ResultSet) -> Vec<Value> {
    let row = |bindings: &[(std::sync::Arc<str>, Value)]| {
        let entries = bindings.iter().map(|(name, value)| (Value::from(&**name), value.clone()));
        Value::object(entries.collect())
    };
    solutions.rows.iter().map(|solution| row(&solution.bindings)).collect()
}
