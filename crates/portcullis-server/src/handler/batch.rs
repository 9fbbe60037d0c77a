//! `POST /v1/batch/data/…`: one document asked with many inputs, all of one snapshot.
//!
//! Source: Enterprise OPA documentation, "Batch API".

use std::time::Instant;

use portcullis_service::decide::Failure;
use portcullis_service::service::Service;
use rego::{Value, View};

use super::data::{logged_path, value};
use super::decision::{Ask, Decision};
use super::reference::DataPath;
use crate::answer::Envelope;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// Most inputs of one request. Ours.
const INPUTS_MAX: usize = 10_000;

/// Deepest level at which what all inputs have in common is merged with one of them.
const MERGE_DEPTH_MAX: usize = 64;

/// Answers `POST /v1/batch/data/…`: 200 where each input has an answer, 207 where some have an
/// error, 500 where all have.
pub(crate) fn post(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let malformed =
        |what: &str| ApiError::invalid(format!("body contains malformed input document: {what}"));
    let body = request.document().map_err(|what| malformed(&what))?.unwrap_or(Value::NULL);
    let View::Object(body) = body.view() else { return Err(malformed("an object is expected")) };
    let inputs = body.get_str("inputs").and_then(Value::as_object);
    let inputs = inputs.ok_or_else(|| malformed("`inputs` must be an object of inputs by name"))?;
    if inputs.len() > INPUTS_MAX {
        return Err(malformed(&format!("`inputs` has more than {INPUTS_MAX} entries")));
    }
    let common = body.get_str("common_input");
    let first = Decision::begin(service)?;
    let batch_id = first.id.clone();
    let snapshot = first.snapshot;
    let document = DataPath::new(path, &snapshot)?;
    let mut answers = Vec::with_capacity(inputs.len());
    let mut failed = 0;
    let (began, timeout) = (Instant::now(), service.limits().timeout);
    for (name, input) in inputs.iter() {
        let input = common.map_or_else(|| input.clone(), |common| merged(common, input, 0));
        let mut decision = Decision::begin(service)?;
        decision.snapshot = std::sync::Arc::clone(&snapshot);
        decision.about.path = logged_path(path);
        decision.about.input = Some(input.clone());
        decision.about.batch.clone_from(&batch_id);
        let ask = Ask {
            kind: "v1/batch/data",
            strict_builtin_errors: request.params.is_on("strict-builtin-errors"),
        };
        // All of them together may take as long as one request may.
        let answer = match began.elapsed() < timeout {
            true => value(&mut decision, &document, Some(&input), ask),
            false => Err(Failure::Deadline(timeout).into()),
        };
        decision.finish();
        failed += usize::from(answer.is_err());
        answers.push((name.clone(), one(request, decision, answer)));
    }
    let status = match failed {
        0 => 200,
        some if some == answers.len() => 500,
        _ => 207,
    };
    let responses = answers.into_iter().map(|(name, (code, mut entries))| {
        if status == 207 {
            entries.push((Value::from("http_status_code"), Value::from(code.to_string())));
        }
        (name, Value::object(entries))
    });
    let mut entries = vec![(Value::from("responses"), Value::object(responses.collect()))];
    entries.extend(batch_id.map(|id| (Value::from("batch_decision_id"), Value::from(id))));
    Ok(Reply::json(status, &Value::object(entries), request.pretty()))
}

fn one(
    request: &Request,
    decision: Decision<'_>,
    answer: Result<Option<Value>, ApiError>,
) -> (u16, Vec<(Value, Value)>) {
    let decision_id = decision.id.clone();
    let metrics = request.params.is_on("metrics").then(|| decision.metrics.to_value());
    match answer {
        Ok(result) => {
            decision.log(request, Ok(result.clone()));
            let envelope = Envelope { decision_id, metrics, result, ..Envelope::default() };
            (200, envelope.entries())
        }
        Err(error) => {
            decision.log(request, Err(&error));
            let object = error.to_value();
            let entries = object.as_object().into_iter().flat_map(|object| object.iter());
            let mut entries: Vec<_> = entries.map(|(k, v)| (k.clone(), v.clone())).collect();
            entries.extend(decision_id.map(|id| (Value::from("decision_id"), Value::from(id))));
            (error.status, entries)
        }
    }
}

/// Returns what all inputs have in common with one of them over it.
fn merged(common: &Value, own: &Value, depth: usize) -> Value {
    let (Some(left), Some(right)) = (common.as_object(), own.as_object()) else {
        return own.clone();
    };
    if depth > MERGE_DEPTH_MAX {
        return own.clone();
    }
    let below = left.iter().map(|(key, value)| (key.clone(), value.clone()));
    let over = right.iter().map(|(key, value)| {
        let merged = left.get(key).map(|there| merged(there, value, depth + 1));
        (key.clone(), merged.unwrap_or_else(|| value.clone()))
    });
    Value::object(below.chain(over).collect())
}
