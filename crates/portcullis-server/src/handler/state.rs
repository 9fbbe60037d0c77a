//! What the server says of itself: configuration, status, metrics.
//!
//! Source: OPA documentation, "Config API", "Status API", "Metrics API".

use portcullis_service::service::Service;
use rego::Value;

use crate::error::ApiError;
use crate::reply::{Reply, TEXT};
use crate::request::Request;

/// The media type of Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// Answers `GET /v1/config`.
pub(crate) fn config(service: &Service, request: &Request) -> Reply {
    let document = service.settings().document.clone();
    let document = Value::object_from_strs([("result", document)]);
    Reply::json(200, &document, request.pretty())
}

/// Answers `GET /v1/status`.
pub(crate) fn status(service: &Service, request: &Request) -> Result<Reply, ApiError> {
    let status = service.status();
    let status = status.ok_or_else(|| ApiError::internal("status plugin not enabled"))?;
    let document = Value::object_from_strs([("result", Value::clone(&status))]);
    Ok(Reply::json(200, &document, request.pretty()))
}

/// Answers `GET /metrics`.
pub(crate) fn metrics(service: &Service) -> Reply {
    Reply::text(200, PROMETHEUS, service.registry().gather_text())
}

/// Answers `GET /metrics/alloc_bytes`: the bytes of memory that the process uses.
pub(crate) fn alloc_bytes(service: &Service) -> Reply {
    let families = service.registry().gather();
    let resident = families.iter().find(|family| family.name() == "process_resident_memory_bytes");
    let gauge = resident.and_then(|family| family.get_metric().first());
    let bytes = gauge.map_or(0.0, |metric| metric.get_gauge().get_value());
    Reply::text(200, TEXT, format!("{bytes:.0}"))
}
