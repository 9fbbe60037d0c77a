//! The envelope of `/v1/data` and its like.
//!
//! Source: OPA documentation, "Data API"; `v1/server/types/types.go`.

use portcullis_service::service::Service;
use portcullis_service::snapshot::Snapshot;
use rego::Value;

use crate::reply::{JSON, Pretty, Reply};

/// What is sent beside a result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) decision_id: Option<String>,
    pub(crate) explanation: Option<Value>,
    pub(crate) provenance: Option<Value>,
    pub(crate) metrics: Option<Value>,
    pub(crate) result: Option<Value>,
    pub(crate) warning: Option<Value>,
}

impl Envelope {
    /// Returns its entries that are there.
    pub(crate) fn entries(self) -> Vec<(Value, Value)> {
        let entries = [
            ("decision_id", self.decision_id.map(Value::from)),
            ("explanation", self.explanation),
            ("provenance", self.provenance),
            ("metrics", self.metrics),
            ("result", self.result),
            ("warning", self.warning),
        ];
        let there = entries.into_iter().filter_map(|(key, value)| Some((Value::from(key), value?)));
        there.collect()
    }

    /// Returns the answer.
    pub(crate) fn into_reply(self, pretty: Pretty) -> Reply {
        let plain =
            self.provenance.is_none() && self.metrics.is_none() && self.explanation.is_none();
        if pretty == Pretty::Yes || !plain {
            return Reply::json(200, &Value::object(self.entries()), pretty);
        }
        // What most clients get is written as it is, without a document around it.
        let mut text = String::with_capacity(64);
        let mut separator = '{';
        let parts = [
            ("\"decision_id\":", self.decision_id.map(Value::from)),
            ("\"result\":", self.result),
            ("\"warning\":", self.warning),
        ];
        for (key, value) in parts {
            let Some(value) = value else { continue };
            text.push(separator);
            text.push_str(key);
            value.write_json(&mut text);
            separator = ',';
        }
        text.push_str(if separator == '{' { "{}\n" } else { "}\n" });
        Reply { status: 200, content_type: Some(JSON), body: text.into_bytes(), ..Reply::default() }
    }
}

/// Returns who answers, and from which bundles.
pub(crate) fn provenance(service: &Service, snapshot: &Snapshot) -> Value {
    let identity = service.identity();
    let mut entries = vec![
        (Value::from("version"), Value::from(identity.version.as_str())),
        (Value::from("build_commit"), Value::from(identity.commit.as_str())),
        (Value::from("build_timestamp"), Value::from(identity.built_at.as_str())),
        (Value::from("build_hostname"), Value::from("")),
    ];
    entries.extend(snapshot.bundles().map(|bundles| (Value::from("bundles"), bundles)));
    Value::object(entries)
}

/// OPA's warning for a body without `input`.
pub(crate) fn input_missing() -> Value {
    Value::object_from_strs([
        ("code", Value::from("api_usage_warning")),
        ("message", Value::from("'input' key missing from the request")),
    ])
}
