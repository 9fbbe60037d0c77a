//! The Query API: queries that clients write.
//!
//! Source: OPA documentation, "Query API"; `v1/server/server.go` (`v1QueryGet`, `v1QueryPost`).

use portcullis_service::service::Service;
use rego::{ResultSet, Value, View};

use super::decision::Decision;
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
    let undecodable =
        |what: &str| ApiError::invalid(format!("error(s) occurred while decoding request: {what}"));
    let body = request.json().map_err(|error| undecodable(&error.message))?;
    let View::Object(object) = body.view() else {
        let kind = body.type_name();
        let message = format!("json: cannot unmarshal {kind} into an object with `query`");
        return Err(undecodable(&message));
    };
    let query = match object.get_str("query") {
        None => "",
        Some(query) => query.as_str().ok_or_else(|| {
            let kind = query.type_name();
            undecodable(&format!("json: cannot unmarshal {kind} into a string, `query`"))
        })?,
    };
    let input = object.get_str("input").filter(|input| **input != Value::NULL);
    answer(service, request, query, input)
}

fn answer(
    service: &Service,
    request: &Request,
    query: &str,
    input: Option<&Value>,
) -> Result<Reply, ApiError> {
    if query.trim().is_empty() {
        return Err(ApiError::invalid("cannot evaluate empty query"));
    }
    let mut decision = Decision::begin(service)?;
    decision.about.query = Some(query.to_string());
    decision.about.input = input.cloned();
    let solutions = decision.solutions(query, input);
    decision.finish();
    let rows = match solutions {
        Ok(solutions) => rows(&solutions),
        Err(error) => {
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
    let logged = if rows.is_empty() { Value::NULL } else { Value::array(rows.clone()) };
    if !rows.is_empty() {
        entries.push((Value::from("result"), Value::array(rows)));
    }
    decision.log(request, Ok(Some(logged)));
    Ok(Reply::json(200, &Value::object(entries), request.pretty()))
}

/// Returns the named variables of each solution.
fn rows(solutions: &ResultSet) -> Vec<Value> {
    let row = |bindings: &[(std::sync::Arc<str>, Value)]| {
        let entries = bindings.iter().map(|(name, value)| (Value::from(&**name), value.clone()));
        Value::object(entries.collect())
    };
    solutions.rows.iter().map(|solution| row(&solution.bindings)).collect()
}
