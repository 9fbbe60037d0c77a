//! One decision: a query asked of the policy in force, measured and logged.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use portcullis_service::decide::evaluate;
use portcullis_service::decision_log::Event;
use portcullis_service::service::Service;
use portcullis_service::snapshot::Snapshot;
use portcullis_service::telemetry::metrics::Metrics;
use rego::trace::Tracer;
use rego::{EvalOptions, QueryOptions, Recorder, ResultSet, Value};

use super::UNSAFE_BUILTINS;
use super::explain::Explanation;
use crate::error::ApiError;
use crate::request::{Request, canonical};

/// A decision under way.
pub(crate) struct Decision<'s> {
    service: &'s Service,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) metrics: Metrics,
    /// Its id, where decisions are logged.
    pub(crate) id: Option<String>,
    began: Instant,
    nd_builtin_cache: Option<Value>,
    /// How it was come to, where that is wanted.
    pub(crate) explanation: Option<Explanation>,
    /// What is logged of it.
    pub(crate) about: About,
}

/// What a decision was about.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) path: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) input: Option<Value>,
    pub(crate) custom: Option<Value>,
    /// The id of the batch that it is one of.
    pub(crate) batch: Option<String>,
}

/// How a query is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask {
    /// Who asks: prepared queries are kept for each.
    pub(crate) kind: &'static str,
    /// Whether the first error of a builtin ends evaluation.
    pub(crate) strict_builtin_errors: bool,
}

impl<'s> Decision<'s> {
    /// Begins a decision with the policy in force now.
    ///
    /// Errors: no policy may be used.
    pub(crate) fn begin(service: &'s Service) -> Result<Self, ApiError> {
        let current = service.store().current();
        if let Some(reason) = &current.unavailable {
            return Err(ApiError::internal(format!("no policy in force: {reason}")));
        }
        Ok(Self {
            service,
            snapshot: Arc::clone(&current.snapshot),
            metrics: Metrics::new(),
            id: service.logs_decisions().then(|| uuid::Uuid::new_v4().to_string()),
            began: Instant::now(),
            nd_builtin_cache: None,
            explanation: None,
            about: About::default(),
        })
    }

    /// Returns the value of a query that is one document.
    ///
    /// Errors: the query does not compile, or evaluation fails.
    pub(crate) fn value(
        &mut self,
        query: &str,
        input: Option<&Value>,
        ask: Ask,
    ) -> Result<Option<Value>, ApiError> {
        let compiled = Instant::now();
        // A path in brackets is the same in every grammar, and so is kept in each.
        let options = QueryOptions::default();
        let (query, was_ready) = match &mut self.explanation {
            Some(explanation) => (explanation.prepare(&self.snapshot, query, &options)?, false),
            None => self
                .snapshot
                .prepare_for(ask.kind, query, &options)
                .map_err(|errors| ApiError::invalid(errors.to_string()))?,
        };
        self.metrics.counter("server_query_cache_hit").add(u64::from(was_ready));
        if !was_ready {
            self.metrics.timer("rego_query_compile").record_since(compiled);
        }
        let wanted = self.id.is_some() && self.service.settings().nd_builtin_cache;
        let recorder = wanted.then(Recorder::new);
        let host = self.service.host();
        let evaluated = Instant::now();
        let answer = evaluate(self.service.limits(), &host, |options| {
            let options = EvalOptions {
                strict_builtin_errors: ask.strict_builtin_errors,
                recorder: recorder.as_ref(),
                tracer: self.explanation.as_ref().map(|wanted| wanted.trace() as &dyn Tracer),
                ..*options
            };
            query.value(input, &options)
        });
        self.metrics.timer("rego_query_eval").record_since(evaluated);
        // Data and input are borrowed as they are: there is nothing to resolve, and OPA's clients
        // look for the name.
        self.metrics.timer("rego_external_resolve").record(Duration::ZERO);
        self.nd_builtin_cache = recorder.as_ref().map(Recorder::to_value);
        Ok(answer?)
    }

