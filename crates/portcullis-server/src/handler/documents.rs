//! Writing documents: `PUT`, `PATCH` and `DELETE /v1/data`.
//!
//! Source: OPA documentation, "Data API"; `v1/server/server.go` (`v1DataPut`, `v1DataPatch`).

use std::time::Instant;

use portcullis_service::service::Service;
use portcullis_service::store::{Transaction, WriteError};
use portcullis_service::telemetry::metrics::Metrics;
use rego::Value;

use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;

/// Most operations of one patch. Ours.
const OPERATIONS_MAX: usize = 100_000;

/// Answers `PUT /v1/data/…`.
pub(crate) fn put(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let mut metrics = Metrics::new();
    let began = Instant::now();
    let value = metrics.time("rego_input_parse", || request.json())?;
    let only_new = request.header("if-none-match") == Some("*");
    let written = service.store().write(|txn| {
        check_owner(txn, path)?;
        if only_new && txn.read(path).is_ok() {
            return Ok(false);
        }
        txn.put(path, value)?;
        Ok(true)
    });
    match written.map_err(data_error)? {
        true => Ok(done(request, metrics, began)),
        false => Ok(Reply::empty(304)),
    }
}

/// Answers `DELETE /v1/data/…`.
pub(crate) fn delete(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let began = Instant::now();
    let removed = service.store().write(|txn| {
        check_owner(txn, path)?;
        txn.remove(path)
    });
    removed.map_err(data_error)?;
    Ok(done(request, Metrics::new(), began))
}

/// Answers `PATCH /v1/data/…`.
pub(crate) fn patch(
    service: &Service,
    request: &Request,
    path: &[String],
) -> Result<Reply, ApiError> {
    let mut metrics = Metrics::new();
    let began = Instant::now();
    let operations = metrics.time("rego_input_parse", || operations(request, path))?;
    let patched = service.store().write(|txn| {
        let (began, timeout) = (Instant::now(), service.limits().timeout);
        for Operation { kind, path, value } in operations {
            // Other writers wait meanwhile, and each operation copies what lies on its path.
            if began.elapsed() > timeout {
                let message = format!("patch took longer than {} ms", timeout.as_millis());
                return Err(WriteError::Refused(message));
            }
            check_owner(txn, &path)?;
            match kind {
                Kind::Add => txn.add(&path, value)?,
                Kind::Replace => txn.replace(&path, value)?,
                Kind::Remove => txn.remove(&path)?,
            }
        }
        Ok(())
    });
    patched.map_err(data_error)?;
    Ok(done(request, metrics, began))
}

fn check_owner(txn: &Transaction, path: &[String]) -> Result<(), WriteError> {
    txn.state().owner_of(path).map_or(Ok(()), |message| Err(WriteError::Owned(message)))
}

/// Data that slips under a rule is the client's mistake, told in one line.
fn data_error(error: WriteError) -> ApiError {
    match error {
        WriteError::Compile(errors) => ApiError::invalid(errors.to_string()),
        other => other.into(),
    }
}

fn done(request: &Request, mut metrics: Metrics, began: Instant) -> Reply {
    if !request.params.is_on("metrics") {
        return Reply::empty(204);
    }
    metrics.timer("server_handler").record_since(began);
    let document = Value::object_from_strs([("metrics", metrics.to_value())]);
    Reply::json(200, &document, request.pretty())
}

#[derive(Clone, Copy)]
enum Kind {
    Add,
    Replace,
    Remove,
}

/// One operation of a patch, its path from the root of `data`.
struct Operation {
    kind: Kind,
    path: Vec<String>,
    value: Value,
}

fn operations(request: &Request, path: &[String]) -> Result<Vec<Operation>, ApiError> {
    let body = request.json()?;
    let Some(items) = body.as_array() else {
        let kind = body.type_name();
        let message = format!("json: cannot unmarshal {kind} into an array of operations");
        return Err(ApiError::invalid(message));
    };
    if items.len() > OPERATIONS_MAX {
        let message = format!("patch has more than {OPERATIONS_MAX} operations");
        return Err(ApiError::invalid(message));
    }
    items.iter().map(|item| operation(item, path)).collect()
}

fn operation(item: &Value, above: &[String]) -> Result<Operation, ApiError> {
    let text = |key| match item.get_path(&[key]) {
        None => Ok(""),
        Some(value) => value.as_str().ok_or_else(|| {
            let kind = value.type_name();
            let message = format!("json: cannot unmarshal {kind} into a string, `{key}`");
            ApiError::invalid(message)
        }),
    };
    let kind = match text("op")? {
        "add" => Kind::Add,
        "replace" => Kind::Replace,
        "remove" => Kind::Remove,
        other => return Err(ApiError::invalid(format!("bad patch operation: {other}"))),
    };
    let mut path = above.to_vec();
    path.extend(pointer(text("path")?));
    let value = item.get_path(&["value"]).cloned().unwrap_or(Value::NULL);
    Ok(Operation { kind, path, value })
}

/// Returns the keys of a pointer. OPA takes one without its first slash, and one that is only a
/// slash as the document itself; `%XX` is decoded where it can be.
fn pointer(text: &str) -> Vec<String> {
    let text = text.strip_prefix('/').unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    let decode = |part: &str| {
        let part = part.replace("~1", "/").replace("~0", "~");
        crate::route::percent_decode(&part).unwrap_or(part)
    };
    text.split('/').map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pointers() {
        assert_eq!(pointer("/a~1b/~0c/%2Fd"), ["a/b", "~c", "/d"]);
        assert_eq!(pointer("noslash"), ["noslash"]);
        assert_eq!(pointer("/bad%zz"), ["bad%zz"]);
        assert!(pointer("/").is_empty());
        assert!(pointer("").is_empty());
    }
}
