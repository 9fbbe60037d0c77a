//! OPA's lines on the console about each request.
//!
//! Source: OPA `v1/runtime/logging.go`.

use std::time::Duration;

use portcullis_service::console::Level;
use portcullis_service::service::Service;
use rego::Value;

use crate::reply::Reply;
use crate::request::Request;

/// Most bytes of a body that are shown.
const SHOWN_BYTES_MAX: usize = 4 << 10;

/// Says that a request has come.
pub(super) fn received(service: &Service, request: &Request) {
    let console = service.console();
    if console.shows(Level::Info) {
        console.line(Level::Info, "Received request.", &Value::object(about(request)));
    }
}

/// Says what it was answered with.
pub(super) fn sent(service: &Service, request: &Request, reply: &Reply, elapsed: Duration) {
    let console = service.console();
    if !console.shows(Level::Info) {
        return;
    }
    let mut fields = about(request);
    let integer = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let milliseconds = format!("{:.6}", elapsed.as_secs_f64() * 1000.0);
    fields.extend([
        (Value::from("resp_status"), integer(usize::from(reply.status))),
        (Value::from("resp_bytes"), integer(reply.body.len())),
        (
            Value::from("resp_duration"),
            Value::from_json(milliseconds.as_bytes()).unwrap_or(Value::NULL),
        ),
    ]);
    if console.shows(Level::Debug) && !reply.is_gzip {
        fields.push((Value::from("resp_body"), Value::from(shown(&reply.body))));
    }
    console.line(Level::Info, "Sent response.", &Value::object(fields));
}

fn about(request: &Request) -> Vec<(Value, Value)> {
    vec![
        (Value::from("client_addr"), Value::from(&*request.peer.address)),
        (Value::from("req_id"), Value::from(i64::try_from(request.id).unwrap_or(i64::MAX))),
        (Value::from("req_method"), Value::from(request.method.as_str())),
        (Value::from("req_path"), Value::from(request.path.as_str())),
    ]
}

fn shown(body: &[u8]) -> String {
    let end = body.len().min(SHOWN_BYTES_MAX);
    String::from_utf8_lossy(body.get(..end).unwrap_or_default()).into_owned()
}
