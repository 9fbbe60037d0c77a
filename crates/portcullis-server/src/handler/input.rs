//! From bodies and parameters to `input`.
//!
//! Source: OPA `v1/server/server.go` (`readInputV0`, `readInputPostV1`, `readInputGetV1`).

use rego::{Value, View};

use crate::error::ApiError;
use crate::request::{Request, document};

/// What the body of `POST /v1/data` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DataRequest {
    /// `input`; nothing where it is missing or null.
    pub(crate) input: Option<Value>,
    /// Everything beside it.
    pub(crate) metadata: Option<Value>,
}

const MALFORMED: &str = "body contains malformed input document: ";

/// Returns the body of `POST /v1/data`.
///
/// Errors: a body that is not what its type says, or no object.
pub(crate) fn of_post(request: &Request) -> Result<DataRequest, ApiError> {
    // Authorization has read the body before: what is no object then counts as none, as in OPA.
    let lenient = request.parsed.is_some();
    let malformed = |what: String| ApiError::invalid(format!("{MALFORMED}{what}"));
    let Some(body) = request.document().map_err(malformed)? else {
        return Ok(DataRequest::default());
    };
    match body.view() {
        View::Object(object) => {
            let is_input =
                |key: &Value| key.as_str().is_some_and(|key| key.eq_ignore_ascii_case("input"));
            let exact = object.get_str("input");
            let alike = || object.iter().find(|(key, _)| is_input(key)).map(|(_, value)| value);
            let input = exact.or_else(alike).filter(|input| **input != Value::NULL).cloned();
            let others = object.iter().filter(|(key, _)| !is_input(key));
            let others: Vec<_> = others.map(|(key, value)| (key.clone(), value.clone())).collect();
            let metadata = (!others.is_empty()).then(|| Value::object(others));
            Ok(DataRequest { input, metadata })
        }
        View::Null => Ok(DataRequest::default()),
        _ if lenient => Ok(DataRequest::default()),
        _ => {
            let kind = body.type_name();
            Err(malformed(format!("json: cannot unmarshal {kind} into an object with `input`")))
        }
    }
}

/// Returns the parameter `input` of `GET /v1/data`, the first one.
///
/// Errors: it is no JSON.
pub(crate) fn of_get(request: &Request) -> Result<Option<Value>, ApiError> {
    let Some(text) = request.params.first("input") else { return Ok(None) };
    let malformed =
        |what| ApiError::invalid(format!("parameter contains malformed input document: {what}"));
    match document(text.as_bytes(), false) {
        Ok(Some(input)) => Ok(Some(input)),
        Ok(None) => Err(malformed("EOF".to_string())),
        Err(what) => Err(malformed(what)),
    }
}

/// Returns the body of `POST /v0/data` and `POST /`, which is `input` itself.
///
/// Errors: a body that is not what its type says.
pub(crate) fn of_v0(request: &Request) -> Result<Option<Value>, ApiError> {
    request.document().map_err(|what| {
        ApiError::invalid(format!("unexpected parse error for input: {MALFORMED}{what}"))
    })
}
