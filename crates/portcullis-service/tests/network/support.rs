//! A policy that sends what its input says.

use std::time::Instant;

use portcullis_service::host::SystemHost;
use portcullis_service::network::Network;
use rego::{Compiler, EvalOptions, Recorder, Value};

pub(crate) const AGENT: &str = "Agent/1.0";

pub(crate) fn host() -> SystemHost {
    SystemHost::new().with_network(Network::new(AGENT))
}

pub(crate) fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Sends a request in a query of its own; an error is `code: message`.
pub(crate) fn send(host: &SystemHost, request: &str) -> Result<Value, String> {
    send_allowed(host, request, None)
}

/// As [`send`], where only some hosts may be talked to.
pub(crate) fn send_allowed(
    host: &SystemHost,
    request: &str,
    allow_net: Option<&[&str]>,
) -> Result<Value, String> {
    let allow_net = allow_net.map(|names| names.iter().map(ToString::to_string).collect());
    let policy = Compiler::new()
        .module("t.rego", "package t\n\np := http.send(input)")
        .allow_net(allow_net)
        .compile()
        .unwrap();
    let recorder = Recorder::new();
    let options = EvalOptions {
        host,
        strict_builtin_errors: true,
        recorder: Some(&recorder),
        ..EvalOptions::default()
    };
    let query = policy.prepare("data.t.p").unwrap();
    let answer = query.value(Some(&json(request)), &options);
    let answer = answer.map_err(|error| format!("{}: {}", error.code, error.message))?.unwrap();
    let key = Value::array(vec![json(request)]).to_json();
    assert_eq!(recorder.to_value().get_path(&["http.send", &key]), Some(&answer));
    Ok(answer)
}

/// Returns a host whose queries end at this moment.
pub(crate) fn host_until(deadline: Instant) -> SystemHost {
    host().with_deadline(Some(deadline))
}
