//! One decision on one input, logged where the configuration says so.
//!
//! Must not know: where inputs come from, how results are shown.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use portcullis_service::decide::{Failure, Limits, evaluate};
use portcullis_service::decision_log::Event;
use portcullis_service::service::Service;
use portcullis_service::telemetry::metrics::Metrics;
use rego::{EvalOptions, QueryOptions, Recorder, Value};
use uuid::Uuid;

use super::inputs::Input;
use super::report::{Answer, Item};

/// OPA's code for a decision that has no value.
const UNDEFINED_CODE: &str = "opa_undefined_error";

/// Decides with what is in force.
pub(super) struct Decider {
    service: Arc<Service>,
    /// The decision's path with slashes, without the first.
    path: String,
    query: String,
    deadline: Option<Instant>,
}

impl Decider {
    /// `path` has slashes between its segments.
    pub(super) fn new(service: Arc<Service>, path: String, deadline: Option<Instant>) -> Self {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let query = segments
            .map(|segment| format!("[{}]", Value::from(segment).to_json()))
            .fold("data".to_string(), |query, segment| query + &segment);
        let path = path.trim_start_matches('/').to_string();
        Self { service, path, query, deadline }
    }

    /// Returns the result for an input.
    pub(super) fn item(&self, input: Input) -> Item {
        match input.value {
            Ok(value) => self.decide(input.path, value),
            Err(message) => {
                let error = Value::object_from_strs([("message", Value::from(message))]);
                Item { path: input.path, decision_id: None, answer: Answer::NoInput(error) }
            }
        }
    }

    fn decide(&self, path: String, input: Value) -> Item {
        let snapshot = self.service.store().snapshot();
        let decision_id = Uuid::new_v4().to_string();
        let mut metrics = Metrics::new();
        let recorder = self.service.settings().nd_builtin_cache.then(Recorder::new);
        let answer = self.answer(&input, recorder.as_ref(), &mut metrics);
        let (result, error) = match &answer {
            Answer::Defined(value) => (Some(value.clone()), None),
            Answer::Undefined(error) | Answer::Failed(error) | Answer::NoInput(error) => {
                (None, Some(error.clone()))
            }
        };
        let event = Event {
            decision_id: decision_id.clone(),
            bundles: snapshot.bundles(),
            path: Some(self.path.clone()),
            input: Some(input),
            result,
            error,
            nd_builtin_cache: recorder.as_ref().map(Recorder::to_value),
            timestamp: SystemTime::now(),
            metrics: Some(metrics.to_value()),
            ..Event::default()
        };
        self.service.log(&snapshot, event);
        let is_defined = matches!(answer, Answer::Defined(_));
        Item { path, decision_id: is_defined.then_some(decision_id), answer }
    }

    fn answer(&self, input: &Value, recorder: Option<&Recorder>, metrics: &mut Metrics) -> Answer {
        let snapshot = self.service.store().snapshot();
        let options =
            QueryOptions { version: snapshot.options().rego_version, ..QueryOptions::default() };
        let compiled = Instant::now();
        let query = match snapshot.prepare(&self.query, &options) {
            Ok((query, _)) => query,
            Err(errors) => return Answer::Failed(message(&errors.to_string())),
        };
        metrics.timer("rego_query_compile").record_since(compiled);
        let limits = *self.service.limits();
        let left = self.deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let limits = Limits { timeout: left.unwrap_or(limits.timeout), ..limits };
        let evaluated = Instant::now();
        let host = self.service.host();
        let value = evaluate(&limits, &host, |options| {
            query.value(Some(input), &EvalOptions { recorder, ..*options })
        });
        metrics.timer("rego_query_eval").record_since(evaluated);
        match value {
            Ok(Some(value)) => Answer::Defined(value),
            Ok(None) => Answer::Undefined(Value::object_from_strs([
                ("code", Value::from(UNDEFINED_CODE)),
                ("message", Value::from(format!("/{} decision was undefined", self.path))),
            ])),
            Err(Failure::Evaluation(error)) => Answer::Failed(error.to_value()),
            Err(Failure::Deadline(_)) => Answer::Failed(Value::object_from_strs([
                ("code", Value::from("eval_cancel_error")),
                ("message", Value::from("caller cancelled query execution")),
            ])),
            Err(failure) => Answer::Failed(message(&failure.to_string())),
        }
    }
}

fn message(text: &str) -> Value {
    Value::object_from_strs([("message", Value::from(text))])
}
