//! Reading documents: `GET` and `POST /v1/data`, `POST /v0/data`, `POST /`.
//!
//! Source: OPA documentation, "Data API" and "Query a Document (Simple)"; `v1/server/server.go`.

use portcullis_service::service::Service;
use rego::Value;

use super::decision::{Ask, Decision, request_metadata};
use super::explain::Explanation;
use super::input::{self, DataRequest};
use super::reference::{DataPath, slashed};
use crate::answer::{Envelope, input_missing, provenance};
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// The document that holds policies about the server itself: not part of all of `data`.
const SYSTEM: &str = "system";

/// Answers `GET /v1/data/…` and `POST /v1/data/…`.
pub(crate) fn read(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let mut decision = Decision::begin(service)?;
    let is_post = request.method == "POST";
    let asked = decision.metrics.time("rego_input_parse", || match is_post {
        true => input::of_post(request),
        false => input::of_get(request).map(|input| DataRequest { input, metadata: None }),
    })?;
    let DataRequest { input, metadata } = asked;
    let data_path = DataPath::new(path, &decision.snapshot)?;
    decision.about.path = logged_path(path);
    decision.about.input.clone_from(&input);
    decision.about.custom = request_metadata(metadata);
    decision.explanation = Explanation::of(request);
    let ask = Ask {
        kind: if is_post { "v1/data post" } else { "v1/data get" },
        strict_builtin_errors: request.params.is_on("strict-builtin-errors"),
    };
    let answer = value(&mut decision, &data_path, input.as_ref(), ask);
    decision.finish();
    let result = match answer {
        Ok(result) => result,
        Err(error) => {
            decision.log(request, Err(&error));
            return Err(error);
        }
    };
    let shows_metrics = request.params.is_on("metrics") || request.params.is_on("instrument");
    let explanation = decision.explanation.take().and_then(|explanation| {
        explanation.into_value(result.is_some(), Some(&format!("{} = _", data_path.shown())))
    });
    let envelope = Envelope {
        decision_id: decision.id.clone(),
        explanation,
        provenance: (request.params.is_on("provenance"))
            .then(|| provenance(service, &decision.snapshot)),
        metrics: shows_metrics.then(|| decision.metrics.to_value()),
        result: result.clone(),
        warning: (is_post && input.is_none()).then(input_missing),
    };
    decision.log(request, Ok(result));
    Ok(envelope.into_reply(request.pretty()))
}

/// Answers `POST /v0/data/…`.
pub(crate) fn read_v0(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let mut decision = Decision::begin(service)?;
    let input = decision.metrics.time("rego_input_parse", || input::of_v0(request))?;
    let data_path = DataPath::new(path, &decision.snapshot)?;
    decision.about.path = logged_path(path);
    decision.about.input.clone_from(&input);
    let answer =
        value(&mut decision, &data_path, input.as_ref(), Ask { kind: "v0/data", ..Ask::default() });
    decision.finish();
    let answer = answer.and_then(|result| {
        result.ok_or_else(|| {
            let has_rule = decision.snapshot.policy().has_rule(data_path.keys());
            let what = if has_rule { "undefined" } else { "missing" };
            ApiError::undefined(format!("document {what}: {}", data_path.shown()))
        })
    });
    match answer {
        Ok(result) => {
            let reply = Reply::json(200, &result, request.pretty());
            decision.log(request, Ok(Some(result)));
            Ok(reply)
        }
        Err(error) => {
            decision.log(request, Err(&error));
            Err(error)
        }
    }
}

/// Answers `POST /`: the default decision.
pub(crate) fn read_default(service: &Service, request: &Request) -> Result<Reply, ApiError> {
    let path = slashed(&service.settings().default_decision);
    read_v0(service, request, &path)
}

/// Returns the document at a path. All of `data` is without the system's own.
pub(super) fn value(
    decision: &mut Decision<'_>,
    path: &DataPath,
    input: Option<&Value>,
    ask: Ask,
) -> Result<Option<Value>, ApiError> {
    let value = decision.value(&path.query(), input, ask)?;
    Ok(if path.is_root() { value.map(|value| without_system(&value)) } else { value })
}

fn without_system(data: &Value) -> Value {
    let Some(object) = data.as_object() else { return data.clone() };
    let kept = object.iter().filter(|(key, _)| key.as_str() != Some(SYSTEM));
    Value::object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Returns the path as decisions name it: without a slash before it; nothing for all of `data`.
pub(super) fn logged_path(path: &[String]) -> Option<String> {
    (!path.is_empty()).then(|| path.join("/"))
}
