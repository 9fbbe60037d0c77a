//! Answers that are kept: within a query, so that it gets the same one twice, and between queries.
//!
//! Source: OPA policy reference, `http.send`, "caching".
//!
//! Must not know: how a request is sent.

use std::collections::HashMap;

use rego_value::{ObjectRef, Value};
use rego_vm::world::Kept;
use rego_vm::{BuiltinError, Context};

use super::answer::{Answer, Decode};
use super::error::{SendError, Sent};

/// What a query was answered, by request.
#[derive(Default)]
struct Answers(HashMap<Value, Sent<Value>>);

const FAMILY: &str = "http.send";

/// Returns what this query was answered to this request.
pub(super) fn recall(context: &mut Context<'_>, key: &Value) -> Option<Sent<Value>> {
    context.scratch::<Answers>(FAMILY)?.0.get(key).cloned()
}

/// Keeps what this query was answered. What stops the query needs no place.
pub(super) fn remember(context: &mut Context<'_>, key: &Value, answer: &Sent<Value>) {
    if matches!(answer, Err(SendError::Halt(_))) {
        return;
    }
    if let Some(answers) = context.scratch::<Answers>(FAMILY) {
        answers.0.insert(key.clone(), answer.clone());
    }
}

/// In which form answers are kept between queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As they came: small, and read each time.
    Serialized,
    /// With their bodies read.
    Deserialized,
}

impl Mode {
    /// Reads it from a request; nothing where it names none that there is. (OPA keeps such an answer
    /// from being shared, and says nothing.)
    pub(super) fn read(request: ObjectRef<'_>) -> Option<Self> {
        match request.get_str("caching_mode").map(Value::as_str) {
            None | Some(Some("serialized")) => Some(Self::Serialized),
            Some(Some("deserialized")) => Some(Self::Deserialized),
            Some(_) => None,
        }
    }
}

/// Returns what stands for a request wherever answers are kept: the request, without the headers
/// that it wants to be ignored.
///
/// Errors: what names those is no list of texts.
pub(super) fn key_of(request: ObjectRef<'_>) -> Sent<Value> {
    let ignored = request.get_str("cache_ignored_headers");
    let headers = request.get_str("headers");
    let name = Value::from("cache_ignored_headers");
    let key = request.with(&name, Value::NULL);
    let (Some(ignored), Some(headers)) = (ignored, headers) else { return Ok(key) };
    let wrong = |what: &str, value: &Value| {
        let kind = value.type_name();
        SendError::Plain(format!("json: cannot unmarshal {kind} into {what}"))
    };
    let ignored = match ignored.as_elements() {
        Some(names) => names,
        None if *ignored == Value::NULL => &[],
        None => return Err(wrong("a list of header names", ignored)),
    };
    if let Some(other) = ignored.iter().find(|name| name.as_str().is_none()) {
        return Err(wrong("the name of a header", other));
    }
    let headers = headers.as_object().ok_or_else(|| wrong("headers", headers))?;
    let kept = headers.iter().filter(|(name, _)| !ignored.contains(name));
    let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    let Some(key) = key.as_object() else { return Ok(key) };
    Ok(key.with(&Value::from("headers"), Value::object(kept)))
}

/// Returns an answer in the form in which it is kept between queries.
pub(super) fn kept(answer: &Answer, body: &Value, (mode, expires_ns): (Mode, Option<i64>)) -> Kept {
    let whole = answer.to_value(body.clone());
    let value = match (mode, whole.as_object()) {
        (Mode::Serialized, Some(object)) => object.without(&Value::from("body")),
        _ => whole,
    };
    let len = |text: &str| text.len() as u64;
    let headers = answer.headers.iter();
    let headers =
        headers.map(|(name, all)| len(name) + all.iter().map(|value| len(value)).sum::<u64>());
    let raw = answer.raw_body.as_str().map_or(0, len);
    // A body that has been read takes about four times the room of its text.
    let body = if mode == Mode::Deserialized { raw.saturating_mul(4) } else { 0 };
    let bytes = len(&answer.status) + headers.sum::<u64>() + raw.saturating_add(body);
    Kept { value, expires_ns, bytes }
}

/// Returns the answer that was kept, and its body; nothing where another kind of thing was.
///
/// Errors: reading the body crosses a budget.
pub(super) fn unpacked(
    context: &mut Context<'_>,
    kept: &Kept,
    decode: Decode,
) -> Result<Option<(Answer, Value)>, BuiltinError> {
    let Some(answer) = answer_of(&kept.value) else { return Ok(None) };
    let body = match kept.value.get_path(&["body"]) {
        Some(body) => body.clone(),
        None => answer.body(context, decode)?,
    };
    Ok(Some((answer, body)))
}

fn answer_of(value: &Value) -> Option<Answer> {
    let texts = |values: &Value| -> Option<Vec<String>> {
        let values = values.as_array()?.iter();
        Some(values.filter_map(|value| value.as_str().map(str::to_string)).collect())
    };
    let headers = value.get_path(&["headers"])?.as_object()?;
    let header =
        |(name, values): (&Value, &Value)| Some((name.as_str()?.to_string(), texts(values)?));
    Some(Answer {
        status: value.get_path(&["status"])?.as_str()?.to_string(),
        status_code: u16::try_from(value.get_path(&["status_code"])?.as_i64()?).ok()?,
        headers: headers.iter().filter_map(header).collect(),
        raw_body: value.get_path(&["raw_body"])?.clone(),
    })
}