    /// Returns all solutions of a query that a client wrote.
    ///
    /// Errors: the query does not parse or compile, or evaluation fails.
    pub(crate) fn solutions(
        &mut self,
        text: &str,
        input: Option<&Value>,
    ) -> Result<ResultSet, ApiError> {
        let compiled = Instant::now();
        let options = QueryOptions {
            version: self.snapshot.options().rego_version,
            unsafe_builtins: UNSAFE_BUILTINS,
            ..QueryOptions::default()
        };
        let prepared = self.snapshot.policy().prepare_with(text, &options);
        let query = prepared.map_err(|errors| {
            let parsing = errors.code() == "rego_parse_error";
            let stage = if parsing { "parsing" } else { "compiling" };
            ApiError::compile(&format!("error(s) occurred while {stage} query"), &errors)
        })?;
        self.metrics.timer("rego_query_compile").record_since(compiled);
        let host = self.service.host();
        let evaluated = Instant::now();
        let query = match &mut self.explanation {
            Some(explanation) => explanation.prepare(&self.snapshot, text, &options)?,
            None => query,
        };
        let tracer = self.explanation.as_ref().map(|wanted| wanted.trace() as &dyn Tracer);
        let answer = evaluate(self.service.limits(), &host, |options| {
            query.eval(input, &EvalOptions { tracer, ..*options })
        });
        self.metrics.timer("rego_query_eval").record_since(evaluated);
        Ok(answer?)
    }

    /// Ends the time that the handler took.
    pub(crate) fn finish(&mut self) {
        self.metrics.timer("server_handler").record_since(self.began);
    }

    /// Logs the decision, if decisions are logged.
    pub(crate) fn log(self, request: &Request, result: Result<Option<Value>, &ApiError>) {
        let Some(decision_id) = self.id else { return };
        let (trace_id, span_id) = request.trace.clone().unzip();
        let (result, error) = match result {
            Ok(result) => (result, None),
            Err(error) => (None, Some(logged_error(error))),
        };
        let event = Event {
            decision_id,
            trace_id,
            span_id,
            bundles: self.snapshot.bundles(),
            path: self.about.path,
            query: self.about.query,
            input: self.about.input,
            result,
            nd_builtin_cache: self.nd_builtin_cache,
            error,
            requested_by: Some(request.peer.address.to_string()),
            timestamp: SystemTime::now(),
            metrics: Some(self.metrics.to_value()),
            req_id: Some(request.id),
            request_context: request_context(self.service, request),
            custom: self.about.custom,
            extra: self
                .about
                .batch
                .map(|id| ("batch_decision_id", Value::from(id)))
                .into_iter()
                .collect(),
        };
        self.service.log(&self.snapshot, event);
    }
}

/// Returns the error of an evaluation itself, or OPA's code and message.
fn logged_error(error: &ApiError) -> Value {
    match error.errors.as_slice() {
        [one] => one.clone(),
        _ => error.to_value(),
    }
}

/// Returns the headers that are configured to be logged, where the request has any.
fn request_context(service: &Service, request: &Request) -> Option<Value> {
    let names = &service.settings().request_headers;
    let header = |name: &String| {
        let values = request.headers.get_all(name.as_str()).iter();
        let values: Vec<_> = values
            .map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        (!values.is_empty()).then(|| (Value::from(canonical(name)), Value::array(values)))
    };
    let headers: Vec<_> = names.iter().filter_map(header).collect();
    if headers.is_empty() {
        return None;
    }
    let http = Value::object_from_strs([("headers", Value::object(headers))]);
    Some(Value::object_from_strs([("http", http)]))
}

/// Returns what is logged of keys of a request beside `input`.
pub(crate) fn request_metadata(metadata: Option<Value>) -> Option<Value> {
    metadata.map(|metadata| Value::object_from_strs([("request_metadata", metadata)]))
}
