//! The Policy API.
//!
//! Source: OPA documentation, "Policy API"; `v1/server/server.go` (`v1PoliciesPut` and its like).

use std::time::Instant;

use portcullis_service::service::Service;
use portcullis_service::snapshot::Snapshot;
use portcullis_service::state::{ModuleRecord, Origin};
use portcullis_service::store::{Transaction, WriteError};
use portcullis_service::telemetry::metrics::Metrics;
use rego::ast_json::AstModules;
use rego::{Errors, RegoVersion, Value, package_of};

use crate::error::{ApiError, COMPILING_MODULES};
use crate::reply::Reply;
use crate::request::Request;

/// Answers `GET /v1/policies`.
pub(crate) fn list(service: &Service, request: &Request) -> Reply {
    let snapshot = service.store().snapshot();
    let modules = snapshot.state().modules.iter();
    let trees = trees(&snapshot);
    let shown = modules.filter(|(_, record)| record.origin != Origin::Embedded);
    let policies = shown.map(|(id, record)| policy(&trees, id, record)).collect();
    let document = Value::object_from_strs([("result", Value::array(policies))]);
    Reply::json(200, &document, request.pretty())
}

/// Answers `GET /v1/policies/<id>`.
pub(crate) fn get(service: &Service, request: &Request, id: &str) -> Result<Reply, ApiError> {
    let snapshot = service.store().snapshot();
    let record = snapshot.state().modules.get(id).ok_or_else(|| missing(id))?;
    let document = Value::object_from_strs([("result", policy(&trees(&snapshot), id, record))]);
    Ok(Reply::json(200, &document, request.pretty()))
}

/// Answers `PUT /v1/policies/<id>`.
pub(crate) fn put(service: &Service, request: &Request, id: &str) -> Result<Reply, ApiError> {
    let mut metrics = Metrics::new();
    let text = metrics.time("server_read_bytes", || std::str::from_utf8(&request.body));
    let text = text.map_err(|_| ApiError::invalid(format!("{id}: policy is not UTF-8 text")))?;
    let snapshot = service.store().snapshot();
    if snapshot.state().modules.get(id).is_some_and(|there| &*there.text == text) {
        return Ok(done(request, &metrics));
    }
    let version = snapshot.options().rego_version;
    let parsed = metrics.time("rego_module_parse", || package_of(id, text, version));
    let package = parsed.map_err(|errors| parse_error(id, text, &errors))?;
    let record = ModuleRecord {
        file: id.to_string(),
        text: text.into(),
        version: None,
        origin: Origin::Api,
    };
    let compiled = Instant::now();
    let written = service.store().write(|txn| {
        check_owner(txn, id, version)?;
        txn.state().owner_of(&package).map_or(Ok(()), |message| Err(WriteError::Owned(message)))?;
        txn.put_module(id, record);
        Ok(())
    });
    written?;
    metrics.timer("rego_module_compile").record_since(compiled);
    Ok(done(request, &metrics))
}

/// Answers `DELETE /v1/policies/<id>`.
pub(crate) fn delete(service: &Service, request: &Request, id: &str) -> Result<Reply, ApiError> {
    let mut metrics = Metrics::new();
    let version = service.store().snapshot().options().rego_version;
    let compiled = Instant::now();
    let removed = service.store().write(|txn| {
        check_owner(txn, id, version)?;
        Ok(txn.remove_module(id))
    });
    metrics.timer("rego_module_compile").record_since(compiled);
    match removed {
        Ok(true) => Ok(done(request, &metrics)),
        Ok(false) => Err(missing(id)),
        // The others do not compile without it.
        Err(WriteError::Compile(errors) | WriteError::Query(_, errors)) => Err(ApiError {
            code: "invalid_operation",
            ..ApiError::compile(COMPILING_MODULES, &errors)
        }),
        Err(error) => Err(error.into()),
    }
}

/// Refuses to touch a module that a bundle owns.
fn check_owner(txn: &Transaction, id: &str, version: RegoVersion) -> Result<(), WriteError> {
    let Some(there) = txn.state().modules.get(id) else { return Ok(()) };
    if let Origin::Bundle(name) = &there.origin {
        let message = format!("policy {id:?} is owned by bundle {name:?}");
        return Err(WriteError::Owned(message));
    }
    let version = there.version.unwrap_or(version);
    let Ok(package) = package_of(id, &there.text, version) else { return Ok(()) };
    txn.state().owner_of(&package).map_or(Ok(()), |message| Err(WriteError::Owned(message)))
}

/// Returns the modules as trees, which show names as the compiler resolves them: to know those, all
/// modules are needed.
fn trees(snapshot: &Snapshot) -> AstModules {
    let mut trees = AstModules::new();
    for (id, record) in &snapshot.state().modules {
        let version = record.version.unwrap_or(snapshot.options().rego_version);
        // A module that is in force has been parsed before.
        if let Err(error) = trees.add(id, &record.text, version) {
            tracing::error!(id, %error, "a policy in force does not parse");
        }
    }
    trees
}

fn policy(trees: &AstModules, id: &str, record: &ModuleRecord) -> Value {
    let mut entries = vec![
        (Value::from("id"), Value::from(id)),
        (Value::from("raw"), Value::from(&*record.text)),
    ];
    entries.extend(trees.compiled(id).map(|tree| (Value::from("ast"), tree)));
    Value::object(entries)
}

fn parse_error(id: &str, text: &str, errors: &Errors) -> ApiError {
    let says_something = |line: &str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    if !text.lines().any(says_something) {
        return ApiError::invalid(format!("{id}:0: rego_parse_error: empty module"));
    }
    ApiError::compile(COMPILING_MODULES, errors)
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("storage_not_found_error: policy id {id:?}"))
}

fn done(request: &Request, metrics: &Metrics) -> Reply {
    let entries = match request.params.is_on("metrics") {
        true => vec![(Value::from("metrics"), metrics.to_value())],
        false => Vec::new(),
    };
    Reply::json(200, &Value::object(entries), request.pretty())
}
