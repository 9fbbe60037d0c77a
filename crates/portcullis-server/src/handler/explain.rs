//! How a decision was come to: the parameter `explain`.
//!
//! Source: OPA documentation, "Explanations"; `v1/server/types/types.go` (`NewTraceV1`).

use portcullis_service::snapshot::Snapshot;
use rego::trace::{Columns, Explain, Trace};
use rego::{Query, QueryOptions, Value};

use crate::error::ApiError;
use crate::reply::Pretty;
use crate::request::Request;

/// Most events that are kept of a decision: a client must not fill memory with them, nor have each
/// written out for long. Ours.
const EVENTS_MAX: usize = 10_000;

/// What is wanted of a trace, and the trace.
pub(crate) struct Explanation {
    wanted: Explain,
    pretty: Pretty,
    trace: Trace,
    query: Option<Query>,
}

impl Explanation {
    /// Returns an empty explanation where a request wants one. As in OPA, a mode that is none is
    /// passed over.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let wanted = Explain::of(request.params.first("explain")?)?;
        // Without values of variables: input that a variable holds would be written out at each event.
        let trace = Trace::new().holding(EVENTS_MAX);
        Some(Self { wanted, pretty: request.pretty(), trace, query: None })
    }

    /// Returns the query against the policy made ready to be traced.
    ///
    /// Errors: what is wrong with the query.
    pub(crate) fn prepare(
        &mut self,
        snapshot: &Snapshot,
        text: &str,
        options: &QueryOptions,
    ) -> Result<Query, ApiError> {
        let invalid = |errors: rego::Errors| ApiError::invalid(errors.to_string());
        let policy = snapshot.traced().map_err(invalid)?;
        let query = policy.prepare_with(text, options).map_err(invalid)?;
        self.query = Some(query.clone());
        Ok(query)
    }

    /// Returns the tracer.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Returns what is sent of it: lines where the answer is for people, objects otherwise. Of an
    /// undefined decision only a full trace is. `shown` stands for the text of the query.
    pub(crate) fn into_value(self, is_defined: bool, shown: Option<&str>) -> Option<Value> {
        let sources = self.query.as_ref()?.sources();
        let full = matches!(self.wanted, Explain::Full);
        if !is_defined && !full {
            return None;
        }
        let events = self.trace.events(self.wanted);
        let values = match self.pretty {
            Pretty::Yes => {
                let lines = Trace::lines(sources, &events, shown, Columns::default());
                lines.into_iter().map(Value::from).collect()
            }
            Pretty::No => Trace::to_values(sources, &events),
        };
        Some(Value::array(values))
    }
}
