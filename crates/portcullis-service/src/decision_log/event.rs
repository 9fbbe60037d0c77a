//! One decision as the event that is logged.
//!
//! Must not know: where events go, and what is masked.
//!
//! Source: OPA documentation, "Decision Logs".

use std::time::{SystemTime, UNIX_EPOCH};

use rego::{Number, Value, View};

use crate::timestamp::rfc3339_nanos;

/// What one node of a document is taken to weigh, in bytes.
const NODE_BYTES: usize = 16;

/// A decision that was made. Fields that are none are left out of the log.
#[derive(Clone, Debug)]
pub struct Event {
    /// A UUID.
    pub decision_id: String,
    /// The trace it belongs to, in hexadecimal.
    pub trace_id: Option<String>,
    /// The span of that trace, in hexadecimal.
    pub span_id: Option<String>,
    /// The bundles in force: `{name: {"revision": …}}`.
    pub bundles: Option<Value>,
    /// The document asked for, with slashes, without the first.
    pub path: Option<String>,
    /// The query asked, where it was one.
    pub query: Option<String>,
    /// What the policy saw; none where it was undefined.
    pub input: Option<Value>,
    /// What it said; none where it was undefined or failed.
    pub result: Option<Value>,
    /// What nondeterministic builtins answered: `{builtin: {arguments: result}}`.
    pub nd_builtin_cache: Option<Value>,
    /// Why there is no result.
    pub error: Option<Value>,
    /// The address of who asked.
    pub requested_by: Option<String>,
    /// When.
    pub timestamp: SystemTime,
    /// Times and counts of the request.
    pub metrics: Option<Value>,
    /// The number of the request in this process.
    pub req_id: Option<u64>,
    /// The configured headers of the request: `{"http": {"headers": …}}`.
    pub request_context: Option<Value>,
    /// Whatever else belongs to it.
    pub custom: Option<Value>,
    /// Fields of a surface of its own.
    pub extra: Vec<(&'static str, Value)>,
}

impl Default for Event {
    /// Returns an event of 1970 without an id, to be filled in.
    fn default() -> Self {
        Self {
            decision_id: String::new(),
            trace_id: None,
            span_id: None,
            bundles: None,
            path: None,
            query: None,
            input: None,
            result: None,
            nd_builtin_cache: None,
            error: None,
            requested_by: None,
            timestamp: UNIX_EPOCH,
            metrics: None,
            req_id: None,
            request_context: None,
            custom: None,
            extra: Vec::new(),
        }
    }
}

impl Event {
    /// Returns the event as a document, with these labels.
    pub fn to_value(&self, labels: &Value) -> Value {
        let mut entries = self.entries(labels);
        let late = [("error", &self.error), ("metrics", &self.metrics)];
        for (name, value) in late {
            entries.extend(value.clone().map(|value| (Value::from(name), value)));
        }
        Value::object(entries)
    }

    /// Returns what the policies about logging see of it: neither metrics nor error.
    pub(super) fn for_policy(&self, labels: &Value) -> Value {
        Value::object(self.entries(labels))
    }

    fn entries(&self, labels: &Value) -> Vec<(Value, Value)> {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let number = self.req_id.map(|id| Value::from(Number::from(id)));
        let fields = [
            ("labels", Some(labels.clone())),
            ("decision_id", Some(Value::from(self.decision_id.as_str()))),
            ("trace_id", text(&self.trace_id)),
            ("span_id", text(&self.span_id)),
            ("bundles", self.bundles.clone()),
            ("path", text(&self.path)),
            ("query", text(&self.query)),
            ("input", self.input.clone()),
            ("result", self.result.clone()),
            ("nd_builtin_cache", self.nd_builtin_cache.clone()),
            ("requested_by", text(&self.requested_by)),
            ("timestamp", Some(Value::from(rfc3339_nanos(self.timestamp)))),
            ("req_id", number),
            ("request_context", self.request_context.clone()),
            ("custom", self.custom.clone()),
        ];
        let fields =
            fields.into_iter().filter_map(|(name, value)| Some((Value::from(name), value?)));
        let extra = self.extra.iter().map(|(name, value)| (Value::from(*name), value.clone()));
        fields.chain(extra).collect()
    }

    /// Takes away what a mask could have hidden, and whatever else a client or a policy has written.
    pub(super) fn strip(&mut self) {
        self.query = None;
        self.custom = None;
        self.extra.clear();
        self.input = None;
        self.result = None;
        self.nd_builtin_cache = None;
    }

    /// Returns roughly how many bytes the event holds; counts no further than a little beyond
    /// `enough`, so that a large document costs no more than a large bound.
    pub(super) fn weight(&self, enough: usize) -> usize {
        let documents = [&self.input, &self.result, &self.nd_builtin_cache, &self.custom];
        let mut weight = size_of::<Self>();
        for document in documents.into_iter().flatten() {
            weight = weight.saturating_add(weigh(document, enough.saturating_sub(weight)));
        }
        weight
    }
}

fn weigh(document: &Value, enough: usize) -> usize {
    let mut weight = 0usize;
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        weight = weight.saturating_add(NODE_BYTES);
        let children = match value.view() {
            View::String(text) => {
                weight = weight.saturating_add(text.len());
                continue;
            }
            View::Array(items) => items,
            View::Set(items) => items.as_slice(),
            View::Object(object) => {
                let keys = object.len().saturating_mul(NODE_BYTES);
                weight = weight.saturating_add(keys);
                object.values()
            }
            _ => continue,
        };
        let waiting = children.len().saturating_add(open.len()).saturating_mul(NODE_BYTES);
        if weight.saturating_add(waiting) > enough {
            return weight.saturating_add(waiting);
        }
        open.extend(children);
    }
    weight
}

/// Returns the value as JSON has it: no sets, keys that are strings. Policies about logging, and
/// masks, see decisions as they are written.
///
/// Errors: it is nested deeper than JSON may be.
pub(super) fn json_form(value: &Value) -> Result<Value, &'static str> {
    if is_json(value) {
        return Ok(value.clone());
    }
    Value::from_json(value.to_json().as_bytes()).map_err(|_| "nested too deeply")
}

fn is_json(value: &Value) -> bool {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value.view() {
            View::Array(items) => open.extend(items),
            View::Object(object) if object.iter().all(|(key, _)| key.as_str().is_some()) => {
                open.extend(object.values());
            }
            View::Object(_) | View::Set(_) => return false,
            _ => {}
        }
    }
    true
}
