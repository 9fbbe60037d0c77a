//! The Compile API, as far as it goes: requests are checked; partial evaluation is not there yet.
//!
//! Source: OPA documentation, "Compile API"; `v1/server/server.go` (`readInputCompilePostV1`).

use portcullis_service::service::Service;
use rego::{QueryOptions, Value, View};

use super::UNSAFE_BUILTINS;
use super::query::{object_of, undecodable};
use crate::error::{ApiError, COMPILING_MODULES};
use crate::reply::Reply;
use crate::request::Request;

/// Answers `POST /v1/compile`.
pub(crate) fn post(service: &Service, request: &Request) -> Result<Reply, ApiError> {
    let body = object_of(request)?;
    let query = body.get_path(&["query"]).and_then(Value::as_str).unwrap_or_default();
    if query.trim().is_empty() {
        return Err(ApiError::invalid("missing required 'query' value"));
    }
    let snapshot = service.store().snapshot();
    let options = QueryOptions {
        version: snapshot.options().rego_version,
        unsafe_builtins: UNSAFE_BUILTINS,
        ..QueryOptions::default()
    };
    let prepared = snapshot.policy().prepare_with(query, &options);
    prepared.map_err(|errors| match errors.code() {
        "rego_parse_error" => ApiError::compile("error(s) occurred while parsing query", &errors),
        _ => ApiError::compile(COMPILING_MODULES, &errors),
    })?;
    for unknown in unknowns(&body)? {
        let prepared = snapshot.policy().prepare_with(&unknown, &options);
        if let Err(errors) = prepared
            && errors.code() == "rego_parse_error"
        {
            let message = "error(s) occurred while parsing unknowns: failed to parse term";
            return Err(ApiError::invalid(format!("{message}: {errors}")));
        }
    }
    Err(ApiError::not_implemented(
        "partial evaluation is not part of this version yet: ask /v1/data or /v1/query instead",
    ))
}

fn unknowns(body: &Value) -> Result<Vec<String>, ApiError> {
    let Some(unknowns) = body.get_path(&["unknowns"]) else { return Ok(Vec::new()) };
    let wrong = |value: &Value| {
        let kind = value.type_name();
        undecodable(&format!("json: cannot unmarshal {kind} into `unknowns`, strings"))
    };
    match unknowns.view() {
        View::Null => Ok(Vec::new()),
        View::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_string).ok_or_else(|| wrong(item)))
            .collect(),
        _ => Err(wrong(unknowns)),
    }
}
